//! Reading and writing CIL, the common intermediate language of SELinux
//! policies (<https://github.com/SELinuxProject/selinux/tree/main/secilc/docs>).

use std::borrow::Cow;

/// An S-expression of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expression<'a> {
    /// A symbol, or the inside of a quoted string.
    Atom(&'a str),
    /// A parenthesised list.
    List(Vec<Expression<'a>>),
}

impl<'a> Expression<'a> {
    /// The atom, if it is one.
    pub(crate) fn atom(&self) -> Option<&'a str> {
        match self {
            Self::Atom(text) => Some(text),
            Self::List(_) => None,
        }
    }

    /// The elements; none for an atom.
    pub(crate) fn list(&self) -> &[Self] {
        match self {
            Self::Atom(_) => &[],
            Self::List(elements) => elements,
        }
    }
}

/// Parses a policy's text. The nesting may be any depth: it is kept on a stack
/// of its own. A parenthesis too many or too few is an error naming the line.
pub(crate) fn parse(text: &str) -> Result<Vec<Expression<'_>>, String> {
    let mut stack: Vec<Vec<Expression<'_>>> = vec![Vec::new()];
    let bytes = text.as_bytes();
    let (mut at, mut line) = (0, 1);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\n' => {
                line += 1;
                at += 1;
            }
            byte if byte.is_ascii_whitespace() => at += 1,
            b';' => at = end(bytes, at, |b| b == b'\n'),
            b'(' => {
                stack.push(Vec::new());
                at += 1;
            }
            b')' => {
                let list = stack.pop().unwrap_or_default();
                let Some(parent) = stack.last_mut() else {
                    return Err(format!("line {line}: a closing parenthesis too many"));
                };
                parent.push(Expression::List(list));
                at += 1;
            }
            b'"' => {
                let close = end(bytes, at + 1, |b| b == b'"' || b == b'\n');
                if bytes.get(close) != Some(&b'"') {
                    return Err(format!("line {line}: a string that does not end"));
                }
                push(&mut stack, &text[at + 1..close]);
                at = close + 1;
            }
            _ => {
                let stop = end(bytes, at, |b| {
                    b.is_ascii_whitespace() || matches!(b, b'(' | b')' | b'"' | b';')
                });
                push(&mut stack, &text[at..stop]);
                at = stop;
            }
        }
    }
    match stack.pop() {
        Some(top) if stack.is_empty() => Ok(top),
        _ => Err(format!("line {line}: a closing parenthesis is missing")),
    }
}

fn push<'a>(stack: &mut [Vec<Expression<'a>>], atom: &'a str) {
    if let Some(top) = stack.last_mut() {
        top.push(Expression::Atom(atom));
    }
}

fn end(bytes: &[u8], from: usize, stop: impl Fn(u8) -> bool) -> usize {
    bytes[from..]
        .iter()
        .position(|&b| stop(b))
        .map_or(bytes.len(), |n| from + n)
}

/// Text that may stand in a comment: printable, on one line, and never the
/// start of one of CIL's line marks (`;;*`), which the caller's space prevents.
pub(crate) fn comment(text: &str) -> Cow<'_, str> {
    if text.contains(char::is_control) {
        Cow::Owned(text.replace(char::is_control, "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// A path as a file context's regular expression that matches it alone.
/// Whatever is no plain character is written as `\xHH`, which leaves nothing
/// that could end the string, the line or the field it stands in.
pub(crate) fn path_expression(path: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z'
            | b'A'..=b'Z'
            | b'0'..=b'9'
            | b'/'
            | b'_'
            | b'-'
            | b','
            | b':'
            | b'@'
            | b'%'
            | b'='
            | b'~' => out.push(char::from(byte)),
            b'.' | b'+' => {
                out.push('\\');
                out.push(char::from(byte));
            }
            _ => {
                let _ = write!(out, "\\x{byte:02X}");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_keeps_lists_strings_and_drops_comments() {
        let parsed = parse("; x (\n(a (b \"c d\") ()) e").unwrap();
        assert_eq!(parsed.len(), 2);
        assert_eq!(parsed[0].list()[1].list()[1].atom(), Some("c d"));
        assert_eq!(parsed[1].atom(), Some("e"));
    }

    #[test]
    fn parse_unbalanced_names_the_line() {
        assert_eq!(
            parse("(a\n(b)").unwrap_err(),
            "line 2: a closing parenthesis is missing"
        );
        assert_eq!(
            parse("(a)\n)").unwrap_err(),
            "line 2: a closing parenthesis too many"
        );
        assert_eq!(
            parse("(\"a").unwrap_err(),
            "line 1: a string that does not end"
        );
    }

    #[test]
    fn path_expression_leaves_nothing_special() {
        assert_eq!(path_expression("/a.b+c"), "/a\\.b\\+c");
        assert_eq!(
            path_expression("/a\" any (b)\n*é"),
            "/a\\x22\\x20any\\x20\\x28b\\x29\\x0A\\x2A\\xC3\\xA9"
        );
    }
}
