//! The channel's clock, and the inherited descriptors.
#![allow(unsafe_code)]
// Why unsafe: the names of exported functions, and a text of C.

use crate::pointer;
use std::collections::BTreeMap;
use std::ffi::{c_char, c_int};
use std::os::fd::{IntoRawFd as _, OwnedFd};
use std::sync::{LazyLock, Mutex, PoisonError};

/// Now, in ns of CLOCK_MONOTONIC: the clock of every time in this header.
// SAFETY: no other function of this name is linked: the prefix is this library's.
#[unsafe(no_mangle)]
pub extern "C" fn cordon_clock_ns() -> u64 {
    cordon_channel::clock::now()
}

/// A descriptor this process inherited under that name (LISTEN_FDNAMES), which
/// is then the caller's to close; -1 where there is none, or at the second
/// call.
///
/// # Safety
/// `name` is a text ended by NUL.
// SAFETY: no other function of this name is linked: the prefix is this library's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn cordon_descriptor(name: *const c_char) -> c_int {
    static LEFT: LazyLock<Mutex<BTreeMap<String, OwnedFd>>> =
        LazyLock::new(|| Mutex::new(cordon_channel::descriptors().into_iter().collect()));
    // SAFETY: a text by this function's rule.
    let Some(name) = (unsafe { pointer::text(name) }) else {
        return -1;
    };
    let mut left = LEFT.lock().unwrap_or_else(PoisonError::into_inner);
    left.remove(name).map_or(-1, OwnedFd::into_raw_fd)
}
