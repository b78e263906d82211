//! quotactl_fd(2) and ioctl_xfs_fsgetxattr(2): to which project a directory
//! belongs and what its file system gives that project. The one interface of
//! ext4, XFS and F2FS alike.

use super::check;
use nix::errno::Errno;
use std::os::fd::{AsRawFd, BorrowedFd};

/// linux/fs.h: FS_IOC_FSGETXATTR.
const GET_ATTRIBUTES: libc::Ioctl = 0x801c_581f_u32 as libc::Ioctl;
/// linux/fs.h: FS_IOC_FSSETXATTR.
const SET_ATTRIBUTES: libc::Ioctl = 0x401c_5820;
/// linux/fs.h: what is made in the directory belongs to its project.
const PROJECT_INHERIT: u32 = 0x200;

/// linux/quota.h: the kind of quota that is per project.
const PROJECT: u32 = 2;
/// linux/quota.h: Q_GETQUOTA.
const GET_LIMIT: u32 = 0x0080_0007;
/// linux/quota.h: Q_SETQUOTA.
const SET_LIMIT: u32 = 0x0080_0008;
/// linux/dqblk_xfs.h: Q_XGETQSTATV, which every file system answers.
const GET_STATE: u32 = 0x5808;
/// linux/dqblk_xfs.h: FS_QUOTA_PDQ_ENFD.
const ENFORCED: u16 = 1 << 5;
/// linux/quota.h: QIF_BLIMITS and QIF_ILIMITS.
const LIMITS: u32 = 1 | 4;
/// linux/quota.h: bytes in a unit of the block limits.
pub const UNIT: u64 = 1024;

/// linux/fs.h: struct fsxattr.
#[repr(C)]
#[derive(Clone, Copy, Default)]
struct Attributes {
    flags: u32,
    extent_size: u32,
    extents: u32,
    project: u32,
    cow_extent_size: u32,
    padding: [u8; 8],
}

/// linux/quota.h: struct if_dqblk.
#[repr(C)]
#[derive(Default)]
struct Block {
    hard: u64,
    soft: u64,
    space: u64,
    inodes_hard: u64,
    inodes_soft: u64,
    inodes: u64,
    block_time: u64,
    inode_time: u64,
    valid: u32,
}

/// linux/dqblk_xfs.h: struct fs_quota_statv, of which the flags are read.
#[repr(C, align(8))]
struct State {
    version: i8,
    padding: u8,
    flags: u16,
    rest: [u8; 252],
}

/// The project a directory is in; 0 is that of nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Membership {
    /// Number of the project.
    pub project: u32,
    /// Whether what is made in it is in the project too.
    pub inherited: bool,
}

/// What a project may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Bytes, a multiple of [`UNIT`].
    pub bytes: u64,
    /// Files, directories and links.
    pub inodes: u64,
}

/// The project of an open directory.
pub fn membership(directory: BorrowedFd<'_>) -> Result<Membership, Errno> {
    let attributes = attributes(directory)?;
    Ok(Membership {
        project: attributes.project,
        inherited: attributes.flags & PROJECT_INHERIT != 0,
    })
}

/// Puts an open directory, and what will be made in it, into a project. For the
/// directory's owner, in the first user namespace.
pub fn join(directory: BorrowedFd<'_>, project: u32) -> Result<(), Errno> {
    let mut attributes = attributes(directory)?;
    attributes.project = project;
    attributes.flags |= PROJECT_INHERIT;
    // SAFETY: the kernel reads one struct fsxattr, which this is, and keeps no pointer.
    let result =
        unsafe { libc::ioctl(directory.as_raw_fd(), SET_ATTRIBUTES, &raw const attributes) };
    check(result.into()).map(|_| ())
}

fn attributes(directory: BorrowedFd<'_>) -> Result<Attributes, Errno> {
    let mut attributes = Attributes::default();
    // SAFETY: the kernel writes one struct fsxattr, which this is, and keeps no pointer.
    let result = unsafe { libc::ioctl(directory.as_raw_fd(), GET_ATTRIBUTES, &raw mut attributes) };
    check(result.into()).map(|_| attributes)
}

/// Whether the file system of an open directory refuses what is over a project's
/// limit; counting alone holds nobody.
pub fn is_enforced(directory: BorrowedFd<'_>) -> Result<bool, Errno> {
    let mut state = State {
        version: 1,
        padding: 0,
        flags: 0,
        rest: [0; 252],
    };
    // SAFETY: the kernel writes one struct fs_quota_statv of version 1, which is
    // shorter than this and laid out alike at its beginning.
    match unsafe { control(directory, GET_STATE, 0, (&raw mut state).cast()) } {
        Ok(()) => Ok(state.flags & ENFORCED != 0),
        // No quota is switched on, or the file system knows none.
        Err(Errno::ESRCH | Errno::ENOSYS | Errno::EOPNOTSUPP | Errno::ENODEV) => Ok(false),
        Err(errno) => Err(errno),
    }
}

/// What a project may take on the file system of an open directory; 0 is no limit.
pub fn limit(directory: BorrowedFd<'_>, project: u32) -> Result<Limit, Errno> {
    let mut block = Block::default();
    // SAFETY: the kernel writes one struct if_dqblk, which this is.
    unsafe { control(directory, GET_LIMIT, project, (&raw mut block).cast()) }?;
    Ok(Limit {
        bytes: block.hard.saturating_mul(UNIT),
        inodes: block.inodes_hard,
    })
}

/// Limits a project on the file system of an open directory.
pub fn set_limit(directory: BorrowedFd<'_>, project: u32, limit: Limit) -> Result<(), Errno> {
    let mut block = Block {
        hard: limit.bytes / UNIT,
        inodes_hard: limit.inodes,
        valid: LIMITS,
        ..Block::default()
    };
    // SAFETY: the kernel reads one struct if_dqblk, which this is.
    unsafe { control(directory, SET_LIMIT, project, (&raw mut block).cast()) }
}

/// # Safety
/// `address` must be what `command` reads or writes.
unsafe fn control(
    directory: BorrowedFd<'_>,
    command: u32,
    project: u32,
    address: *mut libc::c_void,
) -> Result<(), Errno> {
    let command = (command << 8) | PROJECT;
    // SAFETY: the caller vouches for `address`; the rest are numbers.
    let result = unsafe {
        libc::syscall(
            libc::SYS_quotactl_fd,
            directory.as_raw_fd(),
            command,
            project,
            address,
        )
    };
    check(result).map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd as _;

    #[test]
    fn the_structures_are_as_long_as_the_kernels() {
        assert_eq!(size_of::<Attributes>(), 28);
        assert_eq!(size_of::<Block>(), 72);
        // The commands carry the first one's length.
        assert_eq!((GET_ATTRIBUTES as u32 >> 16) & 0x3fff, 28);
        assert_eq!((SET_ATTRIBUTES as u32 >> 16) & 0x3fff, 28);
    }

    #[test]
    fn a_file_system_without_quotas_says_so() {
        let proc = std::fs::File::open("/proc").unwrap();
        assert!(membership(proc.as_fd()).is_err());
        assert!(limit(proc.as_fd(), 1).is_err());
        assert_eq!(is_enforced(proc.as_fd()), Ok(false));
    }
}
