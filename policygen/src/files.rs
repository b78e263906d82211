//! Paths and device nodes: their types, their contexts, and what each
//! component may do with them.

use crate::cil::path_expression;
use crate::creation::Creations;
use crate::labels::{Label, Labels, is_declared};
use crate::names::{self, SUPERVISOR};
use crate::writer::{FileContext, FileKind, Writer};
use cordon_manifest::plan::{Access, Component, DeviceGrant, FileGrant, PathKind, Plan};

/// Attributes of an ordinary file: the package manager installs it and
/// restorecon labels it.
const FILE: [&str; 3] = ["file_type", "non_security_file_type", "non_auth_file_type"];

const READ_DIRECTORY: [&str; 4] = ["getattr", "open", "read", "search"];
const WRITE_DIRECTORY: [&str; 12] = [
    "add_name",
    "create",
    "getattr",
    "open",
    "read",
    "remove_name",
    "rename",
    "reparent",
    "rmdir",
    "search",
    "setattr",
    "write",
];
const READ_FILE: [&str; 4] = ["getattr", "map", "open", "read"];
const EXECUTE_FILE: [&str; 5] = ["execute", "getattr", "map", "open", "read"];
const WRITE_FILE: [&str; 7] = ["append", "getattr", "lock", "map", "open", "read", "write"];
/// linux/fs.h: FS_IOC_FSGETXATTR and FS_IOC_FSSETXATTR, as SELinux counts commands.
const PROJECT_IOCTLS: [u32; 2] = [0x581f, 0x5820];
const CREATE_FILE: [&str; 11] = [
    "append", "create", "getattr", "lock", "map", "open", "read", "rename", "setattr", "unlink",
    "write",
];

/// Declares the types of the device's own paths and nodes.
pub(crate) fn declare(writer: &mut Writer<'_>, labels: &Labels, creations: &Creations) {
    if labels.paths.is_empty() && labels.nodes.is_empty() {
        return;
    }
    writer.heading("paths and device nodes");
    for (source, path) in &labels.paths {
        writer.group(
            &format!("{source} carries a type of its own."),
            &path.origin,
        );
        writer.declare(&path.label, "object_r", &format!("path {source}"));
        writer.join(&path.label, &FILE);
        writer.statement(&format!(
            "(typeattributeset {} ({}))",
            names::GRANTED,
            path.label
        ));
        let (expression, kind) = match path.kind {
            PathKind::File => (path_expression(source), FileKind::Regular),
            // The inner group changes nothing but the length of the expression:
            // of two that match, the longer one counts, and the base policy's
            // own for the same directory would be as long.
            PathKind::Directory | PathKind::Absent => (
                format!("{}(/(.*))?", path_expression(source)),
                FileKind::Any,
            ),
        };
        writer.context(FileContext {
            expression,
            kind,
            label: path.label.clone(),
        });
        // Declared by somebody; opened, looked at and mounted by the supervisor.
        writer.allow(SUPERVISOR, &path.label, "dir", &["getattr", "search"]);
        writer.allow(SUPERVISOR, &path.label, "file", &["getattr"]);
    }
    made(writer, creations);
    for (source, node) in &labels.nodes {
        writer.group(
            &format!("{source} carries a type of its own."),
            &node.origin,
        );
        writer.declare(&node.label, "object_r", &format!("device {source}"));
        writer.join(&node.label, &["device_node"]);
        writer.statement(&format!(
            "(typeattributeset {} ({}))",
            names::GRANTED,
            node.label
        ));
        let (kind, class) = if node.block {
            (FileKind::Block, "blk_file")
        } else {
            (FileKind::Character, "chr_file")
        };
        writer.context(FileContext {
            expression: path_expression(source),
            kind,
            label: node.label.clone(),
        });
        writer.allow(SUPERVISOR, &node.label, class, &["getattr"]);
    }
}

/// Where the supervisor makes what is missing: it adds a name to that directory
/// alone, and what has the name has its own type from the first.
fn made(writer: &mut Writer<'_>, creations: &Creations) {
    for (path, (label, origin)) in &creations.parents {
        let sentence = format!("{path} is where the supervisor makes what is missing.");
        writer.group(&sentence, origin);
        writer.declare(label, "object_r", &format!("directory {path}"));
        writer.join(label, &FILE);
        let granted = format!("(typeattributeset {} ({label}))", names::GRANTED);
        writer.statement(&granted);
        writer.context(FileContext {
            expression: path_expression(path),
            kind: FileKind::Directory,
            label: label.clone(),
        });
    }
    for (path, creation) in &creations.all {
        let (parent, label, name) = (&creation.parent, &creation.label, &creation.name);
        let class = if creation.file { "file" } else { "dir" };
        let sentence = format!("{path} gets its type from the first, by its name.");
        writer.group(&sentence, &creation.origin);
        writer.allow(SUPERVISOR, parent, "dir", &["add_name", "search", "write"]);
        writer.statement(&format!(
            "(typetransition {SUPERVISOR} {parent} {class} \"{name}\" {label})"
        ));
        writer.allow(SUPERVISOR, label, class, &["create", "setattr"]);
    }
}

/// Grants a component its paths and nodes.
pub(crate) fn write(
    writer: &mut Writer<'_>,
    plan: &Plan,
    labels: &Labels,
    component: &Component,
    domain: &str,
) {
    for file in component.files.iter().filter(|file| is_declared(file)) {
        grant(writer, plan, labels, component, domain, file);
        nested(writer, labels, component, file);
    }
    for device in &component.devices {
        node(writer, labels, domain, device);
    }
}

fn grant(
    writer: &mut Writer<'_>,
    plan: &Plan,
    labels: &Labels,
    component: &Component,
    domain: &str,
    file: &FileGrant,
) {
    let verb = match file.access {
        Access::Read => "reads",
        Access::Write => "reads and writes",
        Access::Execute => "reads and maps executable",
    };
    let how = file.pass.as_ref().map_or_else(String::new, |name| {
        format!(", through a descriptor named {name} that the supervisor opened")
    });
    writer.group(&format!("It {verb} {}{how}.", file.path), &file.origin);

    if file.size.is_some() {
        let label = names::tmpfs_type(&plan.device, &component.name, &file.path);
        let what = format!("the tmpfs of {} at {}", component.name, file.path);
        writer.declare(&label, "object_r", &what);
        let tmpfs = writer.base("tmpfs_t").to_owned();
        writer.allow(&label, &tmpfs, "filesystem", &["associate"]);
        // The kernel asks for rootcontext=, of who mounts and of what is mounted.
        writer.allow(SUPERVISOR, &tmpfs, "filesystem", &["relabelfrom"]);
        writer.allow(SUPERVISOR, names::ROOT, "dir", &["relabelfrom"]);
        writer.allow(
            SUPERVISOR,
            &label,
            "dir",
            &["getattr", "relabelto", "search", "setattr"],
        );
    }
    if file.quota.is_some()
        && let Some(path) = labels.paths.get(&file.source)
    {
        let label = path.label.clone();
        // Held to a size: the supervisor puts the directory into a project of its
        // own while it is empty, and limits the project.
        writer.allow(SUPERVISOR, &label, "dir", &["open", "read"]);
        writer.allow_ioctl(SUPERVISOR, &label, "dir", &PROJECT_IOCTLS);
        let file_system = writer.base("fs_t").to_owned();
        let quota = ["quotaget", "quotamod"];
        writer.allow(SUPERVISOR, &file_system, "filesystem", &quota);
    }
    for label in labels.reached(plan, component, file) {
        let label = match &label {
            Label::Own(name) => name.clone(),
            Label::Base(name) => writer.base(name).to_owned(),
        };
        if file.pass.is_some() {
            passed(writer, domain, &label, file.access);
        } else {
            visible(writer, domain, &label, file);
        }
    }
}

/// A path below another of the component's directories is mounted over what
/// stands there, which the kernel asks the supervisor for by its type.
fn nested(writer: &mut Writer<'_>, labels: &Labels, component: &Component, file: &FileGrant) {
    if file.pass.is_some() {
        return;
    }
    let outer = component
        .files
        .iter()
        .filter(|outer| is_declared(outer) && outer.pass.is_none() && outer.size.is_none());
    let below = outer.filter_map(|outer| {
        let rest = file.path.strip_prefix(&outer.path)?;
        rest.starts_with('/').then_some((outer, rest))
    });
    let Some((outer, rest)) = below.max_by_key(|(outer, _)| outer.path.len()) else {
        return;
    };
    let place = format!("{}{rest}", outer.source);
    let there = labels.paths.get(&place);
    if let Some(there) = there.or_else(|| labels.directory(&place)) {
        let directory = file.size.is_some() || file.kind != PathKind::File;
        let class = if directory { "dir" } else { "file" };
        let sentence = format!(
            "{} is mounted over what {} has there.",
            file.path, outer.path
        );
        let label = there.label.clone();
        writer.group(&sentence, &file.origin);
        writer.allow(SUPERVISOR, &label, class, &["mounton"]);
    }
}

/// A path the component sees.
fn visible(writer: &mut Writer<'_>, domain: &str, label: &str, file: &FileGrant) {
    let directory = file.size.is_some() || file.kind != PathKind::File;
    match file.access {
        Access::Write if directory => {
            writer.allow(domain, label, "dir", &WRITE_DIRECTORY);
            writer.allow(domain, label, "file", &CREATE_FILE);
        }
        Access::Write => writer.allow(domain, label, "file", &WRITE_FILE),
        Access::Read | Access::Execute => {
            if directory {
                writer.allow(domain, label, "dir", &READ_DIRECTORY);
            }
            let permissions: &[&str] = if file.access == Access::Execute {
                &EXECUTE_FILE
            } else {
                &READ_FILE
            };
            writer.allow(domain, label, "file", permissions);
            writer.allow(domain, label, "lnk_file", &["getattr", "read"]);
        }
    }
}

/// A file of which the component only has a descriptor: it can open nothing.
fn passed(writer: &mut Writer<'_>, domain: &str, label: &str, access: Access) {
    let (component, supervisor): (&[&str], &[&str]) = if access == Access::Write {
        (
            &["append", "getattr", "map", "read", "write"],
            &["append", "open", "read", "write"],
        )
    } else {
        (&["getattr", "map", "read"], &["open", "read"])
    };
    writer.allow(SUPERVISOR, label, "file", supervisor);
    writer.allow(domain, label, "file", component);
}

fn node(writer: &mut Writer<'_>, labels: &Labels, domain: &str, device: &DeviceGrant) {
    let write = device.access == Access::Write;
    let verb = if write { "reads and writes" } else { "reads" };
    let how = device.pass.as_ref().map_or_else(String::new, |name| {
        format!(", through a descriptor named {name} that the supervisor opened")
    });
    writer.group(&format!("It {verb} {}{how}.", device.path), &device.origin);
    let Some(label) = labels.node_label(&device.source) else {
        return;
    };
    let label = match &label {
        Label::Own(name) => name.clone(),
        Label::Base(name) => writer.base(name).to_owned(),
    };
    let class = if device.node.is_some_and(|node| node.block) {
        "blk_file"
    } else {
        "chr_file"
    };
    let mut permissions = vec!["getattr", "map", "read"];
    if write {
        permissions.extend(["append", "write"]);
    }
    let opener = if device.pass.is_some() {
        SUPERVISOR
    } else {
        domain
    };
    let opening: &[&str] = if write {
        &["open", "read", "write"]
    } else {
        &["open", "read"]
    };
    writer.allow(opener, &label, class, opening);
    writer.allow(domain, &label, class, &permissions);
    if !device.ioctl.is_empty() {
        writer.allow_ioctl(domain, &label, class, &device.ioctl);
    }
}
