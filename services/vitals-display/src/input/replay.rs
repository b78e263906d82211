//! A record replayed in its own time, or faster.

use super::{Block, Input, Kind, Numeric, Position, Signal, TICK};
use crate::wfdb::{self, MISSING, Record};

/// Replays a record tick by tick.
#[derive(Clone, Debug)]
pub struct Replay {
    record: Record,
    signals: Vec<Signal>,
    /// Index in the record and conversion of each of `signals`.
    columns: Vec<(usize, Scale)>,
    ignored: Vec<String>,
    speed: u16,
    repeat: bool,
    ticks: u64,
    frames: u64,
}

/// Stored value to the unit of the vitals channel: `(stored - offset) * factor`.
#[derive(Clone, Copy, Debug)]
struct Scale {
    offset: f64,
    factor: f64,
    /// 0 is what recording monitors wrote for a number they had not measured.
    zero_is_missing: bool,
}

impl Scale {
    fn value(self, stored: i16) -> Option<f32> {
        let value = ((f64::from(stored) - self.offset) * self.factor) as f32;
        (stored != MISSING && !(self.zero_is_missing && value.round() == 0.0)).then_some(value)
    }

    /// Whether the samples are in the unit the number or wave is shown in. The ECG and the
    /// waves in parts of full scale carry no number that could be mistaken.
    fn fits(kind: Kind, signal: &wfdb::Signal) -> bool {
        let units: &[&str] = match kind {
            Kind::Ecg | Kind::Pleth | Kind::Resp => return true,
            Kind::Abp
            | Kind::Pap
            | Kind::Numeric(Numeric::Abp(_) | Numeric::Pap(_) | Numeric::Nibp(_)) => {
                &["mmHg", "mm[Hg]"]
            }
            Kind::Numeric(Numeric::SpO2) => &["%"],
            Kind::Numeric(Numeric::HeartRate | Numeric::PulseRate | Numeric::RespirationRate) => {
                &["bpm", "pm", "rpm", "brpm", "/min", "1/min"]
            }
        };
        signal.calibrated
            && units
                .iter()
                .any(|unit| signal.unit.eq_ignore_ascii_case(unit))
    }

    fn of(kind: Kind, signal: &wfdb::Signal) -> Self {
        match kind {
            Kind::Pleth | Kind::Resp => Self {
                zero_is_missing: false,
                offset: f64::from(signal.zero),
                factor: 1000.0 / f64::from(1u32 << (signal.resolution.clamp(1, 31) - 1)),
            },
            Kind::Ecg => {
                let microvolt = match signal.unit.as_str() {
                    "uV" => 1.0,
                    "V" => 1e6,
                    _ => 1e3,
                };
                let factor = microvolt / signal.gain;
                Self {
                    offset: signal.baseline,
                    factor,
                    zero_is_missing: false,
                }
            }
            Kind::Abp | Kind::Pap | Kind::Numeric(_) => Self {
                offset: signal.baseline,
                factor: 1.0 / signal.gain,
                zero_is_missing: matches!(kind, Kind::Numeric(_)),
            },
        }
    }
}

/// The unit of a signal that is not shown because of it.
fn unit_of(signal: &wfdb::Signal) -> &str {
    if signal.calibrated {
        &signal.unit
    } else {
        "no unit: not calibrated"
    }
}

impl Replay {
    /// Replays `record` at `speed` times life, again and again if `repeat`.
    pub fn new(record: Record, speed: u16, repeat: bool) -> Self {
        let mut signals = Vec::new();
        let mut columns = Vec::new();
        let mut ignored = Vec::new();
        for (index, signal) in record.signals.iter().enumerate() {
            let rate = record.frequency * signal.per_frame as f64;
            match Kind::of(&signal.description, rate) {
                None => ignored.push(signal.description.clone()),
                Some(kind) if !Scale::fits(kind, signal) => {
                    ignored.push(format!("{} in {}", signal.description, unit_of(signal)));
                }
                Some(kind) => {
                    let label = match kind {
                        Kind::Ecg if !signal.description.starts_with("ECG") => {
                            format!("ECG {}", signal.description)
                        }
                        _ => signal.description.clone(),
                    };
                    signals.push(Signal { kind, label, rate });
                    columns.push((index, Scale::of(kind, signal)));
                }
            }
        }
        Self {
            record,
            signals,
            columns,
            ignored,
            speed: speed.max(1),
            repeat,
            ticks: 0,
            frames: 0,
        }
    }

    /// Samples, of which a frame has `per_frame`, that are due before the end of tick `ticks`.
    fn due(&self, ticks: u64, per_frame: usize) -> u64 {
        let frames = ticks as f64 * TICK * f64::from(self.speed) * self.record.frequency;
        // Sample i is due at i / rate; a hair's breadth of rounding is not a sample.
        let due = (frames * per_frame as f64 - 1e-6).ceil().max(0.0) as u64;
        if self.repeat {
            due
        } else {
            due.min(self.length() * per_frame as u64)
        }
    }

    fn length(&self) -> u64 {
        self.record.frames as u64
    }
}

impl Input for Replay {
    fn name(&self) -> &str {
        &self.record.name
    }

    fn is_demo(&self) -> bool {
        false
    }

    fn speed(&self) -> u16 {
        self.speed
    }

    fn signals(&self) -> &[Signal] {
        &self.signals
    }

    fn ignored(&self) -> &[String] {
        &self.ignored
    }

    fn advance(&mut self, block: &mut Block) -> bool {
        block.resize_with(self.signals.len(), Vec::new);
        block.iter_mut().for_each(Vec::clear);
        let elapsed = self.ticks as f64 * TICK * f64::from(self.speed);
        self.ticks += 1;
        let length = self.length();
        if length == 0 || (!self.repeat && elapsed * self.record.frequency >= length as f64) {
            return false;
        }
        for (samples, (column, scale)) in block.iter_mut().zip(&self.columns) {
            // Each sample has its own time: those of a frame of a second do not come at once.
            let signal = &self.record.signals[*column];
            let given = self.due(self.ticks - 1, signal.per_frame);
            let until = self.due(self.ticks, signal.per_frame);
            let end = length * signal.per_frame as u64;
            samples.extend((given..until).map(|n| scale.value(signal.samples[(n % end) as usize])));
        }
        self.frames = self.frames_due(self.ticks);
        true
    }

    fn position(&self) -> Position {
        let last = self.frames.saturating_sub(1);
        let length = self.length().max(1);
        let frame = last % length;
        // Between two samples of a slow record the time goes on, but never past its end.
        let elapsed = self.ticks as f64 * TICK * f64::from(self.speed);
        let duration = length as f64 / self.record.frequency;
        let seconds = if self.repeat {
            elapsed % duration
        } else {
            elapsed.min(duration)
        };
        let clock = self
            .record
            .base_seconds
            .map(|base| (base + seconds) % 86_400.0);
        Position {
            frames: self.frames,
            frame,
            seconds,
            clock,
        }
    }

    fn frames_due(&self, ticks: u64) -> u64 {
        self.due(ticks, 1)
    }
}
