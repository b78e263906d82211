//! What the display said it showed: one JSON line a second and at each change.

use serde_json::Value;
use std::io;
use std::path::Path;

/// The lines written so far; a last one that is not complete yet is left out.
///
/// # Errors
/// When the file cannot be read, or a complete line is no JSON.
pub fn lines(path: &Path) -> io::Result<Vec<Value>> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
    let complete = text.rsplit_once('\n').map_or("", |(lines, _)| lines);
    complete
        .lines()
        .filter(|line| !line.trim_matches('\0').is_empty())
        .map(|line| {
            serde_json::from_str(line).map_err(|error| io::Error::other(format!("{line}: {error}")))
        })
        .collect()
}
