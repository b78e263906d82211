//! What a module and the base module grant to components.

use crate::ambient::SELF;
use crate::cil::{Expression, parse};
use crate::names::WORKER;
use std::collections::HashMap;
use std::sync::LazyLock;

/// What was granted, by source and class.
#[derive(Debug, Default)]
pub(crate) struct Granted<'n> {
    by_source: HashMap<String, HashMap<&'n str, Vec<Grant<'n>>>>,
}

/// One rule's permissions of a class.
#[derive(Debug)]
pub(crate) struct Grant<'n> {
    pub(crate) target: String,
    pub(crate) permissions: Vec<&'n str>,
}

/// What the base module grants every component, read once: it never changes.
static TO_WORKERS: LazyLock<Granted<'static>> = LazyLock::new(|| {
    let mut granted = Granted::default();
    for statement in parse(crate::BASE_TEXT).unwrap_or_default() {
        let [
            Expression::Atom("allow"),
            Expression::Atom(WORKER),
            Expression::Atom(target),
            access,
        ] = statement.list()
        else {
            continue;
        };
        if let [Expression::Atom(class), permissions] = access.list() {
            let permissions = permissions.list().iter().filter_map(Expression::atom);
            let permissions: Vec<&str> = permissions.collect();
            granted.add(WORKER, target, class, &permissions);
        }
    }
    granted
});

impl<'n> Granted<'n> {
    /// Adds a rule.
    pub(crate) fn add(
        &mut self,
        source: &str,
        target: &str,
        class: &'n str,
        permissions: &[&'n str],
    ) {
        let grant = Grant {
            target: target.to_owned(),
            permissions: permissions.to_vec(),
        };
        // Rules of one source follow one another: its name is seldom a new one.
        let of_source = match self.by_source.get_mut(source) {
            Some(known) => known,
            None => self.by_source.entry(source.to_owned()).or_default(),
        };
        of_source.entry(class).or_default().push(grant);
    }

    /// A domain's grants of a class, those to every component among them.
    pub(crate) fn of(&self, domain: &str, class: &str) -> impl Iterator<Item = &Grant<'n>> {
        let own = self.by_source.get(domain);
        let shared = TO_WORKERS.by_source.get(WORKER);
        let found = [own, shared].into_iter().flatten();
        found.filter_map(move |of| of.get(class)).flatten()
    }

    /// Whether a domain was granted a permission on a target by that target's
    /// own name.
    pub(crate) fn names(&self, domain: &str, target: &str, class: &str, permission: &str) -> bool {
        self.of(domain, class)
            .any(|grant| grant.is_on(target, domain) && grant.permissions.contains(&permission))
    }
}

impl Grant<'_> {
    /// Whether a grant to a domain is on this target by name.
    pub(crate) fn is_on(&self, target: &str, domain: &str) -> bool {
        self.target == target || (target == SELF && self.target == domain)
    }
}
