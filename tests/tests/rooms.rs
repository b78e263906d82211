//! Unsafe code stands in its rooms, and nowhere else.

use cordon_tests::workspace;
use std::fs;
use std::path::{Path, PathBuf};

/// The rooms of the product, then the attack program's system calls and the
/// tests that do to memory what an attacker would, the benchmark's hostile reader,
/// and the program of the micro virtual machine, which forks and labels
/// descriptors.
const ROOMS: &[&str] = &[
    "launcher/src/sys/mod.rs",
    "channel/src/mapping.rs",
    "channel/src/descriptors.rs",
    "channel/capi/src/clock.rs",
    "channel/capi/src/control.rs",
    "channel/capi/src/pointer.rs",
    "channel/capi/src/reader.rs",
    "channel/capi/src/writer.rs",
    "channel/src/checksum/processor.rs",
    "tests/attack/src/sys.rs",
    "channel/tests/mapping.rs",
    "channel/tests/sealed.rs",
    "tests/bench/src/hostile.rs",
    "tests/vm/probe/src/sys.rs",
];

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let (path, name) = (entry.path(), entry.file_name());
        if path.is_dir() && name != "target" && !name.to_string_lossy().starts_with('.') {
            sources(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
}

/// The workspace denies unsafe code; only a room may allow it again.
#[test]
fn only_the_rooms_allow_unsafe_code() {
    let mut found = Vec::new();
    sources(workspace::root(), &mut found);
    let allows = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap();
        text.lines().map(str::trim_start).any(|line| {
            line.starts_with("#")
                && line.contains("(unsafe_code")
                && !["forbid", "deny"].iter().any(|word| line.contains(word))
        })
    };
    let mut allowed: Vec<String> = found
        .iter()
        .filter(|path| allows(path))
        .map(|path| {
            path.strip_prefix(workspace::root())
                .unwrap()
                .display()
                .to_string()
        })
        .collect();
    let mut rooms: Vec<String> = ROOMS.iter().map(|it| (*it).to_owned()).collect();
    allowed.sort();
    rooms.sort();
    assert_eq!(allowed, rooms);
}
