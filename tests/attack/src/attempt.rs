//! What an attempt is and how it ended.

use crate::compartment::Compartment;
use crate::sys::Errno;
use std::fmt::Write as _;

/// One thing an intruder would try.
pub struct Attempt {
    /// Name on the wire, `subject-what`.
    pub name: &'static str,
    /// What is tried, for people.
    pub what: &'static str,
    /// Tries it. The text is the attempt's argument, empty where none was given.
    pub run: fn(&mut Compartment, &str) -> Outcome,
}

/// How an attempt ended.
pub enum Outcome {
    /// The kernel did what was asked, or got as far as judging the arguments.
    Succeeded(String),
    /// Refused with this error.
    Refused(Errno, &'static str),
    /// Sent to a peer; whether it had an effect is for an observer of the peer to say.
    Sent(String),
    /// Cannot be tried here, and why.
    Unsupported(String),
}

impl Outcome {
    /// Of a call whose success is the attempt's.
    pub fn of(call: &'static str, result: Result<i64, Errno>) -> Self {
        match result {
            Ok(value) => Self::Succeeded(format!("{call} returned {value}")),
            Err(errno) => Self::Refused(errno, call),
        }
    }

    /// Of a call that is given arguments it must find wrong, because doing it
    /// would harm the machine: `reached` are the errors that say the kernel got
    /// past every permission and judged the arguments.
    pub fn reaching(call: &'static str, result: Result<i64, Errno>, reached: &[Errno]) -> Self {
        match result {
            Err(errno) if reached.contains(&errno) => Self::Succeeded(format!(
                "{call} was permitted and found its arguments wrong ({errno})"
            )),
            other => Self::of(call, other),
        }
    }

    /// The answer on the wire: one JSON line.
    pub fn to_json(&self, attempt: &str) -> String {
        let (outcome, errno, detail) = match self {
            Self::Succeeded(detail) => ("succeeded", 0, detail.clone()),
            Self::Refused(errno, call) => (
                "refused",
                *errno,
                format!("{call}: {}", std::io::Error::from_raw_os_error(*errno)),
            ),
            Self::Sent(detail) => ("sent", 0, detail.clone()),
            Self::Unsupported(detail) => ("unsupported", 0, detail.clone()),
        };
        format!(
            "{{\"attempt\":{},\"outcome\":\"{outcome}\",\"errno\":{errno},\"detail\":{}}}\n",
            quoted(attempt),
            quoted(&detail)
        )
    }
}

/// A JSON string.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => {
                out.push('\\');
                out.push(c);
            }
            c if u32::from(c) < 0x20 => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Takes `Ok`, or ends the attempt as refused at this call.
#[macro_export]
macro_rules! step {
    ($call:literal, $result:expr) => {
        match $result {
            Ok(value) => value,
            Err(errno) => return $crate::attempt::Outcome::Refused(errno, $call),
        }
    };
}
