//! A channel's memory in this process.
#![allow(unsafe_code)]
// Why unsafe: mapping memory, and reaching into it, is what this file is for.
// The memory is shared with another process that may change it at any time, so
// no reference into it is ever made: each access goes through a raw pointer as
// one atomic word.

use crate::checksum::Checksum;
use crate::ring::words::{Load, Store};
use rustix::mm::{Advice, MapFlags, MprotectFlags, ProtFlags};
use std::os::fd::BorrowedFd;
use std::ptr::{NonNull, null_mut};
use std::sync::atomic::{AtomicU64, Ordering};

/// Memory mapped shared. Unmapped when dropped.
#[derive(Debug)]
struct Mapping {
    base: NonNull<u64>,
    words: usize,
    locked: bool,
}

// SAFETY: the mapping belongs to the process, not to a thread, and is reached
// only by atomic accesses.
unsafe impl Send for Mapping {}

impl Mapping {
    fn new(fd: BorrowedFd<'_>, bytes: usize, protection: ProtFlags) -> std::io::Result<Self> {
        let flags = MapFlags::SHARED | MapFlags::POPULATE;
        // SAFETY: a fresh mapping at an address of the kernel's choice touches
        // no memory of this program. The length is not 0 (the kernel refuses).
        let base = unsafe { rustix::mm::mmap(null_mut(), bytes, protection, flags, fd, 0) }?;
        let base = NonNull::new(base.cast()).ok_or(std::io::ErrorKind::InvalidData)?;
        let mut mapping = Self {
            base,
            words: bytes / 8,
            locked: false,
        };
        // A child would hold the memory of a writer that is gone.
        // SAFETY: the range is exactly the mapping just made.
        unsafe { rustix::mm::madvise(mapping.base.as_ptr().cast(), bytes, Advice::LinuxDontFork) }?;
        // Refused where RLIMIT_MEMLOCK is smaller; then a page fault may delay
        // an access, and `locked` says so.
        // SAFETY: the range is exactly the mapping just made.
        let locked = unsafe { rustix::mm::mlock(mapping.base.as_ptr().cast(), bytes) };
        mapping.locked = locked.is_ok();
        Ok(mapping)
    }

    #[inline]
    fn word(&self, index: usize) -> *mut u64 {
        assert!(index < self.words, "outside the mapping");
        // SAFETY: the index was just checked to be inside the mapping.
        unsafe { self.base.as_ptr().add(index) }
    }

    /// Words of the mapping, as what they are to everyone: atomic. Through
    /// those of a read-only mapping there may be loads only.
    #[inline]
    fn part(&self, first: usize, count: usize) -> &[AtomicU64] {
        let end = first.checked_add(count);
        assert!(
            end.is_some_and(|end| end <= self.words),
            "outside the mapping"
        );
        // SAFETY: the index was just checked to be inside the mapping.
        let first = unsafe { self.base.as_ptr().add(first) };
        // SAFETY: aligned words inside the mapping, which lives as long as
        // self. Every access to them from any process is atomic, which an
        // AtomicU64 behind a shared reference allows for.
        unsafe { std::slice::from_raw_parts(first.cast(), count) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range is exactly this mapping, and pointers into it live
        // no longer than a single access by a method of it.
        let _ = unsafe { rustix::mm::munmap(self.base.as_ptr().cast(), self.words * 8) };
    }
}

/// The reader's memory: mapped read-only, so the kernel's page tables, not
/// good manners, make the channel one way.
#[derive(Debug)]
pub(crate) struct ReadOnly(Mapping);

impl ReadOnly {
    /// Maps `bytes` of a sealed memfd. The caller has checked that it has the
    /// size and can never shrink: otherwise a load could end in SIGBUS.
    pub(crate) fn new(fd: BorrowedFd<'_>, bytes: usize) -> std::io::Result<Self> {
        Mapping::new(fd, bytes, ProtFlags::READ).map(Self)
    }

    /// Whether its pages are locked.
    pub(crate) fn locked(&self) -> bool {
        self.0.locked
    }

    /// Asks the kernel to make the mapping writable, which it must refuse. The
    /// mapping is gone afterwards.
    pub(crate) fn make_writable(self) -> std::io::Result<()> {
        let (at, bytes) = (self.0.base.as_ptr().cast(), self.0.words * 8);
        // SAFETY: the range is exactly this mapping, which is dropped at the
        // end; nothing points into it, and nothing writes through it.
        Ok(unsafe { rustix::mm::mprotect(at, bytes, MprotectFlags::WRITE) }?)
    }
}

impl Load for ReadOnly {
    #[inline]
    fn load(&self, index: usize) -> u64 {
        // SAFETY: the pointer is aligned and inside the mapping, which lives
        // as long as self. The other process too reaches it by atomic words
        // only. A relaxed load of 8 bytes is allowed on read-only memory
        // (std::sync::atomic, "Atomic accesses to read-only memory").
        let word = unsafe { AtomicU64::from_ptr(self.0.word(index)) };
        u64::from_le(word.load(Ordering::Relaxed))
    }

    #[inline]
    fn take(
        &self,
        first: usize,
        payload: &mut [u64],
        checksum: &Checksum,
        crc: u32,
        head: [u64; 4],
    ) -> u32 {
        let [second, last, rest, end] = checksum.ends();
        let shared = self.0.part(first, end);
        if checksum.is_short() {
            return checksum.sum_short(crc, head, taking(shared, payload));
        }
        let [a, b, c, d] = checksum.split_mut(payload);
        let parts = [
            taking(&shared[..second], a),
            taking(&shared[second..last], b),
            taking(&shared[last..rest], c),
            taking(&shared[rest..], d),
        ];
        checksum.sum(crc, head, parts)
    }
}

/// The words as they are loaded into private memory.
#[inline]
fn taking(shared: &[AtomicU64], private: &mut [u64]) -> impl Iterator<Item = u64> {
    shared.iter().zip(private).map(|(word, place)| {
        let word = u64::from_le(word.load(Ordering::Relaxed));
        *place = word;
        word
    })
}

/// The words as they are stored into shared memory.
#[inline]
fn putting(shared: &[AtomicU64], private: &[u64]) -> impl Iterator<Item = u64> {
    shared.iter().zip(private).map(|(word, value)| {
        word.store(value.to_le(), Ordering::Relaxed);
        *value
    })
}

/// The writer's memory.
#[derive(Debug)]
pub(crate) struct ReadWrite(Mapping);

impl ReadWrite {
    /// Maps `bytes` of a memfd that this process was given to write.
    pub(crate) fn new(fd: BorrowedFd<'_>, bytes: usize) -> std::io::Result<Self> {
        Mapping::new(fd, bytes, ProtFlags::READ | ProtFlags::WRITE).map(Self)
    }

    /// Whether its pages are locked.
    pub(crate) fn locked(&self) -> bool {
        self.0.locked
    }

    #[inline]
    fn atomic(&self, index: usize) -> &AtomicU64 {
        // SAFETY: the pointer is aligned and inside the mapping, which is
        // writable and lives as long as self; every access to it, from either
        // process, is atomic.
        unsafe { AtomicU64::from_ptr(self.0.word(index)) }
    }
}

impl Load for ReadWrite {
    #[inline]
    fn load(&self, index: usize) -> u64 {
        u64::from_le(self.atomic(index).load(Ordering::Relaxed))
    }
}

impl Store for ReadWrite {
    #[inline]
    fn store(&self, index: usize, value: u64) {
        self.atomic(index).store(value.to_le(), Ordering::Relaxed);
    }

    #[inline]
    fn store_release(&self, index: usize, value: u64) {
        self.atomic(index).store(value.to_le(), Ordering::Release);
    }

    #[inline]
    fn put(
        &self,
        first: usize,
        payload: &[u64],
        checksum: &Checksum,
        crc: u32,
        head: [u64; 4],
    ) -> u32 {
        let [second, last, rest, end] = checksum.ends();
        let shared = self.0.part(first, end);
        if checksum.is_short() {
            return checksum.sum_short(crc, head, putting(shared, payload));
        }
        let [a, b, c, d] = checksum.split(payload);
        let parts = [
            putting(&shared[..second], a),
            putting(&shared[second..last], b),
            putting(&shared[last..rest], c),
            putting(&shared[rest..], d),
        ];
        checksum.sum(crc, head, parts)
    }
}
