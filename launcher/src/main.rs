//! The cordon program.
#![allow(
    dead_code,
    unused_imports,
    reason = "the supervisor that uses these is being joined"
)]

mod compartment;
mod layers;
mod proof;
mod sys;

fn main() {}
