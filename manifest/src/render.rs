//! Diagnostics as text: `file:line:column`, the source line, a caret, what would be right.

use crate::diagnostic::{Diagnostic, Position, Severity};
use std::fmt::Write as _;

/// Characters of a source line that are shown; a longer one is cut around the caret.
const WIDTH: usize = 110;

const BLUE: &str = "1;34";
const BOLD: &str = "1";
const RED: &str = "1;31";
const YELLOW: &str = "1;33";

/// Text of diagnostics for people, understandable without colour.
#[must_use]
pub fn render(diagnostics: &[Diagnostic], source: &str, file: &str, color: bool) -> String {
    let page = Page {
        lines: source.lines().collect(),
        file: plain(file),
        color,
    };
    let texts: Vec<String> = diagnostics
        .iter()
        .map(|diagnostic| page.one(diagnostic))
        .collect();
    texts.join("\n")
}

struct Page<'s> {
    lines: Vec<&'s str>,
    file: String,
    color: bool,
}

impl Page<'_> {
    fn one(&self, diagnostic: &Diagnostic) -> String {
        let (word, style) = match diagnostic.severity {
            Severity::Error => ("error", RED),
            Severity::Warning => ("warning", YELLOW),
        };
        let place = diagnostic
            .span
            .map_or_else(String::new, |at| format!(":{}:{}", at.line, at.column));
        let head = self.paint(style, &format!("{word}[{}]", diagnostic.code));
        let mut out = format!(
            "{}{place}: {head}: {}\n",
            self.file,
            plain(&diagnostic.message)
        );
        let spans = diagnostic
            .span
            .into_iter()
            .chain(diagnostic.related.iter().map(|related| related.span));
        let gutter = spans.map(|at| at.line.to_string().len()).max().unwrap_or(0);
        if let Some(at) = diagnostic.span {
            self.excerpt(&mut out, at, gutter, '^', &diagnostic.label, style);
        }
        for related in &diagnostic.related {
            self.excerpt(&mut out, related.span, gutter, '-', &related.label, BLUE);
        }
        if let Some(help) = &diagnostic.help {
            let _ = writeln!(
                out,
                "  {:gutter$} = {} {}",
                "",
                self.paint(BOLD, "help:"),
                plain(help)
            );
        }
        out
    }

    /// A source line with marks below it; `gutter` is the width of its number.
    fn excerpt(
        &self,
        out: &mut String,
        at: Position,
        gutter: usize,
        mark: char,
        label: &str,
        style: &str,
    ) {
        let Some(line) = self.lines.get(at.line.saturating_sub(1) as usize) else {
            return;
        };
        let chars: Vec<char> = line.chars().collect();
        let column = (at.column.saturating_sub(1) as usize).min(chars.len());
        let from = if column > WIDTH * 2 / 3 {
            column - WIDTH / 3
        } else {
            0
        };
        let cut = if from > 0 { "…" } else { "" };
        let shown: String = chars
            .iter()
            .skip(from)
            .take(WIDTH)
            .map(|&c| if hidden(c) { ' ' } else { c })
            .collect();
        let _ = writeln!(out, "  {:>gutter$} | {cut}{}", at.line, shown.trim_end());
        let len = (at.len as usize).clamp(1, WIDTH.saturating_sub(column - from).max(1));
        let marks: String = std::iter::repeat_n(mark, len).collect();
        let marks = if label.is_empty() {
            marks
        } else {
            format!("{marks} {}", plain(label))
        };
        let indent = column - from + cut.chars().count();
        let _ = writeln!(
            out,
            "  {:gutter$} | {:indent$}{}",
            "",
            "",
            self.paint(style, &marks)
        );
    }

    fn paint(&self, style: &str, text: &str) -> String {
        if self.color {
            format!("\u{1b}[{style}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Characters that a terminal obeys instead of showing: controls, and those that turn the
/// direction of writing (CVE-2021-42574).
fn hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A manifest's text may hold terminal escapes: none reaches a terminal.
pub(crate) fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if hidden(c) { '\u{fffd}' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(line: u32, column: u32, len: u32) -> Diagnostic {
        Diagnostic::error("name", "wrong")
            .at(Position::new(line, column, len))
            .label("here")
    }

    #[test]
    fn a_long_line_is_cut_around_the_caret() {
        let source = format!("{}x{}", "a".repeat(5000), "b".repeat(5000));
        let text = render(&[at(1, 5001, 4000)], &source, "m", false);
        assert!(
            text.lines().all(|line| line.chars().count() < 140),
            "{text}"
        );
        let mut lines = text.lines().skip(1);
        let x = lines
            .next()
            .and_then(|line| line.chars().position(|c| c == 'x'));
        let caret = lines
            .next()
            .and_then(|line| line.chars().position(|c| c == '^'));
        assert_eq!(x, caret);
    }

    #[test]
    fn escapes_of_a_manifest_reach_no_terminal() {
        let source = "device: \u{1b}[2J\u{202e}\n";
        let diagnostic =
            Diagnostic::error("name", "`\u{1b}[2J\u{202e}`").at(Position::new(1, 9, 5));
        let text = render(&[diagnostic], source, "m\u{7}", false);
        assert!(!text.chars().any(|c| c != '\n' && hidden(c)), "{text:?}");
    }

    #[test]
    fn a_place_outside_the_source_is_no_panic() {
        assert!(render(&[at(99, 99, 99), at(1, 99, u32::MAX)], "a", "m", true).contains("wrong"));
    }
}
