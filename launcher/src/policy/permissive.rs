//! Domains that refuse nothing although the kernel enforces (semanage permissive):
//! a component's own, and the two that stand around every compartment.

use super::may_be_absent;
use cordon_manifest::plan::{Component, Layer, Plan};
use cordon_policygen::names;
use std::fmt;

/// A domain that refuses nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct Permissive<'a> {
    /// Its type.
    pub domain: String,
    /// Whose it is.
    pub whose: Whose<'a>,
}

/// Whose a domain is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Whose<'a> {
    /// The supervisor's.
    Supervisor,
    /// That of pid 1 of every compartment.
    Reaper,
    /// A component's.
    Component(&'a Component),
}

impl<'a> Permissive<'a> {
    /// Domains of a device that refuse nothing, by whatever answers whether a
    /// context's domain is permissive: the supervisor's, that of every pid 1,
    /// and the components'.
    pub(super) fn of(plan: &'a Plan, permissive: impl Fn(&str) -> bool) -> Vec<Self> {
        let device = &plan.device;
        let shared = [
            (names::supervisor_context(), Whose::Supervisor),
            (names::reaper_context(), Whose::Reaper),
        ];
        let components = plan.components.iter().map(|one| {
            let context = names::domain_context(device, &one.name);
            (context, Whose::Component(one))
        });
        let all = shared.into_iter().chain(components);
        all.filter(|(context, _)| permissive(context))
            .map(|(_, whose)| Self {
                domain: match whose {
                    Whose::Supervisor => names::SUPERVISOR.to_owned(),
                    Whose::Reaper => names::REAPER.to_owned(),
                    Whose::Component(one) => names::domain_type(device, &one.name),
                },
                whose,
            })
            .collect()
    }

    /// Whether it may be: the layer may be absent for all that it is about.
    #[must_use]
    pub fn may_be(&self, plan: &Plan, without: &[Layer]) -> bool {
        match self.whose {
            Whose::Component(component) => may_be_absent(component, without),
            Whose::Supervisor | Whose::Reaper => plan
                .components
                .iter()
                .all(|component| may_be_absent(component, without)),
        }
    }
}

impl fmt::Display for Permissive<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.whose {
            Whose::Component(component) => {
                write!(f, "component {}: layer selinux: its domain", component.name)
            }
            Whose::Supervisor => write!(f, "layer selinux: the supervisor's domain"),
            Whose::Reaper => write!(f, "layer selinux: the domain of every compartment's pid 1"),
        }?;
        write!(
            f,
            " {} is permissive: it logs and refuses nothing",
            self.domain
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permissive_supervisor_or_pid_1_is_found_and_allowed_by_all_or_none() {
        let source = include_bytes!("../../../profiles/examples/bedside-monitor.yaml");
        let facts = include_str!("../../../policygen/tests/facts/bedside-monitor.json");
        let checked = cordon_manifest::parse(source, "bedside-monitor.yaml").unwrap();
        let facts = serde_json::from_str(facts).unwrap();
        let resolved = cordon_manifest::resolve(&checked.manifest, &facts).unwrap();
        let plan = resolved.plan;
        for (context, domain, words) in [
            (
                names::supervisor_context(),
                names::SUPERVISOR,
                "the supervisor's domain",
            ),
            (names::reaper_context(), names::REAPER, "pid 1"),
        ] {
            let found = Permissive::of(&plan, |asked| asked == context);
            let [found] = found.as_slice() else {
                panic!("{found:?}");
            };
            assert_eq!(found.domain, domain);
            assert!(found.to_string().contains(words), "{found}");
            assert!(!found.may_be(&plan, &[]));
            assert!(found.may_be(&plan, &[Layer::Selinux]));
        }
    }
}
