//! Device nodes: what is declared against what stands on the device.

use super::paths::parents;
use super::{of_role, origin};
use crate::diagnostic::{At, Diagnostic, Sink};
use crate::facts::{Facts, Kind};
use crate::model;
use crate::plan::{DeviceGrant, Missing, Node, Origin};
use crate::roles::Role;

/// Device nodes, the role's first.
pub(super) fn devices(
    written: &model::Component,
    role: &Role,
    facts: &Facts,
    sink: &mut Sink,
) -> Vec<DeviceGrant> {
    let mut grants = Vec::new();
    for device in role.devices.iter().filter(|device| {
        !written
            .devices
            .iter()
            .any(|own| own.path.value == device.path.value)
    }) {
        let mut device = device.clone();
        device.path.at = written.role.at;
        grants.extend(self::device(
            &device,
            facts,
            of_role(role, "devices"),
            written,
            sink,
        ));
    }
    for device in &written.devices {
        grants.extend(self::device(
            device,
            facts,
            origin(&device.path),
            written,
            sink,
        ));
    }
    grants
}

fn device(
    device: &model::Device,
    facts: &Facts,
    origin: Origin,
    written: &model::Component,
    sink: &mut Sink,
) -> Option<DeviceGrant> {
    let path = &device.path;
    let missing = device
        .missing
        .as_ref()
        .map_or(Missing::Error, |at| at.value);
    let fact = facts.paths.get(&path.value);
    let node = match fact.map(|fact| &fact.kind) {
        None | Some(Kind::Absent) if missing == Missing::Skip => None,
        None | Some(Kind::Absent) => {
            sink.push(
                Diagnostic::error(
                    "missing-path",
                    format!("there is no `{}` on this device", path.value),
                )
                .at(path.at)
                .label("not found")
                .help(
                    "correct the path, load its driver, or say `missing: skip` to start without it",
                ),
            );
            return None;
        }
        Some(Kind::Device(node)) => Some(*node),
        Some(_) => {
            sink.push(
                Diagnostic::error(
                    "not-a-device",
                    format!("`{}` is no device node", path.value),
                )
                .at(path.at)
                .label("no device node")
                .help("grant it under `files`"),
            );
            return None;
        }
    };
    if let Some(node) = node {
        dangerous(node, path, written, sink)?;
    }
    if let Some(fact) = fact {
        parents(path, fact, sink);
    }
    Some(DeviceGrant {
        path: path.value.clone(),
        source: fact.map_or_else(|| path.value.clone(), |fact| fact.resolved.clone()),
        node,
        access: device.access.value,
        ioctl: device.ioctl.iter().map(|at| at.value).collect(),
        pass: device.pass.as_ref().map(|at| at.value.clone()),
        missing,
        origin,
    })
}

/// Nodes that are the whole machine.
fn dangerous(
    node: Node,
    path: &At<String>,
    written: &model::Component,
    sink: &mut Sink,
) -> Option<()> {
    // Linux's devices.txt: 1:1 mem, 1:2 kmem, 1:4 port.
    if !node.block && node.major == 1 && matches!(node.minor, 1 | 2 | 4) {
        sink.push(
            Diagnostic::error(
                "whole-machine",
                format!(
                    "`{}` is the machine's memory or ports: with it no confinement holds",
                    path.value
                ),
            )
            .at(path.at)
            .label("never granted")
            .help("use the driver of the device that is meant"),
        );
        return None;
    }
    if node.block {
        sink.push(
            Diagnostic::warning("block-device", format!("`{}` is a block device: whoever has it has every file on it", path.value))
                .at(path.at)
                .label("a whole disk")
                .subject(&written.name.value)
                .help("grant files of a mounted file system; if it is meant, `accept: [{warning: block-device, because: ...}]`"),
        );
    }
    Some(())
}
