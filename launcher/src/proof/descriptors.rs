//! Descriptors of a process, by pidfd_getfd(2): never opened through /proc, where
//! a FIFO would block the supervisor.

use super::{Proof, Verdict};
use crate::compartment::Running;
use crate::sys::descriptor::pidfd_getfd;
use cordon_manifest::plan::Layer;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, SealFlag, fcntl};
use nix::sys::stat::{SFlag, fstat};
use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::os::fd::{AsFd, BorrowedFd};

/// What a descriptor is: the same open file has the same identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    device: u64,
    inode: u64,
    kind: String,
    mode: &'static str,
    seals: Option<String>,
}

impl Identity {
    /// Identity of an open descriptor.
    pub fn of(fd: BorrowedFd<'_>) -> Result<Self, Errno> {
        let stat = fstat(fd)?;
        let kind = SFlag::from_bits_truncate(stat.st_mode & SFlag::S_IFMT.bits());
        let flags = OFlag::from_bits_truncate(fcntl(fd, FcntlArg::F_GETFL)?);
        let mode = if flags.contains(OFlag::O_PATH) {
            "path only"
        } else {
            match flags & OFlag::O_ACCMODE {
                OFlag::O_RDONLY => "read-only",
                OFlag::O_WRONLY => "write-only",
                _ => "read-write",
            }
        };
        let seals = match fcntl(fd, FcntlArg::F_GET_SEALS) {
            Ok(seals) => Some(format!("{:?}", SealFlag::from_bits_truncate(seals))),
            Err(_) => None,
        };
        let kind = match kind {
            SFlag::S_IFSOCK => "socket",
            SFlag::S_IFIFO => "pipe",
            SFlag::S_IFCHR => "character device",
            SFlag::S_IFBLK => "block device",
            SFlag::S_IFDIR => "directory",
            SFlag::S_IFREG => "file",
            _ => "anonymous",
        };
        Ok(Self {
            device: stat.st_dev,
            inode: stat.st_ino,
            kind: kind.into(),
            mode,
            seals,
        })
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {:x}:{} {}",
            self.kind, self.device, self.inode, self.mode
        )?;
        match &self.seals {
            Some(seals) if self.kind == "file" => write!(f, " {seals}"),
            _ => Ok(()),
        }
    }
}

/// Before the first instruction: the declared descriptors and no other.
pub fn exact(proof: &mut Proof, running: &Running, declared: &[(String, Identity)]) {
    let mut open = numbers(running);
    for (number, (name, wanted)) in declared.iter().enumerate() {
        let number = number as i32;
        open.remove(&number);
        proof.compare(
            Layer::Root,
            &format!("fd {number} {name}"),
            wanted.to_string(),
            found(running, number),
        );
    }
    for number in open {
        let name = format!("fd {number}");
        proof.compare(Layer::Root, &name, "closed", found(running, number));
    }
}

/// Later: an inherited descriptor is still what it was, or the program closed it;
/// those it opened since are within its layers and are listed.
pub fn still(proof: &mut Proof, running: &Running, declared: &[(String, Identity)]) {
    let mut open = numbers(running);
    for (number, (name, wanted)) in declared.iter().enumerate() {
        let number = number as i32;
        let name = format!("fd {number} {name}");
        if open.remove(&number) {
            // The program may have put another of its own descriptors there.
            let found = found(running, number);
            let verdict = if found == wanted.to_string() {
                Verdict::Same
            } else {
                Verdict::NotShown
            };
            proof.items.push(super::Item {
                layer: Layer::Root,
                name,
                expected: wanted.to_string(),
                found,
                verdict,
            });
        } else {
            proof.note(
                Layer::Root,
                &name,
                "closed by the program",
                Verdict::NotShown,
            );
        }
    }
    for number in open {
        // A directory of elsewhere or a path descriptor is a way out (CVE-2024-21626).
        // By its name alone: nothing a component opened comes into this process.
        let link = format!("/proc/{}/fd/{number}", running.pid());
        let found = fs::read_link(link).map_or_else(
            |error| error.to_string(),
            |name| name.to_string_lossy().into_owned(),
        );
        let name = format!("fd {number}");
        proof.note(Layer::Root, &name, found, Verdict::NotShown);
    }
}

fn numbers(running: &Running) -> BTreeSet<i32> {
    let folder = format!("/proc/{}/fd", running.pid());
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect()
}

fn found(running: &Running, number: i32) -> String {
    pidfd_getfd(running.pidfd(), number)
        .and_then(|fd| Identity::of(fd.as_fd()))
        .map_or_else(
            |errno| errno.desc().to_owned(),
            |identity| identity.to_string(),
        )
}
