//! Reader of WFDB records, the format of PhysioNet's recordings.
//!
//! Source: WFDB Applications Guide, header(5) and signal(5). Formats 16 and 212,
//! multi-segment records of fixed layout, several samples per frame, skew, byte
//! offset. Everything a header says of its signals is verified before the first
//! sample is shown: length, first value, checksum.

mod error;
mod format;
mod header;
mod record;
mod signals;

pub use error::WfdbError;
pub use format::Format;
pub use header::{Body, Header, SegmentLine, SignalLine};
pub use record::{MISSING, Record, Signal};
