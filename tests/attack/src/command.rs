//! Saying to the display what the channel's schema allows to be said.

use crate::attempt::Attempt;

/// The attempts of this file.
pub const ATTEMPTS: &[Attempt] = &[];
