//! What holds of every path, file or device.

use crate::diagnostic::{At, Diagnostic, Sink};
use crate::facts::Path;

/// A path whose parents nobody but root can change.
pub(super) fn parents(path: &At<String>, fact: &Path, sink: &mut Sink) {
    if let Some(open) = &fact.open_parent {
        sink.push(
            Diagnostic::error("open-parent", format!("someone else than root could replace `{}`, by `{open}`", path.value))
                .at(path.at)
                .label(format!("`{open}` is not only root's"))
                .help(format!("`chown root:root {open} && chmod go-w {open}`, or a place below directories that are root's")),
        );
    }
}

/// Whether `path` is `place` or below it.
pub(crate) fn inside(path: &str, place: &str) -> bool {
    place == "/"
        || path == place
        || path
            .strip_prefix(place)
            .is_some_and(|rest| rest.starts_with('/'))
}
