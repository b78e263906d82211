//! Whether Debian 12 has passed with the policy and the packaging as they are.

use super::output;
use crate::workspace;
use std::fs;
use std::io;
use std::process::Command;

/// What a run on Debian 12 depends on, besides the programs.
const PARTS: &[&str] = &[
    "selinux",
    "policygen/src",
    "packaging",
    "profiles/targets",
    "tests/vm",
];
/// Where the digest of the last run that passed is kept, in the repository.
const STAMP: &str = "tests/vm/debian-12.passed";

/// Whether the last run that passed was with the same.
#[must_use]
pub fn is_current() -> bool {
    let kept = fs::read_to_string(workspace::root().join(STAMP)).unwrap_or_default();
    digest().is_ok_and(|digest| digest == kept.trim())
}

/// Notes that it has passed.
///
/// # Errors
/// When the stamp cannot be written.
pub fn write() -> io::Result<()> {
    fs::write(workspace::root().join(STAMP), digest()? + "\n")
}

/// SHA-256 over the names and contents of the parts, but for the stamp itself.
fn digest() -> io::Result<String> {
    let command = format!(
        "find {} -type f ! -path {STAMP} -print0 | sort -z | xargs -0 sha256sum | sha256sum",
        PARTS.join(" ")
    );
    let sum = output(
        Command::new("bash")
            .current_dir(workspace::root())
            .env("LC_ALL", "C")
            .args(["-c", &command]),
    )?;
    Ok(sum.split_whitespace().next().unwrap_or_default().to_owned())
}
