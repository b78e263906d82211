//! `cordon check`: all errors of a manifest at once.

use super::arguments::ManifestOptions;
use super::source::{Source, exit_of};
use super::{Exit, Failure, Style, print, print_json};
use cordon_manifest::{Diagnostic, Severity};
use serde::Serialize;

/// What `--json` prints.
#[derive(Serialize)]
struct Answer<'a> {
    file: String,
    valid: bool,
    diagnostics: &'a [Diagnostic],
}

/// Checks the manifest; with a root, against that target's facts too.
pub fn run(options: &ManifestOptions) -> Result<Exit, Failure> {
    let source = Source::read(&options.manifest)?;
    let (diagnostics, otherwise) = diagnostics(&source, options)?;
    let valid = !diagnostics.iter().any(|d| d.severity == Severity::Error);
    let exit = if valid {
        Exit::Success
    } else {
        exit_of(&diagnostics, otherwise)
    };
    if options.json {
        print_json(&Answer {
            file: source.name(),
            valid,
            diagnostics: &diagnostics,
        })?;
        return Ok(exit);
    }
    if !valid {
        let text = source.render(&diagnostics, Style::of_stderr());
        return Err(Failure::rendered(exit, text));
    }
    source.warn(&diagnostics);
    let against = match &options.root {
        Some(root) => format!(" and fits {}", root.display()),
        None => String::new(),
    };
    print(&format!(
        "{}: the manifest is valid{against}\n",
        source.name()
    ))?;
    Ok(exit)
}

/// What is to be said, and the exit code of an error that has none of its own:
/// whether the manifest or the target is to be mended.
fn diagnostics(
    source: &Source,
    options: &ManifestOptions,
) -> Result<(Vec<Diagnostic>, Exit), Failure> {
    let checked = match source.check() {
        Ok(checked) => checked,
        Err(report) => return Ok((report.diagnostics, Exit::ManifestInvalid)),
    };
    let mut found = checked.warnings;
    if let Some(root) = &options.root {
        let facts = crate::facts::gather(&checked.manifest.questions(), root)
            .map_err(|error| Failure::new(Exit::TargetMismatch, error.to_string()))?;
        match cordon_manifest::resolve(&checked.manifest, &facts) {
            Ok(resolved) => found.extend(resolved.warnings),
            Err(report) => found.extend(report.diagnostics),
        }
    }
    Ok((found, Exit::TargetMismatch))
}
