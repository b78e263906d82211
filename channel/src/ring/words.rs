//! How a word of a channel's memory is loaded and stored.
//!
//! A payload is copied word by word too, each by one relaxed atomic access, and
//! summed on the way. What memory does for speed is to check its bounds once
//! and to hand out a part of itself; the order of the accesses between two
//! fences is of no matter.

use crate::checksum::Checksum;
use std::sync::atomic::{Ordering, fence};

/// Memory a reader reads. All loads are relaxed and of one word: nothing
/// stronger is allowed on a read-only page.
pub trait Load {
    /// Loads word `index`, relaxed.
    fn load(&self, index: usize) -> u64;

    /// Copies the payload from word `first` on into private memory of its
    /// length, each word once, and goes on with the CRC over `head` and it.
    fn take(
        &self,
        first: usize,
        payload: &mut [u64],
        checksum: &Checksum,
        crc: u32,
        head: [u64; 4],
    ) -> u32 {
        for (index, place) in payload.iter_mut().enumerate() {
            *place = self.load(first + index);
        }
        let parts = checksum.split(payload);
        checksum.sum(crc, head, parts.map(|part| part.iter().copied()))
    }

    /// Keeps the loads of what a word spoke of behind that word's.
    fn fence_before_copy(&self) {
        fence(Ordering::Acquire);
    }

    /// Keeps the second look at a slot's sequence behind the copy.
    fn fence_after_copy(&self) {
        fence(Ordering::Acquire);
    }
}

/// Memory a writer writes.
pub trait Store {
    /// Stores word `index`, relaxed.
    fn store(&self, index: usize, value: u64);

    /// Stores word `index`, release.
    fn store_release(&self, index: usize, value: u64);

    /// Copies a payload to word `first` and on, each word once, and goes on
    /// with the CRC over `head` and it.
    fn put(
        &self,
        first: usize,
        payload: &[u64],
        checksum: &Checksum,
        crc: u32,
        head: [u64; 4],
    ) -> u32 {
        for (index, word) in payload.iter().enumerate() {
            self.store(first + index, *word);
        }
        let parts = checksum.split(payload);
        checksum.sum(crc, head, parts.map(|part| part.iter().copied()))
    }

    /// Keeps later stores behind the earlier ones.
    fn release_fence(&self) {
        fence(Ordering::Release);
    }
}
