//! Numbers derived from waves: heart rate, pulse rate, pressures, respiration rate.
//!
//! Detectors take one sample at a time and never look ahead. A missing sample is told to
//! them as such; one second without a sample ends every number they gave.

mod filter;
mod heart;
mod presence;
mod pulse;
mod respiration;
mod window;

pub use filter::Biquad;
pub use heart::HeartDetector;
pub use presence::{MISSING_AFTER, Presence};
pub use pulse::{Pressures, PulseDetector};
pub use respiration::BreathDetector;
pub use window::Window;

/// A rate, or why there is none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Rate {
    /// The rate per minute.
    PerMinute(f32),
    /// The signal is there, but too few events have been seen.
    Learning,
    /// The signal is there, and nothing happens in it: asystole, apnea, no pulse.
    Silent,
    /// The signal is not there.
    Missing,
}

impl Rate {
    /// The rate per minute, where there is one.
    pub fn per_minute(self) -> Option<f32> {
        match self {
            Self::PerMinute(rate) => Some(rate),
            _ => None,
        }
    }
}
