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
