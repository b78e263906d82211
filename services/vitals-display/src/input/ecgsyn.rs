//! ECGSYN, a dynamical model of the electrocardiogram.
//!
//! McSharry PE, Clifford GD, Tarassenko L, Smith LA, A dynamical model for generating
//! synthetic electrocardiogram signals, IEEE Trans Biomed Eng 50(3):289-294, 2003.
//! A point runs round a limit cycle of unit radius, once per beat; the five extrema P, Q,
//! R, S, T attract and repel it where they lie on the circle (table I); the length of each
//! turn follows a tachogram whose spectrum has the peaks of Mayer waves and breathing.

use std::f64::consts::{PI, TAU};

/// Angles of P, Q, R, S, T on the cycle at 60 beats per minute (table I), in radians.
const THETA: [f64; 5] = [-PI / 3.0, -PI / 12.0, 0.0, PI / 12.0, PI / 2.0];
/// Strengths of the five extrema (table I).
const A: [f64; 5] = [1.2, -5.0, 30.0, -7.5, 0.75];
/// Widths of the five extrema at 60 beats per minute (table I), in radians.
const B: [f64; 5] = [0.25, 0.1, 0.1, 0.1, 0.4];
/// Breathing in Hz: the high-frequency peak of the tachogram and the wander of the baseline.
pub const BREATHING: f64 = 0.25;
/// Mayer waves in Hz: the low-frequency peak of the tachogram.
const MAYER: f64 = 0.1;
/// Standard deviation in Hz of both peaks.
const PEAK_WIDTH: f64 = 0.01;
/// Power of the low-frequency peak relative to the high-frequency one.
const LF_HF: f64 = 0.5;
/// Spectral lines the tachogram is made of.
const LINES: usize = 48;
/// Size of the wander of the baseline, in the model's unit.
const WANDER: f64 = 0.005;

/// The model, integrated at a fixed rate.
#[derive(Clone, Debug)]
pub struct Ecgsyn {
    step: f64,
    time: f64,
    state: [f64; 3],
    theta: [f64; 5],
    b: [f64; 5],
    mean: f64,
    tachogram: Vec<(f64, f64, f64)>,
    interval: f64,
}

impl Ecgsyn {
    /// For `rate` samples per second, with a mean heart rate and its standard deviation,
    /// both per minute. The same seed gives the same beats.
    pub fn new(rate: f64, mean: f64, deviation: f64, seed: u64) -> Self {
        // The published code scales widths and angles with the heart rate.
        let factor = (mean / 60.0).sqrt();
        let root = factor.sqrt();
        let bend = [root, factor, 1.0, factor, root];
        let mut model = Self {
            step: 1.0 / rate,
            time: 0.0,
            state: [1.0, 0.0, 0.04],
            theta: std::array::from_fn(|i| THETA[i] * bend[i]),
            b: B.map(|width| width * factor),
            mean: 60.0 / mean,
            tachogram: tachogram(60.0 * deviation / (mean * mean), seed),
            interval: 0.0,
        };
        model.interval = model.next_interval();
        model
    }

    /// Integrates one step (Runge-Kutta of fourth order); the ECG in millivolt.
    pub fn step(&mut self) -> f64 {
        let h = self.step;
        let before = self.phase();
        let k1 = self.derivative(self.time, self.state);
        let k2 = self.derivative(self.time + h / 2.0, along(self.state, k1, h / 2.0));
        let k3 = self.derivative(self.time + h / 2.0, along(self.state, k2, h / 2.0));
        let k4 = self.derivative(self.time + h, along(self.state, k3, h));
        for i in 0..3 {
            self.state[i] += h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i]);
        }
        self.time += h;
        // A turn ends where the angle leaps from π to -π; the next one has its own length.
        if before > PI / 2.0 && self.phase() < -PI / 2.0 {
            self.interval = self.next_interval();
        }
        // The paper scales z to about -0.4 to 1.2 mV; the model's own peak is 0.045.
        self.state[2] * 26.0
    }

    /// Where on the cycle the point is, from -π to π; the R peak lies at 0.
    pub fn phase(&self) -> f64 {
        self.state[1].atan2(self.state[0])
    }

    /// Length of the present beat, in seconds.
    pub fn interval(&self) -> f64 {
        self.interval
    }

    /// Depth of breathing now, -1 to 1.
    pub fn breath(&self) -> f64 {
        (TAU * BREATHING * self.time).sin()
    }

    fn next_interval(&self) -> f64 {
        let sway: f64 = self
            .tachogram
            .iter()
            .map(|(hertz, size, phase)| size * (TAU * hertz * self.time + phase).cos())
            .sum();
        // No heart beats faster than 240 or slower than 20 per minute here.
        (self.mean + sway).clamp(0.25, 3.0)
    }

    /// Equation (1) of the paper.
    fn derivative(&self, time: f64, [x, y, z]: [f64; 3]) -> [f64; 3] {
        let alpha = 1.0 - x.hypot(y);
        let omega = TAU / self.interval;
        let angle = y.atan2(x);
        let mut dz = -(z - WANDER * (TAU * BREATHING * time).sin());
        for ((theta, strength), width) in self.theta.iter().zip(A).zip(self.b) {
            let delta = (angle - theta + PI).rem_euclid(TAU) - PI;
            dz -= strength * delta * (-delta * delta / (2.0 * width * width)).exp();
        }
        [alpha * x - omega * y, alpha * y + omega * x, dz]
    }
}

fn along(state: [f64; 3], slope: [f64; 3], h: f64) -> [f64; 3] {
    std::array::from_fn(|i| state[i] + slope[i] * h)
}

/// Lines `(Hz, amplitude in s, phase)` of the bimodal spectrum (equation (2) of the paper),
/// scaled so that the intervals have the standard deviation asked for.
fn tachogram(deviation: f64, seed: u64) -> Vec<(f64, f64, f64)> {
    let mut random = seed;
    let mut lines: Vec<(f64, f64, f64)> = (0..LINES)
        .map(|line| {
            let hertz = 0.02 + 0.4 * line as f64 / LINES as f64;
            let peak = |centre: f64| (-((hertz - centre) / PEAK_WIDTH).powi(2) / 2.0).exp();
            let power = LF_HF * peak(MAYER) + peak(BREATHING);
            (hertz, power.sqrt(), TAU * uniform(&mut random))
        })
        .collect();
    let power: f64 = lines.iter().map(|(_, size, _)| size * size / 2.0).sum();
    let factor = deviation / power.sqrt().max(f64::MIN_POSITIVE);
    lines.iter_mut().for_each(|line| line.1 *= factor);
    lines
}

/// SplitMix64 (Steele, Lea, Flood 2014), as a number from 0 to 1.
fn uniform(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (z ^ (z >> 31)) as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beats(mean: f64, deviation: f64, seconds: usize) -> (Vec<f64>, Vec<f64>) {
        let rate = 500.0;
        let mut model = Ecgsyn::new(rate, mean, deviation, 1);
        let mut wave = Vec::new();
        let mut peaks = Vec::new();
        for n in 0..seconds * 500 {
            let before = model.phase();
            wave.push(model.step());
            if before < 0.0 && model.phase() >= 0.0 {
                peaks.push(n as f64 / rate);
            }
        }
        (
            peaks.windows(2).map(|pair| pair[1] - pair[0]).collect(),
            wave,
        )
    }

    #[test]
    fn test_mean_and_deviation_of_the_heart_rate() {
        let (intervals, _) = beats(72.0, 2.0, 300);
        let rates: Vec<f64> = intervals.iter().map(|interval| 60.0 / interval).collect();
        let mean = rates.iter().sum::<f64>() / rates.len() as f64;
        let variance = rates.iter().map(|r| (r - mean).powi(2)).sum::<f64>() / rates.len() as f64;
        assert!((mean - 72.0).abs() < 0.5, "mean {mean}");
        assert!(
            (variance.sqrt() - 2.0).abs() < 0.6,
            "deviation {}",
            variance.sqrt()
        );
    }

    #[test]
    fn test_the_wave_has_the_size_of_an_ecg() {
        let (_, wave) = beats(60.0, 1.0, 20);
        let settled = &wave[1000..];
        let max = settled.iter().copied().fold(f64::MIN, f64::max);
        let min = settled.iter().copied().fold(f64::MAX, f64::min);
        assert!((0.7..1.8).contains(&max), "R peak {max} mV");
        assert!((-0.9..-0.1).contains(&min), "S trough {min} mV");
    }

    #[test]
    fn test_one_seed_gives_one_series() {
        assert_eq!(beats(72.0, 2.0, 5), beats(72.0, 2.0, 5));
    }
}
