//! The expressions of file contexts, as far as it must be known which paths
//! they can match: not what a path's label is, which libselinux decides.

/// An expression of a `file_contexts` text; it matches a path as a whole.
#[derive(Clone, Debug)]
pub struct Pattern {
    literal: String,
    /// States of an automaton; none where the expression has something that is
    /// not understood, and so may match whatever begins with `literal`.
    states: Option<Vec<State>>,
    start: usize,
}

#[derive(Clone, Debug)]
enum State {
    /// A byte out of these, then on.
    Byte(Box<[bool; 256]>, usize),
    /// On to either.
    Either(usize, usize),
    End,
}

/// A part of an expression.
#[derive(Clone)]
enum Part {
    Byte(Box<[bool; 256]>),
    All(Vec<Part>),
    Any(Vec<Part>),
    /// At least so often, at most so often or without end.
    Times(Box<Part>, usize, Option<usize>),
}

/// A repetition that would make an automaton too large is not understood.
const MOST: usize = 64;

impl Pattern {
    /// Reads an expression. Whatever it is, there is a pattern that matches no
    /// less.
    #[must_use]
    pub fn new(expression: &str) -> Self {
        let mut reader = Reader {
            bytes: expression.as_bytes(),
            at: 0,
        };
        let part = reader.any().filter(|_| reader.at == expression.len());
        let literal = match &part {
            // What no part stands for has no certain beginning.
            None if expression.contains('|') => String::new(),
            None => beginning(expression),
            Some(_) => literal(expression),
        };
        let mut states = vec![State::End];
        let start = part.as_ref().map_or(0, |part| add(part, 0, &mut states));
        Self {
            literal,
            states: part.map(|_| states),
            start,
        }
    }

    /// What every match begins with.
    #[must_use]
    pub fn literal(&self) -> &str {
        &self.literal
    }

    /// Whether it may match this path.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        if !path.starts_with(&self.literal) {
            return false;
        }
        let Some(states) = &self.states else {
            return true;
        };
        let reached = self.after(path, states);
        reached.iter().any(|at| matches!(states[*at], State::End))
    }

    /// Whether it may match something below this path.
    #[must_use]
    pub fn matches_below(&self, path: &str) -> bool {
        let below = format!("{path}/");
        if !below.starts_with(&self.literal) && !self.literal.starts_with(&below) {
            return false;
        }
        // From every state an end can be reached: no part is without a match.
        let Some(states) = &self.states else {
            return true;
        };
        let reached = self.after(&below, states);
        reached
            .iter()
            .any(|at| matches!(states[*at], State::Byte(..)))
    }

    /// The states that are reached by a text's bytes.
    fn after(&self, text: &str, states: &[State]) -> Vec<usize> {
        let mut reached = Vec::new();
        follow(self.start, states, &mut reached);
        for byte in text.bytes() {
            let mut next = Vec::new();
            for at in &reached {
                if let State::Byte(set, on) = &states[*at]
                    && set[usize::from(byte)]
                {
                    follow(*on, states, &mut next);
                }
            }
            reached = next;
            if reached.is_empty() {
                break;
            }
        }
        reached
    }
}

/// Adds a state and all that follow it without a byte.
fn follow(from: usize, states: &[State], reached: &mut Vec<usize>) {
    let mut all = vec![from];
    let mut passed = Vec::new();
    while let Some(at) = all.pop() {
        match states[at] {
            State::Either(one, other) => {
                if !passed.contains(&at) {
                    passed.push(at);
                    all.extend([one, other]);
                }
            }
            _ if reached.contains(&at) => {}
            _ => reached.push(at),
        }
    }
}

/// Adds the states of a part in front of `on`; gives the first.
fn add(part: &Part, on: usize, states: &mut Vec<State>) -> usize {
    let push = |state, states: &mut Vec<State>| {
        states.push(state);
        states.len() - 1
    };
    match part {
        Part::Byte(set) => push(State::Byte(set.clone(), on), states),
        Part::All(parts) => parts
            .iter()
            .rev()
            .fold(on, |on, part| add(part, on, states)),
        Part::Any(parts) => {
            let mut first = None;
            for part in parts {
                let one = add(part, on, states);
                first = Some(first.map_or(one, |other| push(State::Either(one, other), states)));
            }
            first.unwrap_or(on)
        }
        Part::Times(part, least, most) => {
            let mut on = on;
            match most {
                Some(most) => {
                    for _ in *least..*most {
                        let one = add(part, on, states);
                        on = push(State::Either(one, on), states);
                    }
                }
                None => {
                    let again = push(State::Either(on, on), states);
                    let one = add(part, again, states);
                    states[again] = State::Either(one, on);
                    on = again;
                }
            }
            (0..*least).fold(on, |on, _| add(part, on, states))
        }
    }
}

/// What every match of an expression that is understood begins with.
fn literal(expression: &str) -> String {
    let mut depth = 0_u32;
    let mut escaped = false;
    for character in expression.chars() {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            '|' if depth == 0 => return String::new(),
            _ => {}
        }
    }
    beginning(expression)
}

/// The literal beginning of an expression without `|`.
fn beginning(expression: &str) -> String {
    let mut literal = String::new();
    let mut characters = expression.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some(next) if !next.is_ascii_alphanumeric() => literal.push(next),
                _ => break,
            },
            '?' | '*' | '{' => {
                literal.pop();
                break;
            }
            '.' | '^' | '$' | '+' | '[' | ']' | '|' | '(' | ')' => break,
            character => literal.push(character),
        }
    }
    literal
}

struct Reader<'e> {
    bytes: &'e [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn skips(&mut self, byte: u8) -> bool {
        let is = self.peek() == Some(byte);
        self.at += usize::from(is);
        is
    }

    /// `a|b`; ends before a closing parenthesis. None: not understood.
    fn any(&mut self) -> Option<Part> {
        let mut parts = vec![self.all()?];
        while self.skips(b'|') {
            parts.push(self.all()?);
        }
        Some(Part::Any(parts))
    }

    fn all(&mut self) -> Option<Part> {
        let mut parts = Vec::new();
        while !matches!(self.peek(), None | Some(b'|' | b')')) {
            let part = self.one()?;
            parts.push(self.repeated(part)?);
        }
        Some(Part::All(parts))
    }

    fn repeated(&mut self, part: Part) -> Option<Part> {
        let (least, most) = match self.peek() {
            Some(b'*') => (0, None),
            Some(b'+') => (1, None),
            Some(b'?') => (0, Some(1)),
            Some(b'{') => {
                self.at += 1;
                let least = self.number()?;
                let most = if self.skips(b',') {
                    (self.peek() != Some(b'}')).then(|| self.number())
                } else {
                    Some(Some(least))
                };
                let most = match most {
                    None => None,
                    Some(most) => Some(most?),
                };
                if self.peek() != Some(b'}') || most.is_some_and(|most| most < least) {
                    return None;
                }
                (least, most)
            }
            _ => return Some(part),
        };
        self.at += 1;
        // Greedy, lazy or possessive: which text is taken changes no match but
        // for the last, and less would be matched then.
        if !self.skips(b'?') {
            self.skips(b'+');
        }
        Some(Part::Times(Box::new(part), least, most))
    }

    fn number(&mut self) -> Option<usize> {
        let mut number = None;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            self.at += 1;
            number = Some(number.unwrap_or(0) * 10 + usize::from(digit - b'0'));
            if number > Some(MOST) {
                return None;
            }
        }
        number
    }

    fn one(&mut self) -> Option<Part> {
        let byte = match self.next()? {
            b'(' => {
                if self.skips(b'?') && !self.skips(b':') {
                    return None;
                }
                let part = self.any()?;
                return self.skips(b')').then_some(part);
            }
            b'.' => {
                let mut set = Box::new([true; 256]);
                set[usize::from(b'\n')] = false;
                return Some(Part::Byte(set));
            }
            b'[' => return self.class(),
            b'\\' => self.next().filter(|byte| !byte.is_ascii_alphanumeric())?,
            // An end is where it is anyway; elsewhere it is not understood.
            b'$' if self.peek().is_none() => return Some(Part::All(Vec::new())),
            b'^' if self.at == 1 => return Some(Part::All(Vec::new())),
            b'*' | b'+' | b'?' | b'{' | b'^' | b'$' => return None,
            byte => byte,
        };
        let mut set = Box::new([false; 256]);
        set[usize::from(byte)] = true;
        Some(Part::Byte(set))
    }

    fn class(&mut self) -> Option<Part> {
        let but = self.skips(b'^');
        let mut set = Box::new([but; 256]);
        let begin = self.at;
        loop {
            let mut byte = self.next()?;
            match byte {
                b']' if self.at > begin + 1 => break,
                // Named classes.
                b'[' if self.peek() == Some(b':') => return None,
                b'\\' => byte = self.next().filter(|byte| !byte.is_ascii_alphanumeric())?,
                _ => {}
            }
            let mut last = byte;
            if self.peek() == Some(b'-') && self.bytes.get(self.at + 1).is_some_and(|b| *b != b']')
            {
                self.at += 1;
                last = self.next()?;
                if last == b'\\' || last < byte {
                    return None;
                }
            }
            for byte in byte..=last {
                set[usize::from(byte)] = !but;
            }
        }
        Some(Part::Byte(set))
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn a_path_is_matched_as_a_whole() {
        for (expression, is, is_not) in [
            ("/etc/shadow.*", "/etc/shadow-", "/etc/shado"),
            ("/etc/audit(/.*)?", "/etc/audit", "/etc/auditd"),
            ("/etc/audit(/.*)?", "/etc/audit/a/b", "/etc/audi"),
            (
                "/etc/selinux/([^/]*/)?policy(/.*)?",
                "/etc/selinux/default/policy/policy.33",
                "/etc/selinux/a/b/policy",
            ),
            (
                "/etc/selinux/([^/]*/)?policy(/.*)?",
                "/etc/selinux/policy",
                "/etc/selinux/policyx",
            ),
            ("/etc/krb5\\.keytab", "/etc/krb5.keytab", "/etc/krb5-keytab"),
            ("/dev/(tty|pts)[0-9]+", "/dev/tty12", "/dev/tty"),
            ("/dev/[^0-9x-]y", "/dev/ay", "/dev/-y"),
            ("/a{2}b{1,}c{0,2}", "/aabbcc", "/abc"),
            ("/a/?", "/a/", "/a//"),
            ("^/a\\+b$", "/a+b", "/aab"),
            ("/a(?:b|c)*", "/abcb", "/ad"),
            ("/a()b", "/ab", "/a"),
            ("/é.", "/éx", "/é"),
        ] {
            let pattern = Pattern::new(expression);
            assert!(pattern.matches(is), "{expression} {is}");
            assert!(!pattern.matches(is_not), "{expression} {is_not}");
        }
    }

    #[test]
    fn what_is_below_a_path_is_found_without_listing_it() {
        for (expression, above, beside) in [
            ("/etc/shadow.*", "/etc", "/var"),
            ("/etc/audit(/.*)?", "/etc", "/etc/aud"),
            (
                "/etc/ssh/ssh_host.*_key",
                "/etc/ssh",
                "/etc/ssh/sshd_config",
            ),
            (
                "/home/[^/]+/\\.ssh(/.*)?",
                "/home/nurse",
                "/home/nurse/data",
            ),
            ("/(etc|srv)/key", "/srv", "/opt"),
            ("/etc/shadow", "/etc", "/etc/shadow"),
        ] {
            let pattern = Pattern::new(expression);
            assert!(pattern.matches_below(above), "{expression} {above}");
            assert!(!pattern.matches_below(beside), "{expression} {beside}");
        }
    }

    #[test]
    fn what_is_not_understood_may_match_whatever_begins_so() {
        for expression in [
            "/etc/a(?!b)",
            "/etc/a[[:digit:]]",
            "/etc/a\\d",
            "/etc/a)",
            "/etc/a{999}",
        ] {
            let pattern = Pattern::new(expression);
            assert!(pattern.matches("/etc/anything"), "{expression}");
            assert!(pattern.matches_below("/etc"), "{expression}");
            assert!(!pattern.matches("/var"), "{expression}");
        }
        assert!(Pattern::new("/a|/b\\d").matches("/b1"));
        assert!(Pattern::new("/a|/b").matches("/b"));
        assert_eq!(Pattern::new("/a|/b").literal(), "");
        assert_eq!(Pattern::new("/a/bc?").literal(), "/a/b");
        assert_eq!(Pattern::new("/a\\.b(/.*)?").literal(), "/a.b");
    }
}
