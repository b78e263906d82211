//! The kernel's wider surface: what an exploit would begin with, and what would
//! change the whole machine.
//!
//! Where success would harm the machine the arguments are ones the kernel must
//! find wrong, after it has judged the permission.

use crate::attempt::{Attempt, Outcome};
use crate::compartment::{Compartment, text};
use crate::{step, sys};
use libc::{AT_FDCWD, EBADF, EFAULT, EINVAL, ENOENT, ENOEXEC, ENOKEY, ENOTTY, O_WRONLY};

/// The attempts of this file.
pub const ATTEMPTS: &[Attempt] = &[
    Attempt {
        name: "kernel-io-uring",
        what: "an io_uring, which no filter looks into",
        run: io_uring,
    },
    Attempt {
        name: "kernel-bpf",
        what: "a BPF map",
        run: bpf,
    },
    Attempt {
        name: "kernel-userfaultfd",
        what: "handle page faults itself",
        run: userfaultfd,
    },
    Attempt {
        name: "kernel-perf",
        what: "a performance counter",
        run: perf,
    },
    Attempt {
        name: "kernel-keyctl",
        what: "the session's keyring",
        run: keyctl,
    },
    Attempt {
        name: "kernel-add-key",
        what: "add a key",
        run: add_key,
    },
    Attempt {
        name: "kernel-request-key",
        what: "ask for a key",
        run: request_key,
    },
    Attempt {
        name: "kernel-init-module",
        what: "load a kernel module from memory",
        run: init_module,
    },
    Attempt {
        name: "kernel-finit-module",
        what: "load a kernel module from a file",
        run: finit_module,
    },
    Attempt {
        name: "kernel-delete-module",
        what: "unload a kernel module",
        run: delete_module,
    },
    Attempt {
        name: "kernel-kexec",
        what: "load another kernel",
        run: kexec,
    },
    Attempt {
        name: "kernel-kexec-file",
        what: "load another kernel from a file",
        run: kexec_file,
    },
    Attempt {
        name: "kernel-proc-tunable",
        what: "open a tunable in /proc/sys for writing",
        run: proc_tunable,
    },
    Attempt {
        name: "kernel-sysrq",
        what: "open /proc/sysrq-trigger for writing",
        run: sysrq,
    },
    Attempt {
        name: "kernel-sys-tunable",
        what: "open a file in /sys for writing",
        run: sys_tunable,
    },
    Attempt {
        name: "kernel-memory-device",
        what: "open the machine's memory",
        run: memory_device,
    },
    Attempt {
        name: "kernel-set-time",
        what: "set the wall clock",
        run: set_time,
    },
    Attempt {
        name: "kernel-set-clock",
        what: "set the wall clock by clock_settime",
        run: set_clock,
    },
    Attempt {
        name: "kernel-adjust-time",
        what: "slew the wall clock",
        run: adjust_time,
    },
    Attempt {
        name: "kernel-device-node",
        what: "make a device node (argument: a directory)",
        run: device_node,
    },
    Attempt {
        name: "kernel-terminal-inject",
        what: "type into a terminal (TIOCSTI)",
        run: terminal_inject,
    },
    Attempt {
        name: "kernel-terminal-inject-upper",
        what: "the same with a bit set that the kernel ignores",
        run: terminal_inject_upper,
    },
    Attempt {
        name: "kernel-terminal-paste",
        what: "paste into a console (TIOCLINUX)",
        run: terminal_paste,
    },
    Attempt {
        name: "kernel-swap-on",
        what: "swap to a file",
        run: swap_on,
    },
    Attempt {
        name: "kernel-swap-off",
        what: "stop swapping",
        run: swap_off,
    },
    Attempt {
        name: "kernel-reboot",
        what: "reboot",
        run: reboot,
    },
    Attempt {
        name: "kernel-personality",
        what: "switch off address randomisation",
        run: personality,
    },
    Attempt {
        name: "kernel-read-implies-exec",
        what: "make all that is readable executable",
        run: read_implies_exec,
    },
    Attempt {
        name: "kernel-log",
        what: "read the kernel's log",
        run: log,
    },
    Attempt {
        name: "kernel-fanotify",
        what: "watch every file",
        run: fanotify,
    },
    Attempt {
        name: "kernel-set-user",
        what: "become root",
        run: set_user,
    },
    Attempt {
        name: "kernel-set-groups",
        what: "join groups",
        run: set_groups,
    },
    Attempt {
        name: "kernel-capabilities",
        what: "take capabilities",
        run: capabilities,
    },
    Attempt {
        name: "kernel-real-time",
        what: "a real-time priority above the display's",
        run: real_time,
    },
    Attempt {
        name: "kernel-raise-limit",
        what: "raise a hard limit",
        run: raise_limit,
    },
    Attempt {
        name: "kernel-shared-memory",
        what: "System V shared memory",
        run: shared_memory,
    },
    Attempt {
        name: "kernel-message-queue",
        what: "a POSIX message queue",
        run: message_queue,
    },
    Attempt {
        name: "kernel-x32-call",
        what: "getpid by its x32 number",
        run: x32_call,
    },
    Attempt {
        name: "kernel-i386-call",
        what: "getpid by the 32-bit entry",
        run: i386_call,
    },
];

fn io_uring(_: &mut Compartment, _: &str) -> Outcome {
    let mut parameters = [0u8; 120];
    Outcome::of(
        "io_uring_setup",
        sys!(libc::SYS_io_uring_setup, 1, &mut parameters),
    )
}

fn bpf(_: &mut Compartment, _: &str) -> Outcome {
    // BPF_MAP_CREATE of an array: type 2, 4-byte keys, 4-byte values, 1 entry.
    let mut attributes = [0u8; 72];
    for (at, value) in [(0, 2u32), (4, 4), (8, 4), (12, 1)] {
        attributes[at..at + 4].copy_from_slice(&value.to_ne_bytes());
    }
    Outcome::of("bpf", sys!(libc::SYS_bpf, 0, &mut attributes, 72))
}

fn userfaultfd(_: &mut Compartment, _: &str) -> Outcome {
    Outcome::of("userfaultfd", sys!(libc::SYS_userfaultfd, 0))
}

fn perf(_: &mut Compartment, _: &str) -> Outcome {
    // perf_event_attr: PERF_TYPE_SOFTWARE, its size, PERF_COUNT_SW_CPU_CLOCK.
    let mut attributes = [0u8; 64];
    attributes[0..4].copy_from_slice(&1u32.to_ne_bytes());
    attributes[4..8].copy_from_slice(&64u32.to_ne_bytes());
    Outcome::of(
        "perf_event_open",
        sys!(libc::SYS_perf_event_open, &attributes, 0, -1, -1, 0),
    )
}

fn keyctl(_: &mut Compartment, _: &str) -> Outcome {
    // KEYCTL_GET_KEYRING_ID of KEY_SPEC_PROCESS_KEYRING, created if need be.
    Outcome::of("keyctl", sys!(libc::SYS_keyctl, 0, -2, 1))
}

fn add_key(_: &mut Compartment, _: &str) -> Outcome {
    // Into KEY_SPEC_PROCESS_KEYRING, which ends with the process.
    Outcome::of(
        "add_key",
        sys!(libc::SYS_add_key, c"user", c"cordon-attack", b"x", 1, -2),
    )
}

fn request_key(_: &mut Compartment, _: &str) -> Outcome {
    let result = sys!(libc::SYS_request_key, c"user", c"cordon-attack-none", 0, 0);
    Outcome::reaching("request_key", result, &[ENOKEY])
}

fn init_module(_: &mut Compartment, _: &str) -> Outcome {
    let image = [0u8; 64];
    let result = sys!(libc::SYS_init_module, &image, 64, c"");
    Outcome::reaching("init_module", result, &[ENOEXEC, EFAULT, EINVAL])
}

fn finit_module(_: &mut Compartment, _: &str) -> Outcome {
    Outcome::reaching(
        "finit_module",
        sys!(libc::SYS_finit_module, -1, c"", 0),
        &[EBADF],
    )
}

fn delete_module(_: &mut Compartment, _: &str) -> Outcome {
    let result = sys!(
        libc::SYS_delete_module,
        c"cordon_attack_none",
        libc::O_NONBLOCK
    );
    Outcome::reaching("delete_module", result, &[ENOENT])
}

fn kexec(_: &mut Compartment, _: &str) -> Outcome {
    // More segments than KEXEC_SEGMENT_MAX.
    Outcome::reaching(
        "kexec_load",
        sys!(libc::SYS_kexec_load, 0, 1 << 20, 0, 0),
        &[EINVAL],
    )
}

fn kexec_file(_: &mut Compartment, _: &str) -> Outcome {
    let result = sys!(libc::SYS_kexec_file_load, -1, -1, 0, 0, 0);
    Outcome::reaching("kexec_file_load", result, &[EBADF, EINVAL])
}

/// Opens and writes nothing.
fn writable(path: &str) -> Outcome {
    let path = text(path);
    Outcome::of(
        "openat",
        sys!(libc::SYS_openat, AT_FDCWD, path.as_c_str(), O_WRONLY),
    )
}

fn proc_tunable(_: &mut Compartment, _: &str) -> Outcome {
    writable("/proc/sys/kernel/core_pattern")
}

fn sysrq(_: &mut Compartment, _: &str) -> Outcome {
    writable("/proc/sysrq-trigger")
}

fn sys_tunable(_: &mut Compartment, _: &str) -> Outcome {
    writable("/sys/kernel/mm/transparent_hugepage/enabled")
}

fn memory_device(_: &mut Compartment, _: &str) -> Outcome {
    writable("/dev/kmsg")
}

/// The time zone it has: the clock itself stays as it is.
fn set_time(_: &mut Compartment, _: &str) -> Outcome {
    let mut zone = [0u8; 8];
    step!("gettimeofday", sys!(libc::SYS_gettimeofday, 0, &mut zone));
    Outcome::of("settimeofday", sys!(libc::SYS_settimeofday, 0, &zone))
}

/// A time that is none: past the permission, EINVAL.
fn set_clock(_: &mut Compartment, _: &str) -> Outcome {
    let never = sys::words([0, u64::MAX]);
    let result = sys!(
        libc::SYS_clock_settime,
        libc::CLOCK_REALTIME,
        never.as_slice()
    );
    // The kernel looks at the value before the permission: only a clock that
    // cannot be set by anyone would tell, so this one asks for the time it is.
    match result {
        Err(EINVAL) => {
            let mut now = [0u8; 16];
            step!(
                "clock_gettime",
                sys!(libc::SYS_clock_gettime, libc::CLOCK_REALTIME, &mut now)
            );
            Outcome::of(
                "clock_settime",
                sys!(libc::SYS_clock_settime, libc::CLOCK_REALTIME, &now),
            )
        }
        other => Outcome::of("clock_settime", other),
    }
}

fn adjust_time(_: &mut Compartment, _: &str) -> Outcome {
    // struct timex, modes = ADJ_TAI (0x80) is a change; the value read back is given again.
    let mut timex = [0u8; 208];
    step!("adjtimex", sys!(libc::SYS_adjtimex, &mut timex));
    timex[0..4].copy_from_slice(&2u32.to_ne_bytes()); // ADJ_FREQUENCY, to the frequency just read
    Outcome::of("adjtimex", sys!(libc::SYS_adjtimex, &mut timex))
}

fn device_node(_: &mut Compartment, argument: &str) -> Outcome {
    let directory = if argument.is_empty() {
        "/tmp"
    } else {
        argument
    };
    let path = text(&format!("{directory}/memory-node"));
    // Character device 1:1, the machine's memory.
    let made = sys!(
        libc::SYS_mknodat,
        AT_FDCWD,
        path.as_c_str(),
        libc::S_IFCHR | 0o600,
        0x101
    );
    if made.is_ok() {
        let _ = sys!(libc::SYS_unlinkat, AT_FDCWD, path.as_c_str(), 0);
    }
    Outcome::of("mknodat", made)
}

/// On a socket, which is no terminal: ENOTTY says the request was let through.
fn terminal(compartment: &Compartment, request: u64) -> Outcome {
    let byte = [b'x'; 8];
    Outcome::reaching(
        "ioctl",
        sys!(libc::SYS_ioctl, compartment.accepted(), request, &byte),
        &[ENOTTY],
    )
}

fn terminal_inject(compartment: &mut Compartment, _: &str) -> Outcome {
    terminal(compartment, libc::TIOCSTI)
}

fn terminal_inject_upper(compartment: &mut Compartment, _: &str) -> Outcome {
    terminal(compartment, libc::TIOCSTI | 1 << 32)
}

fn terminal_paste(compartment: &mut Compartment, _: &str) -> Outcome {
    // TIOCLINUX
    terminal(compartment, 0x541C)
}

fn swap_on(_: &mut Compartment, _: &str) -> Outcome {
    Outcome::reaching("swapon", sys!(libc::SYS_swapon, c"/nowhere", 0), &[ENOENT])
}

fn swap_off(_: &mut Compartment, _: &str) -> Outcome {
    Outcome::reaching("swapoff", sys!(libc::SYS_swapoff, c"/nowhere"), &[ENOENT])
}

/// With a magic number that is none.
fn reboot(_: &mut Compartment, _: &str) -> Outcome {
    Outcome::reaching("reboot", sys!(libc::SYS_reboot, 0, 0, 0, 0), &[EINVAL])
}

fn personality(_: &mut Compartment, _: &str) -> Outcome {
    Outcome::of(
        "personality",
        sys!(libc::SYS_personality, libc::ADDR_NO_RANDOMIZE),
    )
}

fn read_implies_exec(_: &mut Compartment, _: &str) -> Outcome {
    Outcome::of(
        "personality",
        sys!(libc::SYS_personality, libc::READ_IMPLIES_EXEC),
    )
}

fn log(_: &mut Compartment, _: &str) -> Outcome {
    // SYSLOG_ACTION_READ_ALL
    let mut text = [0u8; 64];
    Outcome::of("syslog", sys!(libc::SYS_syslog, 3, &mut text, 64))
}

fn fanotify(_: &mut Compartment, _: &str) -> Outcome {
    Outcome::of("fanotify_init", sys!(libc::SYS_fanotify_init, 0, 0))
}

fn set_user(_: &mut Compartment, _: &str) -> Outcome {
    Outcome::of("setresuid", sys!(libc::SYS_setresuid, 0, 0, 0))
}

fn set_groups(_: &mut Compartment, _: &str) -> Outcome {
    Outcome::of(
        "setgroups",
        sys!(libc::SYS_setgroups, 1, &0u32.to_ne_bytes()),
    )
}

fn capabilities(_: &mut Compartment, _: &str) -> Outcome {
    // Version 3, this process; effective, permitted, inheritable, twice 32 bits.
    let header: Vec<u8> = [0x2008_0522u32, 0]
        .iter()
        .flat_map(|w| w.to_ne_bytes())
        .collect();
    // CAP_DAC_OVERRIDE.
    let sets: Vec<u8> = [2u32, 2, 0, 0, 0, 0]
        .iter()
        .flat_map(|w| w.to_ne_bytes())
        .collect();
    Outcome::of(
        "capset",
        sys!(libc::SYS_capset, header.as_slice(), sets.as_slice()),
    )
}

fn real_time(_: &mut Compartment, _: &str) -> Outcome {
    let priority = 99i32.to_ne_bytes();
    let done = sys!(libc::SYS_sched_setscheduler, 0, libc::SCHED_FIFO, &priority);
    if done.is_ok() {
        let _ = sys!(
            libc::SYS_sched_setscheduler,
            0,
            libc::SCHED_OTHER,
            &[0u8; 4]
        );
    }
    Outcome::of("sched_setscheduler", done)
}

/// The highest real-time priority it may ask for.
fn raise_limit(_: &mut Compartment, _: &str) -> Outcome {
    let most = sys::words([99, 99]);
    Outcome::of(
        "prlimit64",
        sys!(
            libc::SYS_prlimit64,
            0,
            libc::RLIMIT_RTPRIO,
            most.as_slice(),
            0
        ),
    )
}

fn shared_memory(_: &mut Compartment, _: &str) -> Outcome {
    let id = step!(
        "shmget",
        sys!(
            libc::SYS_shmget,
            libc::IPC_PRIVATE,
            4096,
            libc::IPC_CREAT | 0o600
        )
    );
    let _ = sys!(libc::SYS_shmctl, id, libc::IPC_RMID, 0);
    Outcome::Succeeded("shmget made a segment".into())
}

fn message_queue(_: &mut Compartment, _: &str) -> Outcome {
    let name = c"cordon-attack";
    let flags = libc::O_CREAT | libc::O_RDWR;
    step!("mq_open", sys!(libc::SYS_mq_open, name, flags, 0o600, 0));
    let _ = sys!(libc::SYS_mq_unlink, name);
    Outcome::Succeeded("mq_open made a queue".into())
}

/// A kernel without x32 answers ENOSYS itself, which is not a refusal.
fn x32_call(_: &mut Compartment, _: &str) -> Outcome {
    Outcome::of("getpid | x32", sys!(libc::SYS_getpid | 0x4000_0000))
}

#[cfg(target_arch = "x86_64")]
fn i386_call(_: &mut Compartment, _: &str) -> Outcome {
    Outcome::of("int 0x80 getpid", sys::getpid_by_int80())
}

#[cfg(not(target_arch = "x86_64"))]
fn i386_call(_: &mut Compartment, _: &str) -> Outcome {
    Outcome::Unsupported("this architecture has no such entry".into())
}
