//! Whether a patient who had a pulse has none any more.

use crate::patient::{PressureReading, Reading, Readings};

/// Pulse pressure in mmHg from which an arterial wave's numbers are a pulse again: the noise
/// of a transducer on a flat wave has a rate and pressures too, less than this apart.
const PULSE_PRESSURE: i32 = 5;

/// Which waves had a pulse since the start, and whether it is absent now. A wave that never
/// had one may be a line that is still closed, or a probe that lies on the bed.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PulseWatch {
    artery: bool,
    finger: bool,
    absent: bool,
}

impl PulseWatch {
    /// Whether there is no pulse. The arterial wave says so where it is there, even against
    /// an ECG: electrical activity without a pulse is an arrest. Without it the finger says
    /// so, but not against a heart rate: a cuff or a cold hand stops that pulse too.
    pub(super) fn is_absent(&mut self, now: &Readings) -> bool {
        self.artery |= is_pulse(now.abp);
        self.finger |= now.pleth.value().is_some();
        let was = self.absent;
        self.absent = match now.abp.worst() {
            Reading::Missing | Reading::NotCarried => {
                self.finger && now.heart_rate.value().is_none() && no_pulse(now.pleth, was)
            }
            Reading::Value(_) => was && self.artery && !is_pulse(now.abp),
            reading => self.artery && no_pulse(reading, was),
        };
        self.absent
    }
}

/// An absent pulse is back with a rate, not with the first onset.
fn no_pulse(reading: Reading, was: bool) -> bool {
    reading == Reading::Silent || (was && reading == Reading::Learning)
}

/// Whether these pressures are a pulse's; a mean alone cannot say.
fn is_pulse(abp: PressureReading) -> bool {
    match (abp.systolic, abp.diastolic) {
        (Reading::Value(systolic), Reading::Value(diastolic)) => {
            systolic - diastolic >= PULSE_PRESSURE
        }
        _ => abp.has_value(),
    }
}
