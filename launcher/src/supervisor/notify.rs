//! A component's notify socket: READY=1, WATCHDOG=1, STATUS= as sd_notify(3)
//! sends them. One socket per component, so nobody has to be believed about
//! who they are.

use super::lines::plain;
use nix::errno::Errno;
use nix::sys::socket::{MsgFlags, recv};
use std::fs::{self, Permissions};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

/// Bytes of a datagram that are looked at; sd_notify's messages are far shorter.
const MAX_DATAGRAM: usize = 4096;
/// Datagrams taken at one wake-up.
pub const MAX_TAKEN: usize = 16;
/// Characters of a status that are kept.
const MAX_STATUS: usize = 160;

/// What a component said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// READY=1.
    Ready,
    /// WATCHDOG=1.
    Alive,
    /// WATCHDOG=trigger: it asks to be treated as silent.
    Trigger,
    /// STOPPING=1.
    Stopping,
    /// STATUS=.
    Status(String),
}

/// The socket of one component's life; its path is gone with it.
#[derive(Debug)]
pub struct NotifySocket {
    socket: UnixDatagram,
    path: PathBuf,
}

impl NotifySocket {
    /// Binds the socket at `path`, for this user alone to write to.
    pub fn bind(path: &Path, uid: u32, gid: u32) -> io::Result<Self> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let socket = Self {
            socket: UnixDatagram::bind(path)?,
            path: path.to_path_buf(),
        };
        socket.socket.set_nonblocking(true)?;
        crate::sys::socket::refuse_descriptors(socket.as_fd())?;
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
        chown(path, Some(uid), Some(gid))?;
        Ok(socket)
    }

    /// Where it is bound, on the host.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Takes at most [`MAX_TAKEN`] datagrams; gives what was said and how many
    /// there were. Descriptors sent along are refused, or (before Linux 6.16)
    /// closed by the kernel, because no room is given for them.
    pub fn take(&self) -> (Vec<Said>, usize) {
        let mut said = Vec::new();
        let mut buffer = [0; MAX_DATAGRAM];
        for taken in 0..MAX_TAKEN {
            match recv(self.socket.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT) {
                Ok(length) => said.extend(parse(&buffer[..length])),
                Err(Errno::EINTR) => {}
                Err(_) => return (said, taken),
            }
        }
        (said, MAX_TAKEN)
    }
}

impl AsFd for NotifySocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for NotifySocket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn parse(datagram: &[u8]) -> Vec<Said> {
    let said = |line: &[u8]| match line {
        b"READY=1" => Some(Said::Ready),
        b"WATCHDOG=1" => Some(Said::Alive),
        b"WATCHDOG=trigger" => Some(Said::Trigger),
        b"STOPPING=1" => Some(Said::Stopping),
        line => {
            let text = plain(line.strip_prefix(b"STATUS=")?);
            Some(Said::Status(text.chars().take(MAX_STATUS).collect()))
        }
    };
    datagram
        .split(|byte| *byte == b'\n')
        .filter_map(said)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::Scratch;

    #[test]
    fn what_is_not_known_is_passed_over() {
        assert_eq!(
            parse(b"MAINPID=1\nREADY=1\nSTATUS=two\tleads\x1b[0m\nERRNO=2\n"),
            [
                Said::Ready,
                Said::Status("two\tleads\u{fffd}[0m".to_owned())
            ]
        );
        assert_eq!(parse(b"READY=11\nREADY=\nready=1"), []);
        assert_eq!(parse(&[0xff; 4096]), []);
        let Said::Status(text) = &parse(&[b"STATUS=".to_vec(), vec![b'x'; 4000]].concat())[0]
        else {
            panic!("no status");
        };
        assert_eq!(text.len(), MAX_STATUS);
    }

    #[test]
    fn a_descriptor_is_refused_where_the_kernel_can() {
        let scratch = Scratch::new();
        let path = scratch.path().join("notify");
        let uid = nix::unistd::getuid().as_raw();
        let gid = nix::unistd::getgid().as_raw();
        let socket = NotifySocket::bind(&path, uid, gid).unwrap();
        let able = crate::sys::socket::refuse_descriptors(socket.as_fd()).unwrap();
        let sender = UnixDatagram::unbound().unwrap();
        sender.connect(&path).unwrap();
        let fds = [sender.as_raw_fd()];
        let sent = nix::sys::socket::sendmsg::<()>(
            sender.as_raw_fd(),
            &[io::IoSlice::new(b"READY=1")],
            &[nix::sys::socket::ControlMessage::ScmRights(&fds)],
            MsgFlags::empty(),
            None,
        );
        if able {
            assert_eq!(sent, Err(Errno::EPERM));
        } else {
            println!("this kernel (before 6.16) cannot refuse descriptors");
            assert_eq!(sent, Ok(7));
        }
    }

    #[test]
    fn a_flood_is_taken_in_bounded_portions_and_the_path_goes_with_the_socket() {
        let scratch = Scratch::new();
        let path = scratch.path().join("notify");
        let uid = nix::unistd::getuid().as_raw();
        let gid = nix::unistd::getgid().as_raw();
        let socket = NotifySocket::bind(&path, uid, gid).unwrap();
        let sender = UnixDatagram::unbound().unwrap();
        sender.set_nonblocking(true).unwrap();
        while sender.send_to(b"WATCHDOG=1", &path).is_ok() {}
        let (said, taken) = socket.take();
        assert!(taken <= MAX_TAKEN && said.len() == taken);
        assert!(path.exists());
        drop(socket);
        assert!(!path.exists());
    }
}
