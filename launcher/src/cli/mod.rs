//! The command line: what was typed, what it means, and how it ends.

#![forbid(unsafe_code)]

mod arguments;
mod channel;
mod check;
mod client;
mod denials;
mod exit;
mod failure;
mod help;
mod learn;
mod options;
mod plan;
mod policy;
mod run;
mod self_test;
mod source;
mod status;
mod stop;
mod style;
mod table;
mod target;
mod verify;

use arguments::{Command, Typed};
pub use exit::Exit;
pub use failure::Failure;
use std::io::Write as _;
use std::process::ExitCode;
pub use style::Style;

/// Runs the command that was typed.
pub fn main() -> ExitCode {
    let style = Style::of_stderr();
    match arguments::typed(std::env::args_os()).and_then(dispatch) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            // A closed stderr is no reason for another exit code.
            let _ = std::io::stderr().write_all(failure.text(style).as_bytes());
            failure.exit.into()
        }
    }
}

fn dispatch(typed: Typed) -> Result<Exit, Failure> {
    match typed.command {
        Command::Help(topic) => print(help::text(topic)),
        Command::Version => print(concat!("cordon ", env!("CARGO_PKG_VERSION"), "\n")),
        Command::Check(options) => check::run(&options),
        Command::Plan(options) => plan::run(&options),
        Command::PolicyBuild(options) => policy::build(&options),
        Command::PolicyInstall(options) => policy::install(&options),
        Command::PolicyRemove(options) => policy::remove(&options),
        Command::PolicyExplain(options) => policy::explain(&options),
        Command::PolicyDiff(options) => policy::diff(&options),
        Command::PolicyScan(options) => policy::scan(&options),
        Command::ChannelCodegen(options) => channel::codegen(&options),
        Command::SelfTest(options) => self_test::run(&options),
        Command::Run(options) => run::run(&options),
        Command::Status(options) => status::run(&options),
        Command::Verify(options) => verify::run(&options),
        Command::Denials(options) => denials::run(&options),
        Command::Learn(options) => learn::run(&options),
        Command::Stop(options) => stop::run(&options),
    }
}

/// Writes to stdout; a reader that went away (`cordon plan | head`) is no error.
fn print(text: &str) -> Result<Exit, Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::new(
            Exit::Internal,
            format!("cannot write to standard output: {error}"),
        )),
        _ => Ok(Exit::Success),
    }
}

/// Writes a value as JSON, indented for people, one newline at the end.
fn print_json(value: &impl serde::Serialize) -> Result<Exit, Failure> {
    let text = serde_json::to_string_pretty(value)
        .map_err(|error| Failure::new(Exit::Internal, format!("cannot write JSON: {error}")))?;
    print(&(text + "\n"))
}
