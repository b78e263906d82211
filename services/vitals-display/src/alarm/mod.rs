//! Which alarms are active: limits with hysteresis, missing signals, and what a nurse has
//! seen remotely.

mod limits;
mod pulse;
mod watch;

pub use limits::{Band, LIMITS, Limits};
pub use watch::{Active, Watch};
