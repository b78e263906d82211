//! What the supervisor makes because the manifest says `missing: create`, and
//! where: which directory, of which type, it may add a name to.
//!
//! A directory of the system itself (/var/lib) shares its type with hundreds of
//! others, and to add a name to one of them is to add it to all: nothing is made
//! there, nor where the base policy names what somebody else keeps. Any other parent is given a type of the device's, unless it is in a
//! directory that has one already.

use crate::error::Error;
use crate::labels::{Labels, Path};
use crate::names;
use crate::pattern::Pattern;
use crate::target::Target;
use cordon_manifest::plan::{FileGrant, Missing, Origin, PathKind, Plan};
use std::collections::BTreeMap;

/// Something that is made where it is missing.
#[derive(Clone, Debug)]
pub(crate) struct Creation {
    /// Its name in its parent.
    pub(crate) name: String,
    /// Whether it is a file, for it is passed; else a directory.
    pub(crate) file: bool,
    /// Its type.
    pub(crate) label: String,
    /// Its parent's.
    pub(crate) parent: String,
    /// Who asked for it.
    pub(crate) origin: Origin,
}

/// Parents with a type of their own, by path, and what is made, by path.
#[derive(Default)]
pub(crate) struct Creations {
    pub(crate) parents: BTreeMap<String, (String, Origin)>,
    pub(crate) all: BTreeMap<String, Creation>,
}

impl Creations {
    /// Decides them once every path has its label.
    pub(crate) fn of(
        plan: &Plan,
        labels: &Labels,
        target: &Target,
        errors: &mut Vec<Error>,
    ) -> Self {
        let mut found = Self::default();
        let files = plan.components.iter().flat_map(|one| &one.files);
        for file in files.filter(|file| file.missing == Missing::Create && file.size.is_none()) {
            if let Some(Path { label, .. }) = labels.paths.get(&file.source) {
                errors.extend(found.add(plan, labels, target, file, label));
            }
        }
        found
    }

    fn add(
        &mut self,
        plan: &Plan,
        labels: &Labels,
        target: &Target,
        file: &FileGrant,
        label: &str,
    ) -> Option<Error> {
        let (directory, name) = file.source.rsplit_once('/')?;
        let is_general = directory.is_empty()
            || cordon_manifest::is_broad(directory)
            || target.shared(directory).is_some()
            || is_somebodys(target, directory);
        let parent = if let Some(owner) = labels.directory(directory) {
            owner.label.clone()
        } else if is_general || !is_plain(name) {
            // What is there needs nobody to make it.
            return (file.kind == PathKind::Absent).then(|| Error::NoPlace {
                path: file.source.clone(),
                parent: if directory.is_empty() { "/" } else { directory }.to_owned(),
                origin: file.origin.to_string(),
            });
        } else {
            let own = names::parent_type(&plan.device, directory);
            let entry = self.parents.entry(directory.to_owned());
            entry.or_insert((own, file.origin.clone())).0.clone()
        };
        let creation = Creation {
            name: name.to_owned(),
            file: file.pass.is_some(),
            label: label.to_owned(),
            parent,
            origin: file.origin.clone(),
        };
        self.all.entry(file.source.clone()).or_insert(creation);
        None
    }
}

/// Whether the base policy names anything there: a daemon's state directory, which
/// would be another type's with the first name that the supervisor adds.
fn is_somebodys(target: &Target, directory: &str) -> bool {
    let below = |path: &str| {
        path.strip_prefix(directory)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    target.all_labelled().any(|(path, _)| below(path))
        || target.kept().any(|(expression, _)| {
            let kept = Pattern::new(expression);
            kept.matches(directory) || kept.matches_below(directory)
        })
}

/// Whether a name can stand in a rule: it is quoted there.
fn is_plain(name: &str) -> bool {
    name.bytes().all(|b| b.is_ascii_graphic() && b != b'"')
}
