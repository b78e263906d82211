//! Heart rate from an ECG: QRS detection after Pan and Tompkins.
//!
//! Pan J, Tompkins WJ, A real-time QRS detection algorithm, IEEE Trans Biomed Eng
//! BME-32(3):230-236, 1985: band pass 5 to 15 Hz, derivative, square, integration over
//! 150 ms, two adaptive thresholds, search back after a long silence, rejection of T waves.

use super::{Biquad, Presence, Rate, Window};

/// Two beats cannot be closer than this, in seconds.
const REFRACTORY: f32 = 0.2;
/// A smaller slope this soon after a beat is its T wave, in seconds.
const T_WAVE: f32 = 0.36;
/// Length of the moving integration, in seconds.
const INTEGRATION: f32 = 0.15;
/// Seconds without a beat that make an asystole (IEC 60601-2-27: within 10 s; usual 4 s).
const ASYSTOLE: f32 = 4.0;
/// Seconds from which the first thresholds are learnt.
const LEARNING: f32 = 2.0;
/// Beat intervals the rate is the median of.
const INTERVALS: usize = 8;

/// Detects beats in an ECG and gives the rate.
#[derive(Clone, Debug)]
pub struct HeartDetector {
    rate: f32,
    high_pass: Biquad,
    low_pass: Biquad,
    recent: Window,
    integral: Window,
    sum: f32,
    presence: Presence,
    now: u64,
    started: u64,
    learnt: f32,
    signal_level: f32,
    noise_level: f32,
    candidate: Option<Peak>,
    missed: Option<Peak>,
    last_beat: Option<Peak>,
    /// Whether a beat may have been missed since the last one.
    hole: bool,
    intervals: Window,
}

/// A peak of the integrated signal.
#[derive(Clone, Copy, Debug)]
struct Peak {
    at: u64,
    height: f32,
    slope: f32,
}

impl HeartDetector {
    /// For an ECG of `rate` Hz.
    pub fn new(rate: f32) -> Self {
        Self {
            rate,
            high_pass: Biquad::high_pass(5.0, rate),
            low_pass: Biquad::low_pass(15.0, rate),
            recent: Window::new(((rate * 0.008) as usize).max(1)),
            integral: Window::new((rate * INTEGRATION) as usize),
            sum: 0.0,
            presence: Presence::new(rate),
            now: 0,
            started: 0,
            learnt: 0.0,
            signal_level: 0.0,
            noise_level: 0.0,
            candidate: None,
            missed: None,
            last_beat: None,
            hole: false,
            intervals: Window::new(INTERVALS),
        }
    }

    /// Takes one sample in microvolt; true when it completes the detection of a beat.
    pub fn step(&mut self, sample: Option<f32>) -> bool {
        self.now += 1;
        self.presence.step(sample.is_some());
        let Some(sample) = sample else {
            self.hole |= self.presence.is_hole();
            if !self.presence.is_present() {
                self.restart();
            }
            return false;
        };
        let filtered = self.low_pass.step(self.high_pass.step(sample));
        let before = self.recent.push(filtered).unwrap_or(filtered);
        let slope = filtered - before;
        let energy = slope * slope;
        self.sum += energy - self.integral.push(energy).unwrap_or(0.0);
        // Rounding must not let the running sum drift below zero.
        self.sum = self.sum.max(0.0);
        let level = self.sum;

        if self.seconds_since(self.started) < LEARNING {
            self.learnt = self.learnt.max(level);
            self.signal_level = self.learnt * 0.5;
            self.noise_level = self.learnt * 0.05;
            return false;
        }
        self.track(level, slope.abs())
    }

    /// Follows the integrated signal to its peaks and judges each once it is over.
    fn track(&mut self, level: f32, slope: f32) -> bool {
        let peak = match &mut self.candidate {
            Some(peak) if level < peak.height * 0.5 => {
                let done = *peak;
                self.candidate = None;
                Some(done)
            }
            Some(peak) => {
                peak.slope = peak.slope.max(slope);
                if level > peak.height {
                    peak.height = level;
                    peak.at = self.now;
                }
                None
            }
            None => {
                if level > self.noise_level {
                    self.candidate = Some(Peak {
                        at: self.now,
                        height: level,
                        slope,
                    });
                }
                None
            }
        };
        let beat = match peak {
            Some(peak) => self.judge(peak),
            None => self.search_back(),
        };
        if let Some(peak) = beat {
            self.accept(peak);
        } else if self
            .last_beat
            .map_or(self.seconds_since(self.started), |b| {
                self.seconds_since(b.at)
            })
            > ASYSTOLE
        {
            // A signal that became small must be found again: thresholds sink.
            self.signal_level *= 1.0 - 1.0 / self.rate;
            self.noise_level *= 1.0 - 1.0 / self.rate;
            self.intervals.clear();
        }
        beat.is_some()
    }

    fn threshold(&self) -> f32 {
        self.noise_level + 0.25 * (self.signal_level - self.noise_level)
    }

    fn judge(&mut self, peak: Peak) -> Option<Peak> {
        if let Some(last) = self.last_beat {
            let distance = peak.at.saturating_sub(last.at) as f32 / self.rate;
            if distance < REFRACTORY {
                return None;
            }
            if distance < T_WAVE && peak.slope < last.slope * 0.5 {
                self.noise_level += 0.125 * (peak.height - self.noise_level);
                return None;
            }
        }
        if peak.height > self.threshold() {
            self.signal_level += 0.125 * (peak.height - self.signal_level);
            return Some(peak);
        }
        self.noise_level += 0.125 * (peak.height - self.noise_level);
        if self.missed.is_none_or(|missed| peak.height > missed.height) {
            self.missed = Some(peak);
        }
        None
    }

    /// After 166% of the usual interval the largest peak above half the threshold counts.
    fn search_back(&mut self) -> Option<Peak> {
        let usual = self.intervals.mean()?;
        let last = self.last_beat?;
        let missed = self.missed?;
        if self.seconds_since(last.at) < usual * 1.66 || missed.height < self.threshold() * 0.5 {
            return None;
        }
        self.signal_level += 0.25 * (missed.height - self.signal_level);
        Some(missed)
    }

    fn accept(&mut self, peak: Peak) {
        if let Some(last) = self.last_beat {
            let interval = peak.at.saturating_sub(last.at) as f32 / self.rate;
            if self.hole {
                // Nor do old intervals stand for those that cannot be measured.
                self.intervals.drop_oldest();
            } else if interval < ASYSTOLE {
                self.intervals.push(interval);
            }
        }
        self.hole = false;
        self.last_beat = Some(peak);
        self.missed = None;
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
        let silent = self
            .last_beat
            .map_or(self.seconds_since(self.started) - LEARNING, |b| {
                self.seconds_since(b.at)
            });
        if silent > ASYSTOLE {
            return Rate::Silent;
        }
        match self.intervals.median() {
            Some(interval) if self.intervals.len() >= 3 && interval > 0.0 => {
                Rate::PerMinute(60.0 / interval)
            }
            _ => Rate::Learning,
        }
    }
}
