//! A directory of the device held to a size: a project of its own, whose quota
//! its file system enforces.
//!
//! Whoever owns a file may move it out of its project by an ioctl. A component
//! cannot: neither its filter nor its policy has that command.

use super::error::Failure;
use crate::sys::quota::{self, Limit, Membership, UNIT};
use cordon_manifest::plan::{FileGrant, Layer};
use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{OFlag, openat};
use nix::sys::stat::{Mode, fstat};
use nix::unistd::setfsuid;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// A file for each so many bytes, so that empty ones do not take the file
/// system's inodes from everybody else.
const BYTES_PER_INODE: u64 = 4096;
/// As many files in however small a directory.
const LEAST_INODES: u64 = 64;
/// Projects of administrators have small numbers; ours have this bit.
const OURS: u32 = 1 << 30;

/// Number of the project of a directory: always the same for the same path (FNV-1a),
/// since it stays on the disk. Two paths of one device that met in one number
/// would be told by the proof, because a project has one limit.
pub fn project(path: &str) -> u32 {
    let hash = path.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    OURS | (hash & (OURS - 1))
}

/// What a directory of `bytes` may take, as file systems count it.
pub fn limit(bytes: u64) -> Limit {
    Limit {
        bytes: bytes / UNIT * UNIT,
        inodes: (bytes / BYTES_PER_INODE).max(LEAST_INODES),
    }
}

/// Holds the directory behind `place` to `bytes` and reads back that it is held.
///
/// Never a limit that is only believed in: what is in the directory before it
/// gets its project would be counted nowhere, so it must be empty then.
pub fn hold(file: &FileGrant, place: BorrowedFd<'_>, bytes: u64) -> Result<(), Failure> {
    let project = project(&file.source);
    let failed =
        |step: &'static str| move |errno| Failure::new(Layer::Root, step, errno).of(&file.source);
    let refused = |why: &str| Failure::found(Layer::Root, why, &file.source);
    let directory = open(place).map_err(failed("opening for its quota"))?;
    let enforced = quota::is_enforced(directory.as_fd())
        .map_err(failed("asking for the quotas of the file system of"))?;
    if !enforced {
        return Err(refused(
            "no project quota is enforced by the file system (mount it with prjquota) of",
        ));
    }
    let found = quota::membership(directory.as_fd()).map_err(failed("reading the project of"))?;
    match found.project {
        0 if !is_empty(place).map_err(failed("listing"))? => {
            // chattr(1) takes +P of directories only.
            let how = format!(
                "what is in a directory before it has a size is not counted: empty it, or run \
                 `find {} -type d -exec chattr -p {project} +P {{}} + -o -type f -exec chattr -p {project} {{}} +`:",
                file.source
            );
            return Err(refused(&how));
        }
        0 => {}
        other if other == project => {}
        other => {
            let how = format!("belongs to project {other}, not to {project}, which is Cordon's:");
            return Err(refused(&how));
        }
    }
    quota::set_limit(directory.as_fd(), project, limit(bytes))
        .map_err(failed("limiting the project of"))?;
    if found.project != project || !found.inherited {
        as_owner(directory.as_fd(), || {
            quota::join(directory.as_fd(), project)
        })
        .map_err(failed("giving a project to"))?;
    }
    let is = read(directory.as_fd(), project).map_err(failed("reading back the quota of"))?;
    if is != wanted(file, bytes) {
        return Err(refused("the quota that was set is not in force on"));
    }
    Ok(())
}

/// What is to be found of a directory that is held.
pub fn wanted(file: &FileGrant, bytes: u64) -> (Membership, Limit) {
    let membership = Membership {
        project: project(&file.source),
        inherited: true,
    };
    (membership, limit(bytes))
}

/// What is found of the directory behind `place`.
pub fn found(file: &FileGrant, place: BorrowedFd<'_>) -> Result<(Membership, Limit), Errno> {
    let directory = open(place)?;
    if !quota::is_enforced(directory.as_fd())? {
        return Err(Errno::ESRCH);
    }
    read(directory.as_fd(), project(&file.source))
}

fn read(directory: BorrowedFd<'_>, project: u32) -> Result<(Membership, Limit), Errno> {
    Ok((
        quota::membership(directory)?,
        quota::limit(directory, project)?,
    ))
}

/// Opens what was found as a place, for ioctl(2).
fn open(place: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC | OFlag::O_NOFOLLOW;
    openat(place, ".", flags, Mode::empty())
}

fn is_empty(place: BorrowedFd<'_>) -> Result<bool, Errno> {
    for entry in Dir::from_fd(open(place)?)?.iter() {
        let entry = entry?;
        // mke2fs(8) makes lost+found at the root of a file system; it is root's alone.
        let own = [&b"."[..], b"..", b"lost+found"];
        if !own.contains(&entry.file_name().to_bytes()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Runs `act` with the identity of the directory's owner towards file systems:
/// attributes are its owner's to set, and CAP_FOWNER would be for every file.
fn as_owner<T>(
    directory: BorrowedFd<'_>,
    act: impl FnOnce() -> Result<T, Errno>,
) -> Result<T, Errno> {
    let owner = fstat(directory)?.st_uid;
    let before = setfsuid(owner.into());
    let done = act();
    setfsuid(before);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_is_its_paths_and_none_of_an_administrators() {
        assert_eq!(project("/var/lib/a"), project("/var/lib/a"));
        assert_ne!(project("/var/lib/a"), project("/var/lib/b"));
        assert!((OURS..=0x7fff_ffff).contains(&project("/var/lib/a")));
    }

    #[test]
    fn a_limit_is_never_more_than_was_said() {
        let eight = limit(8 << 20);
        assert_eq!((eight.bytes, eight.inodes), (8 << 20, 2048));
        assert_eq!(limit(5000).bytes, 4096);
        assert_eq!(limit(5000).inodes, LEAST_INODES);
    }

    #[test]
    fn the_owners_identity_is_given_back() {
        let here = std::fs::File::open("/").unwrap();
        let before = setfsuid(u32::MAX.into());
        as_owner(here.as_fd(), || Ok(())).unwrap();
        assert_eq!(setfsuid(u32::MAX.into()), before);
    }
}
