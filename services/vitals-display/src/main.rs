//! The bedside monitor's display. See the library for what it does.
#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    match cordon_vitals_display::start(std::env::args_os().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("vitals-display: {failure}");
            ExitCode::from(failure.code())
        }
    }
}
