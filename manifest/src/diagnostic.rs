//! Diagnostics as values: what is wrong, where, and what would be right.
//!
//! Their text form is made by [`crate::render`]; nothing here knows of a terminal.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A place in a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Characters to underline, at least 1, within the line.
    pub len: u32,
}

impl Position {
    /// A place of `len` characters.
    #[must_use]
    pub const fn new(line: u32, column: u32, len: u32) -> Self {
        Self { line, column, len }
    }
}

/// The name other parts use for a place.
pub type Span = Position;

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub at: Position,
}

impl<T> At<T> {
    /// A value at a place.
    pub const fn new(value: T, at: Position) -> Self {
        Self { value, at }
    }
}

/// Whether a manifest with it is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Refused.
    Error,
    /// Legal but unwise; silenced by `accept:` with a reason.
    Warning,
}

/// A second place that explains the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Related {
    /// Where.
    pub span: Position,
    /// What stands there.
    pub label: String,
}

/// One error or warning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// Stable name, `[a-z-]+`; the name `accept:` takes for a warning.
    pub code: &'static str,
    /// What is wrong, one sentence without a full stop.
    pub message: String,
    /// Where; none for what concerns the whole file.
    pub span: Option<Position>,
    /// What to write under the caret.
    pub label: String,
    /// What would be right.
    pub help: Option<String>,
    /// Other places that explain it.
    pub related: Vec<Related>,
    /// Component or channel it concerns, for `accept:`.
    pub subject: Option<String>,
}

impl Diagnostic {
    /// An error without a place yet.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// A warning without a place yet.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity,
            code,
            message: message.into(),
            span: None,
            label: String::new(),
            help: None,
            related: Vec::new(),
            subject: None,
        }
    }

    /// Says where.
    #[must_use]
    pub const fn at(mut self, span: Position) -> Self {
        self.span = Some(span);
        self
    }

    /// Says what to write under the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Says what would be right.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds a second place.
    #[must_use]
    pub fn related(mut self, span: Position, label: impl Into<String>) -> Self {
        self.related.push(Related {
            span,
            label: label.into(),
        });
        self
    }

    /// Names the component or channel it concerns.
    #[must_use]
    pub fn subject(mut self, name: impl Into<String>) -> Self {
        self.subject = Some(name.into());
        self
    }
}

/// Why a manifest is refused: every error found, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The manifest's name, as given to [`crate::parse`].
    pub file: String,
    /// Errors first by place, warnings among them.
    pub diagnostics: Vec<Diagnostic>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.diagnostics.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{}:", self.file)?;
            if let Some(span) = diagnostic.span {
                write!(f, "{}:{}:", span.line, span.column)?;
            }
            write!(f, " {}", diagnostic.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for Report {}

/// Most diagnostics reported at once; past it, reading on helps nobody.
const MAX_REPORTED: usize = 100;
/// Most diagnostics kept at all; a hostile manifest could make more.
const MAX_KEPT: usize = 1000;

/// Where checks put what they find.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    found: Vec<Diagnostic>,
    failed: bool,
    dropped: usize,
}

impl Sink {
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.failed |= diagnostic.severity == Severity::Error;
        if self.is_full() {
            self.dropped += 1;
        } else {
            self.found.push(diagnostic);
        }
    }

    pub(crate) const fn has_errors(&self) -> bool {
        self.failed
    }

    /// Whether a further diagnostic is not worth much work.
    pub(crate) const fn is_full(&self) -> bool {
        self.found.len() >= MAX_KEPT
    }

    /// Everything in the order of the file, cut off at a bound.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|d| (d.span.is_none(), d.span));
        self.found.dedup();
        if self.found.len() > MAX_REPORTED {
            // Errors must not be cut off by warnings.
            self.found.sort_by_key(|d| d.severity);
            let more = self.found.len() - MAX_REPORTED + self.dropped;
            self.found.truncate(MAX_REPORTED);
            // What is left out of a report with errors is an error too.
            let message = format!("and {more} more");
            let rest = if self.failed {
                Diagnostic::error("more", message)
            } else {
                Diagnostic::warning("more", message)
            };
            self.found.push(rest);
        }
        self.found
    }
}
