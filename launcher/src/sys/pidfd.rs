//! pidfd_open(2).

use nix::errno::Errno;
use std::os::fd::{FromRawFd as _, OwnedFd, RawFd};

/// A descriptor of the process that has this number now; ESRCH when none has.
pub fn open(pid: libc::pid_t) -> Result<OwnedFd, Errno> {
    // SAFETY: pidfd_open takes two integers and touches no memory of ours.
    let result = unsafe { libc::syscall(libc::SYS_pidfd_open, pid, 0) };
    let fd = super::check(result)? as RawFd;
    // SAFETY: the kernel has just made this descriptor and nobody else has it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
