//! What end-to-end tests and the demo have in common: a staged device, its
//! certificates, a running supervisor, a nurse's station, an attacker.
//!
//! Everything here drives the built programs from outside, as a person would.
#![forbid(unsafe_code)]

pub mod attacker;
pub mod campaign;
pub mod certificates;
pub mod device;
pub mod fastopen;
pub mod leftovers;
pub mod monitor;
pub mod needs;
pub mod recording;
pub mod screen;
pub mod shown;
pub mod stage;
pub mod station;
pub mod vm;
pub mod workspace;
