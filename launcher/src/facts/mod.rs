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
use cordon_manifest::plan::Node;
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

/// Answers `questions` from the tree at `root`; `/` is the running system. In
/// another tree device nodes are there although they are not yet.
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
    let mounted = machine::mounted(&tree);
    for path in questions.paths.iter().chain(&questions.executables) {
        let mut fact = path_fact(&tree, &mounted, path)?;
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
    if !tree.is_running_system() {
        assume_nodes(&mut facts);
    }
    Ok(facts)
}

/// Takes device nodes that are not there for character devices that will be:
/// an image's /dev is empty until its kernel has started, and what a policy
/// says of a node does not depend on when its driver is loaded.
pub fn assume_nodes(facts: &mut Facts) {
    const UNKNOWN: Node = Node {
        block: false,
        major: 0,
        minor: 0,
    };
    for (path, fact) in &mut facts.paths {
        let is_node = path.starts_with("/dev/") && !path.starts_with("/dev/shm/");
        if is_node && fact.kind == Kind::Absent {
            fact.kind = Kind::Device(UNKNOWN);
        }
    }
}

fn path_fact(
    tree: &Tree,
    mounted: &[Vec<machine::Mounted>],
    path: &str,
) -> Result<Path, FactsError> {
    let found = tree.look(path).map_err(|error| FactsError::Path {
        path: path.to_owned(),
        error,
    })?;
    let project_quota = mounted
        .iter()
        .any(|mounted| machine::project_quota(mounted, &found.resolved));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_that_is_not_there_yet_is_a_character_device() {
        let tree = testing::Scratch::new();
        let paths = ["/dev/fb0", "/dev/shm/x", "/etc/x"].map(str::to_owned);
        let questions = Questions {
            paths: paths.into(),
            ..Questions::default()
        };
        let facts = gather(&questions, tree.path()).unwrap();
        assert!(matches!(facts.paths["/dev/fb0"].kind, Kind::Device(node) if !node.block));
        assert_eq!(facts.paths["/dev/shm/x"].kind, Kind::Absent);
        assert_eq!(facts.paths["/etc/x"].kind, Kind::Absent);
    }
}
