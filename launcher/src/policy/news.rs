//! What the kernel says of itself: SELinux changed its mode, or a policy was loaded.

use nix::sys::socket::{
    AddressFamily, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, socket,
};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// SELNLGRP_AVC of linux/selinux_netlink.h, as a bit: setenforce and policy loads.
const GROUP: u32 = 1;
/// Messages taken at one wake-up; the rest wake up again.
const BATCH: usize = 64;

/// A netlink socket on which the kernel announces both.
#[derive(Debug)]
pub struct News(OwnedFd);

impl News {
    /// Listens from now on.
    pub fn listen() -> nix::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let protocol = SockProtocol::NetlinkSELinux;
        let socket = socket(AddressFamily::Netlink, SockType::Raw, flags, protocol)?;
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, GROUP))?;
        Ok(Self(socket))
    }

    /// Takes what was announced: that something was is all that counts, for the
    /// kernel is asked afterwards. Lost messages (ENOBUFS) are news too.
    pub fn take(&self) {
        let mut message = [0; 256];
        for _ in 0..BATCH {
            match nix::unistd::read(&self.0, &mut message) {
                Ok(0) | Err(nix::errno::Errno::EAGAIN) => break,
                _ => {}
            }
        }
    }
}

impl AsFd for News {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
