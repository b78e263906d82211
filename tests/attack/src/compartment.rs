//! What the attack program holds: what the network service would hold in its place.

use crate::attempt::Outcome;
use crate::control::Channels;
use crate::sys;
use libc::{POLLIN, SOCK_CLOEXEC};
use std::ffi::CString;
use std::os::fd::RawFd;
use std::time::Duration;

/// Descriptors by what they are for. They are inherited, live as long as the
/// process, and are abused, so they are plain numbers.
pub struct Compartment {
    /// The listening socket `https`, on which attempts are asked for.
    pub listener: RawFd,
    /// A second listening socket, to be turned into something else.
    pub spare: Option<RawFd>,
    /// The control socket to the supervisor.
    pub control: Option<RawFd>,
    /// Memory of the channel it reads.
    pub read: Option<RawFd>,
    /// Memory of the channel it writes.
    pub written: Option<RawFd>,
    /// The channel library's ends, where there is a control socket.
    pub channels: Option<Channels>,
    /// The last message the supervisor sent on the control socket.
    pub last_hand_out: Vec<u8>,
    accepted: RawFd,
}

impl Compartment {
    /// Of these sockets; channels come later.
    pub fn new(listener: RawFd, spare: Option<RawFd>, control: Option<RawFd>) -> Self {
        Self {
            listener,
            spare,
            control,
            read: None,
            written: None,
            channels: None,
            last_hand_out: Vec::new(),
            accepted: -1,
        }
    }

    /// The connection on which the attempt was asked for.
    pub fn accepted(&self) -> RawFd {
        self.accepted
    }

    /// Sets the connection on which the next attempt is asked for.
    pub fn serve(&mut self, connection: RawFd) {
        self.accepted = connection;
    }

    /// Makes the connection the standard output of whatever is executed next,
    /// so that it can answer. Where this is refused, the exec still is tried.
    pub fn answer_on_stdout(&self) {
        let _ = crate::sys!(libc::SYS_dup3, self.accepted, 1, 0);
    }

    /// Path of the program's own file: the argument, or what it was started by.
    pub fn own_path(&self, argument: &str) -> String {
        if argument.is_empty() {
            std::env::args().next().unwrap_or_default()
        } else {
            argument.into()
        }
    }

    /// Runs `attempt` on the spare listening socket.
    pub fn on_spare_listener(&mut self, attempt: impl FnOnce(RawFd) -> Outcome) -> Outcome {
        match self.spare {
            Some(fd) => attempt(fd),
            None => Outcome::Unsupported("needs a listening socket named spare".into()),
        }
    }

    /// Runs `attempt` on a second connection, which who asked has to open:
    /// the first one carries the answer.
    pub fn on_spare_connection(&mut self, attempt: impl FnOnce(RawFd) -> Outcome) -> Outcome {
        match accept(self.listener, Some(Duration::from_secs(2))) {
            Ok(fd) => {
                let outcome = attempt(fd);
                let _ = crate::sys!(libc::SYS_close, fd);
                outcome
            }
            Err(_) => Outcome::Unsupported("needs a second connection".into()),
        }
    }
}

/// Accepts a connection, within a time where one is given.
pub fn accept(listener: RawFd, within: Option<Duration>) -> Result<RawFd, sys::Errno> {
    let timeout = within.map_or(-1, |t| i64::try_from(t.as_millis()).unwrap_or(i64::MAX));
    // struct pollfd: descriptor, events, returned events.
    let mut poll = [0u8; 8];
    poll[..4].copy_from_slice(&listener.to_ne_bytes());
    poll[4..6].copy_from_slice(&POLLIN.to_ne_bytes());
    if crate::sys!(libc::SYS_poll, &mut poll, 1, timeout)? == 0 {
        return Err(libc::ETIMEDOUT);
    }
    let fd = crate::sys!(libc::SYS_accept4, listener, 0, 0, SOCK_CLOEXEC)?;
    Ok(RawFd::try_from(fd).unwrap_or(-1))
}

/// A C string of a text; a NUL in it ends it.
pub fn text(text: &str) -> CString {
    let bytes: Vec<u8> = text.bytes().take_while(|b| *b != 0).collect();
    CString::new(bytes).unwrap_or_default()
}
