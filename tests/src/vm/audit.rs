//! What SELinux denied, as the kernel's log and the audit log say it.

use std::collections::BTreeSet;

/// One denial.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Denial {
    /// Type of who asked.
    pub source: String,
    /// Type of what was asked for.
    pub target: String,
    /// Class of it.
    pub class: String,
    /// Permissions.
    pub permissions: BTreeSet<String>,
    /// Whether it was only logged: the domain or the kernel is permissive.
    pub permissive: bool,
    /// The whole line, for people.
    pub line: String,
}

/// A rule that a policy does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    source: String,
    target: String,
    class: String,
    permission: String,
}

impl Rule {
    /// What a domain may not do to a type.
    #[must_use]
    pub fn new(source: &str, target: &str, class: &str, permission: &str) -> Self {
        let [source, target, class, permission] =
            [source, target, class, permission].map(str::to_owned);
        Self {
            source,
            target,
            class,
            permission,
        }
    }
}

impl Denial {
    /// Whether it was denied for want of this rule.
    #[must_use]
    pub fn breaks(&self, rule: &Rule) -> bool {
        self.source == rule.source
            && self.target == rule.target
            && self.class == rule.class
            && self.permissions.contains(&rule.permission)
    }
}

/// The denials in a log, in its order.
#[must_use]
pub fn denials(log: &str) -> Vec<Denial> {
    log.lines().filter_map(denial).collect()
}

/// `avc:  denied  { read } for ... scontext=U:R:T:L tcontext=U:R:T:L tclass=C permissive=0`.
fn denial(line: &str) -> Option<Denial> {
    let (_, rest) = line.split_once("avc:  denied  { ")?;
    let (permissions, rest) = rest.split_once(" } for ")?;
    let value = |key: &str| {
        rest.split_whitespace()
            .find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
    };
    let context_type = |key| Some(value(key)?.split(':').nth(2)?.to_owned());
    Some(Denial {
        source: context_type("scontext")?,
        target: context_type("tcontext")?,
        class: value("tclass")?.to_owned(),
        permissions: permissions.split_whitespace().map(str::to_owned).collect(),
        permissive: value("permissive") == Some("1"),
        line: line.trim().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_is_read_from_the_kernels_line() {
        let log = "[    3.1] audit: type=1400 audit(1.2:3): avc:  denied  { map write } for  pid=9 \
                   comm=\"reader\" path=\"/memfd:probe\" dev=\"tmpfs\" ino=7 \
                   scontext=system_u:system_r:a_t:s0 tcontext=system_u:object_r:b_t:s0 \
                   tclass=file permissive=0\n[    3.2] something else";
        let found = denials(log);
        assert_eq!(found.len(), 1);
        let breaks = |permission| found[0].breaks(&Rule::new("a_t", "b_t", "file", permission));
        assert!(breaks("map"));
        assert!(breaks("write"));
        assert!(!breaks("read"));
        assert!(!found[0].permissive);
    }
}
