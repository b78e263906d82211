//! The whole mount table, compared entry by entry: place, attributes, peer groups
//! (/proc/PID/mountinfo), and what stands behind each place. A source that was
//! swapped leaves all but the last as planned (CVE-2025-31133, CVE-2025-52565).

use super::Proof;
use super::behind::{Behind, Identity};
use super::mountinfo::{Shown, attributes, read};
use crate::sys::descriptor::openat2;
use cordon_manifest::plan::Layer;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use std::ffi::CString;
use std::fs;
use std::os::fd::{AsFd, OwnedFd};

/// A mount as it was planned.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Its place in the compartment.
    pub path: String,
    /// Its attributes.
    pub attributes: u64,
    /// What stands behind it.
    pub behind: Behind,
}

/// Root, working directory and every mount.
pub fn compare(proof: &mut Proof, pid: i32, planned: &[Planned]) {
    for link in ["root", "cwd"] {
        let found = fs::read_link(format!("/proc/{pid}/{link}"));
        let found = found.map_or_else(|error| error.to_string(), |path| path.display().to_string());
        proof.compare(Layer::Root, link, "/", found);
    }
    let mut table = read(pid);
    let root = root(pid);
    for mount in planned {
        let expected = format!("{} of {}", attributes(mount.attributes), mount.behind);
        let found = match (table.remove(&mount.path), &root) {
            (None, _) => "not mounted".into(),
            (Some(shown), _) if shown.twice => "mounted twice".into(),
            (Some(shown), Ok(root)) => {
                let behind = behind(root, mount, &shown);
                format!("{} of {behind}", shown.attributes)
            }
            (Some(_), Err(errno)) => format!("the root cannot be looked at: {}", errno.desc()),
        };
        proof.compare(Layer::Root, &mount.path, expected, found);
    }
    for (path, shown) in table {
        let found = format!("{} of {}", shown.attributes, shown.source());
        proof.compare(Layer::Root, &path, "not mounted", found);
    }
}

/// Notes which file systems were made for this compartment, once it has been
/// proved for the first time: later ones of the same kind are others.
pub fn remember(pid: i32, planned: &mut [Planned]) {
    let Ok(root) = root(pid) else { return };
    for mount in planned {
        if let Behind::Made { identity, .. } = &mut mount.behind {
            *identity = reached(&root, &mount.path).ok().map(|(found, _)| found);
        }
    }
}

/// The component's root as a place, through which its files are looked at and
/// none is opened: a FIFO or a device would hold the supervisor up.
fn root(pid: i32) -> Result<OwnedFd, Errno> {
    let path = format!("/proc/{pid}/root");
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    open(path.as_str(), flags, Mode::empty())
}

/// What stands behind a mount now, in the words of what was planned.
fn behind(root: &OwnedFd, mount: &Planned, shown: &Shown) -> String {
    match reached(root, &mount.path) {
        Ok((_, id)) if id != shown.id => "another mount than the table shows".into(),
        Ok((found, _)) => mount.behind.found(shown, found),
        Err(errno) => errno.desc().to_owned(),
    }
}

/// Which file is reached at `path`, and by which mount.
fn reached(root: &OwnedFd, path: &str) -> Result<(Identity, u64), Errno> {
    let path = CString::new(path).map_err(|_| Errno::EINVAL)?;
    let flags = libc::O_PATH | libc::O_CLOEXEC | libc::O_NOFOLLOW;
    let place = openat2(root.as_fd(), &path, flags, RESOLVE)?;
    Identity::of(place.as_fd())
}

/// RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS, RESOLVE_IN_ROOT (linux/openat2.h).
const RESOLVE: u64 = 0x02 | 0x04 | 0x10;
