//! Making a target profile from the target's own policy.

use crate::cil::{Expression, parse};
use crate::claims::AMBIENT_NODES;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Attributes of the base policy that generated types join, and that the
/// assertions quantify over.
const ATTRIBUTES: [&str; 8] = [
    "device_node",
    "domain",
    "entry_type",
    "exec_type",
    "file_type",
    "non_auth_file_type",
    "non_security_file_type",
    "port_type",
];

/// Types of the base policy that generated rules name.
const TYPES: [&str; 8] = [
    "init_t",
    "ld_so_cache_t",
    "ld_so_t",
    "lib_t",
    "node_t",
    "proc_t",
    "textrel_shlib_t",
    "tmpfs_t",
];

/// File types of stat(2), by which file contexts are looked up.
const REGULAR: u32 = 0o100_000;
const DIRECTORY: u32 = 0o040_000;
const CHARACTER: u32 = 0o020_000;

/// Paths that belong to the whole system, with their file types: they keep the
/// label the base policy gives them, whoever is granted them, and are never
/// granted for writing.
pub const SHARED: [(&str, u32); 19] = [
    ("/etc/hosts", REGULAR),
    ("/etc/ld.so.cache", REGULAR),
    ("/etc/localtime", REGULAR),
    ("/etc/nsswitch.conf", REGULAR),
    ("/etc/resolv.conf", REGULAR),
    ("/etc/ssl/certs", DIRECTORY),
    ("/etc/ssl/openssl.cnf", REGULAR),
    ("/usr/bin", DIRECTORY),
    ("/usr/bin/bash", REGULAR),
    ("/usr/bin/dash", REGULAR),
    ("/usr/lib/aarch64-linux-gnu", DIRECTORY),
    ("/usr/lib/locale", DIRECTORY),
    ("/usr/lib/python3", DIRECTORY),
    ("/usr/lib/python3.11", DIRECTORY),
    ("/usr/lib/python3.13", DIRECTORY),
    ("/usr/lib/x86_64-linux-gnu", DIRECTORY),
    ("/usr/share/ca-certificates", DIRECTORY),
    ("/usr/share/fonts", DIRECTORY),
    ("/usr/share/zoneinfo", DIRECTORY),
];

/// Device nodes that every program of the system uses, with their file type:
/// they keep the base policy's label.
pub const NODES: [(&str, u32); 5] = [
    ("/dev/full", CHARACTER),
    ("/dev/null", CHARACTER),
    ("/dev/random", CHARACTER),
    ("/dev/urandom", CHARACTER),
    ("/dev/zero", CHARACTER),
];

/// What the scan is told beside the policy's text.
#[derive(Clone, Debug, Default)]
pub struct Described {
    /// Name of the profile.
    pub name: String,
    /// The base policy and its version, in words.
    pub base: String,
    /// Version of the binary policy to compile for.
    pub binary: u32,
    /// Modules that the target leaves disabled.
    pub disabled: Vec<String>,
    /// Types of the paths of [`SHARED`] and [`NODES`], as the target's file
    /// contexts give them (`selabel_lookup`). A path without one is left out.
    pub labels: BTreeMap<String, String>,
}

#[derive(Default)]
struct Found<'a> {
    types: BTreeSet<&'a str>,
    attributes: BTreeSet<&'a str>,
    users: BTreeSet<&'a str>,
    roles: BTreeSet<&'a str>,
    sensitivities: BTreeSet<&'a str>,
    commons: BTreeMap<&'a str, Vec<&'a str>>,
    inherited: BTreeMap<&'a str, &'a str>,
    classes: BTreeMap<&'a str, Vec<&'a str>>,
    ports: BTreeMap<u16, &'a str>,
}

/// Scans a policy's CIL (every enabled module) and gives the profile's text.
/// Only what generation can need is kept; what the policy lacks is left out,
/// and generation will say which manifest line needs it.
pub fn scan(modules: &[String], described: &Described) -> Result<String, String> {
    let mut found = Found::default();
    for (index, text) in modules.iter().enumerate() {
        let expressions = parse(text).map_err(|error| format!("module {index}: {error}"))?;
        let mut todo: Vec<&Expression<'_>> = expressions.iter().collect();
        while let Some(expression) = todo.pop() {
            found.take(expression.list());
            todo.extend(expression.list());
        }
    }
    found.profile(described)
}

impl<'a> Found<'a> {
    fn take(&mut self, statement: &[Expression<'a>]) {
        let atom = |n: usize| statement.get(n).and_then(Expression::atom);
        let words = |n: usize| -> Vec<&'a str> {
            let list = statement.get(n).map(Expression::list).unwrap_or_default();
            list.iter().filter_map(Expression::atom).collect()
        };
        let (Some(keyword), Some(name)) = (atom(0), atom(1)) else {
            return;
        };
        match keyword {
            "type" => _ = self.types.insert(name),
            "typeattribute" => _ = self.attributes.insert(name),
            "user" => _ = self.users.insert(name),
            "role" => _ = self.roles.insert(name),
            "sensitivity" => _ = self.sensitivities.insert(name),
            "common" => _ = self.commons.insert(name, words(2)),
            "class" => _ = self.classes.insert(name, words(2)),
            "classcommon" => _ = atom(2).map(|common| self.inherited.insert(name, common)),
            "portcon" if name == "tcp" => {
                let port = atom(2).and_then(|port| port.parse().ok());
                if let (Some(port), Some(label)) = (port, words(3).get(2)) {
                    self.ports.insert(port, label);
                }
            }
            _ => {}
        }
    }

    fn profile(&self, described: &Described) -> Result<String, String> {
        for (set, name) in [
            (&self.users, "system_u"),
            (&self.roles, "system_r"),
            (&self.roles, "object_r"),
            (&self.sensitivities, "s0"),
        ] {
            if !set.contains(name) {
                return Err(format!(
                    "the policy has no {name}, which every context needs"
                ));
            }
        }
        let mut out = format!(
            "# What policy generation relies on in this base policy. Made by\n\
             # `cordon-policygen scan`; do not edit: scan the target's policy again.\n\
             name {}\nbase {}\nbinary {}\n\
             user system_u\nrole object_r\nrole system_r\nlevel s0\n",
            described.name, described.base, described.binary
        );
        if !described.disabled.is_empty() {
            line(&mut out, "disabled", &described.disabled.join(" "));
        }
        for name in ATTRIBUTES
            .iter()
            .filter(|name| self.attributes.contains(**name))
        {
            line(&mut out, "attribute", name);
        }
        for name in TYPES
            .iter()
            .chain(&AMBIENT_NODES)
            .filter(|name| self.types.contains(**name))
        {
            line(&mut out, "type", name);
        }
        for (key, paths) in [("shared", &SHARED[..]), ("node", &NODES[..])] {
            for (path, _) in paths {
                if let Some(label) = described.labels.get(*path) {
                    line(&mut out, key, &format!("{path} {label}"));
                }
            }
        }
        for (port, label) in &self.ports {
            line(&mut out, "port", &format!("{port} {label}"));
        }
        for (class, own) in &self.classes {
            let common = self
                .inherited
                .get(class)
                .and_then(|name| self.commons.get(name));
            let permissions: BTreeSet<&str> = own
                .iter()
                .chain(common.into_iter().flatten())
                .copied()
                .collect();
            let permissions: Vec<&str> = permissions.into_iter().collect();
            line(
                &mut out,
                "class",
                &format!("{class} {}", permissions.join(" ")),
            );
        }
        Ok(out)
    }
}

fn line(out: &mut String, key: &str, value: &str) {
    let _ = writeln!(out, "{key} {}", value.trim_end());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::Target;

    const POLICY: &str = "(user system_u) (role object_r) (role system_r) (sensitivity s0)
        (typeattribute domain) (type init_t) (type other_t)
        (common file (read write)) (class file (entrypoint)) (classcommon file file)
        (optional x (type lib_t))
        (portcon tcp 443 (system_u object_r http_port_t ((s0) (s0))))
        (portcon tcp (1 9) (system_u object_r low_t ((s0) (s0))))
        (portcon udp 53 (system_u object_r dns_t ((s0) (s0))))";

    #[test]
    fn scan_keeps_what_generation_can_need() {
        let described = Described {
            name: "stub".to_owned(),
            base: "a stub".to_owned(),
            binary: 33,
            labels: BTreeMap::from([("/dev/null".to_owned(), "null_device_t".to_owned())]),
            ..Described::default()
        };
        let text = scan(&[POLICY.to_owned()], &described).unwrap();
        let target = Target::parse(&text).unwrap();
        assert!(target.attributes.contains("domain"));
        assert!(target.types.contains("lib_t") && !target.types.contains("other_t"));
        assert_eq!(target.port(443), Some("http_port_t"));
        assert_eq!(target.port(5), None);
        assert_eq!(target.port(53), None);
        assert_eq!(target.node("/dev/null"), Some("null_device_t"));
        assert!(
            target.classes["file"].contains("read")
                && target.classes["file"].contains("entrypoint")
        );
    }

    #[test]
    fn scan_of_a_policy_without_system_u_is_refused() {
        let error = scan(&["(role object_r)".to_owned()], &Described::default()).unwrap_err();
        assert!(error.contains("system_u"), "{error}");
    }
}
