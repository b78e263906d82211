//! Devices and files the supervisor opens and a component inherits by name.

use cordon_manifest::plan::{Access, Component, DeviceGrant, FileGrant, Missing, Origin};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, OpenHow, ResolveFlag, fcntl, openat2};
use nix::sys::stat::{Mode, SFlag, fstat};
use std::fmt;
use std::os::fd::{AsFd as _, OwnedFd};

/// Mode of a file the supervisor creates for a component.
const CREATED: Mode = Mode::from_bits_truncate(0o640);

/// Something that cannot be handed over.
#[derive(Debug, PartialEq, Eq)]
pub struct HandoverError {
    component: String,
    path: String,
    line: Option<u32>,
    why: String,
}

impl fmt::Display for HandoverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "component {}: cannot open {}", self.component, self.path)?;
        if let Some(line) = self.line {
            write!(f, " (manifest line {line})")?;
        }
        write!(f, ": {}", self.why)
    }
}

impl std::error::Error for HandoverError {}

/// An open descriptor with its name and its place in the manifest.
#[derive(Debug)]
pub struct Passed {
    /// Name in LISTEN_FDNAMES.
    pub name: String,
    /// Line that asked for it, for the order.
    pub line: u32,
    /// The descriptor.
    pub fd: OwnedFd,
}

/// Opens everything the component inherits by name.
pub fn open_all(component: &Component) -> Result<Vec<Passed>, HandoverError> {
    let mut passed = Vec::new();
    for device in &component.devices {
        let Some(name) = &device.pass else { continue };
        let opened = device_fd(device).map_err(|why| HandoverError {
            component: component.name.clone(),
            path: device.source.clone(),
            line: line_of(&device.origin),
            why,
        })?;
        push(&mut passed, name, &device.origin, opened);
    }
    for file in &component.files {
        let Some(name) = &file.pass else { continue };
        let opened = file_fd(file, component).map_err(|why| HandoverError {
            component: component.name.clone(),
            path: file.source.clone(),
            line: line_of(&file.origin),
            why,
        })?;
        push(&mut passed, name, &file.origin, opened);
    }
    Ok(passed)
}

fn push(passed: &mut Vec<Passed>, name: &str, origin: &Origin, opened: Option<OwnedFd>) {
    if let Some(fd) = opened {
        passed.push(Passed {
            name: name.to_owned(),
            line: line_of(origin).unwrap_or(0),
            fd,
        });
    }
}

fn line_of(origin: &Origin) -> Option<u32> {
    match origin {
        Origin::Manifest { line } => Some(*line),
        _ => None,
    }
}

/// The path was resolved when the plan was made: a link on it now is a swap.
fn open(path: &str, access: Access, extra: OFlag) -> nix::Result<OwnedFd> {
    let mode = match access {
        Access::Write => OFlag::O_RDWR,
        Access::Read | Access::Execute => OFlag::O_RDONLY,
    };
    // O_NONBLOCK only while opening: a serial line without carrier, or a FIFO
    // in the file's place, must not hold the supervisor.
    let flags = mode | OFlag::O_CLOEXEC | OFlag::O_NOCTTY | OFlag::O_NONBLOCK | extra;
    let create = if extra.contains(OFlag::O_CREAT) {
        CREATED
    } else {
        Mode::empty()
    };
    let how = OpenHow::new()
        .flags(flags)
        .mode(create)
        .resolve(ResolveFlag::RESOLVE_NO_SYMLINKS | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    let fd = openat2(nix::fcntl::AT_FDCWD, path, how)?;
    fcntl(&fd, FcntlArg::F_SETFL(mode))?;
    Ok(fd)
}

fn device_fd(device: &DeviceGrant) -> Result<Option<OwnedFd>, String> {
    let fd = match open(&device.source, device.access, OFlag::empty()) {
        Ok(fd) => fd,
        Err(Errno::ENOENT) if device.missing == Missing::Skip => return Ok(None),
        Err(errno) => return Err(words(errno)),
    };
    // The same check as for a node that is mounted into a compartment.
    crate::compartment::check_node(fd.as_fd(), device).map_err(|failure| failure.to_string())?;
    Ok(Some(fd))
}

fn file_fd(file: &FileGrant, component: &Component) -> Result<Option<OwnedFd>, String> {
    let fd = match open(&file.source, file.access, OFlag::empty()) {
        Ok(fd) => fd,
        Err(Errno::ENOENT) if file.missing == Missing::Skip => return Ok(None),
        Err(Errno::ENOENT) if file.missing == Missing::Create => {
            let extra = OFlag::O_CREAT | OFlag::O_EXCL;
            let fd = open(&file.source, file.access, extra).map_err(words)?;
            let user = &component.user.value;
            let (uid, gid) = (user.uid.into(), user.gid.into());
            nix::unistd::fchown(&fd, Some(uid), Some(gid)).map_err(words)?;
            fd
        }
        Err(errno) => return Err(words(errno)),
    };
    let stat = fstat(&fd).map_err(words)?;
    let kind = SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT;
    if kind != SFlag::S_IFREG {
        return Err("only regular files and devices are handed over".to_owned());
    }
    Ok(Some(fd))
}

fn words(errno: Errno) -> String {
    match errno {
        Errno::ELOOP => {
            "a link stands on the path that was resolved when the plan was made".to_owned()
        }
        other => other.desc().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::Scratch;
    use cordon_manifest::plan::Node;
    use std::os::unix::fs::symlink;

    fn null(source: &str, minor: u32) -> DeviceGrant {
        DeviceGrant {
            path: "/dev/null".to_owned(),
            source: source.to_owned(),
            node: Some(Node {
                block: false,
                major: 1,
                minor,
            }),
            access: Access::Write,
            ioctl: Vec::new(),
            pass: Some("screen".to_owned()),
            missing: Missing::Error,
            origin: Origin::Manifest { line: 3 },
        }
    }

    #[test]
    fn a_device_is_opened_and_its_number_compared() {
        assert!(device_fd(&null("/dev/null", 3)).unwrap().is_some());
        let error = device_fd(&null("/dev/null", 5)).unwrap_err();
        assert!(
            error.contains("not the device node the plan found"),
            "{error}"
        );
    }

    #[test]
    fn a_link_in_the_place_of_the_device_is_refused() {
        let scratch = Scratch::new();
        let link = scratch.path().join("fb0");
        symlink("/dev/null", &link).unwrap();
        let error = device_fd(&null(link.to_str().unwrap(), 3)).unwrap_err();
        assert!(error.contains("a link stands on the path"), "{error}");
    }

    #[test]
    fn a_fifo_in_the_place_of_the_device_does_not_hold_the_supervisor() {
        let scratch = Scratch::new();
        let fifo = scratch.path().join("tty");
        nix::unistd::mkfifo(&fifo, Mode::S_IRWXU).unwrap();
        assert!(device_fd(&null(fifo.to_str().unwrap(), 3)).is_err());
    }
}
