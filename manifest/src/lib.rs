//! The manifest language: model, validation with source spans, resolution into a Plan.
//!
//! ```text
//! YAML --parse--> Manifest (what was written) --resolve, with Facts--> Plan (everything decided)
//! ```
//!
//! Both steps are pure: they read nothing, and two runs over the same input give
//! the same output. Both answer with every error at once, as values
//! ([`Diagnostic`]) that [`render`] turns into text with the line and a caret.
#![forbid(unsafe_code)]

mod accept;
mod check;
mod diagnostic;
pub mod facts;
mod keys;
mod lower;
pub mod model;
mod nearest;
pub mod plan;
mod read;
mod record;
mod render;
mod resolve;
mod roles;
mod scalar;
mod schema;
mod secrets;
mod show;
mod ucum;
mod value;
mod yaml;

pub use check::{is_broad, refusal};
pub use diagnostic::{At, Diagnostic, Position, Related, Report, Severity, Span};
pub use model::{Manifest, Questions};
pub use render::render;
pub use resolve::{Resolved, resolve};
pub use roles::{Role, role, roles};
pub use schema::{manifest_schema, role_schema};
pub use secrets::{Secret, secret};
pub use show::show;

use diagnostic::Sink;

/// A manifest without errors.
#[derive(Clone, Debug)]
pub struct Checked {
    /// What was written.
    pub manifest: Manifest,
    /// What is legal but unwise, and not accepted.
    pub warnings: Vec<Diagnostic>,
}

/// Reads and checks a manifest; `file` names it in messages, nothing is opened.
///
/// # Errors
/// Every error there is, in the order of the file. Input that is too large, no
/// UTF-8, no YAML, or built to exhaust the reader is one error that stands alone.
pub fn parse(source: &[u8], file: &str) -> Result<Checked, Report> {
    let alone = |diagnostic: Diagnostic| Report {
        file: file.to_owned(),
        diagnostics: vec![diagnostic],
    };
    let text = text(source).map_err(|diagnostic| alone(*diagnostic))?;
    let node = yaml::read(text).map_err(|diagnostic| alone(*diagnostic))?;
    let mut sink = Sink::default();
    let start = Position::new(node.at.line, node.at.column, 1);
    let fields = read::table(&node, &keys::MANIFEST, start, &mut sink);
    let manifest = fields.as_ref().map(|fields| {
        lower::pace(fields, &mut sink);
        lower::manifest(fields, file)
    });
    if let (Some(manifest), Some(fields)) = (&manifest, &fields) {
        let names: Vec<At<String>> = fields
            .named("components")
            .iter()
            .map(|(name, _)| name.clone())
            .collect();
        check::manifest(manifest, &names, &mut sink);
    }
    let failed = sink.has_errors();
    let diagnostics = sink.finish();
    match manifest {
        Some(manifest) if !failed => {
            let warnings = accept::filter(&manifest, diagnostics, accept::Stage::Check);
            Ok(Checked { manifest, warnings })
        }
        _ => Err(Report {
            file: file.to_owned(),
            diagnostics,
        }),
    }
}

/// The bounds that come before the parser.
fn text(source: &[u8]) -> Result<&str, Box<Diagnostic>> {
    if source.len() > yaml::MAX_BYTES {
        let message = format!(
            "{} bytes; a manifest has at most {}",
            source.len(),
            yaml::MAX_BYTES
        );
        return Err(Box::new(
            Diagnostic::error("size", message).help("is this a manifest?"),
        ));
    }
    let place = |offset: usize| {
        let before = &source[..offset.min(source.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let start = before
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        let column = String::from_utf8_lossy(&before[start..]).chars().count() + 1;
        Position::new(
            u32::try_from(line).unwrap_or(u32::MAX),
            u32::try_from(column).unwrap_or(u32::MAX),
            1,
        )
    };
    let text = std::str::from_utf8(source).map_err(|error| {
        let diagnostic = Diagnostic::error("encoding", "not UTF-8").at(place(error.valid_up_to()));
        Box::new(diagnostic.label("this byte").help("save the file as UTF-8"))
    })?;
    if let Some(offset) = text.find('\0') {
        let diagnostic = Diagnostic::error("encoding", "a NUL byte").at(place(offset));
        return Err(Box::new(
            diagnostic.label("here").help("is this a text file?"),
        ));
    }
    // YAML counts it as a line, editors do not: no place after it would be right.
    if let Some(offset) = lone_return(text) {
        let diagnostic = Diagnostic::error("encoding", "a carriage return without a line feed")
            .at(place(offset));
        return Err(Box::new(
            diagnostic.label("here").help("end lines with a line feed"),
        ));
    }
    Ok(text)
}

fn lone_return(text: &str) -> Option<usize> {
    text.match_indices('\r')
        .map(|(offset, _)| offset)
        .find(|offset| !text[offset + 1..].starts_with('\n'))
}
