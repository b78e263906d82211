//! The two channels: `vitals` goes out, `seen-remotely` comes in. Either may be absent.

use crate::input::{Block, Kind, Signal};
use crate::patient::{PressureReading, Readings};
use cordon_channel::{Control, ControlEvent, PublishError, Reader, Reading, Trust, Writer};
use cordon_vitals_record::{
    FormError, Numerics, PressureNumerics, SEEN_REMOTELY_PACE, SeenForm, VITALS_PACE, Vitals,
    VitalsForm,
};
use std::io::{self, Write as _};

/// Records of the channel `seen-remotely` read per tick at most, however many there are.
const SEEN_MAX: usize = 8;

/// The display's ends of its channels.
#[derive(Debug)]
pub struct Link {
    form: VitalsForm,
    seen_form: SeenForm,
    control: Option<Control>,
    vitals: Option<Writer>,
    seen: Option<Reader>,
    seen_state: &'static str,
    published: u64,
    refused: u64,
}

impl Link {
    /// Asks for both channels over the control socket, where there is one.
    pub fn new(mut control: Option<Control>) -> Result<Self, FormError> {
        let (form, seen_form) = (VitalsForm::new()?, SeenForm::new()?);
        let vitals = control
            .as_mut()
            .map(|control| control.writer("vitals", form.schema(), VITALS_PACE));
        let seen = control.as_mut().map(|control| {
            let (schema, pace) = (seen_form.schema(), SEEN_REMOTELY_PACE);
            // The network's side may be an attacker's.
            control.reader("seen-remotely", schema, pace, Trust::Untrusted)
        });
        Ok(Self {
            form,
            seen_form,
            control,
            vitals,
            seen,
            seen_state: "absent",
            published: 0,
            refused: 0,
        })
    }

    /// Takes what the supervisor hands out. Once per tick; never waits.
    pub fn poll(&mut self) {
        if let Some(control) = &mut self.control {
            for event in control.poll() {
                // Which field differs is for the log; the screen says that it does.
                if let ControlEvent::Refused { channel, error, .. } = event {
                    let _ = writeln!(io::stderr(), "channel {channel}: refused: {error}");
                }
            }
        }
    }

    /// Publishes a record, where the channel is attached.
    pub fn publish(&mut self, vitals: &Vitals) {
        let Some(writer) = &mut self.vitals else {
            return;
        };
        let done = match self.form.to_record(vitals) {
            Ok(record) => writer.publish(&record).map(|_| ()),
            Err(_) => {
                self.refused += 1;
                return;
            }
        };
        match done {
            Ok(()) => self.published += 1,
            Err(PublishError::Absent) => {}
            Err(PublishError::Schema) => self.refused += 1,
        }
    }

    /// The ids a nurse says to have seen. Bounded: a flood takes several ticks, and
    /// whatever it says changes nothing but a mark beside an alarm.
    pub fn seen(&mut self) -> Vec<u32> {
        let mut ids = Vec::new();
        let Some(reader) = &mut self.seen else {
            return ids;
        };
        for _ in 0..SEEN_MAX {
            let (state, record) = match reader.poll() {
                Reading::Fresh(record) | Reading::Gap { record, .. } => ("attached", Some(record)),
                Reading::Nothing | Reading::Stale { .. } => ("attached", None),
                Reading::Busy => ("busy", None),
                Reading::Corrupt => ("corrupt", None),
                Reading::Schema(_) => ("schema", None),
                Reading::Poisoned => ("poisoned", None),
                Reading::Lost => ("lost", None),
                Reading::Absent => ("absent", None),
            };
            self.seen_state = state;
            match record {
                Some(record) => ids.extend(self.seen_form.from_record(&record)),
                None => break,
            }
        }
        ids
    }

    /// State of the channel `vitals`: `attached`, `refused` or `absent`.
    pub fn vitals_state(&mut self) -> &'static str {
        if self.vitals_epoch().is_some() {
            return "attached";
        }
        match self.vitals.as_mut().and_then(|writer| writer.refusal()) {
            Some(_) => "refused",
            None => "absent",
        }
    }

    /// The writer's life on the channel `vitals`.
    pub fn vitals_epoch(&mut self) -> Option<u64> {
        self.vitals.as_mut().and_then(Writer::epoch)
    }

    /// The writer's life on the channel `seen-remotely`.
    pub fn seen_epoch(&mut self) -> Option<u64> {
        self.seen.as_mut().and_then(Reader::epoch)
    }

    /// State of the channel `seen-remotely`, as its last look said.
    pub fn seen_state(&self) -> &'static str {
        self.seen_state
    }

    /// Records published, and records that did not fit the schema.
    pub fn counts(&self) -> (u64, u64) {
        (self.published, self.refused)
    }
}

/// The numbers of these readings.
pub fn numerics(now: &Readings) -> Numerics {
    let rate = |value: Option<i32>| value.and_then(|value| u16::try_from(value).ok());
    let pressure = |now: PressureReading| {
        let of = |value: Option<i32>| value.and_then(|value| i16::try_from(value).ok());
        PressureNumerics {
            systolic: of(now.systolic.value()),
            diastolic: of(now.diastolic.value()),
            mean: of(now.mean.value()),
        }
    };
    Numerics {
        heart_rate: rate(now.heart_rate.value()),
        spo2: rate(now.spo2.value()),
        pulse_rate: rate(now.pulse_rate.value()),
        respiration_rate: rate(now.respiration_rate.value()),
        abp: pressure(now.abp),
        pap: pressure(now.pap),
        nibp: pressure(now.nibp),
    }
}

/// One wave of a tick as the channel carries it: `N` samples, evenly taken. None when one
/// of them is missing or outside `range`: a clipped wave is no measurement.
pub fn wave<const N: usize>(
    signals: &[Signal],
    block: &Block,
    kind: Kind,
    range: std::ops::RangeInclusive<i16>,
) -> Option<[i16; N]> {
    let index = signals.iter().position(|signal| signal.kind == kind)?;
    let samples = block.get(index)?;
    let mut wave = [0; N];
    for (place, value) in wave.iter_mut().enumerate() {
        let sample = (*samples.get(place * samples.len() / N)?)?.round();
        let inside = (f32::from(*range.start())..=f32::from(*range.end())).contains(&sample);
        *value = inside.then_some(sample as i16)?;
    }
    Some(wave)
}
