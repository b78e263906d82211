//! Gathers what resolution has to know of the target, from `/` or from an image tree.
//!
//! Nothing here decides anything: a missing path or user is a fact like any
//! other, and the resolver says what it means for the manifest. Answers may be
//! old by the time a component starts; the launcher opens every resolved path
//! again, without following links, and compares.

#![forbid(unsafe_code)]

mod conf;
mod elf;
mod executable;
mod loader;
mod machine;
#[cfg(test)]
pub mod testing;
mod tree;
mod users;

use cordon_manifest::Questions;
use cordon_manifest::facts::{Facts, Kind, Path};
use std::fmt;
use std::io;
use std::path::{Path as StdPath, PathBuf};

pub use tree::Tree;

/// Why facts could not be gathered at all.
#[derive(Debug)]
pub enum FactsError {
    /// The root given is no directory that can be read.
    Root {
        /// The root.
        root: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A path of the target could not be looked at.
    Path {
        /// Path inside the target.
        path: String,
        /// What the system said.
        error: io::Error,
    },
}

impl fmt::Display for FactsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root { root, error } => {
                write!(f, "cannot read the target tree {}: {error}", root.display())
            }
            Self::Path { path, error } => write!(f, "cannot look at {path} of the target: {error}"),
        }
    }
}

impl std::error::Error for FactsError {}

/// Answers `questions` from the tree at `root`; `/` is the running system.
pub fn gather(questions: &Questions, root: &StdPath) -> Result<Facts, FactsError> {
    let tree = Tree::open(root).map_err(|error| FactsError::Root {
        root: root.to_path_buf(),
        error,
    })?;
    let mut facts = Facts {
        machine: machine::of(&tree),
        unprivileged_port_start: machine::unprivileged_port_start(&tree),
        ..Facts::default()
    };
    for path in questions.paths.iter().chain(&questions.executables) {
        let mut fact = path_fact(&tree, path)?;
        if questions.executables.contains(path) && matches!(fact.kind, Kind::File) {
            fact.executable = Some(executable::read(&tree, path, &fact.resolved));
        }
        facts.paths.insert(path.clone(), fact);
    }
    let database = users::Database::read(&tree);
    facts.users.extend(database.named());
    for user in &questions.users {
        if let Some(found) = database.find(user) {
            facts.users.insert(user.clone(), found);
        }
    }
    Ok(facts)
}

fn path_fact(tree: &Tree, path: &str) -> Result<Path, FactsError> {
    let found = tree.look(path).map_err(|error| FactsError::Path {
        path: path.to_owned(),
        error,
    })?;
    let project_quota = tree.is_running_system() && machine::project_quota(&found.resolved);
    Ok(Path {
        resolved: found.resolved,
        kind: found.kind,
        mode: found.mode,
        uid: found.uid,
        gid: found.gid,
        open_parent: found.open_parent,
        project_quota,
        executable: None,
    })
}
