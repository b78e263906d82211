//! How a word of a channel's memory is loaded and stored.

use std::sync::atomic::{Ordering, fence};

/// Memory a reader reads. All loads are relaxed and of one word: nothing
/// stronger is allowed on a read-only page.
pub trait Load {
    /// Loads word `index`, relaxed.
    fn load(&self, index: usize) -> u64;

    /// Keeps later loads behind the earlier ones.
    fn acquire_fence(&self) {
        fence(Ordering::Acquire);
    }
}

/// Memory a writer writes.
pub trait Store {
    /// Stores word `index`, relaxed.
    fn store(&self, index: usize, value: u64);

    /// Stores word `index`, release.
    fn store_release(&self, index: usize, value: u64);

    /// Keeps later stores behind the earlier ones.
    fn release_fence(&self) {
        fence(Ordering::Release);
    }
}
