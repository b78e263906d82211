//! The patient's numbers, from whatever the input carries: derived from waves, or taken
//! from a record of numbers as they are.

mod readings;
mod vitals;

pub use readings::{PressureReading, Reading, Readings};
pub use vitals::Patient;
