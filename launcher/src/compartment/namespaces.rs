//! Namespaces: all but user (a root supervisor needs none) and time (both ends
//! of a channel share one clock).

use crate::layers::Layers;
use cordon_manifest::plan::{Component, Layer, Network};

/// CLONE_NEW* flags of a component's clone. Its pid namespace is its reaper's.
pub fn of_component(component: &Component, layers: &Layers) -> libc::c_int {
    let mut flags = libc::CLONE_NEWNS;
    if layers.applied(Layer::Namespaces) {
        flags |= libc::CLONE_NEWIPC | libc::CLONE_NEWUTS;
        if component.network == Network::None {
            flags |= libc::CLONE_NEWNET;
        }
    }
    flags
}

/// CLONE_NEW* flags of the reaper: it sees nothing at all.
pub const OF_REAPER: libc::c_int = libc::CLONE_NEWPID
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWNET;

/// Namespaces a component must not share with the supervisor, by their /proc/PID/ns names.
pub fn own(component: &Component, layers: &Layers) -> Vec<&'static str> {
    let mut own = vec!["mnt"];
    if layers.on(Layer::Namespaces) {
        own.extend(["pid", "ipc", "uts", "cgroup"]);
        if component.network == Network::None {
            own.push("net");
        }
    }
    own
}
