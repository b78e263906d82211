//! What changes in access between two policies, or two Plans.

mod access;
mod plans;

use crate::Policy;
use access::Module;
use cordon_manifest::plan::Plan;
use serde::Serialize;
use std::collections::BTreeSet;

/// Whether a change gives more or less access.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// More than before.
    Wider,
    /// Less than before.
    Narrower,
}

/// One change, in words or as a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Change {
    /// Which way.
    pub direction: Direction,
    /// The sentence or the rule.
    pub text: String,
}

/// Everything that changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Difference {
    /// In words. Between Plans this has what no SELinux rule shows, too: roles,
    /// users, layers that may be absent.
    pub words: Vec<Change>,
    /// As rules, names of the device's own types as what they label.
    pub rules: Vec<Change>,
    /// Domains and channels that only have another name now, `old -> new`.
    pub renamed: Vec<String>,
}

impl Difference {
    /// Whether anything gives more access than before.
    #[must_use]
    pub fn widens(&self) -> bool {
        let mut all = self.words.iter().chain(&self.rules);
        all.any(|change| change.direction == Direction::Wider)
    }

    /// Compares two modules; assertions are compared where both sides have them,
    /// and one that is gone is wider.
    pub fn of_modules(
        old: (&str, Option<&str>),
        new: (&str, Option<&str>),
    ) -> Result<Self, String> {
        let (old, mut new) = (Module::read(old.0, old.1)?, Module::read(new.0, new.1)?);
        let renamed = new.rename_like(&old);
        let before: BTreeSet<&access::Rule> = old.rules.iter().collect();
        let after: BTreeSet<&access::Rule> = new.rules.iter().collect();
        let mut rules = Vec::new();
        let mut words = BTreeSet::new();
        for (some, others, here) in [(&after, &before, true), (&before, &after, false)] {
            let (one, other) = if here { (&new, &old) } else { (&old, &new) };
            let changed = some.difference(others).copied();
            let changed = changed.filter(|rule| !one.goes_with(other, rule));
            for rule in access::together(changed) {
                let direction = match rule.kind.allows() == here {
                    true => Direction::Wider,
                    false => Direction::Narrower,
                };
                let sign = if here { '+' } else { '-' };
                rules.push(Change {
                    direction,
                    text: format!("{sign} {rule}"),
                });
                words.extend(rule.words(here).map(|text| Change { direction, text }));
            }
        }
        rules.sort();
        Ok(Self {
            words: words.into_iter().collect(),
            rules,
            renamed,
        })
    }

    /// Compares two Plans and the policies generated from them for one target.
    pub fn of_plans(old: (&Plan, &Policy), new: (&Plan, &Policy)) -> Result<Self, String> {
        let modules = Self::of_modules(
            (&old.1.module, Some(&old.1.assertions)),
            (&new.1.module, Some(&new.1.assertions)),
        )?;
        let mut words: BTreeSet<Change> = plans::words(old.0, new.0, &modules.renamed);
        // Where the Plans say nothing of it, the rules do.
        if words.is_empty() {
            words.extend(modules.words);
        }
        Ok(Self {
            words: words.into_iter().collect(),
            ..modules
        })
    }
}
