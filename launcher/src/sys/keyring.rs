//! keyctl(2): leaving the supervisor's session keyring.

use super::check;
use nix::errno::Errno;

/// Joins a new, empty session keyring; ENOSYS on a kernel without keys, which
/// then has nothing to inherit.
pub fn join_new_session() -> Result<(), Errno> {
    const KEYCTL_JOIN_SESSION_KEYRING: libc::c_int = 1;
    let anonymous = std::ptr::null::<libc::c_char>();
    // SAFETY: a null name asks for an anonymous keyring.
    let result = unsafe { libc::syscall(libc::SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, anonymous) };
    match check(result) {
        Ok(_) | Err(Errno::ENOSYS) => Ok(()),
        Err(errno) => Err(errno),
    }
}
