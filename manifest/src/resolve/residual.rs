//! What a grant leaves open that its reader would not expect.

use crate::model;
use crate::plan::{Access, Component, Network, Origin, PathKind, Purpose, Residual};

/// Notes on one component.
pub(super) fn of(component: &Component, written: &model::Component, notes: &mut Vec<Residual>) {
    let mut note = |text: String, origin: Origin| {
        notes.push(Residual {
            component: component.name.clone(),
            text,
            origin,
        });
    };
    if let Network::Host { bind, connect } = &component.network {
        for port in bind {
            note(
                format!(
                    "it may bind tcp/{} on any address of the device",
                    port.value
                ),
                port.origin.clone(),
            );
        }
        for port in connect {
            note(
                format!(
                    "it may connect to tcp/{} at any address, the device's own included",
                    port.value
                ),
                port.origin.clone(),
            );
        }
        if let Some(port) = bind.first() {
            note(
                "a listen() without bind() takes a port the kernel chooses, which no layer refuses"
                    .to_owned(),
                port.origin.clone(),
            );
        }
        if let Some(network) = &written.network {
            note("it sees the device's network interfaces and abstract names: its network namespace is the device's".to_owned(), Origin::Manifest { line: network.at.line });
        }
    }
    for listen in &component.listen {
        note(
            format!(
                "whoever owns it can answer in its place on {}, and close it for the others",
                listen.tcp
            ),
            listen.origin.clone(),
        );
    }
    for file in component
        .files
        .iter()
        .filter(|file| file.purpose == Purpose::Declared)
    {
        if file.access == Access::Execute && file.kind == PathKind::Directory {
            note(
                format!("code in any file below {} may be mapped and run", file.path),
                file.origin.clone(),
            );
        }
    }
    if let Some(script) = &component.program.script {
        note(
            format!(
                "{} runs any script it can read, not only {script}",
                component.program.path
            ),
            component.role.origin.clone(),
        );
    }
    if component.fork.value {
        note(
            "it may start processes of its own, all in its compartment; none can execute a program"
                .to_owned(),
            component.fork.origin.clone(),
        );
    }
    if let (Some(realtime), Some(_)) = (&component.realtime, &component.limits.cpu) {
        note(
            "the kernel holds no real-time thread to `limits.cpu`".to_owned(),
            realtime.origin.clone(),
        );
    }
    for layer in &component.allow_missing {
        note(
            format!("it runs without {} on a kernel that lacks it", layer.value),
            layer.origin.clone(),
        );
    }
}
