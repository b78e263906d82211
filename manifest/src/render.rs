//! Diagnostics as text: `file:line:column`, the source line, a caret, what would be right.

use crate::diagnostic::{Diagnostic, Position, Severity};
use std::fmt::Write as _;

/// Characters of a source line that are shown; a longer one is cut around the caret.
const WIDTH: usize = 110;

/// Text of diagnostics for people, understandable without colour.
#[must_use]
pub fn render(diagnostics: &[Diagnostic], source: &str, file: &str, color: bool) -> String {
    let paint = Paint { color };
    let lines: Vec<&str> = source.lines().collect();
    let mut out = String::new();
    for (index, diagnostic) in diagnostics.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        one(&mut out, diagnostic, &lines, file, &paint);
    }
    out
}

fn one(out: &mut String, diagnostic: &Diagnostic, lines: &[&str], file: &str, paint: &Paint) {
    let (word, style) = match diagnostic.severity {
        Severity::Error => ("error", "1;31"),
        Severity::Warning => ("warning", "1;33"),
    };
    let head = paint.style(style, &format!("{word}[{}]", diagnostic.code));
    match diagnostic.span {
        Some(at) => {
            let _ = writeln!(
                out,
                "{file}:{}:{}: {head}: {}",
                at.line,
                at.column,
                plain(&diagnostic.message)
            );
            excerpt(
                out,
                at,
                '^',
                &diagnostic.label,
                lines,
                paint.color.then_some(style),
            );
        }
        None => {
            let _ = writeln!(out, "{file}: {head}: {}", plain(&diagnostic.message));
        }
    }
    for related in &diagnostic.related {
        excerpt(
            out,
            related.span,
            '-',
            &related.label,
            lines,
            paint.color.then_some("1;34"),
        );
    }
    if let Some(help) = &diagnostic.help {
        let _ = writeln!(out, "  = {} {}", paint.style("1", "help:"), plain(help));
    }
}

fn excerpt(
    out: &mut String,
    at: Position,
    mark: char,
    label: &str,
    lines: &[&str],
    style: Option<&str>,
) {
    let Some(line) = lines.get(at.line.saturating_sub(1) as usize) else {
        return;
    };
    let chars: Vec<char> = line.chars().collect();
    let column = (at.column.saturating_sub(1) as usize).min(chars.len());
    let from = if column > WIDTH * 2 / 3 {
        column - WIDTH / 3
    } else {
        0
    };
    let shown: String = chars
        .iter()
        .skip(from)
        .take(WIDTH)
        .map(|&c| if c.is_control() { ' ' } else { c })
        .collect();
    let room = WIDTH.saturating_sub(column - from).max(1);
    let len = (at.len as usize).clamp(1, room);
    let number = at.line.to_string();
    let _ = writeln!(
        out,
        "  {number} | {}{shown}",
        if from > 0 { "…" } else { "" }
    );
    let gap = " ".repeat(number.len());
    let indent = " ".repeat(column - from + usize::from(from > 0));
    let marks: String = std::iter::repeat_n(mark, len).collect();
    let text = if label.is_empty() {
        marks
    } else {
        format!("{marks} {}", plain(label))
    };
    let text = Paint {
        color: style.is_some(),
    }
    .style(style.unwrap_or(""), &text);
    let _ = writeln!(out, "  {gap} | {indent}{text}");
}

/// A manifest's text may hold terminal escapes: none reaches a terminal.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| {
            if c.is_control() && c != '\n' {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect()
}

struct Paint {
    color: bool,
}

impl Paint {
    fn style(&self, style: &str, text: &str) -> String {
        if self.color {
            format!("\u{1b}[{style}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}
