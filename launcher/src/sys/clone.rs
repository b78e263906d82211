//! clone3(2): a child in new namespaces and in a cgroup from its first instruction.

use super::check;
use nix::errno::Errno;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// Which side of a clone one is on.
#[derive(Debug)]
pub enum Side {
    /// The parent, with the child's pid as seen here and its pidfd.
    Parent {
        /// Process id in the parent's pid namespace.
        pid: libc::pid_t,
        /// Descriptor of the process.
        pidfd: OwnedFd,
    },
    /// The child.
    Child,
}

/// Clones this process as fork(2) does, with `namespaces` (CLONE_NEW* flags) new,
/// inside `cgroup` when one is given, with a pidfd and handlers reset.
///
/// Refused with EDEADLK where the process has more than one thread: the child of
/// a threaded process may find the allocator's lock held for ever.
pub fn clone3(namespaces: libc::c_int, cgroup: Option<BorrowedFd<'_>>) -> Result<Side, Errno> {
    let threads = std::fs::read_dir("/proc/self/task")
        .map_err(|_| Errno::ENOENT)?
        .count();
    if threads != 1 {
        return Err(Errno::EDEADLK);
    }
    let mut pidfd: libc::c_int = -1;
    let into_cgroup = if cgroup.is_some() {
        CLONE_INTO_CGROUP
    } else {
        0
    };
    let flags =
        namespaces as u32 as u64 | libc::CLONE_PIDFD as u64 | CLONE_CLEAR_SIGHAND | into_cgroup;
    let arguments = libc::clone_args {
        flags,
        pidfd: &raw mut pidfd as u64,
        child_tid: 0,
        parent_tid: 0,
        exit_signal: libc::SIGCHLD as u64,
        stack: 0,
        stack_size: 0,
        tls: 0,
        set_tid: 0,
        set_tid_size: 0,
        cgroup: cgroup.map_or(0, |fd| fd.as_raw_fd() as u64),
    };
    // SAFETY: no CLONE_VM, so the child has its own copy of everything, as after
    // fork; the process has one thread, so no lock is held by a thread that does
    // not exist in the child. `arguments` and `pidfd` outlive the call.
    let pid = check(unsafe {
        libc::syscall(
            libc::SYS_clone3,
            &raw const arguments,
            size_of::<libc::clone_args>(),
        )
    })?;
    if pid == 0 {
        return Ok(Side::Child);
    }
    // SAFETY: the kernel has just stored a new descriptor there (CLONE_PIDFD).
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    Ok(Side::Parent {
        pid: pid as libc::pid_t,
        pidfd,
    })
}

/// Reset handlers in the child (linux/sched.h); libc's constant is an i32 that cannot hold it.
const CLONE_CLEAR_SIGHAND: u64 = 0x1_0000_0000;

/// Start in the cgroup behind the descriptor (linux/sched.h).
const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;
