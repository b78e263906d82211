//! What the programs inside the virtual machines share.
#![forbid(unsafe_code)]

pub mod json;
