//! statx(2) of a descriptor: which file it is, on which mount.

use super::check;
use nix::errno::Errno;
use std::os::fd::{AsRawFd, BorrowedFd};

/// Which file stands behind a descriptor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Major and minor number of its file system's device.
    pub device: (u32, u32),
    /// Its inode there.
    pub inode: u64,
    /// When it was made, in seconds and nanoseconds, where its file system knows:
    /// numbers of file systems and inodes are used again.
    pub born: Option<(i64, u32)>,
    /// Its kind, the S_IFMT bits of its mode.
    pub kind: u32,
    /// Major and minor number of the device it stands for, where it is a node.
    pub node: (u32, u32),
    /// Id of the mount it was reached by, as in /proc/PID/mountinfo.
    pub mount: u64,
}

/// The file behind `fd`, which may be a place only (O_PATH); nothing is opened.
pub fn node(fd: BorrowedFd<'_>) -> Result<Node, Errno> {
    // SAFETY: struct statx is plain integers, for which zero is a valid value.
    let mut found: libc::statx = unsafe { std::mem::zeroed() };
    let mask = libc::STATX_TYPE | libc::STATX_INO | libc::STATX_BTIME | STATX_MNT_ID;
    let (fd, flags) = (fd.as_raw_fd(), libc::AT_EMPTY_PATH);
    // SAFETY: the empty path is terminated, and `found` has the layout asked for.
    let result = unsafe { libc::statx(fd, c"".as_ptr(), flags, mask, &raw mut found) };
    check(result.into())?;
    Ok(Node {
        device: (found.stx_dev_major, found.stx_dev_minor),
        inode: found.stx_ino,
        born: (found.stx_mask & libc::STATX_BTIME != 0)
            .then_some((found.stx_btime.tv_sec, found.stx_btime.tv_nsec)),
        kind: u32::from(found.stx_mode) & libc::S_IFMT,
        node: (found.stx_rdev_major, found.stx_rdev_minor),
        mount: found.stx_mnt_id,
    })
}

const STATX_MNT_ID: libc::c_uint = 0x1000;

#[cfg(test)]
mod tests {
    use super::*;
    use nix::fcntl::{OFlag, open};
    use nix::sys::stat::Mode;
    use std::os::fd::AsFd as _;

    fn of(path: &str) -> Node {
        let place = open(path, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty()).unwrap();
        node(place.as_fd()).unwrap()
    }

    #[test]
    fn a_node_is_told_from_another_without_being_opened() {
        let (null, zero) = (of("/dev/null"), of("/dev/zero"));
        assert_eq!((null.kind, null.node), (libc::S_IFCHR, (1, 3)));
        assert_eq!(zero.node, (1, 5));
        assert_ne!(null, zero);
        assert_eq!(null, of("/dev/../dev/null"));
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
        let id = format!("{} ", null.mount);
        assert!(mounts.lines().any(|line| line.starts_with(&id)));
    }
}
