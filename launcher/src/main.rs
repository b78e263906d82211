//! The cordon program: reads a manifest, starts each component in its own
//! compartment, keeps them running and proves the confinement from outside.

mod cli;
mod codegen;
mod compartment;
mod denials;
mod facts;
mod layers;
mod policy;
mod proof;
mod supervisor;
mod sys;

fn main() -> std::process::ExitCode {
    cli::main()
}
