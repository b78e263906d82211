//! Respiration rate from a respiration wave: turning points with hysteresis.
//!
//! A breath is a rise and a fall of more than a third of the usual depth. The usual depth
//! is that of the last breaths, at first the range of the first seconds.

use super::{Biquad, Presence, Rate, Window};

/// Heart beats are seen by a chest impedance sensor; above this they are most of it. Hz.
const CUTOFF: f32 = 1.0;
/// Seconds from which the first depth is learnt.
const LEARNING: f32 = 6.0;
/// Seconds without a breath that make an apnea.
const APNEA: f32 = 20.0;
/// Breaths the rate is the median of.
const BREATHS: usize = 6;
/// Part of the usual depth a turn must have.
const TURN: f32 = 0.35;

/// Detects breaths in a respiration wave.
#[derive(Clone, Debug)]
pub struct BreathDetector {
    rate: f32,
    smooth: Biquad,
    presence: Presence,
    now: u64,
    started: u64,
    low: f32,
    high: f32,
    high_at: u64,
    rising: bool,
    depths: Window,
    learnt: Option<(f32, f32)>,
    last_breath: Option<u64>,
    intervals: Window,
}

impl BreathDetector {
    /// For a wave of `rate` Hz.
    pub fn new(rate: f32) -> Self {
        Self {
            rate,
            smooth: Biquad::low_pass(CUTOFF, rate),
            presence: Presence::new(rate),
            now: 0,
            started: 0,
            low: f32::INFINITY,
            high: f32::NEG_INFINITY,
            high_at: 0,
            rising: false,
            depths: Window::new(BREATHS),
            learnt: None,
            last_breath: None,
            intervals: Window::new(BREATHS),
        }
    }

    /// Takes one sample; true when it completes a breath.
    pub fn step(&mut self, sample: Option<f32>) -> bool {
        self.now += 1;
        self.presence.step(sample.is_some());
        let Some(sample) = sample else {
            if !self.presence.is_present() {
                self.restart();
            }
            return false;
        };
        let value = self.smooth.step(sample);
        if self.seconds_since(self.started) < LEARNING {
            let (low, high) = self.learnt.unwrap_or((value, value));
            self.learnt = Some((low.min(value), high.max(value)));
        }
        let usual = match (self.depths.median(), self.learnt) {
            (Some(depth), _) => depth,
            (None, Some((low, high))) => high - low,
            (None, None) => return false,
        };
        // Nothing is a turn of a flat line.
        let turn = (usual * TURN).max(1e-3);
        if self.rising {
            if value > self.high {
                self.high = value;
                self.high_at = self.now;
            }
            if value < self.high - turn {
                self.rising = false;
                let depth = self.high - self.low;
                self.low = value;
                return self.breath(depth);
            }
        } else {
            self.low = self.low.min(value);
            if value > self.low + turn {
                self.rising = true;
                self.high = value;
                self.high_at = self.now;
            }
        }
        false
    }

    /// A top is behind us.
    fn breath(&mut self, depth: f32) -> bool {
        if self.seconds_since(self.started) < LEARNING {
            return false;
        }
        self.depths.push(depth);
        if let Some(last) = self.last_breath {
            let interval = (self.high_at - last) as f32 / self.rate;
            if interval < APNEA {
                self.intervals.push(interval);
            } else {
                self.intervals.clear();
            }
        }
        self.last_breath = Some(self.high_at);
        true
    }

    fn seconds_since(&self, at: u64) -> f32 {
        (self.now - at) as f32 / self.rate
    }

    /// Begins anew: nothing learnt before counts.
    pub fn restart(&mut self) {
        let (now, presence) = (self.now, self.presence.clone());
        *self = Self::new(self.rate);
        self.now = now;
        self.started = now;
        self.presence = presence;
    }

    /// The rate per minute, or why there is none.
    pub fn rate(&self) -> Rate {
        if !self.presence.is_present() {
            return Rate::Missing;
        }
        if self.seconds_since(self.last_breath.unwrap_or(self.started)) > APNEA {
            return Rate::Silent;
        }
        match self.intervals.median() {
            Some(interval) if self.intervals.len() >= 2 && interval > 0.0 => {
                Rate::PerMinute(60.0 / interval)
            }
            _ => Rate::Learning,
        }
    }
}
