//! What was tried, in words.

use super::decision::Need;
use super::refusal::{Attempt, Object};

/// What calls of one kind are for, and why no manifest can grant them, where none can.
struct Meaning {
    calls: &'static [&'static str],
    tried: &'static str,
    never: Option<&'static str>,
}

const fn never(calls: &'static [&'static str], tried: &'static str, why: &'static str) -> Meaning {
    Meaning {
        calls,
        tried,
        never: Some(why),
    }
}

const fn some(calls: &'static [&'static str], tried: &'static str) -> Meaning {
    Meaning {
        calls,
        tried,
        never: None,
    }
}

const MEANINGS: &[Meaning] = &[
    never(
        &["execve", "execveat"],
        "to run another program",
        "a component's program (`exec`) is executed once, by Cordon, and nothing after it; \
         another program is another component",
    ),
    never(
        &[
            "ptrace",
            "process_vm_readv",
            "process_vm_writev",
            "process_madvise",
            "kcmp",
            "pidfd_getfd",
        ],
        "to read or change another process",
        "no process has a hold on another; what two components share is a channel",
    ),
    never(
        &[
            "mount",
            "umount2",
            "pivot_root",
            "chroot",
            "open_tree",
            "open_tree_attr",
            "move_mount",
            "fsopen",
            "fsconfig",
            "fsmount",
            "fspick",
            "mount_setattr",
        ],
        "to change what is mounted",
        "a compartment's root is made and read back before the program runs, and stays as it \
         is; paths are granted under `files`",
    ),
    never(
        &["unshare", "setns"],
        "to make or enter a namespace",
        "a component stays in the namespaces it was given: a new user namespace would open to \
         it much of the kernel that is closed",
    ),
    never(
        &["bpf"],
        "to load a program into the kernel",
        "what runs in the kernel is outside every compartment",
    ),
    never(
        &["init_module", "finit_module", "delete_module"],
        "to load or remove a kernel module",
        "what runs in the kernel is outside every compartment",
    ),
    never(
        &[
            "kexec_load",
            "kexec_file_load",
            "reboot",
            "swapon",
            "swapoff",
            "acct",
            "vhangup",
        ],
        "to act on the whole machine",
        "the machine is every component's, so none has it",
    ),
    never(
        &[
            "settimeofday",
            "clock_settime",
            "clock_adjtime",
            "adjtimex",
            "stime",
        ],
        "to set the clock",
        "the clock is every component's: to set it is to falsify the times of all alarms",
    ),
    never(
        &["sethostname", "setdomainname"],
        "to rename the machine",
        "its name is the device's",
    ),
    never(
        &["syslog"],
        "to read the kernel's log",
        "it tells of every component, and of addresses in the kernel",
    ),
    never(
        &["iopl", "ioperm"],
        "to reach hardware past its driver",
        "hardware is granted by its nodes, under `devices`",
    ),
    never(
        &["add_key", "request_key", "keyctl"],
        "to use the kernel's key store",
        "keys are not kept apart by compartments",
    ),
    never(
        &["memfd_create"],
        "to make memory with a descriptor",
        "it could be executed or sent; channels are made by the supervisor",
    ),
    never(
        &["userfaultfd"],
        "to handle page faults itself",
        "it lets an attacker hold the kernel up in the middle of a copy",
    ),
    never(
        &["perf_event_open"],
        "to measure other programs",
        "it tells of every component, and its kernel code is a frequent way out",
    ),
    never(
        &["io_uring_enter", "io_uring_register"],
        "to have system calls made past the filters",
        "what is queued there no filter sees",
    ),
    never(
        &[
            "setuid",
            "setgid",
            "setreuid",
            "setregid",
            "setresuid",
            "setresgid",
            "setfsuid",
            "setfsgid",
            "setgroups",
            "capset",
        ],
        "to change its user, groups or capabilities",
        "a component is its `user` with no capability from its first instruction on; a daemon \
         that wants to drop privileges has an option not to (it has none)",
    ),
    never(
        &["personality", "modify_ldt"],
        "to change how the kernel treats its memory",
        "it would switch off the randomisation of addresses, or worse",
    ),
    never(
        &["mknod", "mknodat"],
        "to make a device node, FIFO or socket file",
        "nodes are granted under `devices`; what is made is regular files and directories",
    ),
    never(
        &["name_to_handle_at", "open_by_handle_at"],
        "to open a file past its path",
        "it leads out of the compartment's root",
    ),
    never(
        &[
            "seccomp",
            "landlock_create_ruleset",
            "landlock_add_rule",
            "landlock_restrict_self",
        ],
        "to confine itself",
        "it is confined already, and a filter of its own could hide what was proved; a program \
         that tries it can go on without, or has an option not to",
    ),
    never(
        &[
            "fanotify_init",
            "fanotify_mark",
            "lookup_dcookie",
            "quotactl",
            "quotactl_fd",
        ],
        "to watch or limit a whole file system",
        "file systems are every component's",
    ),
    never(
        &["chown", "fchown", "lchown", "fchownat"],
        "to give a file to another user",
        "what a component makes is its own",
    ),
    never(
        &[
            "setxattr",
            "lsetxattr",
            "fsetxattr",
            "setxattrat",
            "removexattr",
            "lremovexattr",
            "fremovexattr",
            "removexattrat",
        ],
        "to change a file's extended attributes",
        "labels and capabilities of files are among them",
    ),
    never(
        &[
            "sched_setscheduler",
            "sched_setparam",
            "sched_setattr",
            "setpriority",
            "ioprio_set",
        ],
        "to change its own priority",
        "Cordon sets it before the program runs (`realtime: {policy: fifo, priority: ...}`) and \
         reads it back; the call itself stays refused",
    ),
    never(
        &["setrlimit"],
        "to change its own limits",
        "Cordon sets them before the program runs (`limits`)",
    ),
    some(
        &[
            "tkill",
            "rt_sigqueueinfo",
            "rt_tgsigqueueinfo",
            "kill",
            "pidfd_send_signal",
            "pidfd_open",
        ],
        "to signal a process",
    ),
    some(&["fork", "vfork", "clone"], "to start a process"),
    some(&["wait4", "waitid"], "to wait for a process"),
    some(&["socket"], "to make a socket"),
    some(&["socketpair"], "to make a pair of sockets"),
    some(&["bind"], "to give a socket an address"),
    some(&["listen"], "to listen on a socket"),
    some(&["accept", "accept4"], "to take a connection"),
    some(&["connect"], "to connect a socket"),
    some(&["sendto", "sendmsg", "sendmmsg"], "to send on a socket"),
    some(
        &["recvfrom", "recvmsg", "recvmmsg"],
        "to receive from a socket",
    ),
    some(&["setsockopt"], "to set an option of a socket"),
    some(&["ioctl"], "to make a request to a device"),
    some(&["prctl"], "to change an attribute of itself"),
    some(&["prlimit64"], "to read or change limits"),
    some(
        &["mlock", "mlock2", "mlockall", "munlock", "munlockall"],
        "to lock memory",
    ),
    some(
        &[
            "shmget", "shmat", "shmctl", "shmdt", "semget", "semop", "semctl", "msgget", "msgsnd",
            "msgrcv", "msgctl", "mq_open",
        ],
        "to use System V or POSIX message memory",
    ),
    some(&["open", "openat", "creat"], "to create a file"),
    some(&["mkdir", "mkdirat"], "to make a directory"),
    some(
        &["unlink", "unlinkat", "rmdir"],
        "to remove a file or directory",
    ),
    some(&["rename", "renameat", "renameat2"], "to rename a file"),
    some(
        &["link", "linkat", "symlink", "symlinkat"],
        "to make a link",
    ),
    some(&["chmod", "fchmod", "fchmodat"], "to change a file's mode"),
    some(&["truncate"], "to cut a file"),
    some(&["fcntl"], "to change or lock a descriptor"),
    some(&["clone3"], "to start a thread or process the new way"),
    some(&["io_uring_setup"], "to set up a queue of system calls"),
    some(&["openat2"], "to open a file the new way"),
];

fn meaning(call: &str) -> Option<&'static Meaning> {
    MEANINGS
        .iter()
        .find(|meaning| meaning.calls.contains(&call))
}

/// Why no manifest can grant a call, where none can.
pub fn never_granted(call: &str) -> Option<&'static str> {
    meaning(call)?.never
}

/// What was tried, as the end of "it tried".
pub fn tried(what: &Attempt) -> String {
    match what {
        Attempt::Call { call, .. } => match call.name() {
            Some(name) => match meaning(name) {
                Some(meaning) => format!("{} ({name})", meaning.tried),
                None => format!("to make the system call {name}"),
            },
            None => format!(
                "to make system call {} of architecture {:#x}",
                call.number, call.architecture
            ),
        },
        Attempt::Absent { path, need, .. } if *need == Need::Write => format!("to write {path}"),
        Attempt::Absent { path, .. } => format!("to find {path}"),
        Attempt::Landlock { rights, object } => {
            let verbs: Vec<&str> = rights.iter().map(|right| landlock(right)).collect();
            format!("{}{}", verbs.join(", "), of(object))
        }
        Attempt::Selinux {
            permissions,
            class,
            target,
            object,
            ..
        } => format!(
            "{} on a {class} of type {target}{}",
            permissions.join(", "),
            of(object)
        ),
    }
}

fn of(object: &Object) -> String {
    let mut text = String::new();
    if let Some(path) = object.path.as_ref().or(object.name.as_ref()) {
        text.push_str(&format!(" {path}"));
    }
    if let Some(port) = object.port {
        text.push_str(&format!(" port {port}"));
    }
    if let Some(address) = &object.address {
        text.push_str(&format!(" of {address}"));
    }
    if let Some(request) = object.request {
        text.push_str(&format!(" (request {request:#x})"));
    }
    if let Some(process) = object.process {
        text.push_str(&format!(" {process}"));
    }
    text
}

/// A right of Landlock, as the kernel names it (security/landlock/audit.c).
fn landlock(right: &str) -> &str {
    match right {
        "fs.execute" => "to execute",
        "fs.write_file" => "to write",
        "fs.read_file" => "to read",
        "fs.read_dir" => "to list the directory",
        "fs.remove_dir" => "to remove a directory of",
        "fs.remove_file" => "to remove a file of",
        "fs.make_char" => "to make a character device in",
        "fs.make_dir" => "to make a directory in",
        "fs.make_reg" => "to make a file in",
        "fs.make_sock" => "to make a socket file in",
        "fs.make_fifo" => "to make a FIFO in",
        "fs.make_block" => "to make a block device in",
        "fs.make_sym" => "to make a symbolic link in",
        "fs.refer" => "to move or link between directories at",
        "fs.truncate" => "to cut",
        "fs.ioctl_dev" => "to make a request to the device",
        "fs.change_topology" => "to change what is mounted at",
        "net.bind_tcp" => "to bind TCP",
        "net.connect_tcp" => "to connect to TCP",
        "ptrace" => "to trace process",
        "scope.abstract_unix_socket" => "to reach an abstract socket outside its compartment",
        "scope.signal" => "to signal process",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::super::calls::{Call, native};
    use super::*;
    use std::collections::BTreeSet;

    fn call(number: i64) -> Attempt {
        let call = Call {
            architecture: native().unwrap(),
            number: number as u32,
        };
        Attempt::Call { call, action: 0 }
    }

    #[test]
    fn calls_are_said_in_words_with_their_names() {
        assert_eq!(
            tried(&call(libc::SYS_ptrace)),
            "to read or change another process (ptrace)"
        );
        assert_eq!(
            tried(&call(libc::SYS_getcpu)),
            "to make the system call getcpu"
        );
        assert_eq!(
            tried(&call(9999)),
            format!(
                "to make system call 9999 of architecture {:#x}",
                native().unwrap()
            )
        );
    }

    #[test]
    fn no_call_means_two_things_and_none_is_never_granted_that_a_role_has() {
        let mut seen = BTreeSet::new();
        for name in MEANINGS.iter().flat_map(|meaning| meaning.calls) {
            assert!(seen.insert(name), "{name} stands twice");
        }
        for name in MEANINGS
            .iter()
            .filter(|meaning| meaning.never.is_some())
            .flat_map(|meaning| meaning.calls)
        {
            let roles = cordon_seccomp::roles_with(name);
            assert!(roles.is_empty(), "{name} is granted by {roles:?}");
        }
    }

    #[test]
    fn landlocks_rights_are_said_with_what_they_are_about() {
        let attempt = |right: &str, object| Attempt::Landlock {
            rights: vec![right.to_owned()],
            object,
        };
        let port = Object {
            port: Some(4444),
            address: "127.0.0.1".parse().ok(),
            ..Object::default()
        };
        assert_eq!(
            tried(&attempt("net.connect_tcp", port)),
            "to connect to TCP port 4444 of 127.0.0.1"
        );
        let node = Object {
            path: Some("/dev/fb0".into()),
            request: Some(0x4600),
            ..Object::default()
        };
        assert_eq!(
            tried(&attempt("fs.ioctl_dev", node)),
            "to make a request to the device /dev/fb0 (request 0x4600)"
        );
    }
}
