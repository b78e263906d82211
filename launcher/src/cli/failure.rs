//! Why a command did not do what was asked, and what would help.

use super::{Exit, Style};
use crate::policy::Mislabelled;
use std::fmt::Write as _;

/// A failure with its exit code.
#[derive(Debug)]
pub struct Failure {
    /// How the program ends.
    pub exit: Exit,
    /// What is wrong: one sentence, or rendered diagnostics that stand alone.
    pub message: String,
    /// What would help.
    pub help: Option<String>,
    /// Whether `message` is already complete text (diagnostics with carets).
    pub rendered: bool,
}

impl Failure {
    /// A failure in one sentence.
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            help: None,
            rendered: false,
        }
    }

    /// Files with wrong labels; none where there are none.
    pub fn mislabelled(files: &[Mislabelled]) -> Option<Self> {
        let texts: Vec<String> = files.iter().map(ToString::to_string).collect();
        let paths: Vec<&str> = files.iter().map(|one| one.path.as_str()).collect();
        let failure = Self::new(Exit::WrongLabel, texts.join("; "));
        (!files.is_empty()).then(|| failure.help(format!("restorecon -v {}", paths.join(" "))))
    }

    /// A failure that is a report of its own.
    pub fn rendered(exit: Exit, text: String) -> Self {
        Self {
            exit,
            message: text,
            help: None,
            rendered: true,
        }
    }

    /// Says what would help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The text without colours, in one line: for a log or a status.
    pub fn sentence(&self) -> String {
        if self.rendered {
            // What follows the first line stands under a column of it.
            let first = self.message.lines().next().unwrap_or_default();
            return first.to_owned();
        }
        let mut text = self.message.trim_end().replace('\n', " ");
        if let Some(help) = &self.help {
            let _ = write!(text, "; help: {help}");
        }
        text
    }

    /// The text for standard error.
    pub fn text(&self, style: Style) -> String {
        if self.rendered {
            return self.message.clone();
        }
        let mut text = format!("cordon: {} {}\n", style.bad("error:"), self.message);
        if let Some(help) = &self.help {
            let _ = writeln!(text, "  = {} {help}", style.strong("help:"));
        }
        text
    }
}
