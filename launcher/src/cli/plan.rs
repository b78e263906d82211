//! `cordon plan`: everything that was decided, and why.

use super::arguments::ManifestOptions;
use super::source::Source;
use super::{Exit, Failure, print, print_json};
use std::path::Path;

/// Shows the plan for the target at the root, by default this system.
pub fn run(options: &ManifestOptions) -> Result<Exit, Failure> {
    let source = Source::read(&options.manifest)?;
    let root = options.root.as_deref().unwrap_or(Path::new("/"));
    let resolved = source.resolve(root)?;
    source.warn(&resolved.warnings);
    if options.json {
        return print_json(&resolved.plan);
    }
    print(&cordon_manifest::show(&resolved.plan))
}
