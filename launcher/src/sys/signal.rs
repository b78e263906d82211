//! Signal dispositions and masks as a program started by init finds them.

use super::check;
use nix::errno::Errno;

/// Sets every disposition to the default and unblocks every signal.
///
/// Ignored signals stay ignored across clone and exec (Rust's runtime ignores
/// SIGPIPE), and a blocked mask survives exec.
pub fn reset() -> Result<(), Errno> {
    for signal in 1..=libc::SIGRTMAX() {
        if matches!(signal, libc::SIGKILL | libc::SIGSTOP | 32 | 33) {
            continue; // cannot be changed; 32 and 33 belong to the C library
        }
        // SAFETY: SIG_DFL is no function of ours.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    let empty = nix::sys::signal::SigSet::empty();
    empty.thread_set_mask()
}

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
