//! Why a device's policy is what it is: for each rule who asked for it, and
//! what the base policy gives beside.

use crate::Policy;
use crate::ambient::Ambient;
use crate::cil::{Expression, parse};
use crate::granted::Granted;
use crate::matters::why_it_matters;
use crate::names;
use crate::target::Target;
use cordon_manifest::plan::{Origin, Plan};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Everything there is to say of a device's policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Explanation {
    /// The device.
    pub device: String,
    /// Name of the target profile.
    pub target: String,
    /// Where what the base policy gives was read, in words.
    pub ambient_from: String,
    /// Whether the module takes away what nobody asked for.
    pub denies: bool,
    /// What the module allows, in its order.
    pub rules: Vec<Rule>,
    /// What the base policy gives beside, by component.
    pub beyond: Vec<Beyond>,
}

/// One rule of the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Rule {
    /// Components it is about: whose domain is in it.
    pub components: Vec<String>,
    /// Who may.
    pub source: String,
    /// On what; `self` for the source's own.
    pub target: String,
    /// Object class.
    pub class: String,
    /// Permissions.
    pub permissions: Vec<String>,
    /// Numbers of ioctl requests the rule is held to, in hexadecimal; `ioctl`
    /// in `permissions` means these and no others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<String>,
    /// Why, one sentence.
    pub why: String,
    /// Who asked.
    pub origin: Origin,
    /// Who asked, in words.
    pub because: String,
}

/// What became of something the base policy gives to every domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// Nobody asked for it, and the component has it.
    Stays,
    /// Nobody asked for it, and the module denies it.
    TakenAway,
    /// The component asked for it, too.
    AskedFor,
}

/// Something the base policy gives to a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Beyond {
    /// The component.
    pub component: String,
    /// On what; `self` for its own.
    pub target: String,
    /// Object class.
    pub class: String,
    /// Permissions.
    pub permissions: BTreeSet<String>,
    /// Booleans of the policy under which it holds.
    pub condition: Option<String>,
    /// What became of it.
    pub fate: Fate,
    /// Why one should care; none where what it reaches is outside every compartment.
    pub matters: Option<String>,
}

/// Explains a policy. `ambient` is what the base policy gives to every domain,
/// `ambient_from` says where that was read.
#[must_use]
pub fn explain(
    plan: &Plan,
    target: &Target,
    policy: &Policy,
    ambient: &[Ambient],
    ambient_from: &str,
) -> Explanation {
    let domains: BTreeMap<String, &str> = plan
        .components
        .iter()
        .map(|component| {
            let domain = names::domain_type(&plan.device, &component.name);
            (domain, component.name.as_str())
        })
        .collect();
    let mut granted = Granted::default();
    let mut rules: Vec<Rule> = Vec::new();
    for group in &policy.groups {
        let text = &policy.module[group.statements.clone()];
        for statement in parse(text).unwrap_or_default() {
            // What stands in an optional is of the class memfd_file alone.
            let statement = match statement.list() {
                [Expression::Atom("optional"), _, inner] => inner.clone(),
                _ => statement,
            };
            let [
                Expression::Atom(kind),
                Expression::Atom(source),
                Expression::Atom(on),
                access,
            ] = statement.list()
            else {
                continue;
            };
            if let ("allowx", [_, Expression::Atom(class), requests]) = (*kind, access.list()) {
                let last = rules.iter_mut().rev().find(|rule| {
                    rule.source == *source && rule.target == *on && rule.class == *class
                });
                if let Some(rule) = last {
                    rule.requests = words(requests);
                }
            }
            let ("allow", [Expression::Atom(class), permissions]) = (*kind, access.list()) else {
                continue;
            };
            let given = permissions.list().iter().filter_map(Expression::atom);
            let given: Vec<&str> = given.collect();
            granted.add(source, on, class, &given);
            let about = [source, on]
                .into_iter()
                .filter_map(|name| domains.get(*name));
            let about: BTreeSet<&str> = about.copied().collect();
            rules.push(Rule {
                components: about.into_iter().map(str::to_owned).collect(),
                source: (*source).to_owned(),
                target: (*on).to_owned(),
                class: (*class).to_owned(),
                permissions: words(permissions),
                requests: Vec::new(),
                why: group.sentence.clone(),
                origin: group.origin.clone(),
                because: group.origin.to_string(),
            });
        }
    }
    let mut beyond = Vec::new();
    for component in &plan.components {
        let domain = names::domain_type(&plan.device, &component.name);
        for grant in ambient {
            beyond.extend(fates(target, &granted, &component.name, &domain, grant));
        }
    }
    Explanation {
        device: plan.device.clone(),
        target: target.name().to_owned(),
        ambient_from: ambient_from.to_owned(),
        denies: target.denies(),
        rules,
        beyond,
    }
}

fn words(list: &Expression<'_>) -> Vec<String> {
    let words = list.list().iter().filter_map(Expression::atom);
    words.map(str::to_owned).collect()
}

/// One ambient grant by what became of its permissions.
fn fates(
    target: &Target,
    granted: &Granted<'_>,
    component: &str,
    domain: &str,
    grant: &Ambient,
) -> Vec<Beyond> {
    let mut fates: BTreeMap<(Fate, Option<&'static str>), BTreeSet<String>> = BTreeMap::new();
    for permission in &grant.permissions {
        let known = target.ambient().iter().any(|known| {
            known.target == grant.target
                && known.class == grant.class
                && known.permissions.contains(permission)
        });
        let fate = if granted.names(domain, &grant.target, &grant.class, permission) {
            Fate::AskedFor
        } else if target.denies() && known {
            Fate::TakenAway
        } else {
            Fate::Stays
        };
        let matters = match fate {
            Fate::AskedFor => None,
            _ => why_it_matters(&grant.target, &grant.class, permission),
        };
        let key = (fate, matters);
        fates.entry(key).or_default().insert(permission.clone());
    }
    let beyond = |((fate, matters), permissions): ((Fate, Option<&str>), _)| Beyond {
        component: component.to_owned(),
        target: grant.target.clone(),
        class: grant.class.clone(),
        permissions,
        condition: grant.condition.clone(),
        fate,
        matters: matters.map(str::to_owned),
    };
    fates.into_iter().map(beyond).collect()
}
