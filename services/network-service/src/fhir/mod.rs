//! FHIR R4 (4.0.1): vital signs as Observations, JSON only, read only.
//!
//! An Observation here is what the bedside screen shows at the moment of the request; there
//! is no history and no patient identity, because the monitor has neither. While there is
//! no current record the answer is still 200 and every Observation says
//! `dataAbsentReason` `temp-unknown`, status `unknown`, and a note why: a client that polls
//! finds the absence in the data, where it looks, instead of keeping its last number
//! through an HTTP error it retries. A search adds an OperationOutcome in words.

mod capability;
mod device;
mod observation;
pub mod outcome;
mod search;
mod vital;

pub use capability::capability;
pub use device::device;
pub use observation::{Moment, observation};
pub use search::{Query, QueryError, bundle};
pub use vital::{Coding, Component, Shape, VITALS, Vital, find};

/// Media type of every FHIR answer.
pub const JSON: &str = "application/fhir+json; charset=utf-8";

/// Version of the standard.
pub const VERSION: &str = "4.0.1";
