//! Whether a signal is there, judged by its samples.

/// Seconds without one valid sample after which a signal counts as missing; the same
/// as the deadline of the vitals channel.
pub const MISSING_AFTER: f32 = 1.0;

/// Seconds without a valid sample in which a beat can have been, unseen: the duration of a
/// QRS complex.
pub const HOLE: f32 = 0.1;

/// Counts a signal's missing samples.
#[derive(Clone, Debug)]
pub struct Presence {
    rate: f32,
    missing: u32,
    seen: bool,
}

impl Presence {
    /// For a signal of `rate` Hz.
    pub fn new(rate: f32) -> Self {
        Self {
            rate,
            missing: 0,
            seen: false,
        }
    }

    /// Counts a sample.
    pub fn step(&mut self, present: bool) {
        self.seen |= present;
        self.missing = if present {
            0
        } else {
            self.missing.saturating_add(1)
        };
    }

    /// Whether samples are missing for so long that an event may have been missed.
    pub fn is_hole(&self) -> bool {
        self.missing as f32 > self.rate * HOLE
    }

    /// Whether the signal is there: a valid sample within [`MISSING_AFTER`].
    pub fn is_present(&self) -> bool {
        self.seen && self.missing as f32 <= self.rate * MISSING_AFTER
    }
}
