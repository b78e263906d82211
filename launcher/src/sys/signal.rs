//! Signal dispositions and masks as a program started by init finds them.

use super::check;
use nix::errno::Errno;

/// Sets every disposition to the default and unblocks every signal.
///
/// Ignored signals stay ignored across clone and exec (Rust's runtime ignores
/// SIGPIPE), and a blocked mask survives exec.
pub fn reset() -> Result<(), Errno> {
    // struct sigaction of the kernel, all zero: SIG_DFL, no flags, an empty mask. At
    // most as long as this on every architecture.
    let default = [0u64; 4];
    let none = std::ptr::null_mut::<u64>();
    // Asked of the kernel itself: the C library hides 32 and 33, its own, which
    // whoever started the supervisor may have ignored like any other.
    for signal in (1..=SIGNALS).filter(|it| ![libc::SIGKILL, libc::SIGSTOP].contains(it)) {
        // SAFETY: the kernel reads `default`, which outlives the call, and writes nothing.
        check(unsafe {
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                default.as_ptr(),
                none,
                size_of::<u64>(),
            )
        })?;
    }
    let empty = nix::sys::signal::SigSet::empty();
    empty.thread_set_mask()
}

/// _NSIG of the kernel.
const SIGNALS: libc::c_int = 64;

/// Keeps ended children until they are waited for. Whoever starts this process may
/// have it ignore SIGCHLD; the kernel then reaps them itself, nobody learns how they
/// ended, and their numbers are used again while they are still thought to be theirs.
pub fn keep_children() -> Result<(), Errno> {
    // SAFETY: SIG_DFL is no function of ours.
    if unsafe { libc::signal(libc::SIGCHLD, libc::SIG_DFL) } == libc::SIG_ERR {
        return Err(Errno::last());
    }
    Ok(())
}

/// Runs the program's own time slice under `policy` and `priority` (sched(7)).
pub fn set_scheduler(policy: libc::c_int, priority: u8) -> Result<(), Errno> {
    let parameters = libc::sched_param {
        sched_priority: priority.into(),
    };
    // SAFETY: `parameters` outlives the call; 0 is this process.
    check(unsafe { libc::sched_setscheduler(0, policy, &raw const parameters) }.into())?;
    Ok(())
}
