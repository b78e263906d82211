//! Reaching for the display: its devices, its files, its memory, its life.

use crate::attempt::{Attempt, Outcome};
use crate::compartment::{Compartment, text};
use crate::{step, sys};
use libc::{AT_FDCWD, O_DIRECTORY, O_RDONLY, O_RDWR, O_WRONLY};

/// The attempts of this file. `PID` and paths are given by who drives the attack.
pub const ATTEMPTS: &[Attempt] = &[
    Attempt {
        name: "display-open-sensor",
        what: "open the sensor or the recording (argument: its path)",
        run: open_read,
    },
    Attempt {
        name: "display-open-screen",
        what: "open the screen for writing (argument: its path)",
        run: open_write,
    },
    Attempt {
        name: "display-open-input",
        what: "open an input device (argument: its path)",
        run: open_read,
    },
    Attempt {
        name: "display-open-file",
        what: "open one of the display's files (argument: its path)",
        run: open_read,
    },
    Attempt {
        name: "display-list-root",
        what: "list what the device's own root holds (argument: a directory)",
        run: list,
    },
    Attempt {
        name: "display-memory-file",
        what: "open the display's /proc/PID/mem (argument: PID)",
        run: memory_file,
    },
    Attempt {
        name: "display-ptrace",
        what: "attach to the display as a debugger (argument: PID)",
        run: ptrace,
    },
    Attempt {
        name: "display-memory-read",
        what: "process_vm_readv from the display (argument: PID)",
        run: memory_read,
    },
    Attempt {
        name: "display-memory-write",
        what: "process_vm_writev to the display (argument: PID)",
        run: memory_write,
    },
    Attempt {
        name: "display-kill",
        what: "signal the display (argument: PID)",
        run: kill,
    },
    Attempt {
        name: "display-queue-signal",
        what: "queue a signal with a value to the display (argument: PID)",
        run: queue,
    },
    Attempt {
        name: "display-signal-reaper",
        what: "signal pid 1 of the own compartment",
        run: signal_reaper,
    },
    Attempt {
        name: "display-pidfd",
        what: "hold the display by a pidfd (argument: PID)",
        run: pidfd_open,
    },
    Attempt {
        name: "display-take-descriptor",
        what: "copy a descriptor of the display's (argument: PID)",
        run: pidfd_getfd,
    },
    Attempt {
        name: "display-limits",
        what: "lower the display's limits (argument: PID)",
        run: limits,
    },
    Attempt {
        name: "display-scheduling",
        what: "take the display's processor time (argument: PID)",
        run: scheduling,
    },
    Attempt {
        name: "display-compare",
        what: "compare kernel objects with the display's (argument: PID)",
        run: compare,
    },
];

fn open(path: &str, flags: i32) -> Outcome {
    if path.is_empty() {
        return Outcome::Unsupported("needs a path".into());
    }
    let path = text(path);
    Outcome::of(
        "openat",
        sys!(libc::SYS_openat, AT_FDCWD, path.as_c_str(), flags),
    )
}

fn open_read(_: &mut Compartment, path: &str) -> Outcome {
    open(path, O_RDONLY)
}

fn open_write(_: &mut Compartment, path: &str) -> Outcome {
    open(path, O_WRONLY)
}

fn list(_: &mut Compartment, path: &str) -> Outcome {
    open(path, O_RDONLY | O_DIRECTORY)
}

fn memory_file(_: &mut Compartment, pid: &str) -> Outcome {
    open(&format!("/proc/{pid}/mem"), O_RDWR)
}

/// Runs `attempt` with the process number the driver named.
fn on(pid: &str, attempt: impl FnOnce(i64) -> Outcome) -> Outcome {
    match pid.parse() {
        Ok(pid) => attempt(pid),
        Err(_) => Outcome::Unsupported("needs a process number".into()),
    }
}

fn ptrace(_: &mut Compartment, pid: &str) -> Outcome {
    on(pid, |pid| {
        Outcome::of(
            "ptrace",
            sys!(libc::SYS_ptrace, libc::PTRACE_SEIZE, pid, 0, 0),
        )
    })
}

/// Address 0 is never mapped: EFAULT says that the kernel let this process at
/// the other's memory and found nothing there, so nothing is changed.
fn memory(number: i64, call: &'static str, pid: i64) -> Outcome {
    let buffer = [0u8; 8];
    let local = sys::words([sys::address(&buffer), 8]);
    let remote = sys::words([0, 8]);
    let result = sys!(number, pid, local.as_slice(), 1, remote.as_slice(), 1, 0);
    Outcome::reaching(call, result, &[libc::EFAULT])
}

fn memory_read(_: &mut Compartment, pid: &str) -> Outcome {
    on(pid, |pid| {
        memory(libc::SYS_process_vm_readv, "process_vm_readv", pid)
    })
}

fn memory_write(_: &mut Compartment, pid: &str) -> Outcome {
    on(pid, |pid| {
        memory(libc::SYS_process_vm_writev, "process_vm_writev", pid)
    })
}

fn kill(_: &mut Compartment, pid: &str) -> Outcome {
    on(pid, |pid| {
        Outcome::of("kill", sys!(libc::SYS_kill, pid, libc::SIGKILL))
    })
}

fn queue(_: &mut Compartment, pid: &str) -> Outcome {
    on(pid, |pid| {
        // siginfo_t: si_signo, si_errno, si_code (SI_QUEUE is -1), and room.
        let mut info = [0u8; 128];
        info[..4].copy_from_slice(&libc::SIGKILL.to_ne_bytes());
        info[8..12].copy_from_slice(&(-1i32).to_ne_bytes());
        Outcome::of(
            "rt_sigqueueinfo",
            sys!(libc::SYS_rt_sigqueueinfo, pid, libc::SIGKILL, &info),
        )
    })
}

/// Signal 0 checks the permission and sends nothing.
fn signal_reaper(_: &mut Compartment, _: &str) -> Outcome {
    Outcome::of("kill", sys!(libc::SYS_kill, 1, 0))
}

fn pidfd_open(_: &mut Compartment, pid: &str) -> Outcome {
    on(pid, |pid| {
        Outcome::of("pidfd_open", sys!(libc::SYS_pidfd_open, pid, 0))
    })
}

fn pidfd_getfd(_: &mut Compartment, pid: &str) -> Outcome {
    on(pid, |pid| {
        let pidfd = step!("pidfd_open", sys!(libc::SYS_pidfd_open, pid, 0));
        Outcome::of("pidfd_getfd", sys!(libc::SYS_pidfd_getfd, pidfd, 0, 0))
    })
}

fn limits(_: &mut Compartment, pid: &str) -> Outcome {
    on(pid, |pid| {
        let none = sys::words([0, 0]);
        Outcome::of(
            "prlimit64",
            sys!(
                libc::SYS_prlimit64,
                pid,
                libc::RLIMIT_CORE,
                none.as_slice(),
                0
            ),
        )
    })
}

fn scheduling(_: &mut Compartment, pid: &str) -> Outcome {
    on(pid, |pid| {
        let priority = 0i32.to_ne_bytes();
        Outcome::of(
            "sched_setscheduler",
            sys!(
                libc::SYS_sched_setscheduler,
                pid,
                libc::SCHED_IDLE,
                &priority
            ),
        )
    })
}

fn compare(_: &mut Compartment, pid: &str) -> Outcome {
    // KCMP_FILE, descriptor 0 of each.
    on(pid, |pid| {
        Outcome::of("kcmp", sys!(libc::SYS_kcmp, pid, pid, 0, 0, 0))
    })
}
