//! The records of a bedside monitor's two channels: field names, units and ranges
//! in one place for the display that writes them and the service that reads them.
//!
//! The texts are canonical schemas (see `cordon_channel::Schema`); the manifest of
//! the device declares the same fields, and a channel whose two ends differ is
//! refused at attach with the name of the field.
#![forbid(unsafe_code)]

mod alarm;
mod seen;
mod vitals;

use cordon_channel::Pace;

pub use alarm::{Alarm, Kind, Priority};
pub use seen::SeenForm;
pub use vitals::{
    ALARMS, ECG_SAMPLES, FormError, Numerics, PressureNumerics, Source, Vitals, VitalsForm,
    WAVE_SAMPLES,
};

/// Schema of the channel `vitals`, one record every 40 ms.
///
/// Numerics are in the unit named; a field whose validity bit is not set has no
/// value (the screen shows `---`). Wave fields carry the samples of one period:
/// `ecg` 20 at 500 Hz in microvolt, the others 5 at 125 Hz. `pleth` and `resp` are
/// in thousandths of the sensor's own full scale and carry no unit.
pub const VITALS: &str = "\
source u8 enum=record,demo
speed u16 unit=1 range=1..3600
beat u8 enum=no,yes
alarm-priority u8 enum=none,low,medium,high
alarm-count u8 range=0..16
alarms u32[16]
samples u64
heart-rate u16 unit=/min range=0..350
spo2 u16 unit=% range=0..100
pulse-rate u16 unit=/min range=0..350
respiration-rate u16 unit=/min range=0..200
abp-systolic i16 unit=mm[Hg] range=-50..350
abp-diastolic i16 unit=mm[Hg] range=-50..350
abp-mean i16 unit=mm[Hg] range=-50..350
pap-systolic i16 unit=mm[Hg] range=-50..350
pap-diastolic i16 unit=mm[Hg] range=-50..350
pap-mean i16 unit=mm[Hg] range=-50..350
nibp-systolic i16 unit=mm[Hg] range=0..350
nibp-diastolic i16 unit=mm[Hg] range=0..350
nibp-mean i16 unit=mm[Hg] range=0..350
ecg i16[20] unit=uV range=-10000..10000
abp i16[5] unit=mm[Hg] range=-50..350
pleth i16[5] range=-1000..1000
resp i16[5] range=-1000..1000
";

/// Schema of the channel `seen-remotely`: the id of an alarm a nurse has looked at.
///
/// It is drawn as 'seen remotely' beside the alarm; it silences, hides and lowers nothing.
pub const SEEN_REMOTELY: &str = "\
alarm u32
";

/// Pace of the channel `vitals`: 25 records a second, each a value for one second.
pub const VITALS_PACE: Pace = Pace::Periodic {
    period_ns: 40_000_000,
    deadline_ns: 1_000_000_000,
};

/// Pace of the channel `seen-remotely`: at most five records a second.
pub const SEEN_REMOTELY_PACE: Pace = Pace::Sporadic {
    records: 5,
    per_ns: 1_000_000_000,
};
