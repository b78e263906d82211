//! The cordon program: reads a manifest, starts each component in its own
//! compartment, keeps them running and proves the confinement from outside.
#![allow(
    dead_code,
    unused_imports,
    reason = "the supervisor that uses these is being joined"
)]

mod cli;
mod compartment;
mod facts;
mod layers;
mod proof;
mod sys;

fn main() -> std::process::ExitCode {
    cli::main()
}
