//! Taking away what the base policy gives to every domain and nobody asked for.
//!
//! A `deny` rule removes its permissions from every `allow` rule of the whole
//! policy, the module's own included. So what is denied is what is ambient
//! less what was granted, permission by permission.

use crate::ambient::{Ambient, SELF};
use crate::base_module::Needs;
use crate::cil::{Expression, parse};
use crate::names::{self, SUPERVISOR, WORKER};
use crate::target::Target;
use crate::writer::Writer;
use cordon_manifest::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};

/// Access to a target: permissions of a class.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Access {
    /// A type, an attribute, or `self`.
    pub(crate) target: String,
    /// Types that are not meant, though they are in the attribute.
    pub(crate) but: BTreeSet<String>,
    /// Object class.
    pub(crate) class: String,
    /// Permissions.
    pub(crate) permissions: BTreeSet<String>,
}

impl Access {
    /// Whether a store may be without the module of the base policy that
    /// declares the target. Without it nothing is given on it, either: its rule
    /// stands in an `optional`.
    pub(crate) fn may_lack(&self, needs: &Needs) -> bool {
        let name = self.target.as_str();
        let certain = name == SELF
            || name.contains("_unasked_")
            || needs.types.contains(name)
            || crate::scan::TYPES.contains(&name)
            || crate::scan::ATTRIBUTES.contains(&name);
        !certain
    }
}

/// What the module and Cordon's base module grant, by source, then by class
/// and permission: the targets.
#[derive(Debug, Default)]
pub(crate) struct Granted {
    by_source: BTreeMap<String, BTreeMap<(String, String), BTreeSet<String>>>,
}

impl Granted {
    /// What `selinux/cordon.cil` grants every component.
    pub(crate) fn of_base_module() -> Self {
        let mut granted = Self::default();
        for statement in parse(crate::BASE_TEXT).unwrap_or_default() {
            let [
                Expression::Atom("allow"),
                Expression::Atom(source),
                Expression::Atom(target),
                access,
            ] = statement.list()
            else {
                continue;
            };
            if let ([Expression::Atom(class), permissions], true) =
                (access.list(), *source == WORKER)
            {
                let permissions = permissions.list().iter().filter_map(Expression::atom);
                let permissions: Vec<&str> = permissions.collect();
                granted.add(source, target, class, &permissions);
            }
        }
        granted
    }

    pub(crate) fn add(&mut self, source: &str, target: &str, class: &str, permissions: &[&str]) {
        let of_source = self.by_source.entry(source.to_owned()).or_default();
        for permission in permissions {
            let key = (class.to_owned(), (*permission).to_owned());
            of_source.entry(key).or_default().insert(target.to_owned());
        }
    }

    /// Targets on which a domain was granted this permission.
    pub(crate) fn targets<'g>(
        &'g self,
        domain: &str,
        class: &str,
        permission: &str,
    ) -> BTreeSet<&'g str> {
        let key = (class.to_owned(), permission.to_owned());
        [domain, WORKER]
            .into_iter()
            .filter_map(|source| self.by_source.get(source)?.get(&key))
            .flatten()
            .map(String::as_str)
            .collect()
    }
}

/// What a domain has by the base policy alone: every ambient grant, less what
/// it was granted.
pub(crate) fn unasked(target: &Target, granted: &Granted, domain: &str) -> Vec<Access> {
    let mut found: BTreeMap<(String, BTreeSet<String>, String), BTreeSet<String>> = BTreeMap::new();
    for Ambient {
        target: to,
        class,
        permissions,
        ..
    } in target.ambient()
    {
        let is_set = target.attributes.contains(to);
        for permission in permissions {
            let asked = granted.targets(domain, class, permission);
            let itself = asked.contains(SELF);
            if asked.contains(to.as_str()) || (to == SELF && asked.contains(domain)) {
                continue;
            }
            let mut but = BTreeSet::new();
            if is_set {
                but.extend(
                    asked
                        .iter()
                        .filter(|name| **name != SELF)
                        .map(|name| (*name).to_owned()),
                );
                but.extend(itself.then(|| domain.to_owned()));
            }
            let key = (to.clone(), but, class.clone());
            found.entry(key).or_default().insert(permission.clone());
        }
    }
    let access = |((target, but, class), permissions)| Access {
        target,
        but,
        class,
        permissions,
    };
    found.into_iter().map(access).collect()
}

/// Writes the `deny` rules of a whole device, one for all components that they
/// are the same for. Gives for each domain what is denied to it, targets by the
/// names they have in the module.
pub(crate) fn write(writer: &mut Writer<'_>, plan: &Plan) -> BTreeMap<String, Vec<Access>> {
    let mut denied: BTreeMap<String, Vec<Access>> = BTreeMap::new();
    if !writer.target.denies() {
        return denied;
    }
    let mut rules: BTreeMap<Access, Vec<usize>> = BTreeMap::new();
    for (index, component) in plan.components.iter().enumerate() {
        let domain = names::domain_type(&plan.device, &component.name);
        for access in unasked(writer.target, &writer.granted, &domain) {
            rules.entry(access).or_default().push(index);
        }
    }
    let mut by_members: BTreeMap<Vec<usize>, Vec<Access>> = BTreeMap::new();
    for (access, members) in rules {
        by_members.entry(members).or_default().push(access);
    }
    if !plan.components.is_empty() {
        writer.heading("what the base policy gives to every domain");
    }
    let needs = Needs::of_base_module();
    let mut sets = Sets {
        prefix: names::module(&plan.device),
        known: BTreeMap::new(),
    };
    strangers(writer, plan, &mut sets);
    for (members, accesses) in by_members {
        let named = |index: &usize| plan.components[*index].name.clone();
        let domain = |index: &usize| names::domain_type(&plan.device, &named(index));
        let all: Vec<String> = members.iter().map(named).collect();
        writer.group_of_base(&format!(
            "The base policy gives this to every domain; it is taken away from what did not ask for \
             it: {}.",
            all.join(", ")
        ));
        let domains: Vec<String> = members.iter().map(domain).collect();
        let source = match domains.as_slice() {
            [one] => one.clone(),
            several => sets.name(writer, &format!("({})", several.join(" "))),
        };
        for access in accesses {
            let but: Vec<&str> = access.but.iter().map(String::as_str).collect();
            let target = if but.is_empty() {
                access.target.clone()
            } else {
                let expression = format!("(and {} (not ({})))", access.target, but.join(" "));
                sets.name(writer, &expression)
            };
            let permissions: Vec<&str> = access.permissions.iter().map(String::as_str).collect();
            let rule = format!(
                "(deny {source} {target} ({} ({})))",
                access.class,
                permissions.join(" ")
            );
            writer.statement(&if access.may_lack(&needs) {
                let class = &access.class;
                format!("(optional {source}_{target}_{class}_unasked {rule})")
            } else {
                rule
            });
            let access = Access {
                target,
                but: BTreeSet::new(),
                ..access
            };
            for domain in &domains {
                denied
                    .entry(domain.clone())
                    .or_default()
                    .push(access.clone());
            }
        }
    }
    denied
}

/// Nobody but the supervisor enters a component: Fedora's policy lets its
/// unconfined domain enter every domain.
fn strangers(writer: &mut Writer<'_>, plan: &Plan, sets: &mut Sets) {
    let domains: Vec<String> = plan
        .components
        .iter()
        .map(|component| names::domain_type(&plan.device, &component.name))
        .collect();
    if domains.is_empty() {
        return;
    }
    writer.group_of_base(
        "Nobody but the supervisor enters a component, whatever the base policy allows its administrators.",
    );
    let strangers = sets.name(writer, &format!("(and domain (not ({SUPERVISOR})))"));
    let target = match domains.as_slice() {
        [one] => one.clone(),
        several => sets.name(writer, &format!("({})", several.join(" "))),
    };
    writer.statement(&format!(
        "(deny {strangers} {target} (process (dyntransition transition)))"
    ));
}

/// Sets of types under a name: `deny` takes no expression.
struct Sets {
    prefix: String,
    known: BTreeMap<String, String>,
}

impl Sets {
    fn name(&mut self, writer: &mut Writer<'_>, expression: &str) -> String {
        if let Some(name) = self.known.get(expression) {
            return name.clone();
        }
        let name = format!("{}_unasked_{}", self.prefix, self.known.len() + 1);
        writer.statement(&format!("(typeattribute {name})"));
        writer.statement(&format!("(typeattributeset {name} {expression})"));
        self.known.insert(expression.to_owned(), name.clone());
        name
    }
}
