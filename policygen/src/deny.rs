//! Taking away what the base policy gives to every domain and nobody asked for.
//!
//! A `deny` rule removes its permissions from every `allow` rule of the whole
//! policy, the module's own included. So what is denied is what is ambient
//! less what was granted, permission by permission.

use crate::ambient::SELF;
use crate::base_module::Needs;
use crate::granted::{Grant, Granted};
use crate::names::{self, SUPERVISOR};
use crate::target::Target;
use crate::writer::Writer;
use cordon_manifest::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};

/// What the base policy gives to every domain, whatever the condition.
struct Given<'t> {
    target: &'t str,
    class: &'t str,
    permissions: BTreeSet<&'t str>,
    /// Whether the target is an attribute.
    is_set: bool,
}

impl<'t> Given<'t> {
    fn all(target: &'t Target) -> Vec<Self> {
        let mut given: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
        for ambient in target.ambient() {
            let key = (ambient.target.as_str(), ambient.class.as_str());
            let permissions = ambient.permissions.iter().map(String::as_str);
            given.entry(key).or_default().extend(permissions);
        }
        let one = |((to, class), permissions)| Self {
            target: to,
            class,
            permissions,
            is_set: target.attributes.contains(to),
        };
        given.into_iter().map(one).collect()
    }

    /// The domain's grants that could take anything out of this.
    fn asked<'g>(&self, granted: &'g Granted<'g>, domain: &str) -> Vec<&'g Grant<'g>> {
        granted
            .of(domain, self.class)
            .filter(|grant| self.is_set || grant.is_on(self.target, domain))
            .collect()
    }

    /// What is left of this when what was asked for is taken out: permissions,
    /// by the types in the target that they were asked for on.
    fn unasked<'g>(
        &self,
        asked: &[&'g Grant<'g>],
        domain: &'g str,
    ) -> BTreeMap<BTreeSet<&'g str>, BTreeSet<&'t str>> {
        let mut left: BTreeMap<_, BTreeSet<&'t str>> = BTreeMap::new();
        for permission in &self.permissions {
            let on: Vec<&Grant<'_>> = asked
                .iter()
                .filter(|grant| grant.permissions.contains(permission))
                .copied()
                .collect();
            if on.iter().any(|grant| grant.is_on(self.target, domain)) {
                continue;
            }
            let but = on.iter().map(|grant| match grant.target.as_str() {
                SELF => domain,
                name => name,
            });
            left.entry(but.collect()).or_default().insert(permission);
        }
        left
    }
}

/// Access to a target: permissions of a class.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Access<'a> {
    /// A type, an attribute, or `self`.
    target: &'a str,
    /// Types that are not meant, though they are in the attribute.
    but: BTreeSet<&'a str>,
    class: &'a str,
    permissions: BTreeSet<&'a str>,
}

/// What components have by the base policy alone, and which of them: their
/// numbers in the Plan.
fn unasked<'a>(
    target: &'a Target,
    granted: &'a Granted<'a>,
    domains: &'a [String],
) -> Vec<(Access<'a>, Vec<usize>)> {
    let mut found = Vec::new();
    for given in Given::all(target) {
        // Most ask for none of it: they are gathered without a comparison.
        let mut whole = Vec::new();
        let mut parts: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (index, domain) in domains.iter().enumerate() {
            let asked = given.asked(granted, domain);
            if asked.is_empty() {
                whole.push(index);
                continue;
            }
            for (but, permissions) in given.unasked(&asked, domain) {
                if but.is_empty() && permissions == given.permissions {
                    whole.push(index);
                } else {
                    parts.entry((but, permissions)).or_default().push(index);
                }
            }
        }
        if !whole.is_empty() {
            parts.insert((BTreeSet::new(), given.permissions), whole);
        }
        let (target, class) = (given.target, given.class);
        found.extend(parts.into_iter().map(|((but, permissions), members)| {
            let access = Access {
                target,
                but,
                class,
                permissions,
            };
            (access, members)
        }));
    }
    found.sort();
    found
}

/// What is denied to a device's components.
#[derive(Debug, Default)]
pub(crate) struct Denied {
    rules: Vec<Rule>,
    /// Which of the rules, by the component's number in the Plan.
    of_component: Vec<Vec<usize>>,
}

/// What one `deny` rule takes away.
#[derive(Debug)]
pub(crate) struct Rule {
    /// A type, an attribute of the base policy or of the module, or `self`.
    pub(crate) target: String,
    pub(crate) class: String,
    /// Separated by spaces.
    pub(crate) permissions: String,
    /// Whether a store may be without the module of the base policy that
    /// declares the target. Without it nothing is given on it, either: its rule
    /// stands in an `optional`.
    pub(crate) may_lack: bool,
}

impl Denied {
    /// What is denied to the component of this number in the Plan.
    pub(crate) fn to(&self, component: usize) -> impl Iterator<Item = &Rule> {
        let rules = self.of_component.get(component).into_iter().flatten();
        rules.filter_map(|rule| self.rules.get(*rule))
    }
}

/// Writes the `deny` rules of a whole device, one for all components that they
/// are the same for.
pub(crate) fn write(writer: &mut Writer<'_>, plan: &Plan) -> Denied {
    let mut denied = Denied::default();
    if !writer.target.denies() || plan.components.is_empty() {
        return denied;
    }
    denied
        .of_component
        .resize(plan.components.len(), Vec::new());
    let domains: Vec<String> = plan
        .components
        .iter()
        .map(|component| names::domain_type(&plan.device, &component.name))
        .collect();
    let granted = std::mem::take(&mut writer.granted);
    let mut by_members: BTreeMap<Vec<usize>, Vec<Access<'_>>> = BTreeMap::new();
    for (access, members) in unasked(writer.target, &granted, &domains) {
        by_members.entry(members).or_default().push(access);
    }
    writer.heading("what the base policy gives to every domain");
    let needs = Needs::of_base_module();
    let mut sets = Sets {
        prefix: names::prefix(&plan.device),
        known: BTreeMap::new(),
    };
    strangers(writer, &domains, &mut sets);
    for (members, accesses) in by_members {
        let names: Vec<&str> = members
            .iter()
            .map(|index| plan.components[*index].name.as_str())
            .collect();
        writer.group_of_base(&format!(
            "The base policy gives this to every domain; it is taken away from what did not ask for \
             it: {}.",
            names.join(", ")
        ));
        let members_domains: Vec<&str> = members
            .iter()
            .map(|index| domains[*index].as_str())
            .collect();
        let source = sets.of(writer, &members_domains);
        for access in accesses {
            let target = if access.but.is_empty() {
                access.target.to_owned()
            } else {
                let but: Vec<&str> = access.but.iter().copied().collect();
                let expression = format!("(and {} (not ({})))", access.target, but.join(" "));
                sets.name(writer, &expression)
            };
            let permissions: Vec<&str> = access.permissions.iter().copied().collect();
            let rule = Rule {
                may_lack: access.but.is_empty() && may_lack(access.target, needs),
                target,
                class: access.class.to_owned(),
                permissions: permissions.join(" "),
            };
            let Rule {
                target,
                class,
                permissions,
                ..
            } = &rule;
            let text = format!("(deny {source} {target} ({class} ({permissions})))");
            writer.statement(&if rule.may_lack {
                format!("(optional {source}_{target}_{class}_unasked {text})")
            } else {
                text
            });
            for index in &members {
                denied.of_component[*index].push(denied.rules.len());
            }
            denied.rules.push(rule);
        }
    }
    denied
}

/// Whether a store may lack this name of the base policy: neither the base
/// module nor every generated one needs it.
fn may_lack(name: &str, needs: &Needs) -> bool {
    let certain = name == SELF
        || needs.types.contains(name)
        || crate::scan::TYPES.contains(&name)
        || crate::scan::ATTRIBUTES.contains(&name);
    !certain
}

/// Nobody but the supervisor enters a component: Fedora's policy lets its
/// unconfined domain enter every domain.
fn strangers(writer: &mut Writer<'_>, domains: &[String], sets: &mut Sets) {
    writer.group_of_base(
        "Nobody but the supervisor enters a component, whatever the base policy allows its administrators.",
    );
    let strangers = sets.name(writer, &format!("(and domain (not ({SUPERVISOR})))"));
    let domains: Vec<&str> = domains.iter().map(String::as_str).collect();
    let target = sets.of(writer, &domains);
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
    /// Some types: the type itself, where it is one.
    fn of(&mut self, writer: &mut Writer<'_>, types: &[&str]) -> String {
        match types {
            [one] => (*one).to_owned(),
            several => self.name(writer, &format!("({})", several.join(" "))),
        }
    }

    fn name(&mut self, writer: &mut Writer<'_>, expression: &str) -> String {
        if let Some(name) = self.known.get(expression) {
            return name.clone();
        }
        let name = format!("{}unasked_{}", self.prefix, self.known.len() + 1);
        writer.statement(&format!("(typeattribute {name})"));
        writer.statement(&format!("(typeattributeset {name} {expression})"));
        self.known.insert(expression.to_owned(), name.clone());
        name
    }
}
