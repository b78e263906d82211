//! Pulse rate and pressures from a pulse wave (ABP, PAP, pleth).
//!
//! Onsets by the slope sum function of Zong W, Heldt T, Moody GB, Mark RG, An open-source
//! algorithm to detect onset of arterial blood pressure pulses, Computers in Cardiology
//! 30:259-262, 2003. Between two onsets lie one systolic maximum, one diastolic minimum
//! and exactly one period to average.

use super::{Biquad, Presence, Rate, Window};

/// Length of the slope sum, in seconds.
const SLOPE_SUM: f32 = 0.128;
/// Two pulses cannot be closer than this, in seconds.
const REFRACTORY: f32 = 0.24;
/// Seconds from which the first threshold is learnt.
const LEARNING: f32 = 2.0;
/// Seconds without a pulse after which there is no rate any more.
const SILENT: f32 = 4.0;
/// Seconds since a pulse after which there is none any more: longer than the slowest pulse
/// that has a rate, and half of the 10 s after which a person who feels for a pulse treats
/// it as absent (Panchal AR et al., 2020 AHA Guidelines for CPR, part 3, Circulation
/// 142(16_suppl_2):S366-S468).
const NO_PULSE: f32 = 5.0;
/// Pulses the numbers are the median of.
const PULSES: usize = 8;

/// Pressures of the last pulses, in the wave's own unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pressures {
    /// Median of the maxima.
    pub systolic: f32,
    /// Median of the minima.
    pub diastolic: f32,
    /// Median of the averages over one period.
    pub mean: f32,
}

/// Detects pulses in a wave.
#[derive(Clone, Debug)]
pub struct PulseDetector {
    rate: f32,
    smooth: Biquad,
    before: Option<f32>,
    slopes: Window,
    sum: f32,
    presence: Presence,
    now: u64,
    started: u64,
    peak: f32,
    level: f32,
    armed: bool,
    last_onset: Option<u64>,
    /// Whether an onset may have been missed since the last one.
    hole: bool,
    pulse: Option<Pulse>,
    intervals: Window,
    systolic: Window,
    diastolic: Window,
    means: Window,
}

/// What has been seen since the last onset.
#[derive(Clone, Copy, Debug)]
struct Pulse {
    max: f32,
    min: f32,
    sum: f32,
    count: u32,
}

impl PulseDetector {
    /// For a wave of `rate` Hz.
    pub fn new(rate: f32) -> Self {
        Self {
            rate,
            smooth: Biquad::low_pass(16.0, rate),
            before: None,
            slopes: Window::new((rate * SLOPE_SUM) as usize),
            sum: 0.0,
            presence: Presence::new(rate),
            now: 0,
            started: 0,
            peak: 0.0,
            level: 0.0,
            armed: true,
            last_onset: None,
            hole: false,
            pulse: None,
            intervals: Window::new(PULSES),
            systolic: Window::new(PULSES),
            diastolic: Window::new(PULSES),
            means: Window::new(PULSES),
        }
    }

    /// Takes one sample; true when it is the onset of a pulse.
    pub fn step(&mut self, sample: Option<f32>) -> bool {
        self.now += 1;
        self.presence.step(sample.is_some());
        let Some(sample) = sample else {
            // A pulse with a hole in it has no true extremes.
            self.pulse = None;
            self.hole |= self.presence.is_hole();
            if !self.presence.is_present() {
                self.restart();
            }
            return false;
        };
        let smooth = self.smooth.step(sample);
        let rise = (smooth - self.before.replace(smooth).unwrap_or(smooth)).max(0.0);
        self.sum += rise - self.slopes.push(rise).unwrap_or(0.0);
        self.sum = self.sum.max(0.0);
        if let Some(pulse) = &mut self.pulse {
            pulse.max = pulse.max.max(smooth);
            pulse.min = pulse.min.min(smooth);
            pulse.sum += smooth;
            pulse.count += 1;
        }
        if self.seconds_since(self.started) < LEARNING {
            self.level = self.level.max(self.sum);
            return false;
        }
        let onset = self.detect(smooth);
        if self
            .last_onset
            .map_or(self.seconds_since(self.started), |at| {
                self.seconds_since(at)
            })
            > SILENT
        {
            // A pulse that became small must be found again.
            self.level *= 1.0 - 1.0 / self.rate;
            self.forget_numbers();
        }
        onset
    }

    fn detect(&mut self, smooth: f32) -> bool {
        let threshold = self.level * 0.5;
        if !self.armed {
            self.peak = self.peak.max(self.sum);
            if self.sum < threshold * 0.6 {
                self.level += 0.25 * (self.peak - self.level);
                self.armed = true;
            }
            return false;
        }
        if self.sum <= threshold || threshold <= 0.0 {
            return false;
        }
        if self
            .last_onset
            .is_some_and(|at| self.seconds_since(at) < REFRACTORY)
        {
            return false;
        }
        self.armed = false;
        self.peak = self.sum;
        if let Some(last) = self.last_onset {
            let interval = self.seconds_since(last);
            // Old numbers do not stand for those that cannot be measured.
            if self.hole {
                self.intervals.drop_oldest();
            } else if interval < SILENT {
                self.intervals.push(interval);
            }
            match self.pulse.filter(|_| interval < SILENT) {
                Some(pulse) => {
                    self.systolic.push(pulse.max);
                    self.diastolic.push(pulse.min);
                    self.means.push(pulse.sum / pulse.count.max(1) as f32);
                }
                None => {
                    self.systolic.drop_oldest();
                    self.diastolic.drop_oldest();
                    self.means.drop_oldest();
                }
            }
        }
        self.hole = false;
        self.last_onset = Some(self.now);
        self.pulse = Some(Pulse {
            max: smooth,
            min: smooth,
            sum: 0.0,
            count: 0,
        });
        true
    }

    fn seconds_since(&self, at: u64) -> f32 {
        (self.now - at) as f32 / self.rate
    }

    fn forget_numbers(&mut self) {
        for window in [
            &mut self.intervals,
            &mut self.systolic,
            &mut self.diastolic,
            &mut self.means,
        ] {
            window.clear();
        }
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
        let silent = match self.last_onset {
            Some(at) => self.seconds_since(at) > NO_PULSE,
            None => self.seconds_since(self.started) > LEARNING + SILENT,
        };
        if silent {
            return Rate::Silent;
        }
        match self.intervals.median() {
            Some(interval) if self.intervals.len() >= 3 && interval > 0.0 => {
                Rate::PerMinute(60.0 / interval)
            }
            _ => Rate::Learning,
        }
    }

    /// The pressures of the last pulses; none without three of them.
    pub fn pressures(&self) -> Option<Pressures> {
        if self.means.len() < 3 || !matches!(self.rate(), Rate::PerMinute(_)) {
            return None;
        }
        Some(Pressures {
            systolic: self.systolic.median()?,
            diastolic: self.diastolic.median()?,
            mean: self.means.median()?,
        })
    }
}
