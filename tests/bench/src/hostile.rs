//! A hostile reader: it reads the lines that the writer writes, all the time.
#![allow(unsafe_code)]
// Why unsafe: it looks for its mapping of the channel in /proc/self/maps and
// reads it past the library, as an attacker would.

use crate::links::LinkError;
use std::sync::atomic::{AtomicU64, Ordering};

/// Lines that are read: the header's that change and the first slots'.
const BYTES: usize = 64 * 1024;

/// Spins until the process is killed.
///
/// # Errors
/// When no channel is mapped.
pub fn spin() -> Result<Vec<f64>, LinkError> {
    let maps = std::fs::read_to_string("/proc/self/maps")?;
    let line = maps.lines().find(|line| line.contains("/memfd:"));
    let range = line.and_then(|line| line.split(' ').next());
    let (from, to) = range
        .and_then(|it| it.split_once('-'))
        .ok_or("no channel")?;
    let from = usize::from_str_radix(from, 16)?;
    let bytes = (usize::from_str_radix(to, 16)? - from).min(BYTES);
    loop {
        for at in (256..bytes).step_by(64) {
            let word = std::ptr::with_exposed_provenance_mut::<u64>(from + at);
            // SAFETY: aligned, and inside a mapping that this process keeps to
            // its end; every process reaches it by atomic words.
            let word = unsafe { AtomicU64::from_ptr(word) };
            std::hint::black_box(word.load(Ordering::Relaxed));
        }
    }
}
