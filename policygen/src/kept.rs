//! What a base policy keeps to those who change passwords, install policy or
//! hold the system's keys: no path of it becomes a device's.

use crate::pattern::Pattern;
use crate::scan::KEPT;
use crate::target::Target;

/// Places that the base policy of a target keeps.
pub(crate) struct Kept<'t> {
    places: Vec<Place<'t>>,
}

/// The expression of a file context, and its type.
pub(crate) struct Place<'t> {
    pub(crate) expression: &'t str,
    pub(crate) label: &'t str,
    pattern: Pattern,
}

impl<'t> Kept<'t> {
    /// What the profile says; one without these facts has what its base policy
    /// names exactly, by types that are well known.
    pub(crate) fn of(target: &'t Target) -> Self {
        let mut all: Vec<(&str, &str)> = target.kept().collect();
        if all.is_empty() {
            let exact = target.all_labelled();
            all.extend(exact.filter(|(_, label)| KEPT.contains(label)));
            // A path is no expression, but as one matches no less.
            all.sort_unstable();
        }
        let places = all.into_iter().map(|(expression, label)| Place {
            expression,
            label,
            pattern: Pattern::new(expression),
        });
        Self {
            places: places.collect(),
        }
    }

    /// The place that a path is in, or, where `whole` says that it may be a
    /// directory, that it has below it.
    pub(crate) fn find(&self, path: &str, whole: bool) -> Option<&Place<'t>> {
        self.places.iter().find(|place| {
            place.pattern.matches(path) || (whole && place.pattern.matches_below(path))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(profile: &str, path: &str, whole: bool) -> Option<String> {
        let target = Target::parse(&format!("name x\nbinary 33\n{profile}")).unwrap();
        let kept = Kept::of(&target);
        kept.find(path, whole).map(|place| place.label.to_owned())
    }

    #[test]
    fn a_place_is_found_from_above_and_from_below() {
        let profile = "kept key_t /etc/k(/.*)? /srv/[^/]+\\.key\nlabelled shadow_t /etc/shadow\n";
        let key = Some("key_t".to_owned());
        for path in ["/etc", "/etc/k", "/etc/k/a", "/srv", "/srv/a.key"] {
            assert_eq!(found(profile, path, true), key, "{path}");
        }
        assert_eq!(found(profile, "/etc", false), None);
        for path in ["/etc/kk", "/srv/a", "/opt", "/etc/shadow"] {
            assert_eq!(found(profile, path, true), None, "{path}");
        }
    }

    #[test]
    fn a_profile_without_the_facts_has_what_is_named_exactly() {
        let profile = "labelled shadow_t /etc/sha.dow\nlabelled etc_t /etc/issue\n";
        let shadow = Some("shadow_t".to_owned());
        assert_eq!(found(profile, "/etc", true), shadow);
        assert_eq!(found(profile, "/etc/sha.dow", false), shadow);
        assert_eq!(found(profile, "/etc/issue", false), None);
    }
}
