//! Safe wrappers of the system calls nix does not have: the one room of the
//! launcher in which unsafe code stands.
//!
//! One file per mechanism, named as the manual pages name it. A wrapper takes
//! and gives descriptors as `OwnedFd`/`BorrowedFd` and errors as `Errno`.
#![allow(unsafe_code)]

pub mod clone;
pub mod descriptor;
pub mod exec;
pub mod keyring;
pub mod landlock;
pub mod mount;
pub mod pidfd;
pub mod prctl;
pub mod ptrace;
pub mod quota;
pub mod seccomp;
pub mod signal;
pub mod socket;
pub mod statx;
pub mod xattr;

use nix::errno::Errno;

/// Turns a raw result into a `Result`, errno read at once.
fn check(result: libc::c_long) -> Result<libc::c_long, Errno> {
    if result < 0 {
        Err(Errno::last())
    } else {
        Ok(result)
    }
}
