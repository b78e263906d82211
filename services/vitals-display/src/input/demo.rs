//! The simulator: what the screen shows when there is no record. Marked DEMO everywhere.
//!
//! The ECG is ECGSYN's. Pressure, pleth and respiration follow the same heart and the same
//! breathing, so that rates agree; their shapes are plausible, not modelled. There is no
//! oxygen saturation: a number nobody measured is not shown, not even here.

use super::ecgsyn::{BREATHING, Ecgsyn};
use super::{Block, Input, Kind, Position, Signal, TICK};
use std::f64::consts::{PI, TAU};

/// ECG samples per second.
const ECG_RATE: f64 = 500.0;
/// ECG samples per sample of the other waves.
const RATIO: u64 = 4;
/// Mean heart rate and its standard deviation, per minute.
const HEART: (f64, f64) = (72.0, 1.5);
/// Arterial pressure, in mmHg.
const PRESSURE: (f64, f64) = (78.0, 121.0);
/// How long after the R peak the pulse arrives, as a part of the beat: at the radial artery
/// and at the finger.
const DELAY: (f64, f64) = (0.18, 0.28);

/// The simulated patient.
#[derive(Clone, Debug)]
pub struct Demo {
    heart: Ecgsyn,
    signals: Vec<Signal>,
    speed: u16,
    samples: u64,
    ticks: u64,
}

impl Demo {
    /// A patient who lives `speed` times faster; the same seed gives the same patient.
    pub fn new(speed: u16, seed: u64) -> Self {
        let signal = |kind, label: &str, rate| Signal {
            kind,
            label: label.into(),
            rate,
        };
        let slow = ECG_RATE / RATIO as f64;
        Self {
            heart: Ecgsyn::new(ECG_RATE, HEART.0, HEART.1, seed),
            signals: vec![
                signal(Kind::Ecg, "ECG II", ECG_RATE),
                signal(Kind::Abp, "ABP", slow),
                signal(Kind::Pleth, "PLETH", slow),
                signal(Kind::Resp, "RESP", slow),
            ],
            speed: speed.max(1),
            samples: 0,
            ticks: 0,
        }
    }
}

/// A pulse over one beat, 0 to 1: upstroke, fall, dicrotic wave.
fn pulse(part: f64) -> f64 {
    let bell = |centre: f64, width: f64, size: f64| {
        let distance = (part - centre + 0.5).rem_euclid(1.0) - 0.5;
        size * (-(distance / width).powi(2) / 2.0).exp()
    };
    bell(0.16, 0.065, 0.80) + bell(0.29, 0.10, 0.42) + bell(0.50, 0.09, 0.20)
}

impl Input for Demo {
    fn name(&self) -> &str {
        "ECGSYN"
    }

    fn is_demo(&self) -> bool {
        true
    }

    fn speed(&self) -> u16 {
        self.speed
    }

    fn signals(&self) -> &[Signal] {
        &self.signals
    }

    fn ignored(&self) -> &[String] {
        &[]
    }

    fn advance(&mut self, block: &mut Block) -> bool {
        block.resize_with(self.signals.len(), Vec::new);
        block.iter_mut().for_each(Vec::clear);
        self.ticks += 1;
        let until = self.frames_due(self.ticks) * RATIO;
        while self.samples < until {
            let millivolt = self.heart.step();
            block[0].push(Some((millivolt * 1000.0) as f32));
            if self.samples.is_multiple_of(RATIO) {
                let part = self.heart.phase() / TAU;
                let breath = self.heart.breath();
                let (low, high) = PRESSURE;
                // Breathing in lowers the pulse pressure a little.
                let height = (high - low) * (1.0 - 0.04 * breath);
                let abp = low - 1.5 * breath + height * pulse((part - DELAY.0).rem_euclid(1.0));
                let pleth = -450.0
                    + 900.0 * (1.0 - 0.06 * breath) * pulse((part - DELAY.1).rem_euclid(1.0));
                let time = self.samples as f64 / ECG_RATE;
                // Breathing out takes longer than breathing in.
                let lag = (TAU * BREATHING * time + 0.35 * (TAU * BREATHING * time).sin()
                    - PI / 3.0)
                    .sin();
                block[1].push(Some(abp as f32));
                block[2].push(Some(pleth as f32));
                block[3].push(Some((420.0 * lag) as f32));
            }
            self.samples += 1;
        }
        true
    }

    fn position(&self) -> Position {
        let frames = self.samples / RATIO;
        let seconds = self.samples as f64 / ECG_RATE;
        Position {
            frames,
            frame: frames.saturating_sub(1),
            seconds,
            clock: None,
        }
    }

    fn frames_due(&self, ticks: u64) -> u64 {
        (ticks as f64 * TICK * f64::from(self.speed) * ECG_RATE / RATIO as f64).round() as u64
    }
}
