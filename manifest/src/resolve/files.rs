//! Paths: what is declared against what stands on the device.

use super::paths::{inside, parents};
use super::{of_role, origin};
use crate::check::{is_broad, refusal};
use crate::diagnostic::{At, Diagnostic, Sink};
use crate::facts::{Facts, Kind, Path};
use crate::model;
use crate::plan::{Access, FileGrant, Missing, Origin, PathKind, Purpose, User};
use crate::roles::Role;
use crate::secrets::{INSTEAD, secret};

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
    if is_refused(file, fact, sink) {
        return None;
    }
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

/// Whether what the path leads to is never granted. What is refused by name is refused behind
/// a link too, such as /run/cordon by /var/run. Only a single file below /run/systemd may be
/// read this way: /etc/resolv.conf is such a link.
fn is_refused(file: &model::File, fact: &Path, sink: &mut Sink) -> bool {
    let (path, leads) = (&file.path.value, &fact.resolved);
    let access = file.access.value;
    let is_file_read = fact.kind == Kind::File && access == Access::Read;
    let is_link = path != leads && !(is_file_read && inside(leads, "/run/systemd"));
    let nodes = "a directory of device nodes; grant each node under `devices`";
    let (what, help) = if let Some(help) = refusal(leads, access).filter(|_| is_link) {
        ("", help)
    } else if let Some(secret) =
        secret(leads, fact.kind != Kind::File).filter(|_| path != leads || file.size.is_some())
    {
        // Of a path with a size nothing was asked before it was known to be no tmpfs.
        let led = if path == leads {
            String::new()
        } else {
            format!("`{path}` leads to `{leads}`; ")
        };
        sink.push(
            Diagnostic::error("refused-path", led + &secret.of(leads))
                .at(file.path.at)
                .label("never granted")
                .help(INSTEAD),
        );
        return true;
    } else if is_link && access == Access::Write && is_broad(leads) {
        (
            " for writing as a whole",
            "grant the directory the program writes to",
        )
    } else if fact.kind == Kind::Directory && inside(leads, "/dev") && !inside(leads, "/dev/shm") {
        ("", nodes)
    } else {
        return false;
    };
    let message = if path == leads {
        format!("`{path}` is never granted{what}")
    } else {
        format!("`{path}` leads to `{leads}`, which is never granted{what}")
    };
    sink.push(
        Diagnostic::error("refused-path", message)
            .at(file.path.at)
            .label("never granted")
            .help(help),
    );
    true
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
