//! `cordon policy diff`: what a change of manifest changes in access.

use crate::cli::arguments::PolicyDiffOptions;
use crate::cli::source::Source;
use crate::cli::{Exit, Failure, Style, print, print_json};
use cordon_manifest::plan::Plan;
use cordon_policygen::{Difference, Direction, Policy, Target, generate};
use serde::Serialize;
use std::fmt::Write as _;
use std::path::Path;

/// What `--json` prints.
#[derive(Serialize)]
struct Answer<'a> {
    widens: bool,
    #[serde(flatten)]
    difference: &'a Difference,
}

/// One side of the comparison.
enum Side {
    /// A manifest's or a plan's.
    Plan(Box<(Plan, Policy)>),
    /// A module, and its assertions where they stand beside it.
    Module(String, Option<String>),
}

/// Compares; wider is an exit code of its own.
pub fn run(options: &PolicyDiffOptions) -> Result<Exit, Failure> {
    let root = options.root.as_deref().unwrap_or(Path::new("/"));
    let target = crate::cli::target::of(root, options.target.as_deref())?;
    let (old, new) = (
        side(&options.old, root, &target)?,
        side(&options.new, root, &target)?,
    );
    let difference = match (&old, &new) {
        (Side::Plan(old), Side::Plan(new)) => {
            Difference::of_plans((&old.0, &old.1), (&new.0, &new.1))
        }
        _ => Difference::of_modules(old.texts(), new.texts()),
    };
    let difference = difference.map_err(|error| Failure::new(Exit::PolicyRejected, error))?;
    if options.json {
        print_json(&Answer {
            widens: difference.widens(),
            difference: &difference,
        })?;
    } else {
        print(&text(&difference, Style::of_stdout()))?;
    }
    Ok(if difference.widens() {
        Exit::Wider
    } else {
        Exit::Success
    })
}

impl Side {
    fn texts(&self) -> (&str, Option<&str>) {
        match self {
            Self::Plan(both) => (&both.1.module, Some(&both.1.assertions)),
            Self::Module(module, assertions) => (module, assertions.as_deref()),
        }
    }
}

/// A module by its ending .cil, a plan by .json, else a manifest.
fn side(path: &Path, root: &Path, target: &Target) -> Result<Side, Failure> {
    let read = |path: &Path| {
        std::fs::read_to_string(path).map_err(|error| {
            Failure::new(
                Exit::ManifestUnreadable,
                format!("cannot read {}: {error}", path.display()),
            )
        })
    };
    let plan = match path.extension().and_then(|ending| ending.to_str()) {
        Some("cil") => {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            let assertions = path.with_file_name(format!("{name}-assertions.cil"));
            let assertions = assertions
                .is_file()
                .then(|| read(&assertions))
                .transpose()?;
            return Ok(Side::Module(read(path)?, assertions));
        }
        Some("json") => serde_json::from_str(&read(path)?).map_err(|error| {
            Failure::new(
                Exit::ManifestInvalid,
                format!("{} is no plan: {error}", path.display()),
            )
        })?,
        _ => {
            let source = Source::read(path)?;
            let resolved = source.resolve_for_policy(root)?;
            source.warn(&resolved.warnings);
            resolved.plan
        }
    };
    let policy = generate(&plan, target).map_err(|errors| {
        let lines: Vec<String> = errors
            .iter()
            .map(|error| format!("{}: {error}", path.display()))
            .collect();
        Failure::new(Exit::PolicyRejected, lines.join("\n  "))
    })?;
    Ok(Side::Plan(Box::new((plan, policy))))
}

fn text(difference: &Difference, style: Style) -> String {
    let mut text = String::new();
    if *difference == Difference::default() {
        return "no change in access\n".to_owned();
    }
    for renamed in &difference.renamed {
        let _ = writeln!(text, "renamed: {renamed}");
    }
    for (heading, direction) in [
        ("WIDER", Direction::Wider),
        ("narrower", Direction::Narrower),
    ] {
        let of = |changes: &[cordon_policygen::Change]| -> Vec<String> {
            let changes = changes
                .iter()
                .filter(|change| change.direction == direction);
            changes.map(|change| change.text.clone()).collect()
        };
        let (words, rules) = (of(&difference.words), of(&difference.rules));
        if words.is_empty() && rules.is_empty() {
            continue;
        }
        let heading = match direction {
            Direction::Wider => style.bad(heading),
            Direction::Narrower => style.strong(heading),
        };
        let _ = writeln!(text, "{heading}");
        for line in words {
            let _ = writeln!(text, "  {line}");
        }
        if !rules.is_empty() {
            let _ = writeln!(text, "  as rules:");
        }
        for line in rules {
            let _ = writeln!(text, "    {line}");
        }
    }
    if !difference.widens() {
        let _ = writeln!(text, "nothing is wider than before");
    }
    text
}
