//! A component's output as lines that are safe to show.

/// Bytes after which a line is cut: a component without newlines costs no memory.
pub const MAX_LINE: usize = 2048;

/// Bytes on their way to becoming lines.
#[derive(Debug, Default)]
pub struct Lines {
    rest: Vec<u8>,
}

impl Lines {
    /// Takes bytes, gives every line that is complete.
    pub fn push(&mut self, mut bytes: &[u8], mut each: impl FnMut(String)) {
        while !bytes.is_empty() {
            let room = MAX_LINE - self.rest.len();
            let end = bytes.iter().take(room + 1).position(|byte| *byte == b'\n');
            match end {
                Some(end) => {
                    self.rest.extend_from_slice(&bytes[..end]);
                    bytes = &bytes[end + 1..];
                    each(plain(&std::mem::take(&mut self.rest)));
                }
                None => {
                    let taken = room.min(bytes.len());
                    self.rest.extend_from_slice(&bytes[..taken]);
                    bytes = &bytes[taken..];
                    if self.rest.len() == MAX_LINE && !bytes.is_empty() {
                        each(plain(&std::mem::take(&mut self.rest)));
                    }
                }
            }
        }
    }

    /// What came without a newline before the end.
    pub fn finish(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.rest);
        (!rest.is_empty()).then(|| plain(&rest))
    }
}

/// Text without control characters: a component must not write to the
/// terminal of whoever reads its log.
pub fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let shown = |c: char| match c {
        '\t' => '\t',
        c if c.is_control() => '\u{fffd}',
        // Marks that reorder what stands beside them.
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => '\u{fffd}',
        c => c,
    };
    text.trim_end_matches('\r').chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        for chunk in chunks {
            lines.push(chunk, |line| found.push(line));
        }
        found.extend(lines.finish());
        found
    }

    #[test]
    fn lines_are_whole_however_they_came() {
        assert_eq!(lines(&[b"a\nb", b"c\r\n", b"\nd"]), ["a", "bc", "", "d"]);
    }

    #[test]
    fn an_endless_line_is_cut() {
        let endless = vec![b'x'; 3 * MAX_LINE + 5];
        let found = lines(&[&endless]);
        let lengths: Vec<usize> = found.iter().map(String::len).collect();
        assert_eq!(lengths, [MAX_LINE, MAX_LINE, MAX_LINE, 5]);
        let exact = [vec![b'y'; MAX_LINE], b"\n".to_vec()].concat();
        assert_eq!(lines(&[&exact]).len(), 1);
    }

    #[test]
    fn escapes_and_bad_utf8_do_not_reach_a_terminal() {
        let found = lines(&[b"\x1b[2Jhello\xff\n"]);
        assert_eq!(found, ["\u{fffd}[2Jhello\u{fffd}"]);
        assert_eq!(plain("a\u{202e}b".as_bytes()), "a\u{fffd}b");
    }
}
