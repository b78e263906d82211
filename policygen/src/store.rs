//! Finding a base policy where a system keeps it: a binary, a module store,
//! packaged modules, or CIL files.

use crate::base::Base;
use crate::compile::{BaseModules, Tools};
use crate::scan::{NODES, SHARED, exact, patterns};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// First bytes of a binary policy.
const BINARY: [u8; 4] = 0xf97c_ff8c_u32.to_le_bytes();

/// What kind of thing a base policy was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Source, which says everything.
    Source,
    /// A binary, which no longer says what attributes leave out.
    Binary,
}

/// A base policy that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// What it says.
    pub base: Base,
    /// What it was read from.
    pub kind: Kind,
    /// Where it was, in words.
    pub place: String,
    /// Modules left out because the store has them disabled, sorted.
    pub disabled: Vec<String>,
    /// Its file contexts, where they are beside it.
    pub contexts: Option<PathBuf>,
}

/// Reads the policy at `path`, leaving out `disabled` modules and Cordon's own.
/// `work` is a directory of the caller's, below the tools' root, where modules
/// are unpacked.
pub fn open(tools: &Tools, path: &Path, disabled: &[String], work: &Path) -> Result<Found, String> {
    let said = |error: std::io::Error| format!("{}: {error}", path.display());
    let metadata = fs::metadata(path).map_err(said)?;
    if metadata.is_file() {
        let content = fs::read(path).map_err(said)?;
        if content.starts_with(&BINARY) {
            let beside = path.parent().and_then(Path::parent);
            let contexts = beside.map(|root| root.join("contexts/files/file_contexts"));
            return Ok(Found {
                base: Base::from_binary(&content)
                    .map_err(|error| format!("{}: {error}", path.display()))?,
                kind: Kind::Binary,
                place: format!("the binary {}", path.display()),
                disabled: disabled.to_vec(),
                contexts: contexts.filter(|contexts| contexts.is_file()),
            });
        }
        return modules(
            &[path.to_owned()],
            disabled.to_vec(),
            format!("{}", path.display()),
            None,
            tools,
        );
    }
    let active = path.join("active");
    if active.join("modules").is_dir() {
        return store(tools, &active, disabled);
    }
    let names = names_in(path)?;
    let ends = |name: &str, ending: &str| Path::new(name).extension().is_some_and(|e| e == ending);
    if names
        .iter()
        .any(|name| name.ends_with(".pp") || name.ends_with(".pp.bz2"))
    {
        let unpacked = tools.unpack(path, disabled, work).map_err(said)?;
        let files = match unpacked {
            BaseModules::Unpacked(files) => files,
            BaseModules::Absent { tool } => {
                return Err(format!("{tool} is not there, to unpack {}", path.display()));
            }
        };
        let place = format!("the packaged modules in {}", path.display());
        return modules(&files, disabled.to_vec(), place, None, tools);
    }
    let files: Vec<PathBuf> = names
        .iter()
        .filter(|name| ends(name, "cil"))
        .filter(|name| {
            !disabled
                .iter()
                .any(|module| name.strip_suffix(".cil") == Some(module))
        })
        .map(|name| path.join(name))
        .collect();
    if files.is_empty() {
        return Err(format!(
            "{} holds no policy: a module store has active/modules, packages have *.pp or *.cil",
            path.display()
        ));
    }
    let place = format!("the modules in {}", path.display());
    modules(&files, disabled.to_vec(), place, None, tools)
}

/// The modules of a store: of each name the one of the highest priority, and
/// none that is disabled (libsemanage: `active/modules/PRIORITY/NAME/cil`,
/// a priority in three digits).
fn store(tools: &Tools, active: &Path, disabled: &[String]) -> Result<Found, String> {
    let root = active.join("modules");
    let mut disabled: BTreeSet<String> = disabled.iter().cloned().collect();
    let off = root.join("disabled");
    if off.is_dir() {
        disabled.extend(names_in(&off)?);
    }
    let mut priorities: Vec<u32> = names_in(&root)?
        .iter()
        .filter_map(|name| name.parse().ok())
        .collect();
    priorities.sort_unstable();
    let mut newest: BTreeMap<String, PathBuf> = BTreeMap::new();
    for priority in priorities {
        let directory = root.join(format!("{priority:03}"));
        for name in names_in(&directory)? {
            let path = directory.join(&name).join("cil");
            newest.insert(name, path);
        }
    }
    let files: Vec<PathBuf> = newest
        .into_iter()
        .filter(|(name, _)| !disabled.contains(name) && !is_ours(name))
        .map(|(_, path)| path)
        .collect();
    let contexts = active.join("file_contexts");
    modules(
        &files,
        disabled.into_iter().collect(),
        format!("the module store {}", active.display()),
        Some(contexts).filter(|contexts| contexts.is_file()),
        tools,
    )
}

/// Whether a module is one of Cordon's, which are no part of a base policy.
fn is_ours(module: &str) -> bool {
    module == "cordon" || module.starts_with("cordon_")
}

fn modules(
    files: &[PathBuf],
    disabled: Vec<String>,
    place: String,
    contexts: Option<PathBuf>,
    tools: &Tools,
) -> Result<Found, String> {
    let mut texts = Vec::new();
    for file in files {
        let said = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
        let content = tools.unzipped(file).map_err(|error| said(&error))?;
        let content = content.ok_or_else(|| said(&"it is compressed and bzip2 is not there"))?;
        texts.push(String::from_utf8(content).map_err(|error| said(&error))?);
    }
    Ok(Found {
        base: Base::from_source(&texts)?,
        kind: Kind::Source,
        place: format!("{place} ({} modules)", files.len()),
        disabled,
        contexts,
    })
}

/// Types by path.
pub type Labelled = BTreeMap<String, String>;

/// What a target's file contexts say, as [`Described`](crate::Described) takes it.
#[derive(Clone, Debug, Default)]
pub struct Contexts {
    /// Types of the paths that [`SHARED`] and [`NODES`] name.
    pub labels: Labelled,
    /// Types of the paths that are named exactly.
    pub exact: Labelled,
    /// All expressions, with their types.
    pub patterns: Vec<(String, String)>,
}

/// Reads file contexts; Cordon's own, which are no part of a base policy, are
/// left out of what is named exactly.
pub fn labels(tools: &Tools, contexts: &Path) -> Result<Contexts, String> {
    let said = |error: std::io::Error| format!("{}: {error}", contexts.display());
    let mut labels = Labelled::new();
    for (path, kind) in SHARED.iter().chain(&NODES) {
        if let Some(label) = tools.label(contexts, path, *kind).map_err(said)? {
            labels.insert((*path).to_owned(), label);
        }
    }
    let text = fs::read_to_string(contexts).map_err(said)?;
    let mut exact = exact(&text);
    exact.retain(|_, label| !is_ours(label));
    Ok(Contexts {
        labels,
        exact,
        patterns: patterns(&text),
    })
}

/// Names in a directory, sorted.
fn names_in(directory: &Path) -> Result<Vec<String>, String> {
    let said = |error: std::io::Error| format!("{}: {error}", directory.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(said)? {
        if let Ok(name) = entry.map_err(said)?.file_name().into_string() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_of_any_priority_is_read_as_libsemanage_writes_it() {
        let active = std::env::temp_dir().join(format!("cordon-store-{}", std::process::id()));
        let put = |place: &str, text: &str| {
            let module = active.join("modules").join(place);
            fs::create_dir_all(&module).unwrap();
            fs::write(module.join("cil"), text).unwrap();
        };
        put("100/one", "(type one_t)");
        put("050/one", "(type hidden_t)");
        put("050/two", "(type two_t)");
        let found = store(&Tools::host(), &active, &[]);
        fs::remove_dir_all(&active).unwrap();
        let types = found.unwrap().base.types;
        assert!(types.contains("one_t") && types.contains("two_t"));
        assert!(!types.contains("hidden_t"));
    }
}
