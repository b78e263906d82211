//! The process itself: how it is scheduled, and, before its first instruction, what
//! it was given besides memory and descriptors.

use super::Proof;
use cordon_manifest::plan::{Component, Layer, RealtimePolicy};
use std::fs;
use std::os::linux::fs::MetadataExt as _;

/// The program as it was planned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Device and inode of its file.
    pub inode: (u64, u64),
    /// argv.
    pub arguments: Vec<String>,
    /// The whole environment.
    pub environment: Vec<String>,
}

/// Policy and priority are the Plan's, and no terminal is at hand.
pub fn schedule(proof: &mut Proof, pid: i32, component: &Component) {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let expected = match &component.realtime {
        None => "other 0".to_owned(),
        Some(realtime) => {
            let policy = match realtime.value.policy {
                RealtimePolicy::Fifo => "fifo",
                RealtimePolicy::Rr => "rr",
            };
            format!("{policy} {}", realtime.value.priority)
        }
    };
    let policy = match field(&text, 41) {
        Some("0") => "other",
        Some("1") => "fifo",
        Some("2") => "rr",
        Some("3") => "batch",
        Some("5") => "idle",
        Some("6") => "deadline",
        _ => "not shown",
    };
    let found = format!("{policy} {}", field(&text, 40).unwrap_or_default());
    proof.compare(Layer::Root, "scheduler", expected, found);
    let terminal = match field(&text, 7) {
        Some("0") => "none",
        Some(other) => other,
        None => "not shown",
    };
    proof.compare(Layer::Root, "terminal", "none", terminal);
}

/// Field `number` of /proc/PID/stat, counted from 1 as in proc_pid_stat(5).
fn field(text: &str, number: usize) -> Option<&str> {
    // The name, the second, may hold anything, also parentheses.
    let behind = text.rsplit_once(") ")?.1;
    behind.split_whitespace().nth(number.checked_sub(3)?)
}

/// What the program could change once it runs, and has not yet.
pub fn untouched(proof: &mut Proof, pid: i32, program: &Program) {
    let executed = match fs::metadata(format!("/proc/{pid}/exe")) {
        Ok(found) => inode((found.st_dev(), found.st_ino())),
        Err(error) => error.to_string(),
    };
    proof.compare(Layer::Root, "program", inode(program.inode), executed);
    for (file, name, expected) in [
        ("cmdline", "arguments", &program.arguments),
        ("environ", "environment", &program.environment),
    ] {
        let found = match fs::read(format!("/proc/{pid}/{file}")) {
            Ok(bytes) => words(&bytes),
            Err(error) => error.to_string(),
        };
        let expected: Vec<u8> = expected
            .iter()
            .flat_map(|word| word.bytes().chain([0]))
            .collect();
        proof.compare(Layer::Root, name, words(&expected), found);
    }
    let persona = fs::read_to_string(format!("/proc/{pid}/personality"));
    let persona = persona.unwrap_or_else(|error| error.to_string());
    proof.compare(Layer::Root, "personality", "00000000", persona.trim_end());
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    for (key, expected) in [
        ("Umask", "0022"),
        ("SigBlk", "0000000000000000"),
        ("SigIgn", "0000000000000000"),
    ] {
        let found = status
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'));
        let found = found.map_or("not shown", str::trim);
        proof.compare(Layer::Root, key, expected, found);
    }
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let session = match field(&stat, 6) {
        Some(session) if session == pid.to_string() => "its own",
        Some(other) => other,
        None => "not shown",
    };
    proof.compare(Layer::Root, "session", "its own", session);
}

fn inode((device, inode): (u64, u64)) -> String {
    format!("{device:x}:{inode}")
}

/// Strings that each end in a NUL, on one line.
fn words(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let words: Vec<&str> = text.split_terminator('\0').collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_counted_behind_a_name_that_may_hold_anything() {
        let text = "17 (a) 1 (b) S 2 17 17 0 -1";
        assert_eq!(field(text, 3), Some("S"));
        assert_eq!(field(text, 6), Some("17"));
        assert_eq!(field(text, 7), Some("0"));
        assert_eq!(field(text, 41), None);
    }

    #[test]
    fn own_process_has_a_policy_and_a_session() {
        let text = fs::read_to_string("/proc/self/stat").unwrap();
        assert_eq!(field(&text, 1), None);
        assert!(field(&text, 41).is_some_and(|policy| policy.parse::<u8>().is_ok()));
    }

    #[test]
    fn words_end_in_nul_and_may_be_empty() {
        assert_eq!(words(b"a\0b c\0\0"), "a b c ");
        assert_eq!(words(b""), "");
    }
}
