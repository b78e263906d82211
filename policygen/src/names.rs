//! SELinux names of a device's parts: pure functions of the names in the manifest.
//!
//! The launcher uses the same functions, so that what it asks the kernel for
//! and what the module declares cannot differ. Names are flat (no CIL block):
//! dotted names break audit2allow and checkmodule.
//!
//! # No two things share a name
//!
//! A name's parts stand apart by `__`: `cordon_DEVICE__COMPONENT_t` is a
//! domain, `cordon_DEVICE__WHAT__KIND_t` anything else. With a single `_`,
//! component `c` of device `a-b` and component `b-c` of device `a` would be one
//! domain, and each device could write the other's channels. The manifest's
//! names have no `--` and neither begin nor end with `-`, so `__` stands in no
//! name: the first one ends the device, and what begins with a device's
//! [`prefix`] is that device's. The last one begins the kind. What is between
//! them can be read back to one name, port or path alone: a path keeps its
//! letters, digits and hyphens, its `/` become `_`, and other bytes `__` and
//! two digits; two `/` are never side by side. (A path of which that would make
//! more than the compiler takes is cut, and SHA-256 of it follows.)

use crate::fingerprint;
use std::fmt::Write as _;

/// The supervisor's own domain, declared by the base module.
pub const SUPERVISOR: &str = "cordon_supervisor_t";
/// Domain of the oneshot that installs policy.
pub const POLICY: &str = "cordon_policy_t";
/// The program `/usr/bin/cordon`.
pub const SUPERVISOR_EXEC: &str = "cordon_supervisor_exec_t";
/// The manifests.
pub const MANIFEST: &str = "cordon_manifest_t";
/// What the oneshot remembers between runs.
pub const POLICY_STATE: &str = "cordon_policy_state_t";
/// Attribute of the domains of `/usr/bin/cordon`: the supervisor's, and that of
/// the oneshot that installs policy.
pub const PROGRAM: &str = "cordon_program";
/// Directories of a compartment's own root, on its tmpfs.
pub const ROOT: &str = "cordon_root_t";
/// A memfd of the supervisor that has not been given to anyone yet.
pub const MEMFD: &str = "cordon_memfd_t";
/// The socket file components send their notifications to.
pub const NOTIFY: &str = "cordon_notify_t";
/// Domain of pid 1 of every compartment.
pub const REAPER: &str = "cordon_reaper_t";
/// The program of pid 1, in a memfd.
pub const REAPER_EXEC: &str = "cordon_reaper_exec_t";
/// Attribute of the types of what manifests grant: paths and device nodes.
pub const GRANTED: &str = "cordon_granted";
/// Attribute of every component's domain, of every device.
pub const WORKER: &str = "cordon_worker";

/// Types and attributes that the base module declares.
pub const BASE: [&str; 17] = [
    "cordon_client",
    "cordon_granted",
    "cordon_manifest_t",
    "cordon_memfd_noexec_t",
    "cordon_memfd_t",
    "cordon_notify_t",
    "cordon_policy_state_t",
    "cordon_policy_t",
    "cordon_policy_tmp_t",
    "cordon_program",
    "cordon_reaper_exec_t",
    "cordon_reaper_t",
    "cordon_root_t",
    "cordon_runtime_t",
    "cordon_supervisor_exec_t",
    "cordon_supervisor_t",
    "cordon_worker",
];

/// SELinux user, role and level that contexts are built from; the same on
/// every supported target (a target profile says so, and its scan checks it).
const USER: &str = "system_u";
const LEVEL: &str = "s0";

/// Stands between the parts of a name, and in none of them but a path.
const SEPARATOR: &str = "__";
/// Characters a path may have in a name: the compiler takes 2048 in all.
const LONGEST_PATH: usize = 512;
/// What is left of a longer one, before its hash.
const SHORTENED_PATH: usize = 128;

/// Whether `name` is one of a manifest's: `[a-z][a-z0-9]*(-[a-z0-9]+)*`. No
/// hyphen stands beside another or at an end: [`SEPARATOR`] relies on it.
#[must_use]
pub fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.ends_with('-')
        && !name.contains("--")
}

/// `a-b` becomes `a_b`.
fn flat(name: &str) -> String {
    name.replace('-', "_")
}

/// A path as part of a name: it loses its first `/`, keeps ASCII letters,
/// digits and hyphens, `/` becomes `_`, and any other byte `__` and its two
/// hexadecimal digits, as in `etc_pump__2econf` of `/etc/pump.conf`.
fn of_path(path: &str) -> String {
    let mut text = String::new();
    for byte in path.trim_start_matches('/').bytes() {
        match byte {
            b'/' => text.push('_'),
            b'-' => text.push('-'),
            byte if byte.is_ascii_alphanumeric() => text.push(char::from(byte)),
            byte => {
                let _ = write!(text, "{SEPARATOR}{byte:02x}");
            }
        }
    }
    if text.len() > LONGEST_PATH {
        // No byte is written `sh`: what is shortened is like nothing that is not.
        text = format!(
            "{}{SEPARATOR}sha256_{}",
            &text[..SHORTENED_PATH],
            fingerprint::of(&[path])
        );
    }
    text
}

/// Name of the device's module, as `semodule` lists it.
#[must_use]
pub fn module(device: &str) -> String {
    format!("cordon_{}", flat(device))
}

/// What every name begins with that the device's module declares, and none
/// that another device's or the base module does.
#[must_use]
pub fn prefix(device: &str) -> String {
    format!("{}{SEPARATOR}", module(device))
}

/// The type of something that has one, its kind last.
fn thing(device: &str, what: &str, kind: &str) -> String {
    format!("{}{what}{SEPARATOR}{kind}_t", prefix(device))
}

/// Domain of a component.
#[must_use]
pub fn domain_type(device: &str, component: &str) -> String {
    format!("{}{}_t", prefix(device), flat(component))
}

/// Context a component runs in: what the launcher sets before exec and what
/// the proof must read back.
#[must_use]
pub fn domain_context(device: &str, component: &str) -> String {
    format!("{USER}:system_r:{}:{LEVEL}", domain_type(device, component))
}

/// Context the supervisor runs in.
#[must_use]
pub fn supervisor_context() -> String {
    format!("{USER}:system_r:{SUPERVISOR}:{LEVEL}")
}

/// Context of pid 1 of every compartment.
#[must_use]
pub fn reaper_context() -> String {
    format!("{USER}:system_r:{REAPER}:{LEVEL}")
}

/// Type of a component's program: the entry point of its domain.
#[must_use]
pub fn exec_type(device: &str, component: &str) -> String {
    thing(device, &flat(component), "exec")
}

/// Type of a channel's memory.
#[must_use]
pub fn channel_type(device: &str, channel: &str) -> String {
    thing(device, &flat(channel), "channel")
}

/// Context the supervisor gives a channel's memfd (by `fsetxattr`) before it
/// hands out any descriptor of it.
#[must_use]
pub fn channel_context(device: &str, channel: &str) -> String {
    object_context(&channel_type(device, channel))
}

/// Type of a declared path that is the device's own.
#[must_use]
pub fn file_type(device: &str, path: &str) -> String {
    thing(device, &of_path(path), "file")
}

/// Type of the tmpfs that a component has at a path with `size:`.
#[must_use]
pub fn tmpfs_type(device: &str, component: &str, path: &str) -> String {
    let what = format!("{}{SEPARATOR}{}", flat(component), of_path(path));
    thing(device, &what, "tmpfs")
}

/// Context the launcher gives the root directory of such a tmpfs
/// (`rootcontext=`); what is created below inherits it.
#[must_use]
pub fn tmpfs_context(device: &str, component: &str, path: &str) -> String {
    object_context(&tmpfs_type(device, component, path))
}

/// Type of a directory in which the supervisor makes what the manifest says to
/// create, and which is nothing else of the device's.
#[must_use]
pub fn parent_type(device: &str, path: &str) -> String {
    thing(device, &of_path(path), "parent")
}

/// Type of a device node that is the device's own.
#[must_use]
pub fn node_type(device: &str, path: &str) -> String {
    thing(device, &of_path(path), "device")
}

/// Type of a TCP port.
#[must_use]
pub fn port_type(device: &str, port: u16) -> String {
    thing(device, &format!("tcp_{port}"), "port")
}

/// Type that says which module is loaded: it is in no rule and labels nothing.
#[must_use]
pub fn fingerprint_type(device: &str, fingerprint: &str) -> String {
    format!("{}sha256_{fingerprint}", prefix(device))
}

/// Type that says which base module is loaded: it is in no rule and labels nothing.
#[must_use]
pub fn base_fingerprint_type(fingerprint: &str) -> String {
    format!("cordon_base_sha256_{fingerprint}")
}

/// Context that is valid in the kernel when, and only when, a base module of
/// this text is loaded (`security_check_context`).
#[must_use]
pub fn base_fingerprint_context(fingerprint: &str) -> String {
    object_context(&base_fingerprint_type(fingerprint))
}

/// Context that is valid in the kernel when, and only when, a device's module
/// with this fingerprint is loaded (`security_check_context`). It says nothing
/// of the other modules loaded with it, the base module neither.
#[must_use]
pub fn fingerprint_context(device: &str, fingerprint: &str) -> String {
    object_context(&fingerprint_type(device, fingerprint))
}

/// Context of an object (file, channel, port) of this type.
#[must_use]
pub fn object_context(type_name: &str) -> String {
    format!("{USER}:object_r:{type_name}:{LEVEL}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn base_names_are_those_of_the_hand_written_module() {
        let declared: BTreeSet<&str> = crate::BASE_TEXT
            .lines()
            .filter_map(|line| {
                let mut words = line.trim().trim_start_matches('(').split([' ', ')']);
                matches!(words.next(), Some("type" | "typeattribute"))
                    .then(|| words.next())
                    .flatten()
            })
            .collect();
        assert_eq!(declared, BTreeSet::from(BASE));
    }

    #[test]
    fn hostile_names_are_no_names() {
        for name in [
            "", "-a", "1a", "A", "a_b", "a.b", "a b", "a)", "a\n", "é", "a/b", "a-", "a--b",
        ] {
            assert!(!is_name(name), "{name:?}");
        }
        assert!(is_name("bedside-monitor-2"));
    }

    #[test]
    fn contexts_are_complete() {
        assert_eq!(
            domain_context("bedside-monitor", "network-service"),
            "system_u:system_r:cordon_bedside_monitor__network_service_t:s0"
        );
        assert_eq!(
            channel_context("bedside-monitor", "vitals"),
            "system_u:object_r:cordon_bedside_monitor__vitals__channel_t:s0"
        );
    }
}
