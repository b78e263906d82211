//! Colours, on a terminal only and never against NO_COLOR (no-color.org).

use std::io::IsTerminal as _;

/// Whether text is coloured. Every text is understandable without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    color: bool,
}

impl Style {
    /// What standard output wants.
    pub fn of_stdout() -> Self {
        Self::of(std::io::stdout().is_terminal())
    }

    /// What standard error wants.
    pub fn of_stderr() -> Self {
        Self::of(std::io::stderr().is_terminal())
    }

    /// For a terminal, or for what is none.
    pub fn of(terminal: bool) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        Self {
            color: terminal && !refused && !dumb,
        }
    }

    /// Whether there is colour.
    pub const fn is_colored(self) -> bool {
        self.color
    }

    /// Something absent, different or failed.
    pub fn bad(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    /// Something proved or running.
    pub fn good(self, text: &str) -> String {
        self.paint("32", text)
    }

    /// Something to look at.
    pub fn warn(self, text: &str) -> String {
        self.paint("33", text)
    }

    /// A heading.
    pub fn strong(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// An aside.
    pub fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.color {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }
}
