//! `make demo`: the whole story on one machine, step by step, in two minutes.
#![forbid(unsafe_code)]

mod interrupt;
mod say;
mod story;

use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "cordon-demo [--record HEADER] [--keep] [--output DIRECTORY]";

fn main() -> ExitCode {
    let mut demo = story::Demo {
        record: None,
        keep: false,
        output: "target/demo".into(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match (argument.as_str(), &mut arguments) {
            ("--keep", _) => demo.keep = true,
            ("--record", rest) => demo.record = rest.next().map(PathBuf::from),
            ("--output", rest) => demo.output = rest.next().map_or(demo.output, PathBuf::from),
            (other, _) => {
                eprintln!("cordon-demo: what is {other}?\n{USAGE}");
                return ExitCode::from(2);
            }
        }
    }
    match demo.tell() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say::failure(&error);
            ExitCode::FAILURE
        }
    }
}
