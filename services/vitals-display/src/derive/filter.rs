//! Second-order filters, sample by sample.

use std::f32::consts::{FRAC_1_SQRT_2, PI};

/// A second-order Butterworth section (Bristow-Johnson's Audio EQ Cookbook, Q = 1/√2),
/// direct form I.
#[derive(Clone, Debug)]
pub struct Biquad {
    b: [f32; 3],
    a: [f32; 2],
    x: [f32; 2],
    y: [f32; 2],
    primed: bool,
    blocks_dc: bool,
}

impl Biquad {
    /// Passes what is below `cutoff` Hz; `rate` is the sampling rate in Hz.
    pub fn low_pass(cutoff: f32, rate: f32) -> Self {
        let (cos, alpha) = Self::angle(cutoff, rate);
        let b = [(1.0 - cos) / 2.0, 1.0 - cos, (1.0 - cos) / 2.0];
        Self::section(b, cos, alpha, false)
    }

    /// Passes what is above `cutoff` Hz; `rate` is the sampling rate in Hz.
    pub fn high_pass(cutoff: f32, rate: f32) -> Self {
        let (cos, alpha) = Self::angle(cutoff, rate);
        let b = [(1.0 + cos) / 2.0, -(1.0 + cos), (1.0 + cos) / 2.0];
        Self::section(b, cos, alpha, true)
    }

    fn angle(cutoff: f32, rate: f32) -> (f32, f32) {
        // A cutoff at or above half the rate is no filter one can build.
        let omega = 2.0 * PI * cutoff.min(rate * 0.45) / rate;
        (omega.cos(), omega.sin() * FRAC_1_SQRT_2)
    }

    fn section(b: [f32; 3], cos: f32, alpha: f32, blocks_dc: bool) -> Self {
        let a0 = 1.0 + alpha;
        Self {
            b: b.map(|term| term / a0),
            a: [-2.0 * cos / a0, (1.0 - alpha) / a0],
            x: [0.0; 2],
            y: [0.0; 2],
            primed: false,
            blocks_dc,
        }
    }

    /// Filters one sample. The first one after [`Self::reset`] is taken as the level the
    /// signal always had, so that no step rings through.
    pub fn step(&mut self, x: f32) -> f32 {
        if !self.primed {
            self.primed = true;
            self.x = [x; 2];
            self.y = [if self.blocks_dc { 0.0 } else { x }; 2];
        }
        let y = self.b[0] * x + self.b[1] * self.x[0] + self.b[2] * self.x[1]
            - self.a[0] * self.y[0]
            - self.a[1] * self.y[1];
        self.x = [x, self.x[0]];
        self.y = [y, self.y[0]];
        y
    }

    /// Forgets the past.
    pub fn reset(&mut self) {
        self.primed = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gain(mut filter: Biquad, hertz: f32) -> f32 {
        let rate = 500.0;
        (0..5000)
            .map(|n| filter.step((2.0 * PI * hertz * n as f32 / rate).sin()))
            .skip(2500)
            .fold(0.0, |peak: f32, y| peak.max(y.abs()))
    }

    #[test]
    fn test_gains_at_and_around_the_cutoff() {
        assert!((gain(Biquad::low_pass(15.0, 500.0), 15.0) - FRAC_1_SQRT_2).abs() < 0.02);
        assert!(gain(Biquad::low_pass(15.0, 500.0), 1.0) > 0.99);
        assert!(gain(Biquad::low_pass(15.0, 500.0), 150.0) < 0.02);
        assert!(gain(Biquad::high_pass(5.0, 500.0), 0.2) < 0.01);
        assert!(gain(Biquad::high_pass(5.0, 500.0), 50.0) > 0.98);
    }

    #[test]
    fn test_first_sample_makes_no_step() {
        assert!((Biquad::low_pass(1.0, 125.0).step(80.0) - 80.0).abs() < 1e-3);
        assert!(Biquad::high_pass(1.0, 125.0).step(80.0).abs() < 1e-3);
    }
}
