//! What a hostile reader tries with the end it was given. Runs as root or not:
//! the seals hold for both.
#![allow(unsafe_code, reason = "maps memory as an attacker would")]

mod common;

use common::{errno, schema, sealed, spec};
use cordon_channel::Record;
use cordon_channel::layout::{Layout, channel_id};
use cordon_channel::supervisor::{Creation, Sealed};
use rustix::fs::{FallocateFlags, Mode, OFlags, SealFlags, fallocate, fcntl_add_seals, ftruncate};
use rustix::io::{Errno, pwrite};
use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags};
use std::ffi::c_void;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::ptr::null_mut;

const PAGE: usize = 4096;

fn map(fd: BorrowedFd<'_>, protection: ProtFlags) -> rustix::io::Result<*mut c_void> {
    // SAFETY: a fresh mapping at an address of the kernel's choice.
    unsafe { rustix::mm::mmap(null_mut(), PAGE, protection, MapFlags::SHARED, fd, 0) }
}

fn reopen(fd: BorrowedFd<'_>) -> rustix::io::Result<OwnedFd> {
    let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
    rustix::fs::open(path, OFlags::RDWR, Mode::empty())
}

fn punch(fd: impl AsFd) -> rustix::io::Result<()> {
    let mode = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    fallocate(fd, mode, 0, PAGE as u64)
}

/// The read-only end and, as root or owner of the memfd may, its reopening.
fn ends() -> (Sealed, OwnedFd) {
    let sealed = sealed(1);
    let reopened = reopen(sealed.reader_fd()).expect("a memfd can be reopened by its owner");
    (sealed, reopened)
}

#[test]
fn write_is_refused() {
    let (sealed, reopened) = ends();
    assert_eq!(
        errno(pwrite(sealed.reader_fd(), b"x", 0)),
        Some(Errno::BADF)
    );
    assert_eq!(errno(pwrite(&reopened, b"x", 0)), Some(Errno::PERM));
    assert_eq!(errno(rustix::io::write(&reopened, b"x")), Some(Errno::PERM));
}

#[test]
fn writable_map_is_refused() {
    let (sealed, reopened) = ends();
    let both = ProtFlags::READ | ProtFlags::WRITE;
    assert_eq!(errno(map(sealed.reader_fd(), both)), Some(Errno::ACCESS));
    assert_eq!(errno(map(reopened.as_fd(), both)), Some(Errno::PERM));
}

#[test]
fn mprotect_of_a_read_only_map_is_refused() {
    let (sealed, reopened) = ends();
    for fd in [sealed.reader_fd(), reopened.as_fd()] {
        let at = map(fd, ProtFlags::READ).unwrap();
        // SAFETY: the range is the mapping just made; nothing points into it.
        let result = unsafe { rustix::mm::mprotect(at, PAGE, MprotectFlags::WRITE) };
        assert_eq!(errno(result), Some(Errno::ACCESS));
    }
}

#[test]
fn truncation_and_growth_are_refused() {
    let (sealed, reopened) = ends();
    let size = Layout::new(&schema(), common::PACE).size() as u64;
    for length in [0, PAGE as u64, size * 2] {
        let result = ftruncate(sealed.reader_fd(), length);
        assert_eq!(errno(result), Some(Errno::INVAL), "read-only");
        assert_eq!(errno(ftruncate(&reopened, length)), Some(Errno::PERM));
    }
    let grow = fallocate(&reopened, FallocateFlags::empty(), size, PAGE as u64);
    assert_eq!(errno(grow), Some(Errno::PERM));
    let path = format!("/proc/self/fd/{}", reopened.as_raw_fd());
    let truncating = rustix::fs::open(path, OFlags::RDWR | OFlags::TRUNC, Mode::empty());
    assert_eq!(errno(truncating), Some(Errno::PERM));
}

#[test]
fn punching_a_hole_is_refused() {
    let (sealed, reopened) = ends();
    assert_eq!(errno(punch(sealed.reader_fd())), Some(Errno::BADF));
    assert_eq!(errno(punch(&reopened)), Some(Errno::PERM));
    let at = map(reopened.as_fd(), ProtFlags::READ).unwrap();
    // SAFETY: the range is the mapping just made; nothing points into it.
    let removed = unsafe { rustix::mm::madvise(at, PAGE, Advice::LinuxRemove) };
    assert!(
        matches!(removed, Err(Errno::ACCESS | Errno::PERM)),
        "{removed:?}"
    );
}

#[test]
fn further_seals_are_refused() {
    let (_sealed, reopened) = ends();
    for seal in [SealFlags::WRITE, SealFlags::SHRINK] {
        assert_eq!(
            errno(fcntl_add_seals(&reopened, seal)),
            Some(Errno::PERM),
            "{seal:?}"
        );
    }
}

#[test]
fn writing_through_proc_self_mem_is_refused() {
    use std::os::unix::fs::FileExt;
    let (sealed, _reopened) = ends();
    let at = map(sealed.reader_fd(), ProtFlags::READ).unwrap();
    let memory = std::fs::File::options()
        .write(true)
        .open("/proc/self/mem")
        .unwrap();
    let error = memory.write_at(b"x", at as u64).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(5), "EIO");
}

/// The same attempts before sealing succeed: it is the seals that refuse them.
#[test]
fn each_attempt_succeeds_without_the_seals() {
    let creation = Creation::new(&spec(1)).unwrap();
    let reopened = reopen(creation.writer_fd()).unwrap();
    assert_eq!(pwrite(&reopened, b"x", 0), Ok(1));
    map(reopened.as_fd(), ProtFlags::READ | ProtFlags::WRITE).unwrap();
    let at = map(reopened.as_fd(), ProtFlags::READ).unwrap();
    // SAFETY: the range is the mapping just made; nothing points into it.
    unsafe { rustix::mm::mprotect(at, PAGE, MprotectFlags::WRITE) }.unwrap();
    // SAFETY: as above.
    unsafe { rustix::mm::madvise(at, PAGE, Advice::LinuxRemove) }.unwrap();
    punch(&reopened).unwrap();
    ftruncate(&reopened, 0).unwrap();
}

/// A restarted writer cannot map the old memory: each start is a new memfd.
#[test]
fn the_writers_old_descriptor_maps_nothing_writable_after_the_seal() {
    let creation = Creation::new(&spec(1)).unwrap();
    let kept = creation.writer_fd().try_clone_to_owned().unwrap();
    let both = ProtFlags::READ | ProtFlags::WRITE;
    map(kept.as_fd(), both).unwrap();
    let _sealed = creation.seal().unwrap();
    assert_eq!(errno(map(kept.as_fd(), both)), Some(Errno::PERM));
    assert_eq!(errno(ftruncate(&kept, 0)), Some(Errno::PERM));
    assert_eq!(errno(punch(&kept)), Some(Errno::PERM));
}

#[test]
fn channels_have_different_numbers_and_records_start_invalid() {
    assert_ne!(channel_id("vitals"), channel_id("seen-remotely"));
    let record = Record::new(&schema());
    for (id, field) in schema().ids() {
        assert!(!record.is_valid(id), "{}", field.name);
    }
}
