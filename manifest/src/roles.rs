//! Role profiles: reviewable data in `profiles/roles/`, compiled in.
//!
//! A role gives what every program of its kind gets and needs; its name is also
//! that of its system-call filter.

use crate::diagnostic::{Position, Sink};
use crate::model::{Device, File, Limits, Restart};
use crate::plan::OnDifference;
use crate::{keys, lower, read, yaml};
use std::sync::LazyLock;

/// Names of all roles.
pub(crate) const NAMES: &[&str] = &[
    "vitals-display",
    "network-service",
    "network-program",
    "python-service",
];

const SOURCES: [&str; 4] = [
    include_str!("../../profiles/roles/vitals-display.yaml"),
    include_str!("../../profiles/roles/network-service.yaml"),
    include_str!("../../profiles/roles/network-program.yaml"),
    include_str!("../../profiles/roles/python-service.yaml"),
];

/// A role profile.
#[derive(Clone, Debug)]
pub struct Role {
    /// Name; also of the system-call filter.
    pub name: String,
    /// What programs it is for.
    pub doc: String,
    /// What its filter is made for: `listen`, `network`, `devices`, `realtime`, `fork`, `proc`.
    pub may: Vec<String>,
    /// Limits where the manifest gives none.
    pub limits: Limits,
    /// Limits below which a program of this role does not work.
    pub minimum: Limits,
    /// Restart policy where the manifest gives none.
    pub restart: Restart,
    /// ms.
    pub stop_timeout: u64,
    /// Whether READY waits for it.
    pub required: bool,
    /// Whether it says READY=1 itself.
    pub notify: bool,
    /// What happens when a later proof differs.
    pub on_difference: OnDifference,
    /// Whether it sees a /proc.
    pub proc: bool,
    /// Whether it may fork.
    pub fork: bool,
    /// ms.
    pub watchdog: Option<u64>,
    /// Device nodes every program of it gets.
    pub devices: Vec<Device>,
    /// Paths every program of it gets.
    pub files: Vec<File>,
}

static ROLES: LazyLock<Vec<Role>> =
    LazyLock::new(|| SOURCES.iter().filter_map(|source| parse(source)).collect());

/// All roles.
#[must_use]
pub fn roles() -> &'static [Role] {
    &ROLES
}

/// The role of this name.
#[must_use]
pub fn role(name: &str) -> Option<&'static Role> {
    ROLES.iter().find(|role| role.name == name)
}

fn parse(source: &str) -> Option<Role> {
    let node = yaml::read(source).ok()?;
    let mut sink = Sink::default();
    let fields = read::table(&node, &keys::ROLE, Position::new(1, 1, 1), &mut sink)?;
    if sink.has_errors() {
        return None;
    }
    Some(Role {
        name: fields.text("role")?.value,
        doc: fields.text("doc")?.value,
        may: fields.texts("may").into_iter().map(|at| at.value).collect(),
        limits: lower::limits(fields.table("limits")?),
        minimum: lower::limits(fields.table("minimum")?),
        restart: lower::restart(fields.table("restart")?, fields.key("restart")?),
        stop_timeout: fields.millis("stop-timeout")?.value,
        required: fields.bool("required")?.value,
        notify: fields.bool("notify")?.value,
        on_difference: lower::on_difference(&fields)?.value,
        proc: fields.bool("proc").is_some_and(|at| at.value),
        fork: fields.bool("fork").is_some_and(|at| at.value),
        watchdog: fields.millis("watchdog").map(|at| at.value),
        devices: lower::devices(&fields),
        files: lower::files(&fields),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_parses_under_its_name() {
        let names: Vec<&str> = roles().iter().map(|role| role.name.as_str()).collect();
        assert_eq!(names, NAMES);
    }

    #[test]
    fn no_profile_gives_less_than_it_needs() {
        for role in roles() {
            let pairs = [
                (
                    role.limits.memory.as_ref().map(|at| at.value),
                    role.minimum.memory.as_ref().map(|at| at.value),
                ),
                (
                    role.limits.tasks.as_ref().map(|at| u64::from(at.value)),
                    role.minimum.tasks.as_ref().map(|at| u64::from(at.value)),
                ),
            ];
            for (given, needed) in pairs {
                assert!(given.is_some() && given >= needed, "{}", role.name);
            }
            assert!(role.limits.descriptors.is_some(), "{}", role.name);
            assert!(
                !role.fork || role.may.iter().any(|word| word == "fork"),
                "{}",
                role.name
            );
        }
    }
}
