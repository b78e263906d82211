//! Ambient grants: what the base policy allows a domain that asked for nothing,
//! because every domain joins the attribute `domain`.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The target of a grant to itself.
pub(crate) const SELF: &str = "self";

/// One grant of the base policy to every domain.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Ambient {
    /// Type or attribute the access is to; `self` for the domain's own.
    pub target: String,
    /// Object class.
    pub class: String,
    /// Permissions.
    pub permissions: BTreeSet<String>,
    /// Booleans under which it holds; none when it always does.
    pub condition: Option<String>,
}

impl Ambient {
    /// Parses what [`fmt::Display`] writes.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (rule, condition) = match text.split_once(" if ") {
            Some((rule, condition)) => (rule, Some(condition.to_owned())),
            None => (text, None),
        };
        let mut words = rule.split(' ').map(str::to_owned);
        match (words.next(), words.next()) {
            (Some(target), Some(class)) => Ok(Self {
                target,
                class,
                permissions: words.collect(),
                condition,
            }),
            _ => Err(format!("`ambient {text}` names no class")),
        }
    }
}

impl fmt::Display for Ambient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.target, self.class)?;
        for permission in &self.permissions {
            write!(f, " {permission}")?;
        }
        match &self.condition {
            Some(condition) => write!(f, " if {condition}"),
            None => Ok(()),
        }
    }
}

/// Grants being gathered: one entry for each target, class and condition.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    grants: BTreeMap<(String, String, Option<String>), BTreeSet<String>>,
}

impl Gathered {
    pub(crate) fn add(
        &mut self,
        target: &str,
        class: &str,
        permissions: impl IntoIterator<Item = String>,
        condition: Option<&str>,
    ) {
        let key = (
            target.to_owned(),
            class.to_owned(),
            condition.map(str::to_owned),
        );
        self.grants.entry(key).or_default().extend(permissions);
    }

    /// Sorted; what always holds is not said again under a condition.
    pub(crate) fn finish(self) -> Vec<Ambient> {
        let always = |target: &str, class: &str| {
            let key = (target.to_owned(), class.to_owned(), None);
            self.grants.get(&key)
        };
        let grants = self
            .grants
            .iter()
            .map(|((target, class, condition), permissions)| Ambient {
                target: target.clone(),
                class: class.clone(),
                permissions: match (condition, always(target, class)) {
                    (Some(_), Some(always)) => permissions.difference(always).cloned().collect(),
                    _ => permissions.clone(),
                },
                condition: condition.clone(),
            });
        grants
            .filter(|grant| !grant.permissions.is_empty())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_written_and_read_back() {
        for text in [
            "self file open read",
            "etc_t dir search if (not global_ssp)",
        ] {
            assert_eq!(Ambient::parse(text).unwrap().to_string(), text);
        }
        assert!(Ambient::parse("self").is_err());
    }

    #[test]
    fn what_always_holds_is_not_said_again_under_a_condition() {
        let mut gathered = Gathered::default();
        let words = |text: &str| -> Vec<String> { text.split(' ').map(str::to_owned).collect() };
        gathered.add("a_t", "file", words("read open"), None);
        gathered.add("a_t", "file", words("read write"), Some("x"));
        gathered.add("a_t", "file", words("open"), Some("y"));
        let text: Vec<String> = gathered.finish().iter().map(Ambient::to_string).collect();
        assert_eq!(text, ["a_t file open read", "a_t file write if x"]);
    }
}
