//! `make demo`: the whole story on one machine, step by step, in two minutes.
#![forbid(unsafe_code)]

mod interrupt;
mod say;
mod story;

use std::path::PathBuf;
use std::process::ExitCode;

const USAGE: &str = "\
Tells the story of a bedside monitor that is attacked, step by step. Needs root.

Usage: cordon-demo [--record HEADER] [--keep] [--output DIRECTORY]

  --record HEADER     WFDB record to replay (default: the built-in simulator)
  --keep              stay up at the end, until Ctrl-C
  --output DIRECTORY  where to leave what was seen (default target/demo)

Exit codes: 0 every attempt was refused and nothing was felt, 1 not so, or it
could not be told, 2 the command line is wrong.
";

fn main() -> ExitCode {
    let mut demo = story::Demo {
        record: None,
        keep: false,
        output: "target/demo".into(),
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().map(PathBuf::from);
        let understood = match argument.as_str() {
            "--help" | "-h" => {
                print!("{USAGE}");
                return ExitCode::SUCCESS;
            }
            "--keep" => {
                demo.keep = true;
                true
            }
            // Without its value it would silently be the simulator.
            "--record" => {
                demo.record = value();
                demo.record.is_some()
            }
            "--output" => value().map(|path| demo.output = path).is_some(),
            _ => false,
        };
        if !understood {
            eprintln!("cordon-demo: {argument} is unknown or lacks its value\n\n{USAGE}");
            return ExitCode::from(2);
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
