//! One case of the test's: a program started in one way, and what it tries.

/// A line of the cases: fields separated by tabs, each `KEY=VALUE`; keys that
/// can stand more than once keep their order.
#[derive(Debug, Default)]
pub struct Case {
    /// `name`: unlike any other's.
    pub name: String,
    /// `program`: its path.
    pub program: String,
    /// `context`: set for the exec; without it, what the policy says by itself.
    pub context: Option<String>,
    /// `no-new-privs`: set before the exec.
    pub no_new_privs: bool,
    /// `outer`: executed through a descriptor of the outer mount namespace.
    pub outer: bool,
    /// `stay`: runs on after its tries, as the peer of the cases after it.
    pub stay: bool,
    /// `descriptor`: placed at 10 and on, `TYPE:rw` or `TYPE:ro` for a memfd of
    /// that type, `listener:PORT` for a listening socket.
    pub descriptors: Vec<String>,
    /// `try`: see [`crate::worker`].
    pub tries: Vec<String>,
}

impl Case {
    /// Reads a line; none for one that is no case.
    pub fn parse(line: &str) -> Option<Self> {
        let mut case = Self::default();
        for field in line.split('\t').filter(|field| !field.is_empty()) {
            let (key, value) = field.split_once('=').unwrap_or((field, ""));
            let value = value.to_owned();
            match key {
                "name" => case.name = value,
                "program" => case.program = value,
                "context" => case.context = Some(value),
                "no-new-privs" => case.no_new_privs = true,
                "outer" => case.outer = true,
                "stay" => case.stay = true,
                "descriptor" => case.descriptors.push(value),
                "try" => case.tries.push(value),
                _ => return None,
            }
        }
        (!case.program.is_empty()).then_some(case)
    }
}
