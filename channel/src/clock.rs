//! The one clock of a channel's ends.

#![forbid(unsafe_code)]

use rustix::time::{ClockId, clock_gettime};

/// Now, in ns of CLOCK_MONOTONIC (by the vDSO, so no system call). Time
/// namespaces shift it: the ends of a channel share one.
#[must_use]
pub fn now() -> u64 {
    let time = clock_gettime(ClockId::Monotonic);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u64::try_from(time.tv_nsec).unwrap_or(0);
    seconds.saturating_mul(1_000_000_000).saturating_add(nanos)
}
