//! What the parser could not go beyond, as one diagnostic.

use super::{MAX_DEPTH, MAX_NODES, first_tag};
use crate::diagnostic::{Diagnostic, Position};
use serde_yaml::Error;
use serde_yaml::budget::BudgetBreach;

pub(super) fn tagged(at: Position) -> Diagnostic {
    Diagnostic::error("tag", "the manifest language has no tags")
        .at(at)
        .label("a tag")
        .help("remove it; a text that looks like a number is quoted")
}

/// One diagnostic for what the parser could not go beyond.
pub(super) fn explain(error: &Error, source: &str) -> Box<Diagnostic> {
    let error = error.without_snippet();
    if let (Error::UnsupportedTag { .. }, Some(at)) = (error, first_tag(source)) {
        return Box::new(tagged(at));
    }
    let diagnostic = match error {
        Error::Budget { breach, .. } => breached(breach),
        Error::MultipleDocuments { .. } => {
            Diagnostic::error("documents", "a manifest is one YAML document")
                .help("remove the second `---` and what follows it")
        }
        Error::MergeKeyNotAllowed { .. } => {
            Diagnostic::error("merge-key", "the manifest language has no merge keys (`<<`)")
                .help("write the keys out")
        }
        Error::UnknownAnchor { .. } => {
            Diagnostic::error("anchor", "the manifest language has no anchors and aliases")
                .help("quote a text that begins with `*` or `&`, or write the value out")
        }
        Error::Eof { .. } => empty(),
        // The scanner's own bound on brackets has no variant of its own.
        other if first_line(other).starts_with("recursion limit exceeded") => too_deep(),
        other => Diagnostic::error("syntax", format!("not valid YAML: {}", first_line(other)))
            .help("nothing after a syntax error can be checked; further errors may follow once it is mended"),
    };
    let diagnostic = match error.location() {
        Some(location) if location.line() > 0 => diagnostic.at(Position::new(
            u32::try_from(location.line()).unwrap_or(u32::MAX),
            u32::try_from(location.column()).unwrap_or(u32::MAX).max(1),
            1,
        )),
        _ => diagnostic,
    };
    Box::new(diagnostic)
}

pub(super) fn empty() -> Diagnostic {
    Diagnostic::error("empty", "the manifest is empty")
        .help("begin with `cordon: 1` and `device: NAME`")
}

fn too_deep() -> Diagnostic {
    Diagnostic::error("depth", format!("nested deeper than {MAX_DEPTH} levels"))
        .help("the language itself needs eight levels")
}

fn breached(breach: &BudgetBreach) -> Diagnostic {
    match breach {
        BudgetBreach::Anchors { .. } | BudgetBreach::Aliases { .. } => {
            Diagnostic::error("anchor", "the manifest language has no anchors and aliases")
                .help("write the value out where it is needed")
        }
        BudgetBreach::Depth { .. } => too_deep(),
        BudgetBreach::Documents { .. } => {
            Diagnostic::error("documents", "a manifest is one YAML document")
                .help("remove the second `---` and what follows it")
        }
        BudgetBreach::Nodes { .. } | BudgetBreach::Events { .. } => {
            Diagnostic::error("size", format!("more than {MAX_NODES} values"))
                .help("a manifest describes one device")
        }
        other => Diagnostic::error("size", format!("larger than a manifest may be: {other:?}")),
    }
}

fn first_line(error: &Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or("");
    let line = match line.split_once("] ") {
        Some((_, rest)) if line.starts_with('[') => rest,
        _ => line,
    };
    line.chars().filter(|c| !c.is_control()).take(200).collect()
}
