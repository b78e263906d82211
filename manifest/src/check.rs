//! Checks of the manifest as a whole that need no fact of the target.
use crate::diagnostic::Sink;
use crate::model::Manifest;
use crate::value::Fields;
pub(crate) fn manifest(manifest: &Manifest, _fields: Option<&Fields>, sink: &mut Sink) {
    crate::accept::names(manifest, sink);
}
