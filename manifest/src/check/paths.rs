//! Checks of declared paths and device nodes.

use crate::diagnostic::{At, Diagnostic, Position, Sink};
use crate::model::{Component, Device, File, Manifest};
use crate::plan::{Access, Missing};
use crate::resolve::inside;
use crate::secrets::{INSTEAD, secret};

/// Paths that are the whole device, not a grant.
const REFUSED: [(&str, &str); 9] = [
    ("/", "grant the directories the program uses"),
    ("/proc", "say `proc: true`: a /proc of its own processes"),
    ("/sys", "grant the attribute it reads"),
    ("/dev", "grant the nodes it uses under `devices`"),
    ("/run/cordon", "components are linked by `channels`"),
    (
        "/etc/cordon",
        "manifests are the device maker's, not a component's",
    ),
    (
        "/var/lib/cordon",
        "what was proved about the policy is kept there",
    ),
    ("/run/systemd", "NOTIFY_SOCKET is given to every component"),
    ("/sys/fs/cgroup", "a component's limits are set by `limits`"),
];

/// Below these, nothing at all is granted.
const CLOSED: [&str; 6] = [
    "/proc",
    "/etc/cordon",
    "/run/cordon",
    "/run/systemd",
    "/sys/fs/cgroup",
    "/var/lib/cordon",
];

/// Paths so broad that the grant says little.
const BROAD: [&str; 24] = [
    "/bin",
    "/boot",
    "/etc",
    "/home",
    "/lib",
    "/lib64",
    "/media",
    "/mnt",
    "/opt",
    "/root",
    "/run",
    "/sbin",
    "/srv",
    "/tmp",
    "/usr",
    "/usr/bin",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local",
    "/usr/sbin",
    "/usr/share",
    "/var",
    "/var/lib",
    "/var/log",
];

pub(super) fn check(component: &Component, sink: &mut Sink) {
    for file in &component.files {
        place(file, component, sink);
        combination(file, sink);
    }
    for device in &component.devices {
        if let Some(missing) = device
            .missing
            .as_ref()
            .filter(|at| at.value == Missing::Create)
        {
            sink.push(
                Diagnostic::error("missing", "a device node cannot be created")
                    .at(missing.at)
                    .label("not for devices")
                    .help("`missing: error`, or `missing: skip` to start without it"),
            );
        }
        if device.pass.is_none() && !inside(&device.path.value, "/dev") {
            sink.push(
                Diagnostic::error(
                    "device-path",
                    format!("`{}` is not below /dev", device.path.value),
                )
                .at(device.path.at)
                .label("no place of a device node")
                .help("name the node below /dev; other paths stand under `files`"),
            );
        }
        ioctls(device, sink);
    }
    twice(component, sink);
    names(component, sink);
    devices_and_sockets(component, sink);
}

fn place(file: &File, component: &Component, sink: &mut Sink) {
    let path = &file.path.value;
    let writes = file.access.value == Access::Write;
    let volatile = file.size.is_some();
    if let Some(help) = refusal(path, file.access.value) {
        sink.push(
            Diagnostic::error("refused-path", format!("`{path}` is never granted"))
                .at(file.path.at)
                .label("never granted")
                .help(help),
        );
    } else if let Some(secret) = secret(path, true).filter(|_| !volatile) {
        sink.push(
            Diagnostic::error("refused-path", secret.of(path))
                .at(file.path.at)
                .label("never granted")
                .help(INSTEAD),
        );
    } else if is_broad(path) && writes && !volatile {
        sink.push(
            Diagnostic::error("refused-path", format!("`{path}` is never granted for writing as a whole"))
                .at(file.path.at)
                .label("too broad to write")
                .help("grant the directory the program writes to; with `size:` a path below /tmp or /run becomes a tmpfs of its own"),
        );
    } else if is_broad(path) && !volatile {
        sink.push(
            Diagnostic::warning("broad-path", format!("`{path}` as a whole is much for one component"))
                .at(file.path.at)
                .label("broad")
                .subject(&component.name.value)
                .help("grant what the program reads; if it is meant, `accept: [{warning: broad-path, because: ...}]`"),
        );
    }
}

/// Why nobody is granted this path, with what to write instead.
pub fn refusal(path: &str, access: Access) -> Option<&'static str> {
    REFUSED
        .iter()
        .find(|(refused, _)| path == *refused)
        .or_else(|| {
            REFUSED
                .iter()
                .find(|(refused, _)| CLOSED.contains(refused) && inside(path, refused))
        })
        .or_else(|| {
            let writes = access == Access::Write;
            REFUSED
                .iter()
                .find(|(refused, _)| writes && *refused == "/sys" && inside(path, refused))
        })
        .map(|(_, help)| *help)
}

/// Whether a grant of this path says little.
pub fn is_broad(path: &str) -> bool {
    BROAD.contains(&path)
}

fn combination(file: &File, sink: &mut Sink) {
    let error = |code, message: &str, at: Position, label: &str, help: &str, sink: &mut Sink| {
        sink.push(
            Diagnostic::error(code, message)
                .at(at)
                .label(label)
                .help(help),
        );
    };
    let access = file.access.value;
    if let Some(size) = file.size.as_ref().filter(|_| access != Access::Write) {
        error(
            "size",
            "only a writable path has a size",
            size.at,
            "not writable",
            "`access: write`, or remove `size`",
            sink,
        );
    }
    if let Some(missing) = file
        .missing
        .as_ref()
        .filter(|at| at.value == Missing::Create && access != Access::Write)
    {
        error(
            "missing",
            "an empty path that nobody may fill",
            missing.at,
            "created, and never written",
            "`access: write`, or `missing: skip`",
            sink,
        );
    }
    if let Some(missing) = file
        .missing
        .as_ref()
        .filter(|at| at.value == Missing::Skip && file.size.is_some())
    {
        error(
            "missing",
            "a path with a size is never missing",
            missing.at,
            "has no effect",
            "remove `missing`",
            sink,
        );
    }
    if file.pass.is_some() {
        if access == Access::Execute {
            error(
                "pass",
                "a passed file is read or written, not executed",
                file.access.at,
                "not for passed files",
                "`access: read`",
                sink,
            );
        }
        if let Some(size) = &file.size {
            error(
                "pass",
                "a passed file has no size",
                size.at,
                "not for passed files",
                "remove `size`, or `pass`",
                sink,
            );
        }
    }
}

fn ioctls(device: &Device, sink: &mut Sink) {
    for (index, request) in device.ioctl.iter().enumerate() {
        if let Some(first) = device.ioctl[..index]
            .iter()
            .find(|first| first.value == request.value)
        {
            duplicate(
                format!("ioctl {:#x} stands twice", request.value),
                request.at,
                first.at,
                sink,
            );
        }
    }
}

pub(super) fn duplicate(message: String, at: Position, first: Position, sink: &mut Sink) {
    sink.push(
        Diagnostic::error("duplicate", message)
            .at(at)
            .label("second time")
            .related(first, "first time")
            .help("keep one"),
    );
}

/// The same path twice; a path inside one that already gives as much.
fn twice(component: &Component, sink: &mut Sink) {
    let all: Vec<&At<String>> = component
        .files
        .iter()
        .map(|file| &file.path)
        .chain(component.devices.iter().map(|device| &device.path))
        .collect();
    for (index, path) in all.iter().enumerate() {
        if let Some(first) = all[..index].iter().find(|first| first.value == path.value) {
            duplicate(
                format!("`{}` is granted twice", path.value),
                path.at,
                first.at,
                sink,
            );
        }
    }
    let plain = |file: &&File| file.pass.is_none() && file.size.is_none();
    for file in component.files.iter().filter(plain) {
        let outer = component.files.iter().filter(plain).find(|outer| {
            outer.path.value != file.path.value
                && inside(&file.path.value, &outer.path.value)
                && (outer.access.value == file.access.value || file.access.value == Access::Read)
        });
        if let Some(outer) = outer {
            sink.push(
                Diagnostic::warning(
                    "redundant-grant",
                    format!(
                        "`{}` is granted by `{}` already",
                        file.path.value, outer.path.value
                    ),
                )
                .at(file.path.at)
                .label("adds nothing")
                .related(outer.path.at, "the wider grant")
                .subject(&component.name.value)
                .help("remove one of them; the narrower one alone is better"),
            );
        }
    }
}

/// Names of inherited descriptors.
fn names(component: &Component, sink: &mut Sink) {
    let names: Vec<&At<String>> = component
        .listen
        .iter()
        .map(|listen| &listen.name)
        .chain(
            component
                .devices
                .iter()
                .filter_map(|device| device.pass.as_ref()),
        )
        .chain(component.files.iter().filter_map(|file| file.pass.as_ref()))
        .collect();
    for (index, name) in names.iter().enumerate() {
        if name.value == "cordon" || name.value.starts_with("cordon-") {
            sink.push(
                Diagnostic::error(
                    "name",
                    format!(
                        "descriptor names that begin with `cordon-` are Cordon's: `{}`",
                        name.value
                    ),
                )
                .at(name.at)
                .label("reserved")
                .help("choose another name"),
            );
        }
        if let Some(first) = names[..index]
            .iter()
            .find(|first| first.value == name.value)
        {
            duplicate(
                format!("two descriptors are named `{}`", name.value),
                name.at,
                first.at,
                sink,
            );
        }
    }
}

fn devices_and_sockets(component: &Component, sink: &mut Sink) {
    let socket = component
        .listen
        .first()
        .map(|listen| (listen.name.at, "listens"))
        .or_else(|| {
            component
                .network
                .as_ref()
                .map(|network| (network.at, "has sockets"))
        });
    let Some((at, what)) = socket else { return };
    for device in &component.devices {
        sink.push(
            Diagnostic::error("device-and-network", format!("`{}` {what} and holds the device `{}`", component.name.value, device.path.value))
                .at(device.path.at)
                .label("whoever takes over the network side has the device")
                .related(at, "the network side")
                .help("split it: one component holds the device and writes a channel, another one serves the network"),
        );
    }
}

/// A device node that two components hold.
pub(super) fn across(manifest: &Manifest, sink: &mut Sink) {
    for (index, second) in manifest.components.iter().enumerate() {
        for device in &second.devices {
            let first = manifest.components[..index].iter().find_map(|first| {
                first
                    .devices
                    .iter()
                    .find(|other| other.path.value == device.path.value)
                    .map(|other| (first, other))
            });
            let Some((first, other)) = first else {
                continue;
            };
            sink.push(
                Diagnostic::warning("shared-device", format!("`{}` and `{}` share `{}`, beside the channels", first.name.value, second.name.value, device.path.value))
                    .at(device.path.at)
                    .label("held by two")
                    .related(other.path.at, "the other one")
                    .subject(&second.name.value)
                    .help("let one hold it and publish a channel; if it is meant, `accept: [{warning: shared-device, because: ...}]`"),
            );
        }
    }
}
