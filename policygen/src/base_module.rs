//! What the hand-written base module needs of a target's base policy.

use crate::BASE_TEXT;
use crate::cil::{Expression, parse};
use crate::error::Error;
use crate::target::Target;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// What the base module needs, read once: it never changes.
static NEEDS: LazyLock<Needs> = LazyLock::new(Needs::read);

/// Names of the base policy that stand in the base module, outside its
/// `optional` blocks: those name what a base policy may lack.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// Types and attributes.
    pub(crate) types: BTreeSet<String>,
    classes: BTreeMap<String, BTreeSet<String>>,
}

impl Needs {
    /// Of the base module.
    pub(crate) fn of_base_module() -> &'static Self {
        &NEEDS
    }

    fn read() -> Self {
        let parsed = parse(BASE_TEXT).unwrap_or_default();
        let mut needs = Self::default();
        let mut declared = BTreeSet::new();
        for statement in &parsed {
            let list = statement.list();
            let atom = |n: usize| list.get(n).and_then(Expression::atom);
            let mut named = |name: Option<&str>| {
                let name =
                    name.filter(|name| !matches!(*name, "self" | "and" | "or" | "not" | "all"));
                needs.types.extend(name.map(str::to_owned));
            };
            match atom(0) {
                Some("type" | "typeattribute") => _ = atom(1).map(|name| declared.insert(name)),
                Some("allow" | "dontaudit" | "auditallow" | "neverallow") => {
                    named(atom(1));
                    named(atom(2));
                    let access = list.get(3).map(Expression::list).unwrap_or_default();
                    if let [Expression::Atom(class), permissions] = access {
                        let permissions = permissions.list().iter().filter_map(Expression::atom);
                        let known = needs.classes.entry((*class).to_owned()).or_default();
                        known.extend(permissions.map(str::to_owned));
                    }
                }
                Some("typetransition") => {
                    named(atom(1));
                    named(atom(2));
                }
                Some("typeattributeset") => {
                    named(atom(1));
                    let mut todo: Vec<&Expression<'_>> = list.iter().skip(2).collect();
                    while let Some(expression) = todo.pop() {
                        named(expression.atom());
                        todo.extend(expression.list());
                    }
                }
                _ => {}
            }
        }
        needs.types.retain(|name| !declared.contains(name.as_str()));
        needs
    }

    /// What the target lacks of it, and of what every context is made of.
    pub(crate) fn missing(&self, target: &Target) -> Vec<Error> {
        let missing = |kind: &'static str, name: String, needed_for: &str| Error::Missing {
            kind,
            name,
            target: target.name().to_owned(),
            needed_for: needed_for.to_owned(),
            origin: "every device".to_owned(),
        };
        let mut errors = Vec::new();
        for (kind, known, name) in [
            ("user", &target.users, "system_u"),
            ("role", &target.roles, "system_r"),
            ("role", &target.roles, "object_r"),
            ("level", &target.levels, "s0"),
        ] {
            if !known.contains(name) {
                errors.push(missing(
                    kind,
                    name.to_owned(),
                    "the contexts of components and files",
                ));
            }
        }
        let module = "the supervisor's own domain (Cordon's base module)";
        for name in &self.types {
            if !target.types.contains(name.as_str()) && !target.attributes.contains(name.as_str()) {
                errors.push(missing("type", name.clone(), module));
            }
        }
        for (class, permissions) in &self.classes {
            let Some(known) = target.classes.get(class.as_str()) else {
                errors.push(missing("class", class.clone(), module));
                continue;
            };
            for permission in permissions
                .iter()
                .filter(|name| *name != "all" && !known.contains(name.as_str()))
            {
                errors.push(missing(
                    kind(class),
                    format!("{class}:{permission}"),
                    module,
                ));
            }
        }
        errors
    }
}

/// What a permission of this class is called.
pub(crate) fn kind(class: &str) -> &'static str {
    if class.starts_with("cap") {
        "capability"
    } else {
        "permission"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn targets() -> impl Iterator<Item = Target> {
        Target::names().map(|name| Target::named(name).unwrap())
    }

    #[test]
    fn every_profile_has_all_that_the_base_module_needs() {
        for target in targets() {
            assert_eq!(NEEDS.missing(&target), [], "{}", target.name());
        }
    }

    /// Taken out of a profile one by one, so that none is there by chance.
    #[test]
    fn each_name_that_a_profile_lacks_is_said() {
        for target in targets() {
            let says = |target: &Target, name: &str| {
                let missing = NEEDS.missing(target);
                let names = missing.iter().filter_map(Error::missing_name);
                assert!(names.eq([name.to_owned()]), "{name}: {missing:?}");
            };
            for name in &NEEDS.types {
                let mut target = target.clone();
                target.types.remove(name.as_str());
                target.attributes.remove(name.as_str());
                says(&target, name);
            }
            for (class, permissions) in &NEEDS.classes {
                for permission in permissions.iter().filter(|name| *name != "all") {
                    let mut target = target.clone();
                    let known = target.classes.get_mut(class.as_str()).unwrap();
                    assert!(known.remove(permission.as_str()));
                    says(&target, &format!("{class}:{permission}"));
                }
            }
        }
    }

    /// One sentence of why, below the heading of what the group is part of.
    #[test]
    fn every_group_of_rules_has_its_sentence_and_its_owner() {
        let mut owner = None;
        for group in BASE_TEXT.split("\n\n").map(str::trim) {
            if let Some(heading) = group.lines().find_map(|line| line.strip_prefix(";; ==== ")) {
                owner = Some(heading);
            }
            let rules = group.lines().filter(|line| line.starts_with('('));
            if rules.count() == 0 {
                continue;
            }
            let sentence = group
                .lines()
                .next()
                .filter(|line| line.starts_with(";; ") && !line.starts_with(";; ===="));
            assert!(sentence.is_some(), "no sentence before: {group}");
            assert!(
                owner.is_some() || !group.contains("(allow"),
                "nobody's: {group}"
            );
        }
    }
}
