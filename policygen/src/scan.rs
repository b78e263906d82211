//! Making a target profile from the target's own policy.

use crate::base::Base;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Attributes of the base policy that generated types join, and that the
/// assertions quantify over.
pub(crate) const ATTRIBUTES: [&str; 8] = [
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
pub(crate) const TYPES: [&str; 8] = [
    "init_t",
    "ld_so_cache_t",
    "ld_so_t",
    "lib_t",
    "node_t",
    "proc_t",
    "textrel_shlib_t",
    "tmpfs_t",
];

/// Types of the base policy, where it has them, by which the system's policy and
/// keys are known that some base policy has in `non_security_file_type`.
pub(crate) const KEPT: [&str; 14] = [
    "default_context_t",
    "file_context_t",
    "ipsec_key_file_t",
    "krb5_keytab_t",
    "policy_config_t",
    "policy_src_t",
    "selinux_config_t",
    "selinux_login_config_t",
    "semanage_read_lock_t",
    "semanage_store_t",
    "semanage_trans_lock_t",
    "shadow_t",
    "sshd_key_t",
    "tls_privkey_t",
];

/// File types of stat(2), by which file contexts are looked up.
const REGULAR: u32 = 0o100_000;
const DIRECTORY: u32 = 0o040_000;
const CHARACTER: u32 = 0o020_000;

/// Paths that belong to the whole system, with their file types: they keep the
/// label the base policy gives them, whoever is granted them, and are never
/// granted for writing.
pub const SHARED: [(&str, u32); 20] = [
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
    ("/usr/lib64", DIRECTORY),
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
    /// Where the facts come from, as lines of comment.
    pub about: Vec<String>,
    /// Version of libsepol on the target, `3.8`; none where nobody said.
    pub libsepol: Option<String>,
    /// Modules that the target leaves disabled.
    pub disabled: Vec<String>,
    /// Types of the paths of [`SHARED`] and [`NODES`], as the target's file
    /// contexts give them (`selabel_lookup`). A path without one is left out.
    pub labels: BTreeMap<String, String>,
    /// Types of the paths that the target's file contexts name exactly
    /// ([`exact`]).
    pub exact: BTreeMap<String, String>,
    /// The expressions of the target's file contexts, with their types
    /// ([`patterns`]).
    pub patterns: Vec<(String, String)>,
}

/// Gives the text of a base policy's profile. Only what generation can need is
/// kept; what the policy lacks is left out, and generation will say which
/// manifest line needs it.
#[must_use]
pub fn scan(base: &Base, described: &Described) -> String {
    let mut out = format!(
        "# What policy generation relies on in this base policy. Made by\n\
         # `cordon policy scan`; do not edit: scan the target's policy again.\n\
         name {}\nbase {}\n",
        described.name, described.base
    );
    for line in &described.about {
        let _ = writeln!(out, "# {}", crate::cil::comment(line));
    }
    line(&mut out, "binary", &described.binary.to_string());
    for (key, set, names) in [
        ("user", &base.users, &["system_u"][..]),
        ("role", &base.roles, &["object_r", "system_r"]),
        ("level", &base.sensitivities, &["s0"]),
    ] {
        for name in names.iter().filter(|name| set.contains(**name)) {
            line(&mut out, key, name);
        }
    }
    if let Some(version) = &described.libsepol {
        line(&mut out, "libsepol", version);
    }
    if !described.disabled.is_empty() {
        line(&mut out, "disabled", &described.disabled.join(" "));
    }
    // All of them, so that a rule more in the base module needs no new scan; but
    // not the attributes that a compiler made for expressions.
    let is_named = |name: &&String| !name.contains("_typeattr_");
    for (key, set) in [("attribute", &base.attributes), ("type", &base.types)] {
        let names: Vec<&str> = set.iter().filter(is_named).map(String::as_str).collect();
        for names in names.chunks(50) {
            line(&mut out, key, &names.join(" "));
        }
    }
    for (key, paths) in [("shared", &SHARED[..]), ("node", &NODES[..])] {
        for (path, _) in paths {
            if let Some(label) = described.labels.get(*path) {
                line(&mut out, key, &format!("{path} {label}"));
            }
        }
    }
    for (port, label) in &base.ports {
        line(&mut out, "port", &format!("{port} {label}"));
    }
    for (class, permissions) in &base.classes {
        let permissions: Vec<&str> = permissions.iter().map(String::as_str).collect();
        line(
            &mut out,
            "class",
            &format!("{class} {}", permissions.join(" ")),
        );
    }
    for grant in &base.ambient {
        line(&mut out, "ambient", &grant.to_string());
    }
    for (act, names) in &base.trusted {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for start in (0..names.len().max(1)).step_by(50) {
            let end = names.len().min(start + 50);
            let value = format!("{} {}", act.word(), names[start..end].join(" "));
            line(&mut out, "trusted", &value);
        }
    }
    let mut labelled: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (path, label) in &described.exact {
        labelled.entry(label).or_default().push(path);
    }
    for (label, paths) in labelled {
        line(
            &mut out,
            "labelled",
            &format!("{label} {}", paths.join(" ")),
        );
    }
    let mut kept: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for (expression, label) in &described.patterns {
        // HOME_DIR and the like stand for what a device's accounts make of them.
        let is_template = expression.starts_with("HOME_");
        if !is_template && (base.kept.contains(label) || KEPT.contains(&label.as_str())) {
            // It would begin a comment; any character is no less.
            let expression = expression.replace("\\#", "#").replace('#', ".");
            kept.entry(label).or_default().insert(expression);
        }
    }
    for (label, expressions) in kept {
        let expressions: Vec<String> = expressions.into_iter().collect();
        line(
            &mut out,
            "kept",
            &format!("{label} {}", expressions.join(" ")),
        );
    }
    out
}

/// The paths of files and nodes that a `file_contexts` text labels by their
/// exact name, with their types: a second label cannot be given to them.
#[must_use]
pub fn exact(contexts: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for line in contexts.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (expression, context) = match words.as_slice() {
            [expression, "--" | "-c" | "-b", context] | [expression, context] => {
                (expression, context)
            }
            _ => continue,
        };
        let path = expression
            .replace("\\.", "\0")
            .replace("\\-", "-")
            .replace("\\+", "+");
        let special = |c: char| ".^$?*+|[]{}()\\#".contains(c);
        let label = context.split(':').nth(2);
        if let Some(label) = label.filter(|_| path.starts_with('/') && !path.contains(special)) {
            found.insert(path.replace('\0', "."), label.to_owned());
        }
    }
    found
}

/// The expressions of a `file_contexts` text, with their types, in its order.
/// What has no label is left out.
#[must_use]
pub fn patterns(contexts: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for line in contexts.lines() {
        let mut words = line.split_whitespace();
        let (Some(expression), Some(context)) = (words.next(), words.next_back()) else {
            continue;
        };
        if let Some(label) = context
            .split(':')
            .nth(2)
            .filter(|_| !expression.starts_with('#'))
        {
            found.push((expression.to_owned(), label.to_owned()));
        }
    }
    found
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
        let base = Base::from_source(&[POLICY.to_owned()]).unwrap();
        let text = scan(&base, &described);
        let target = Target::parse(&text).unwrap();
        assert!(target.attributes.contains("domain"));
        assert!(target.types.contains("lib_t") && target.types.contains("other_t"));
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
    fn exact_paths_are_those_without_anything_special() {
        let text = "/etc/a\\.conf\t--\tu:r:a_t:s0\n/etc/b(/.*)?\tu:r:b_t:s0\n/dev/c -c u:r:c_t:s0\n\
                    /d -d u:r:d_t:s0\n/e u:r:e_t:s0\n/f.g -- u:r:f_t:s0\n/h -- <<none>>\n";
        let found: Vec<(String, String)> = exact(text).into_iter().collect();
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|(p, l)| (p.as_str(), l.as_str()))
            .collect();
        assert_eq!(
            found,
            [("/dev/c", "c_t"), ("/e", "e_t"), ("/etc/a.conf", "a_t")]
        );
    }
}
