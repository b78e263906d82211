//! sd_notify(3): READY=1, WATCHDOG=1, STATUS=, to the supervisor. Never waits.

use rustix::fd::OwnedFd;
use rustix::net::{
    AddressFamily, SendFlags, SocketAddrUnix, SocketFlags, SocketType, sendto, socket_with,
};
use std::env;

/// The way to the supervisor, where there is one.
#[derive(Debug, Default)]
pub struct Notify {
    to: Option<(OwnedFd, SocketAddrUnix)>,
    /// Nanoseconds between two signs of life.
    every: Option<u64>,
    last: u64,
    status: String,
}

impl Notify {
    /// By NOTIFY_SOCKET and WATCHDOG_USEC. A socket that cannot be had is none: the
    /// display shows vital signs all the same.
    pub fn from_environment() -> Self {
        let every = env::var("WATCHDOG_USEC")
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
            // Twice as often as asked for, so that one may be late.
            .map(|micros| micros.saturating_mul(500));
        Self {
            to: connect(),
            every,
            ..Self::default()
        }
    }

    /// Says that the first frame is on the screen.
    pub fn ready(&self) {
        self.send("READY=1");
    }

    /// Says that the display lives, as often as it was asked to. Called once per frame.
    pub fn alive(&mut self, now: u64) {
        if let Some(every) = self.every
            && now.saturating_sub(self.last) >= every
        {
            self.last = now;
            self.send("WATCHDOG=1");
        }
    }

    /// Says in words what is not as it should be, when that changed.
    pub fn status(&mut self, status: &str) {
        if self.status != status {
            self.status = status.replace('\n', " ");
            self.send(&format!("STATUS={}", self.status));
        }
    }

    fn send(&self, message: &str) {
        if let Some((socket, address)) = &self.to {
            // A supervisor that does not read must not hold up a frame; what is lost here
            // the next message makes good.
            let _ = sendto(
                socket,
                message.as_bytes(),
                SendFlags::DONTWAIT | SendFlags::NOSIGNAL,
                address,
            );
        }
    }
}

fn connect() -> Option<(OwnedFd, SocketAddrUnix)> {
    let name = env::var_os("NOTIFY_SOCKET")?.into_encoded_bytes();
    let address = match name.strip_prefix(b"@") {
        Some(name) => SocketAddrUnix::new_abstract_name(name),
        None => SocketAddrUnix::new(name),
    };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(AddressFamily::UNIX, SocketType::DGRAM, flags, None);
    Some((socket.ok()?, address.ok()?))
}
