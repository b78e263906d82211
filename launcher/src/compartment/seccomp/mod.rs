//! System-call filters: an allowlist by role, and an exec that works exactly once.
//!
//! Three filters are stacked; of their answers the strictest counts:
//!
//! 1. execveat asks the tracer. The supervisor lets one pass and detaches, after
//!    which the kernel answers ENOSYS for ever;
//! 2. calls a C library tries and can do without: ENOSYS, because EPERM from them
//!    is taken for an error instead of for an older kernel;
//! 3. the role's allowlist (`profiles/seccomp/ROLE.policy` and the fragments the
//!    Plan asks for): what it does not name gets EPERM. It comes last because it
//!    refuses seccomp(2) itself, and leaves to the two others what is theirs.

mod asked;
mod constant;
mod profile;

pub use asked::{Rule, answered_as_absent, given_by, roles_with, rules};

use crate::sys::ptrace::Instruction;
use cordon_manifest::plan::{Component, Network, Plan};
use profile::{ProfileError, Rules};
use serde_json::{Value, json};

/// Value the tracer sees for the one execveat.
pub const EXEC_MARK: u32 = 0x0c0d;

/// How many filters a component gets.
pub const FILTERS: usize = 3;

/// The filters of a component, in the order of their installation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filters(pub Vec<Vec<Instruction>>);

macro_rules! profiles {
    ($($name:literal),* $(,)?) => {
        fn load(name: &str) -> Option<&'static str> {
            match name {
                $($name => Some(include_str!(concat!(
                    env!("CARGO_MANIFEST_DIR"), "/../profiles/seccomp/", $name, ".policy"
                ))),)*
                _ => None,
            }
        }

        #[cfg(test)]
        const PROFILES: &[&str] = &[$($name),*];
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
    "network-service",
    "vitals-display",
    "general",
    "network-program",
    "python-service",
];

/// The filters for `component`.
pub fn filters(plan: &Plan, component: &Component) -> Result<Filters, ProfileError> {
    let mut rules = Rules::new();
    for name in fragments(plan, component) {
        profile::read(name, &load, &mut rules)?;
    }
    for request in component.devices.iter().flat_map(|device| &device.ioctl) {
        rules
            .entry("ioctl".into())
            .or_default()
            .push(vec![profile::Condition {
                argument: 1,
                dword: true,
                mask: None,
                operator: "eq",
                value: (*request).into(),
            }]);
    }
    profile::read("enosys", &load, &mut rules)?;
    rules.insert("execveat".into(), Vec::new());
    Ok(Filters(vec![
        exec_once()?,
        fragment("enosys", &json!({"errno": libc::ENOSYS}))?,
        compile(&rules, &json!("allow"), &json!({"errno": libc::EPERM}))?,
    ]))
}

/// The filter of pid 1.
pub fn reaper() -> Result<Filters, ProfileError> {
    let mut rules = Rules::new();
    profile::read("reaper", &load, &mut rules)?;
    Ok(Filters(vec![compile(
        &rules,
        &json!("allow"),
        &json!("kill_process"),
    )?]))
}

/// Profile files for a component: its role's, and what its grants need.
fn fragments<'a>(plan: &Plan, component: &'a Component) -> Vec<&'a str> {
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

fn fragment(name: &str, action: &Value) -> Result<Vec<Instruction>, ProfileError> {
    let mut rules = Rules::new();
    profile::read(name, &load, &mut rules)?;
    compile(&rules, action, &json!("allow"))
}

fn exec_once() -> Result<Vec<Instruction>, ProfileError> {
    let mut rules = Rules::new();
    rules.insert("execveat".into(), Vec::new());
    compile(&rules, &json!({"trace": EXEC_MARK}), &json!("allow"))
}

/// Compiles for the architecture this runs on.
fn compile(
    rules: &Rules,
    on_match: &Value,
    otherwise: &Value,
) -> Result<Vec<Instruction>, ProfileError> {
    compile_for(std::env::consts::ARCH, rules, on_match, otherwise)
}

/// Compiles by seccompiler's JSON front end, whose table turns names into numbers.
fn compile_for(
    architecture: &str,
    rules: &Rules,
    on_match: &Value,
    otherwise: &Value,
) -> Result<Vec<Instruction>, ProfileError> {
    let failed = |problem: String| ProfileError {
        place: "seccomp".into(),
        problem,
    };
    let mut filter = Vec::new();
    for (call, alternatives) in rules {
        // `open@x86_64`: a call other architectures never had.
        let call = match call.split_once('@') {
            Some((call, only)) if only.split(',').any(|one| one == architecture) => call,
            Some(_) => continue,
            None => call,
        };
        // A call that may have any arguments has no need of its other lines.
        if alternatives.iter().any(Vec::is_empty) || alternatives.is_empty() {
            filter.push(json!({"syscall": call}));
            continue;
        }
        for alternative in alternatives {
            let arguments: Vec<Value> = alternative
                .iter()
                .map(|condition| {
                    let operator = match condition.mask {
                        Some(mask) => json!({"masked_eq": mask}),
                        None => json!(condition.operator),
                    };
                    json!({
                        "index": condition.argument,
                        "type": if condition.dword { "dword" } else { "qword" },
                        "op": operator,
                        "val": condition.value,
                    })
                })
                .collect();
            filter.push(json!({"syscall": call, "args": arguments}));
        }
    }
    let document = json!({"filter": {
        "match_action": on_match, "mismatch_action": otherwise, "filter": filter,
    }});
    let architecture = architecture
        .try_into()
        .map_err(|error| failed(format!("{error}")))?;
    let mut programs =
        seccompiler::compile_from_json(document.to_string().as_bytes(), architecture)
            .map_err(|error| failed(error.to_string()))?;
    let program = programs.remove("filter").unwrap_or_default();
    if program.is_empty() {
        return Err(failed("an empty filter".into()));
    }
    Ok(program
        .iter()
        .map(|i| Instruction {
            code: i.code,
            jt: i.jt,
            jf: i.jf,
            k: i.k,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_compiles_for_every_architecture() {
        for (name, architecture) in PROFILES
            .iter()
            .flat_map(|name| ["x86_64", "aarch64", "riscv64"].map(|machine| (name, machine)))
        {
            let mut rules = Rules::new();
            profile::read(name, &load, &mut rules).unwrap();
            let filter = compile_for(architecture, &rules, &json!({"errno": 1}), &json!("allow"));
            assert!(
                filter.is_ok(),
                "{name} for {architecture}: {}",
                filter.unwrap_err()
            );
        }
    }

    #[test]
    fn every_file_of_the_folder_is_a_known_profile() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../profiles/seccomp");
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let stem = name.strip_suffix(".policy").expect("only .policy files");
            assert!(PROFILES.contains(&stem), "{name} is not compiled in");
        }
    }

    #[test]
    fn every_role_has_a_profile() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../profiles/roles");
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let role = name.strip_suffix(".yaml").expect("only .yaml files");
            assert!(load(role).is_some(), "role {role} has no profile");
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
                assert_eq!((named.operator, named.mask), ("eq", None));
                assert_ne!(named.value, option as u64);
            }
        }
    }

    #[test]
    fn no_profile_lets_a_set_user_id_file_be_made() {
        let bits = u64::from(libc::S_ISUID | libc::S_ISGID);
        for name in PROFILES.iter().filter(|name| **name != "enosys") {
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
        for name in PROFILES.iter().filter(|name| **name != "enosys") {
            let mut rules = Rules::new();
            profile::read(name, &load, &mut rules).unwrap();
            for call in FORBIDDEN {
                assert!(!rules.contains_key(*call), "{name} allows {call}");
            }
        }
    }

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
