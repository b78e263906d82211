//! setsockopt(2): what nix does not wrap.

use super::check;
use nix::errno::Errno;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Refuses descriptors sent to this Unix socket (Linux 6.16); false where the
/// kernel cannot.
///
/// A descriptor that arrives is closed here even when it is not received, and
/// closing waits as long as its sender likes: a TCP socket with SO_LINGER does.
pub fn refuse_descriptors(socket: BorrowedFd<'_>) -> Result<bool, Errno> {
    const SO_PASSRIGHTS: libc::c_int = 83;
    let off: libc::c_int = 0;
    // SAFETY: the option takes an int, which outlives the call.
    let result = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            SO_PASSRIGHTS,
            (&raw const off).cast(),
            size_of_val(&off) as libc::socklen_t,
        )
    };
    match check(result.into()) {
        Ok(_) => Ok(true),
        Err(Errno::ENOPROTOOPT) => Ok(false),
        Err(errno) => Err(errno),
    }
}
