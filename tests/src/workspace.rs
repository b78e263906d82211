//! Where things stand: the repository, the built programs, the recordings.

use std::path::{Path, PathBuf};

/// Root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap_or(Path::new("."))
}

/// A program of this workspace, built in the same profile as the caller.
///
/// # Errors
/// When it is not there: `cargo build --workspace --bins` makes it.
pub fn program(name: &str) -> Result<PathBuf, String> {
    let here = std::env::current_exe().map_err(|error| format!("own path: {error}"))?;
    let found = here
        .ancestors()
        .skip(1)
        .take(2)
        .map(|directory| directory.join(name))
        .find(|path| path.is_file());
    found.ok_or_else(|| format!("{name} is not built: cargo build --workspace --bins"))
}

/// Directory of the recordings: `CORDON_TEST_DATA`, or beside the repository.
pub fn data() -> PathBuf {
    std::env::var_os("CORDON_TEST_DATA")
        .map_or_else(|| root().join("../shared/data"), PathBuf::from)
}
