//! `cordon policy scan`: the profile of a target, from the target's own policy.

use super::work::Work;
use crate::cli::arguments::PolicyScanOptions;
use crate::cli::{Exit, Failure, print};
use cordon_policygen::compile::Tools;
use cordon_policygen::store::{self, Found, Kind};
use cordon_policygen::{Described, Target, scan};
use std::path::{Path, PathBuf};

/// Version of the binary policy to compile for: what every kernel and compiler
/// from 5.14 and libsepol 3.3 on reads and writes.
const BINARY: u32 = 33;

/// Reads the policy and writes its profile.
pub fn run(options: &PolicyScanOptions) -> Result<Exit, Failure> {
    let failed = |error: String| Failure::new(Exit::PolicyStore, error);
    let tools_root = options.policy_root.as_deref();
    let tools = tools_root.map_or_else(Tools::host, Tools::within);
    let work = Work::new(tools_root.unwrap_or(Path::new("/")))
        .map_err(|error| failed(error.to_string()))?;
    let root = options.root.as_deref();
    let policy = match (&options.policy, root) {
        (Some(policy), _) => policy.clone(),
        (None, root) => store_of(root.unwrap_or(Path::new("/")))?,
    };
    let found = store::open(&tools, &policy, &options.disabled, work.path()).map_err(failed)?;
    let contexts = contexts(options, &found).ok_or_else(|| {
        Failure::new(
            Exit::Usage,
            format!("no file contexts are beside {}", policy.display()),
        )
        .help("--contexts FILE names the policy's file_contexts")
    })?;
    let said = store::labels(&tools, &contexts).map_err(failed)?;
    let described = Described {
        name: options.name.clone(),
        base: options.base.clone(),
        about: options.note.clone(),
        libsepol: options.libsepol.clone(),
        binary: BINARY,
        disabled: found.disabled.clone(),
        labels: said.labels,
        exact: said.exact,
        patterns: said.patterns,
    };
    let profile = scan(&found.base, &described);
    // What is written is what generation can read.
    Target::parse(&profile).map_err(|error| failed(error.to_string()))?;
    say(options, &found);
    match &options.output {
        None => print(&profile),
        Some(path) => {
            std::fs::write(path, profile).map_err(|error| {
                Failure::new(
                    Exit::Internal,
                    format!("cannot write {}: {error}", path.display()),
                )
            })?;
            print(&format!("wrote {}\n", path.display()))
        }
    }
}

/// On standard error: the profile may go to standard output.
fn say(options: &PolicyScanOptions, found: &Found) {
    eprintln!("cordon: scanned {}", found.place);
    if found.kind == Kind::Binary {
        eprintln!(
            "cordon: a binary has no record of what its attributes leave out: what every domain gets is read \
             from those who are in `domain` today; a module store says it exactly"
        );
    }
    if options.libsepol.is_none() {
        eprintln!(
            "cordon: no --libsepol, so no deny rules: what the base policy gives every domain will stay"
        );
    }
}

/// The module store of a tree (selinux_config(5)).
fn store_of(root: &Path) -> Result<PathBuf, Failure> {
    let config = root.join("etc/selinux/config");
    let unreadable = |error: std::io::Error| {
        Failure::new(Exit::PolicyStore, format!("{}: {error}", config.display())).help(
            "cordon policy scan POLICY names a binary policy, a module store or packaged modules",
        )
    };
    let text = std::fs::read_to_string(&config).map_err(unreadable)?;
    let kind = text
        .lines()
        .find_map(|line| line.strip_prefix("SELINUXTYPE="));
    let kind = kind.map(str::trim).unwrap_or("targeted");
    Ok(root.join("var/lib/selinux").join(kind))
}

fn contexts(options: &PolicyScanOptions, found: &Found) -> Option<PathBuf> {
    options.contexts.clone().or_else(|| found.contexts.clone())
}
