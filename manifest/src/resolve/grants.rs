//! Paths and device nodes: what is declared against what stands on the device.

use super::{of_role, origin};
use crate::diagnostic::{At, Diagnostic, Position, Sink};
use crate::facts::{Facts, Kind, Path};
use crate::model::{self, Manifest};
use crate::plan::{
    Access, Component, DeviceGrant, FileGrant, Missing, Node, Origin, PathKind, Purpose, User,
};
use crate::roles::Role;

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

/// Declared paths, the role's first; `derived` are those of the program.
pub(super) fn files(
    written: &model::Component,
    role: &Role,
    facts: &Facts,
    user: Option<&User>,
    derived: &[FileGrant],
    sink: &mut Sink,
) -> Vec<FileGrant> {
    let mut grants = Vec::new();
    for file in role.files.iter().filter(|file| {
        !written
            .files
            .iter()
            .any(|own| own.path.value == file.path.value)
    }) {
        // A place in the role's profile is none in the manifest: errors point to `role`.
        let mut file = file.clone();
        file.path.at = written.role.at;
        file.access.at = written.role.at;
        grants.extend(self::file(
            &file,
            facts,
            of_role(role, "files"),
            None,
            written,
            sink,
        ));
    }
    for file in &written.files {
        grants.extend(self::file(
            file,
            facts,
            origin(&file.path),
            user,
            written,
            sink,
        ));
    }
    // The program's own grant says more than a declaration of the same path that asks for less.
    grants.retain(|grant| {
        grant.access == Access::Write
            || !derived
                .iter()
                .any(|other| other.path == grant.path && covers(other.access, grant.access))
    });
    grants
}

const fn covers(given: Access, asked: Access) -> bool {
    matches!(
        (given, asked),
        (Access::Execute, Access::Execute | Access::Read)
            | (Access::Write, Access::Write | Access::Read)
            | (Access::Read, Access::Read)
    )
}

fn file(
    file: &model::File,
    facts: &Facts,
    origin: Origin,
    user: Option<&User>,
    written: &model::Component,
    sink: &mut Sink,
) -> Option<FileGrant> {
    let path = &file.path.value;
    let missing = file.missing.as_ref().map_or(Missing::Error, |at| at.value);
    let absent = Path {
        resolved: path.clone(),
        kind: Kind::Absent,
        mode: 0,
        uid: 0,
        gid: 0,
        open_parent: None,
        project_quota: false,
        executable: None,
    };
    let fact = facts.paths.get(path).unwrap_or(&absent);
    let mut grant = FileGrant {
        path: path.clone(),
        source: fact.resolved.clone(),
        kind: PathKind::Absent,
        access: file.access.value,
        missing,
        size: None,
        quota: None,
        pass: file.pass.as_ref().map(|at| at.value.clone()),
        purpose: Purpose::Declared,
        origin,
    };
    if let Some(size) = &file.size
        && sized(&mut grant, fact, size, sink)
    {
        return Some(grant);
    }
    let complain = |code, message: String, help: &str, sink: &mut Sink| {
        sink.push(
            Diagnostic::error(code, message)
                .at(file.path.at)
                .label("here")
                .help(help),
        );
    };
    match &fact.kind {
        Kind::Absent if missing == Missing::Error => {
            sink.push(
                Diagnostic::error("missing-path", format!("there is no `{path}` on this device"))
                    .at(file.path.at)
                    .label("not found")
                    .help("correct the path, or say `missing: skip` to start without it or `missing: create` for an empty one"),
            );
            return None;
        }
        Kind::Absent => {}
        Kind::File => grant.kind = PathKind::File,
        Kind::Directory if file.pass.is_some() => {
            complain(
                "pass",
                format!("`{path}` is a directory, which cannot be passed"),
                "pass a file, or grant the directory without `pass`",
                sink,
            );
            return None;
        }
        Kind::Directory => grant.kind = PathKind::Directory,
        Kind::Device(_) => {
            complain(
                "not-a-file",
                format!("`{path}` is a device node"),
                "grant it under `devices`",
                sink,
            );
            return None;
        }
        Kind::Other => {
            complain(
                "not-a-file",
                format!("`{path}` is a socket or a FIFO"),
                "components are linked by channels and by sockets under `listen`",
                sink,
            );
            return None;
        }
    }
    parents(&file.path, fact, sink);
    if let Some(user) = user.filter(|_| file.pass.is_none())
        && let Some(word) = refused(fact, user, file.access.value)
    {
        sink.push(
            Diagnostic::warning(
                "mode",
                format!("user `{}` may not {word} `{path}` (owner {}:{}, mode {:04o})", user.name, fact.uid, fact.gid, fact.mode & 0o7777),
            )
            .at(file.path.at)
            .label("granted here, refused by the file's mode")
            .subject(&written.name.value)
            .help(format!("change owner or mode: a grant takes no permission bit away and adds none (`chown {} {}`)", user.name, fact.resolved)),
        );
    }
    Some(grant)
}

/// What the permission bits refuse this user, who has no capability.
fn refused(fact: &Path, user: &User, access: Access) -> Option<&'static str> {
    let bits = if fact.uid == user.uid {
        fact.mode >> 6
    } else if fact.gid == user.gid {
        fact.mode >> 3
    } else {
        fact.mode
    };
    match (&fact.kind, access) {
        (Kind::Absent, _) => None,
        _ if bits & 4 == 0 => Some("read"),
        (_, Access::Write) if bits & 2 == 0 => Some("write"),
        (Kind::Directory, _) if bits & 1 == 0 => Some("enter"),
        _ => None,
    }
}

/// Places a tmpfs may cover although something is there: nothing in them lasts.
const VOLATILE: [&str; 4] = ["/tmp", "/run", "/var/tmp", "/dev/shm"];

/// Gives the grant its size; true when it is a tmpfs, of which nothing more is to be asked.
fn sized(grant: &mut FileGrant, fact: &Path, size: &At<u64>, sink: &mut Sink) -> bool {
    let volatile = VOLATILE.iter().any(|place| inside(&grant.path, place));
    if fact.kind == Kind::Absent || volatile {
        grant.size = Some(size.value);
        grant.source.clone_from(&grant.path);
        grant.kind = PathKind::Directory;
        return true;
    }
    if fact.kind == Kind::Directory && fact.project_quota {
        grant.quota = Some(size.value);
        return false;
    }
    sink.push(
        Diagnostic::error("size", format!("nothing can hold `{}` to a size: it is there, on a file system without project quotas", grant.path))
            .at(size.at)
            .label("cannot be held")
            .help("mount its file system with project quotas, or choose a path that is not there or is below /run or /tmp: it becomes a tmpfs of this size"),
    );
    false
}

/// Whether `path` is `place` or below it.
pub(crate) fn inside(path: &str, place: &str) -> bool {
    place == "/"
        || path == place
        || path
            .strip_prefix(place)
            .is_some_and(|rest| rest.starts_with('/'))
}

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

/// What is only seen when all grants stand side by side, links resolved.
pub(super) fn across(manifest: &Manifest, components: &[Component], sink: &mut Sink) {
    let at = |component: &Component, grant: &FileGrant| place(manifest, component, grant);
    for (index, one) in components.iter().enumerate() {
        for other in &components[index..] {
            for (a, b) in pairs(one, other) {
                let (writer, reader, grant, seen) = match (a.access, b.access) {
                    (Access::Write, _) => (one, other, a, b),
                    (_, Access::Write) => (other, one, b, a),
                    _ => continue,
                };
                if seen.access == Access::Execute {
                    sink.push(
                        Diagnostic::error(
                            "writable-program",
                            format!(
                                "`{}` could change what `{}` executes: `{}`",
                                writer.name, reader.name, seen.source
                            ),
                        )
                        .at(at(writer, grant))
                        .label("written here")
                        .related(at(reader, seen), "executed here")
                        .help("keep programs where no component writes"),
                    );
                } else if one.name != other.name {
                    sink.push(
                        Diagnostic::warning("shared-path", format!("`{}` and `{}` share `{}`, beside the channels", writer.name, reader.name, seen.source))
                            .at(at(writer, grant))
                            .label("written here")
                            .related(at(reader, seen), "and seen here")
                            .subject(&writer.name)
                            .help("use a channel; if it is meant, `accept: [{warning: shared-path, because: ...}]`"),
                    );
                }
            }
        }
    }
}

/// Every two grants that overlap on the device, each pair once; a tmpfs overlaps nothing.
fn pairs<'a>(one: &'a Component, other: &'a Component) -> Vec<(&'a FileGrant, &'a FileGrant)> {
    let same = std::ptr::eq(one, other);
    let mut pairs = Vec::new();
    for (i, a) in one
        .files
        .iter()
        .enumerate()
        .filter(|(_, grant)| grant.size.is_none())
    {
        let rest = if same {
            &other.files[i + 1..]
        } else {
            &other.files[..]
        };
        for b in rest.iter().filter(|grant| grant.size.is_none()) {
            if inside(&a.source, &b.source) || inside(&b.source, &a.source) {
                pairs.push((a, b));
            }
        }
    }
    pairs
}

/// Where in the manifest a grant was asked for.
fn place(manifest: &Manifest, component: &Component, grant: &FileGrant) -> Position {
    let Some(written) = manifest
        .components
        .iter()
        .find(|written| written.name.value == component.name)
    else {
        return manifest.device.at;
    };
    if grant.purpose == Purpose::Declared
        && let Some(file) = written
            .files
            .iter()
            .find(|file| file.path.value == grant.path)
    {
        return file.path.at;
    }
    written.exec.first().map_or(written.name.at, |at| at.at)
}
