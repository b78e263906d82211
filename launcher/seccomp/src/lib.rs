//! System-call filters: an allowlist by role, and an exec that works exactly once.
//!
//! One filter answers all: what the profiles allow is made (`profiles/seccomp`: the
//! role's file and the fragments the Plan asks for); what is never legitimate ends
//! the process (`kill.policy`); what a C library tries and can do without is ENOSYS,
//! because EPERM from it is taken for an error instead of for an older kernel
//! (`enosys.policy`, and every call of a newer kernel than the profiles know); all
//! else is EPERM. execveat asks the tracer: the supervisor lets one pass and
//! detaches, after which the kernel answers ENOSYS for ever.
//!
//! Pure: nothing here makes a system call.
#![forbid(unsafe_code)]

mod asked;
mod constant;
#[cfg(test)]
mod judge;
#[cfg(any(test, feature = "linear"))]
pub mod linear;
mod numbers;
mod profile;
mod program;

pub use asked::{Rule, answered_as_absent, given_by, roles_with, rules};
pub use numbers::{Architecture, known, name, number};
pub use profile::ProfileError;
pub use program::{Action, Instruction};

use cordon_manifest::plan::{Component, Network, Plan};
use profile::{Condition, Rules};
use std::collections::BTreeMap;

/// Value the tracer sees for the one execveat.
pub const EXEC_MARK: u16 = 0x0c0d;

/// A filter as the kernel takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter(pub Vec<Instruction>);

macro_rules! profiles {
    ($($name:literal),* $(,)?) => {
        fn load(name: &str) -> Option<&'static str> {
            match name {
                $($name => Some(include_str!(concat!(
                    env!("CARGO_MANIFEST_DIR"), "/../../profiles/seccomp/", $name, ".policy"
                ))),)*
                _ => None,
            }
        }

        /// Every file of `profiles/seccomp`, without `.policy`.
        pub const PROFILES: &[&str] = &[$($name),*];
    };
}

// Compiled in: what decides about confinement is not read from a file system at run time.
profiles![
    "base",
    "fork",
    "listen",
    "network-bind",
    "network-connect",
    "network-linger",
    "network-sockets",
    "notify",
    "realtime",
    "control",
    "reaper",
    "enosys",
    "kill",
    "network-service",
    "vitals-display",
    "general",
    "network-program",
    "python-service",
];

/// Those of [`PROFILES`] that are a role's.
pub const ROLES: &[&str] = &[
    "network-service",
    "vitals-display",
    "network-program",
    "python-service",
];

/// The filter of `component` on this machine.
///
/// # Errors
/// Where a profile is not of the language, with its file and line.
pub fn filter(plan: &Plan, component: &Component) -> Result<Filter, ProfileError> {
    let fragments = fragments(plan, component);
    let requests = component.devices.iter().flat_map(|device| &device.ioctl);
    compile(native()?, &fragments, requests.copied())
}

/// The filter that `fragments` of `profiles/seccomp` make, the role's first, with the
/// device `requests` of ioctl(2) that are allowed besides.
///
/// # Errors
/// Where a profile is not of the language, with its file and line.
pub fn compile(
    architecture: Architecture,
    fragments: &[&str],
    requests: impl IntoIterator<Item = u32>,
) -> Result<Filter, ProfileError> {
    let mut allowed = read(fragments)?;
    for request in requests {
        let alternatives = allowed.entry("ioctl".into()).or_default();
        alternatives.push(vec![Condition {
            argument: 1,
            dword: true,
            mask: None,
            value: request.into(),
        }]);
    }
    let execute = Rules::from([("execveat".into(), vec![Vec::new()])]);
    // The strictest first: of several answers to one call the first that fits counts.
    let answers = [
        (read(&["kill"])?, Action::Kill),
        (read(&["enosys"])?, ENOSYS),
        (execute, Action::Trace(EXEC_MARK)),
        (allowed, Action::Allow),
    ];
    assemble(architecture, &answers, EPERM, ENOSYS)
}

/// The filter of pid 1 of a compartment.
///
/// # Errors
/// Where its profile is not of the language.
pub fn reaper() -> Result<Filter, ProfileError> {
    compile_reaper(native()?)
}

/// The filter of pid 1 for `architecture`.
///
/// # Errors
/// Where its profile is not of the language.
pub fn compile_reaper(architecture: Architecture) -> Result<Filter, ProfileError> {
    let allowed = read(&["reaper"])?;
    let answers = [(allowed, Action::Allow)];
    assemble(architecture, &answers, Action::Kill, Action::Kill)
}

const EPERM: Action = Action::Errno(libc::EPERM as u16);
const ENOSYS: Action = Action::Errno(libc::ENOSYS as u16);

fn native() -> Result<Architecture, ProfileError> {
    Architecture::native().map_err(|name| ProfileError {
        place: "profiles/syscalls".into(),
        problem: format!("nothing of the architecture {name}"),
    })
}

fn read(names: &[&str]) -> Result<Rules, ProfileError> {
    let mut rules = Rules::new();
    for name in names {
        profile::read(name, &load, &mut rules)?;
    }
    Ok(rules)
}

/// What the files `names` say of each call of `architecture`, by number.
#[cfg(any(test, feature = "linear"))]
fn book(architecture: Architecture, names: &[&str]) -> Result<Book, ProfileError> {
    Ok(numbered(architecture, &read(names)?))
}

/// The alternatives of each call, by number.
type Book = BTreeMap<u32, Vec<Vec<Condition>>>;

fn numbered(architecture: Architecture, rules: &Rules) -> Book {
    let mut book = Book::new();
    for (key, alternatives) in rules {
        let call = profile::of_architecture(key, architecture);
        if let Some(number) = call.and_then(|call| numbers::number(architecture, call)) {
            let entry = book.entry(number).or_default();
            entry.extend(alternatives.iter().cloned());
        }
    }
    book
}

fn assemble(
    architecture: Architecture,
    answers: &[(Rules, Action)],
    otherwise: Action,
    beyond: Action,
) -> Result<Filter, ProfileError> {
    let mut calls: BTreeMap<u32, program::Alternatives> = BTreeMap::new();
    for (rules, action) in answers {
        for (number, alternatives) in numbered(architecture, rules) {
            let answers = calls.entry(number).or_default();
            answers.extend(alternatives.into_iter().map(|it| (it, *action)));
        }
    }
    let highest = numbers::highest(architecture);
    let program = program::assemble(architecture, calls, highest, otherwise, beyond);
    program.map(Filter).map_err(|problem| ProfileError {
        place: format!("profiles/seccomp for {}", architecture.name()),
        problem,
    })
}

/// Profile files for a component: its role's, and what its grants need.
#[must_use]
pub fn fragments<'a>(plan: &Plan, component: &'a Component) -> Vec<&'a str> {
    let name = &component.name;
    let channel_end = plan.channels.iter().any(|channel| {
        channel.from.value == *name || channel.to.iter().any(|to| to.value == *name)
    });
    let role = component.role.value.as_str();
    let mut files = vec![role];
    if component.fork.value {
        files.push("fork");
    }
    if component.notify.value || component.watchdog.is_some() {
        files.push("notify");
    }
    if channel_end {
        files.push("control");
    }
    if component.realtime.is_some() {
        files.push("realtime");
    }
    if !component.listen.is_empty() {
        files.push("listen");
    }
    if let Network::Host { bind, connect } = &component.network {
        files.push("network-sockets");
        if !component.notify.value && component.watchdog.is_none() && !channel_end {
            files.push("network-linger");
        }
        if !bind.is_empty() {
            files.push("network-bind");
        }
        if !connect.is_empty() {
            files.push("network-connect");
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_a_known_profile() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../profiles/seccomp");
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let stem = name.strip_suffix(".policy").expect("only .policy files");
            assert!(PROFILES.contains(&stem), "{name} is not compiled in");
        }
    }

    #[test]
    fn every_role_has_a_profile() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../profiles/roles");
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let role = name.strip_suffix(".yaml").expect("only .yaml files");
            assert!(load(role).is_some(), "role {role} has no profile");
            assert!(ROLES.contains(&role), "{role} is not tried");
        }
    }

    #[test]
    fn no_process_becomes_the_supervisors_child() {
        let parent = libc::CLONE_PARENT as u64;
        for name in ["base", "fork"] {
            let mut rules = Rules::new();
            profile::read(name, &load, &mut rules).unwrap();
            for alternative in &rules["clone"] {
                // A thread has its process's parent in any case.
                let refused = alternative.iter().any(|condition| {
                    let mask = condition.mask.unwrap_or(0);
                    let thread = condition.value & libc::CLONE_THREAD as u64 != 0;
                    thread || (mask & parent != 0 && condition.value & parent == 0)
                });
                assert!(refused, "{name}");
            }
        }
    }

    #[test]
    fn no_socket_option_outlives_a_life_or_holds_its_closer_up() {
        let mut rules = Rules::new();
        profile::read("listen", &load, &mut rules).unwrap();
        for option in [
            libc::SO_LINGER,
            libc::SO_BINDTODEVICE,
            libc::SO_ATTACH_FILTER,
        ] {
            for alternative in &rules["setsockopt"] {
                let named = alternative.iter().find(|c| c.argument == 2).unwrap();
                assert_eq!(named.mask, None);
                assert_ne!(named.value, option as u64);
            }
        }
    }

    #[test]
    fn no_profile_lets_a_set_user_id_file_be_made() {
        let bits = u64::from(libc::S_ISUID | libc::S_ISGID);
        for name in PROFILES.iter().filter(|name| !REFUSES.contains(name)) {
            let mut rules = Rules::new();
            profile::read(name, &load, &mut rules).unwrap();
            for call in ["open", "openat", "creat", "chmod", "fchmod", "fchmodat"] {
                for alternative in rules
                    .iter()
                    .filter(|(named, _)| named.split('@').next() == Some(call))
                    .flat_map(|(_, alternatives)| alternatives)
                {
                    let refused = alternative.iter().any(|condition| {
                        let mask = condition.mask.unwrap_or(0);
                        let creates = libc::O_CREAT as u64;
                        condition.value == 0 && (mask & bits == bits || mask & creates != 0)
                    });
                    assert!(refused, "{name}: {call}");
                }
            }
        }
    }

    #[test]
    fn no_profile_lets_what_makes_new_compartments_or_traces() {
        for name in PROFILES.iter().filter(|name| !REFUSES.contains(name)) {
            let mut rules = Rules::new();
            profile::read(name, &load, &mut rules).unwrap();
            for call in FORBIDDEN {
                assert!(!rules.contains_key(*call), "{name} allows {call}");
            }
        }
    }

    /// Files whose calls are refused.
    const REFUSES: &[&str] = &["enosys", "kill"];

    const FORBIDDEN: &[&str] = &[
        "ptrace",
        "process_vm_readv",
        "process_vm_writev",
        "mount",
        "umount2",
        "pivot_root",
        "chroot",
        "setns",
        "unshare",
        "open_tree",
        "move_mount",
        "fsopen",
        "fsmount",
        "fsconfig",
        "mount_setattr",
        "bpf",
        "io_uring_setup",
        "io_uring_enter",
        "io_uring_register",
        "userfaultfd",
        "perf_event_open",
        "keyctl",
        "add_key",
        "request_key",
        "init_module",
        "finit_module",
        "delete_module",
        "kexec_load",
        "kexec_file_load",
        "reboot",
        "swapon",
        "swapoff",
        "memfd_create",
        "memfd_secret",
        "execve",
        "open_by_handle_at",
        "name_to_handle_at",
        "pidfd_getfd",
        "clone3",
        "settimeofday",
        "clock_settime",
        "adjtimex",
        "acct",
        "quotactl",
        "iopl",
        "ioperm",
        "syslog",
        "setuid",
        "setgid",
        "setgroups",
        "setresuid",
        "setresgid",
        "capset",
        "personality",
        "mknod",
        "mknodat",
        "kcmp",
        "lookup_dcookie",
        "fanotify_init",
        "vhangup",
        "process_madvise",
        "seccomp",
        "landlock_create_ruleset",
    ];
}
