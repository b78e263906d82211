//! The audit netlink socket (audit_netlink_send in kernel/audit.c): every record,
//! as it is made, to any number of readers; no auditd is needed.

use super::Read;
use crate::denials::record::Kind;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recvfrom, setsockopt,
    socket, sockopt,
};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::time::Duration;

/// AUDIT_NLGRP_READLOG (linux/audit.h), as a bit.
const READLOG: u32 = 1;
/// Bytes the kernel keeps for us while we do something else.
const ROOM: usize = 8 << 20;
/// Longest message: a header and the longest record.
const MESSAGE: usize = 16 + 8970;
/// Records taken in one go, so that a flood cannot hold up what follows.
const AT_ONCE: usize = 512;

/// A reader of records.
#[derive(Debug)]
pub struct Live {
    socket: OwnedFd,
}

impl Live {
    /// Joins the readers; needs CAP_AUDIT_READ.
    pub fn open() -> Result<Self, Errno> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let socket = socket(
            AddressFamily::Netlink,
            SockType::Raw,
            flags,
            SockProtocol::NetlinkAudit,
        )?;
        // More than the system's usual limit, where we may: a burst is not lost.
        if setsockopt(&socket, sockopt::RcvBufForce, &ROOM).is_err() {
            setsockopt(&socket, sockopt::RcvBuf, &ROOM)?;
        }
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, READLOG))?;
        Ok(Self { socket })
    }

    /// Waits at most `patience` for records and takes what is there.
    pub fn wait(&self, patience: Duration) -> Result<Read, Errno> {
        let mut ready = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
        let patience = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
        match poll(&mut ready, patience) {
            Ok(_) | Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
        let mut read = Read::default();
        let mut message = vec![0; MESSAGE];
        for _ in 0..AT_ONCE {
            match recvfrom::<NetlinkAddr>(self.socket.as_raw_fd(), &mut message) {
                Ok((length, from)) => {
                    // Another process may write to this socket, too.
                    if from.is_some_and(|from| from.pid() == 0) {
                        take(&message[..length], &mut read);
                    }
                }
                Err(Errno::EAGAIN) => break,
                Err(Errno::EINTR) => {}
                Err(Errno::ENOBUFS) => read.dropped += 1,
                Err(errno) => return Err(errno),
            }
        }
        Ok(read)
    }
}

/// One message holds one record behind a netlink header, whose type is the record's.
fn take(message: &[u8], read: &mut Read) {
    let Some((header, text)) = message.split_at_checked(16) else {
        return;
    };
    let number = u16::from_ne_bytes([header[4], header[5]]);
    if let Some(kind) = Kind::from_number(number) {
        read.take(kind, text.strip_suffix(&[0]).unwrap_or(text));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(number: u16, text: &str) -> Vec<u8> {
        let mut message = vec![0; 16];
        message[4..6].copy_from_slice(&number.to_ne_bytes());
        message.extend_from_slice(text.as_bytes());
        message
    }

    #[test]
    fn a_message_is_a_header_and_a_record() {
        let mut read = Read::default();
        take(&message(1326, "audit(1.002:3): pid=9"), &mut read);
        take(&message(1327, "audit(1.002:3): proctitle=00"), &mut read);
        take(&message(1326, "audit(1.002:3): pid=9 pid=1"), &mut read);
        take(b"short", &mut read);
        assert_eq!((read.records.len(), read.unreadable), (1, 1));
    }
}
