//! How a try ended, in a word: `ok`, a value, or the name of the error.

use cordon_probe::json::quoted;
use nix::errno::Errno;
use std::fmt::Write as _;

/// `ok`, or `EACCES`.
pub fn of<T>(result: Result<T, Errno>) -> String {
    match result {
        Ok(_) => "ok".into(),
        Err(errno) => name(errno),
    }
}

/// The same of the standard library's.
pub fn of_io<T>(result: std::io::Result<T>) -> String {
    of(result.map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0))))
}

/// `EACCES`.
pub fn name(errno: Errno) -> String {
    format!("{errno:?}")
}

/// A line of JSON, `{"case", "domain", "exit", "tries": {TRY: OUTCOME}}`.
pub fn json(case: &str, domain: &str, exit: &str, tries: &[(String, String)]) -> String {
    let mut line = format!(
        "{{\"case\":{},\"domain\":{},\"exit\":{},\"tries\":{{",
        quoted(case),
        quoted(domain),
        quoted(exit)
    );
    for (index, (tried, outcome)) in tries.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(line, "{comma}{}:{}", quoted(tried), quoted(outcome));
    }
    line + "}}\n"
}
