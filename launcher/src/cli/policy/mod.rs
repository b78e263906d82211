//! `cordon policy`: a device's SELinux module, written, installed, removed,
//! explained and compared.

mod agree;
mod build;
mod declared;
mod diff;
mod explain;
mod in_use;
mod install;
mod labels;
mod memory;
mod prove;
mod remove;
mod rest;
mod scan;
mod sets;
mod store;
mod tools;
mod work;

pub use build::run as build;
pub use diff::run as diff;
pub use explain::run as explain;
pub use install::run as install;
pub use remove::run as remove;
pub use scan::run as scan;

use super::source::{Resolved, Source};
use super::{Exit, Failure};
use cordon_policygen::{Policy, Target, generate};
use std::path::Path;

/// A device's policy for a target, and the Plan it follows from.
struct Generated {
    resolved: Resolved,
    target: Target,
    policy: Policy,
}

impl Generated {
    /// Reads the manifest, decides by the facts of `root`, and generates for the
    /// target that is named or that the tree says it is. Says warnings.
    fn new(manifest: &Path, root: &Path, target: Option<&str>) -> Result<Self, Failure> {
        let source = Source::read(manifest)?;
        let resolved = source.resolve_for_policy(root)?;
        source.warn(&resolved.warnings);
        let target = super::target::of(root, target)?;
        let policy = generate(&resolved.plan, &target).map_err(|errors| {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            Failure::new(Exit::PolicyRejected, lines.join("\n  "))
        })?;
        Ok(Self {
            resolved,
            target,
            policy,
        })
    }

    fn device(&self) -> &str {
        &self.resolved.plan.device
    }
}
