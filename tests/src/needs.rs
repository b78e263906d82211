//! What a test needs of the machine. Where it is absent the test says why and
//! ends; in CI, where everything must run, it fails.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Something a test cannot do without.
#[derive(Clone, Copy, Debug)]
pub enum Need {
    /// To be root: compartments are real.
    Root,
    /// The recordings, see [`crate::workspace::data`].
    Recordings,
    /// A program of the system, by its path.
    Program(&'static str),
    /// A program of this workspace.
    Built(&'static str),
}

impl Need {
    /// Why it is not met; none when it is.
    pub fn missing(self) -> Option<String> {
        match self {
            Self::Root => {
                let uid = std::fs::metadata("/proc/self").map(|it| it.uid());
                (!matches!(uid, Ok(0))).then(|| "needs root".into())
            }
            Self::Recordings => {
                let data = crate::workspace::data();
                let there = data.join("vitals").is_dir();
                (!there).then(|| format!("no recordings in {} (CORDON_TEST_DATA)", data.display()))
            }
            Self::Program(path) => {
                (!Path::new(path).exists()).then(|| format!("{path} is not installed"))
            }
            Self::Built(name) => crate::workspace::program(name).err(),
        }
    }
}

/// Whether everything is there. Prints what is not.
///
/// # Panics
/// In CI, when something is not there.
pub fn met(needs: &[Need]) -> bool {
    let missing: Vec<String> = needs.iter().filter_map(|need| need.missing()).collect();
    if missing.is_empty() {
        return true;
    }
    let why = missing.join("; ");
    assert!(
        std::env::var_os("CI").is_none(),
        "must run in CI, but: {why}"
    );
    println!("NOT RUN: {why}");
    false
}
