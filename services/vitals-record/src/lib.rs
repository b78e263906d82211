//! The records of a bedside monitor's two channels: field names, units and ranges
//! in one place for the display that writes them and the service that reads them.
//!
//! The manifest of the device declares them; [`generated`] is what `cordon channel
//! codegen` makes of it, and a test of the launcher that it still is. The structs
//! here are views of those, in the words of a monitor. A channel whose two ends
//! differ is refused at attach with the name of the field.
#![forbid(unsafe_code)]

mod alarm;
/// The records as the manifest declares them; made by `cordon channel codegen`.
pub mod generated;
mod seen;
mod vitals;

use cordon_channel::Pace;
use cordon_channel::typed::Typed as _;

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
pub const VITALS: &str = generated::vitals::Record::SCHEMA;

/// Schema of the channel `seen-remotely`: the id of an alarm a nurse has looked at.
///
/// It is drawn as 'seen remotely' beside the alarm; it silences, hides and lowers nothing.
pub const SEEN_REMOTELY: &str = generated::seen_remotely::Record::SCHEMA;

/// Pace of the channel `vitals`: 25 records a second, each a value for one second.
pub const VITALS_PACE: Pace = generated::vitals::Record::PACE;

/// Pace of the channel `seen-remotely`: at most five records a second.
pub const SEEN_REMOTELY_PACE: Pace = generated::seen_remotely::Record::PACE;
