//! What the profiles say of one system call, for people: which lines allow it and
//! why, and which key of a manifest would.

use crate::{fragments, load};
use cordon_manifest::plan::{Component, Plan};

/// A line of a profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// File and line, `profiles/seccomp/base.policy:12`.
    pub place: String,
    /// Which arguments; empty for any.
    pub conditions: String,
    /// Why it is allowed.
    pub reason: String,
}

/// The lines that allow `component` the call, with these or those arguments.
#[must_use]
pub fn rules(plan: &Plan, component: &Component, call: &str) -> Vec<Rule> {
    let mut rules = Vec::new();
    for name in fragments(plan, component) {
        read(name, call, &mut rules);
    }
    rules
}

/// Why the filter answers the call as a kernel that does not have it, where they do.
#[must_use]
pub fn answered_as_absent(call: &str) -> Option<Rule> {
    let mut rules = Vec::new();
    read("enosys", call, &mut rules);
    rules.into_iter().next()
}

/// The fragments that allow the call and that the component does not have, each
/// with its first line about it.
#[must_use]
pub fn given_by(plan: &Plan, component: &Component, call: &str) -> Vec<(&'static str, Rule)> {
    let has = fragments(plan, component);
    let lacks = OF_A_KEY.iter().filter(|name| !has.contains(name));
    lacks
        .filter_map(|name| {
            let mut rules = Vec::new();
            read(name, call, &mut rules);
            Some((*name, rules.into_iter().next()?))
        })
        .collect()
}

/// Roles whose own profile allows the call with any arguments.
#[must_use]
pub fn roles_with(call: &str) -> Vec<&'static str> {
    let allows = |role: &str| {
        let mut rules = Vec::new();
        read(role, call, &mut rules);
        rules.iter().any(|rule| rule.conditions.is_empty())
    };
    let roles = cordon_manifest::roles().iter();
    let names = roles.map(|role| role.name.as_str());
    names.filter(|role| allows(role)).collect()
}

/// Fragments that come with a key of the manifest and not with the role.
const OF_A_KEY: [&str; 8] = [
    "fork",
    "notify",
    "control",
    "realtime",
    "network-sockets",
    "network-bind",
    "network-connect",
    "listen",
];

fn read(name: &str, call: &str, rules: &mut Vec<Rule>) {
    let text = load(name).unwrap_or_default();
    for (number, line) in text.lines().enumerate() {
        let (rule, reason) = line.split_once('#').unwrap_or((line, ""));
        let rule = rule.trim();
        if let Some(file) = rule.strip_prefix("@include ") {
            read(file.trim(), call, rules);
            continue;
        }
        let (head, conditions) = rule.split_once(':').unwrap_or((rule, ""));
        let named = match head.split_once('@') {
            Some((named, only)) => {
                let here = std::env::consts::ARCH;
                let holds = only.split(',').any(|one| one == here);
                if holds { named } else { "" }
            }
            None => head,
        };
        if named == call {
            rules.push(Rule {
                place: format!("profiles/seccomp/{name}.policy:{}", number + 1),
                conditions: conditions.trim().to_owned(),
                reason: reason.trim().to_owned(),
            });
        }
    }
}
