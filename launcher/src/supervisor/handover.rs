//! Devices and files the supervisor opens and a component inherits by name.

use crate::sys::mount::{self, attribute};
use cordon_manifest::plan::{Access, Component, DeviceGrant, FileGrant, Missing, Origin};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, OpenHow, ResolveFlag, fcntl, openat2};
use nix::sys::stat::{Mode, SFlag, fstat};
use std::fmt;
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};

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

/// The place of a path. It was resolved when the plan was made: a link on it
/// now is a swap.
fn place(path: &str, flags: OFlag) -> nix::Result<OwnedFd> {
    let create = if flags.contains(OFlag::O_CREAT) {
        CREATED
    } else {
        Mode::empty()
    };
    let how = OpenHow::new()
        .flags(flags | OFlag::O_CLOEXEC)
        .mode(create)
        .resolve(ResolveFlag::RESOLVE_NO_SYMLINKS | ResolveFlag::RESOLVE_NO_MAGICLINKS);
    openat2(nix::fcntl::AT_FDCWD, path, how)
}

/// Opens a place on a mount of its own: through the device's mount, which may
/// execute, a program could write code to what it inherits and map it executable.
fn open(place: &OwnedFd, access: Access, attributes: u64) -> nix::Result<OwnedFd> {
    let mode = match access {
        Access::Write => OFlag::O_RDWR,
        Access::Read | Access::Execute => OFlag::O_RDONLY,
    };
    let mount = mount::clone_tree(place.as_fd())?;
    mount::set_attributes(mount.as_fd(), attributes, attribute::NODEV & !attributes)?;
    // O_NONBLOCK only while opening: a serial line without carrier must not
    // hold the supervisor.
    let flags = mode | OFlag::O_CLOEXEC | OFlag::O_NOCTTY | OFlag::O_NONBLOCK;
    let through = format!("/proc/self/fd/{}", mount.as_raw_fd());
    let fd = nix::fcntl::open(through.as_str(), flags, Mode::empty())?;
    fcntl(&fd, FcntlArg::F_SETFL(mode))?;
    Ok(fd)
}

fn device_fd(device: &DeviceGrant) -> Result<Option<OwnedFd>, String> {
    let found = match place(&device.source, OFlag::O_PATH) {
        Ok(found) => found,
        Err(Errno::ENOENT) if device.missing == Missing::Skip => return Ok(None),
        Err(errno) => return Err(words(errno)),
    };
    // The same check as for a node that is mounted into a compartment.
    crate::compartment::check_node(found.as_fd(), device).map_err(|failure| failure.to_string())?;
    let attributes = attribute::NOSUID | attribute::NOEXEC;
    open(&found, device.access, attributes)
        .map(Some)
        .map_err(words)
}

fn file_fd(file: &FileGrant, component: &Component) -> Result<Option<OwnedFd>, String> {
    let found = match place(&file.source, OFlag::O_PATH) {
        Ok(found) => found,
        Err(Errno::ENOENT) if file.missing == Missing::Skip => return Ok(None),
        Err(Errno::ENOENT) if file.missing == Missing::Create => {
            let flags = OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_RDWR;
            let created = place(&file.source, flags).map_err(words)?;
            let user = &component.user.value;
            let (uid, gid) = (user.uid.into(), user.gid.into());
            nix::unistd::fchown(&created, Some(uid), Some(gid)).map_err(words)?;
            created
        }
        Err(errno) => return Err(words(errno)),
    };
    let stat = fstat(&found).map_err(words)?;
    let kind = SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT;
    if kind != SFlag::S_IFREG {
        return Err("only regular files and devices are handed over".to_owned());
    }
    let mut attributes = attribute::NOSUID | attribute::NODEV | attribute::NOEXEC;
    if file.access != Access::Write {
        attributes |= attribute::RDONLY;
    }
    open(&found, file.access, attributes)
        .map(Some)
        .map_err(words)
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

    /// Mounts need root. Says why not, and fails in CI.
    fn root() -> bool {
        if nix::unistd::geteuid().is_root() {
            return true;
        }
        let text = "not run: opening on a mount of its own needs root";
        assert!(std::env::var_os("CI").is_none(), "{text}");
        println!("{text}");
        false
    }

    #[test]
    fn what_is_written_to_a_file_cannot_be_mapped_executable() {
        if !root() {
            return;
        }
        let scratch = Scratch::new();
        let path = scratch.path().join("screen");
        std::fs::write(&path, [0; 4096]).unwrap();
        let found = place(path.to_str().unwrap(), OFlag::O_PATH).unwrap();
        let attributes = attribute::NOSUID | attribute::NODEV | attribute::NOEXEC;
        let fd = open(&found, Access::Write, attributes).unwrap();
        nix::unistd::write(&fd, b"x").unwrap();
        assert_eq!(std::fs::read(&path).unwrap()[0], b'x');
        let on = nix::sys::statvfs::fstatvfs(&fd).unwrap().flags();
        assert!(on.contains(nix::sys::statvfs::FsFlags::ST_NOEXEC), "{on:?}");
    }

    #[test]
    fn a_device_is_opened_and_its_number_compared() {
        if !root() {
            return;
        }
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
