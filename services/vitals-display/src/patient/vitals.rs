//! From samples to readings.

use super::{PressureReading, Reading, Readings};
use crate::derive::{BreathDetector, HeartDetector, PulseDetector, Rate};
use crate::input::{Block, Kind, Numeric, Pressure, Signal};
use std::ops::RangeInclusive;

/// Ticks between two changes of a derived number: one second, so that it can be read.
const REFRESH: u64 = 25;

/// Follows the signals of one input and knows the readings of now.
#[derive(Clone, Debug)]
pub struct Patient {
    followers: Vec<Follower>,
    ticks: u64,
    lost: bool,
    readings: Readings,
}

/// What is done with one signal.
#[derive(Clone, Debug)]
enum Follower {
    Heart(Box<HeartDetector>),
    Abp(Box<PulseDetector>),
    Pap(Box<PulseDetector>),
    Pleth(Box<PulseDetector>),
    Breath(Box<BreathDetector>),
    Numeric(Numeric, Option<f32>),
    /// A second lead: drawn nowhere, derived from nowhere.
    Unused,
}

impl Patient {
    /// For the signals of an input. Of several signals of one kind the first is followed.
    pub fn new(signals: &[Signal]) -> Self {
        let mut kinds = Vec::new();
        let followers = signals
            .iter()
            .map(|signal| {
                if kinds.contains(&signal.kind) {
                    return Follower::Unused;
                }
                kinds.push(signal.kind);
                let rate = signal.rate as f32;
                match signal.kind {
                    Kind::Ecg => Follower::Heart(Box::new(HeartDetector::new(rate))),
                    Kind::Abp => Follower::Abp(Box::new(PulseDetector::new(rate))),
                    Kind::Pap => Follower::Pap(Box::new(PulseDetector::new(rate))),
                    Kind::Pleth => Follower::Pleth(Box::new(PulseDetector::new(rate))),
                    Kind::Resp => Follower::Breath(Box::new(BreathDetector::new(rate))),
                    Kind::Numeric(numeric) => Follower::Numeric(numeric, None),
                }
            })
            .collect();
        let mut patient = Self {
            followers,
            ticks: 0,
            lost: false,
            readings: Readings::default(),
        };
        patient.readings = patient.read();
        patient
    }

    /// Takes the samples of one tick; true when a heart beat was detected in it.
    pub fn step(&mut self, block: &Block) -> bool {
        self.ticks += 1;
        self.lost = false;
        let mut heart = None;
        let mut pulse = false;
        for (follower, samples) in self.followers.iter_mut().zip(block) {
            for &sample in samples {
                match follower {
                    Follower::Heart(detector) => {
                        *heart.get_or_insert(false) |= detector.step(sample);
                    }
                    Follower::Abp(detector) => pulse |= detector.step(sample),
                    Follower::Pap(detector) | Follower::Pleth(detector) => {
                        detector.step(sample);
                    }
                    Follower::Breath(detector) => {
                        detector.step(sample);
                    }
                    Follower::Numeric(_, value) => *value = sample,
                    Follower::Unused => {}
                }
            }
        }
        let mut next = self.read();
        if !self.ticks.is_multiple_of(REFRESH) {
            next = next.holding(&self.readings);
            // A recorded number is what it is at its own instant: only derived ones are held.
            self.recorded(&mut next);
        }
        self.readings = next;
        heart.unwrap_or(pulse)
    }

    /// Nothing came from the input: no number survives it.
    pub fn lose(&mut self) {
        self.ticks += 1;
        if !self.lost {
            self.lost = true;
            for follower in &mut self.followers {
                follower.forget();
            }
        }
        self.readings = self.read();
    }

    /// The readings of now.
    pub fn readings(&self) -> &Readings {
        &self.readings
    }

    fn read(&self) -> Readings {
        let mut now = Readings {
            input_lost: self.lost,
            ..Readings::default()
        };
        let lost = |reading: Reading| if self.lost { Reading::Missing } else { reading };
        for follower in &self.followers {
            match follower {
                Follower::Heart(detector) => {
                    now.heart_rate = lost(of_rate(detector.rate(), &RATES))
                }
                Follower::Abp(detector) => {
                    now.abp = of_pulse(detector, self.lost);
                    // The arterial wave's pulse counts before the finger's, in whichever
                    // order the record has them, but not where it has none.
                    let pulse = lost(of_rate(detector.rate(), &RATES));
                    if pulse.value().is_some() || now.pulse_rate.value().is_none() {
                        now.pulse_rate = pulse;
                    }
                }
                Follower::Pap(detector) => now.pap = of_pulse(detector, self.lost),
                Follower::Pleth(detector) => {
                    now.pleth = lost(of_rate(detector.rate(), &RATES));
                    if now.pulse_rate.value().is_none() {
                        now.pulse_rate = now.pleth;
                    }
                }
                Follower::Breath(detector) => {
                    now.respiration_rate = lost(of_rate(detector.rate(), &BREATHS));
                }
                Follower::Numeric(..) | Follower::Unused => {}
            }
        }
        self.recorded(&mut now);
        now
    }

    /// Puts the numbers of a record of numbers in.
    fn recorded(&self, readings: &mut Readings) {
        for follower in &self.followers {
            if let Follower::Numeric(numeric, value) = follower {
                *readings.of(*numeric) = match self.lost {
                    true => Reading::Missing,
                    false => of_number(*numeric, *value),
                };
            }
        }
    }
}

impl Follower {
    fn forget(&mut self) {
        match self {
            Self::Numeric(_, value) => *value = None,
            // Detectors restart by themselves once samples are missing; a lost input
            // hands out none at all, so they are told.
            Self::Heart(detector) => detector.restart(),
            Self::Abp(detector) | Self::Pap(detector) | Self::Pleth(detector) => {
                detector.restart();
            }
            Self::Breath(detector) => detector.restart(),
            Self::Unused => {}
        }
    }
}

impl Readings {
    /// These readings, but with the derived numbers of a moment ago where both have one:
    /// a number may end or begin at once, it changes once a second.
    fn holding(self, before: &Self) -> Self {
        let hold = |now: Reading, before: Reading| match (now, before) {
            (Reading::Value(_), Reading::Value(_)) => before,
            _ => now,
        };
        let pressure = |now: PressureReading, before: PressureReading| PressureReading {
            systolic: hold(now.systolic, before.systolic),
            diastolic: hold(now.diastolic, before.diastolic),
            mean: hold(now.mean, before.mean),
        };
        Self {
            heart_rate: hold(self.heart_rate, before.heart_rate),
            pulse_rate: hold(self.pulse_rate, before.pulse_rate),
            respiration_rate: hold(self.respiration_rate, before.respiration_rate),
            abp: pressure(self.abp, before.abp),
            pap: pressure(self.pap, before.pap),
            ..self
        }
    }

    fn of(&mut self, numeric: Numeric) -> &mut Reading {
        let (pressure, which) = match numeric {
            Numeric::HeartRate => return &mut self.heart_rate,
            Numeric::PulseRate => return &mut self.pulse_rate,
            Numeric::SpO2 => return &mut self.spo2,
            Numeric::RespirationRate => return &mut self.respiration_rate,
            Numeric::Abp(which) => (&mut self.abp, which),
            Numeric::Pap(which) => (&mut self.pap, which),
            Numeric::Nibp(which) => (&mut self.nibp, which),
        };
        match which {
            Pressure::Systolic => &mut pressure.systolic,
            Pressure::Diastolic => &mut pressure.diastolic,
            Pressure::Mean => &mut pressure.mean,
        }
    }
}

/// What a rate's field of the channel can carry, per minute.
const RATES: RangeInclusive<i32> = 0..=350;
/// As [`RATES`], of breaths.
const BREATHS: RangeInclusive<i32> = 0..=200;
/// As [`RATES`], of invasive pressures, in mmHg.
const PRESSURES: RangeInclusive<i32> = -50..=350;

/// A derived number outside what its field can carry is an artefact, and no number.
fn derived(value: f32, range: &RangeInclusive<i32>) -> Reading {
    let value = value.round() as i32;
    if range.contains(&value) {
        Reading::Value(value)
    } else {
        Reading::Learning
    }
}

fn of_rate(rate: Rate, range: &RangeInclusive<i32>) -> Reading {
    match rate {
        Rate::PerMinute(rate) => derived(rate, range),
        Rate::Learning => Reading::Learning,
        Rate::Silent => Reading::Silent,
        Rate::Missing => Reading::Missing,
    }
}

fn of_pulse(detector: &PulseDetector, lost: bool) -> PressureReading {
    match (lost, detector.rate(), detector.pressures()) {
        (true, ..) | (_, Rate::Missing, _) => PressureReading::all(Reading::Missing),
        (_, _, Some(pressures)) => PressureReading {
            systolic: derived(pressures.systolic, &PRESSURES),
            diastolic: derived(pressures.diastolic, &PRESSURES),
            mean: derived(pressures.mean, &PRESSURES),
        },
        (_, Rate::Silent, None) => PressureReading::all(Reading::Silent),
        _ => PressureReading::all(Reading::Learning),
    }
}

/// A number of the record outside what its field can carry was not measured.
fn of_number(numeric: Numeric, value: Option<f32>) -> Reading {
    let range = match numeric {
        Numeric::HeartRate | Numeric::PulseRate => RATES,
        Numeric::SpO2 => 0..=100,
        Numeric::RespirationRate => BREATHS,
        Numeric::Abp(_) | Numeric::Pap(_) => PRESSURES,
        Numeric::Nibp(_) => 0..=350,
    };
    value
        .map(|value| value.round() as i32)
        .filter(|value| range.contains(value))
        .map_or(Reading::Missing, Reading::Value)
}
