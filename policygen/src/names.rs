//! SELinux names of a device's parts: pure functions of the names in the manifest.
//!
//! The launcher uses the same functions, so that what it asks the kernel for
//! and what the module declares cannot differ. Names are flat (no CIL block):
//! dotted names break audit2allow and checkmodule.

/// The supervisor's own domain, declared by the base module.
pub const SUPERVISOR: &str = "cordon_supervisor_t";
/// Domain of the oneshot that installs policy.
pub const POLICY: &str = "cordon_policy_t";
/// The program `/usr/bin/cordon`.
pub const SUPERVISOR_EXEC: &str = "cordon_supervisor_exec_t";
/// The manifests.
pub const MANIFEST: &str = "cordon_manifest_t";
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
pub const BASE: [&str; 16] = [
    "cordon_client",
    "cordon_granted",
    "cordon_manifest_t",
    "cordon_memfd_noexec_t",
    "cordon_memfd_t",
    "cordon_notify_t",
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

/// Whether `name` is `[a-z][a-z0-9-]*`.
#[must_use]
pub fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// `a-b` becomes `a_b`. A path loses its first `/`, and whatever is no letter
/// or digit becomes `_`; two paths that become one are an error of generation.
fn flat(name: &str) -> String {
    name.trim_start_matches('/')
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect()
}

/// Name of the device's module, as `semodule` lists it.
#[must_use]
pub fn module(device: &str) -> String {
    format!("cordon_{}", flat(device))
}

/// Domain of a component.
#[must_use]
pub fn domain_type(device: &str, component: &str) -> String {
    format!("cordon_{}_{}_t", flat(device), flat(component))
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
    format!("cordon_{}_{}_exec_t", flat(device), flat(component))
}

/// Type of a channel's memory.
#[must_use]
pub fn channel_type(device: &str, channel: &str) -> String {
    format!("cordon_{}_{}_channel_t", flat(device), flat(channel))
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
    format!("cordon_{}_{}_file_t", flat(device), flat(path))
}

/// Type of the tmpfs that a component has at a path with `size:`.
#[must_use]
pub fn tmpfs_type(device: &str, component: &str, path: &str) -> String {
    format!(
        "cordon_{}_{}_{}_tmpfs_t",
        flat(device),
        flat(component),
        flat(path)
    )
}

/// Context the launcher gives the root directory of such a tmpfs
/// (`rootcontext=`); what is created below inherits it.
#[must_use]
pub fn tmpfs_context(device: &str, component: &str, path: &str) -> String {
    object_context(&tmpfs_type(device, component, path))
}

/// Type of a device node that is the device's own.
#[must_use]
pub fn node_type(device: &str, path: &str) -> String {
    format!("cordon_{}_{}_device_t", flat(device), flat(path))
}

/// Type of a TCP port.
#[must_use]
pub fn port_type(device: &str, port: u16) -> String {
    format!("cordon_{}_tcp_{port}_port_t", flat(device))
}

/// Type that says which module is loaded: it is in no rule and labels nothing.
#[must_use]
pub fn fingerprint_type(device: &str, fingerprint: &str) -> String {
    format!("cordon_{}_sha256_{fingerprint}", flat(device))
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
            "", "-a", "1a", "A", "a_b", "a.b", "a b", "a)", "a\n", "é", "a/b",
        ] {
            assert!(!is_name(name), "{name:?}");
        }
        assert!(is_name("bedside-monitor-2"));
    }

    #[test]
    fn contexts_are_complete() {
        assert_eq!(
            domain_context("bedside-monitor", "network-service"),
            "system_u:system_r:cordon_bedside_monitor_network_service_t:s0"
        );
        assert_eq!(
            channel_context("bedside-monitor", "vitals"),
            "system_u:object_r:cordon_bedside_monitor_vitals_channel_t:s0"
        );
    }
}
