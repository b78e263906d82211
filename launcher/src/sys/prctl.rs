//! prctl(2): what nix does not wrap.

use super::check;
use nix::errno::Errno;

fn prctl(option: libc::c_int, a: libc::c_ulong, b: libc::c_ulong) -> Result<libc::c_int, Errno> {
    let zero: libc::c_ulong = 0;
    // SAFETY: every option used here takes integers only.
    let result = unsafe { libc::prctl(option, a, b, zero, zero) };
    check(result.into()).map(|value| value as libc::c_int)
}

/// Forbids ptrace, core dumps and /proc/PID/mem by the same user, until exec.
pub fn set_undumpable() -> Result<(), Errno> {
    prctl(libc::PR_SET_DUMPABLE, 0, 0).map(drop)
}

/// Sets no_new_privs.
pub fn set_no_new_privs() -> Result<(), Errno> {
    prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0).map(drop)
}

/// Refuses memory that is, or has been, writable and executable (Linux 6.3).
pub fn set_mdwe() -> Result<(), Errno> {
    prctl(libc::PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0).map(drop)
}

/// The MDWE bits in force for this process; EINVAL where the kernel has none.
pub fn mdwe() -> Result<libc::c_int, Errno> {
    prctl(libc::PR_GET_MDWE, 0, 0)
}

/// Sets the securebits (capabilities(7)).
pub fn set_securebits(bits: libc::c_ulong) -> Result<(), Errno> {
    prctl(libc::PR_SET_SECUREBITS, bits, 0).map(drop)
}

/// The securebits in force for this process.
pub fn securebits() -> Result<libc::c_ulong, Errno> {
    prctl(libc::PR_GET_SECUREBITS, 0, 0).map(|bits| bits as libc::c_ulong)
}

const PR_MDWE_REFUSE_EXEC_GAIN: libc::c_ulong = 1;
