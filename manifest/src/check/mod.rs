//! Checks of the manifest as a whole that need no fact of the target.

mod channels;
mod component;
mod paths;
mod sockets;

pub(crate) use component::size;
pub use paths::{is_broad, refusal};

use crate::accept;
use crate::diagnostic::{At, Diagnostic, Sink};
use crate::model::Manifest;
use crate::roles;

/// Checks everything; `names` are all components written, right or wrong.
pub(crate) fn manifest(manifest: &Manifest, names: &[At<String>], sink: &mut Sink) {
    accept::names(manifest, sink);
    for component in &manifest.components {
        component::check(component, sink);
        paths::check(component, sink);
        sockets::check(component, sink);
        if let Some(role) = roles::role(&component.role.value) {
            component::against_role(component, role, sink);
        }
    }
    users(manifest, sink);
    sockets::across(manifest, sink);
    paths::across(manifest, sink);
    for channel in &manifest.channels {
        channels::check(channel, names, sink);
    }
}

fn users(manifest: &Manifest, sink: &mut Sink) {
    for (index, second) in manifest.components.iter().enumerate() {
        let first = manifest.components[..index]
            .iter()
            .find(|first| first.user.value == second.user.value && !first.user.value.is_empty());
        let Some(first) = first else { continue };
        sink.push(
            Diagnostic::error(
                "shared-user",
                format!(
                    "`{}` and `{}` run as one user",
                    first.name.value, second.name.value
                ),
            )
            .at(second.user.at)
            .label("the same user")
            .related(first.user.at, "the other one")
            .help("a user of its own keeps a component from signalling and reading another"),
        );
    }
}
