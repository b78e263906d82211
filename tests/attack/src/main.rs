//! What an intruder with code execution in the network service would try.
//!
//! Runs in the network service's place, in its role and compartment, on the
//! listening socket it inherited: each connection asks for one attempt, by a
//! line `ATTEMPT [ARGUMENT]`, and is answered by one line of JSON,
//! `{"attempt", "outcome", "errno", "detail"}`. An attempt that ends the process
//! is seen as a connection without an answer. `hog-tasks`, `hog-memory` and `hog-disk
//! DIRECTORY` take what there is of the machine, `leave-project DIRECTORY` would
//! have more of its disk, `leave` ends the program.
//!
//! Outside any compartment (`--listen ADDRESS`) the same attempts succeed or
//! reach the kernel, which shows that they are real.

mod address;
mod attempt;
mod channel;
mod command;
mod compartment;
mod control;
mod display;
mod exec;
mod hog;
mod inherited;
mod kernel;
mod namespace;
mod network;
mod sys;

use attempt::{Attempt, Outcome, quoted};
use compartment::{Compartment, accept};
use std::process::ExitCode;
use std::time::Duration;

/// All attempts, in the order of the story: its own channels first, what ends
/// its own sockets last.
fn attempts() -> impl Iterator<Item = &'static Attempt> {
    [
        channel::ATTEMPTS,
        display::ATTEMPTS,
        exec::ATTEMPTS,
        namespace::ATTEMPTS,
        kernel::ATTEMPTS,
    ]
    .into_iter()
    .chain([command::ATTEMPTS, network::ATTEMPTS])
    .flatten()
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["--list"] => {
            for attempt in attempts() {
                println!(
                    "{{\"attempt\":{},\"what\":{}}}",
                    quoted(attempt.name),
                    quoted(attempt.what)
                );
            }
            ExitCode::SUCCESS
        }
        // What a second exec of this program says, when it was not refused.
        ["--answer", attempt] => {
            print!(
                "{}",
                Outcome::Succeeded("executed again".into()).to_json(attempt)
            );
            ExitCode::SUCCESS
        }
        ["--listen", address] => match inherited::unconfined(address) {
            Ok(compartment) => serve(compartment),
            Err(error) => fail(&error),
        },
        // Arguments of the program whose place it takes are ignored.
        _ => match inherited::from_supervisor() {
            Ok(compartment) => serve(compartment),
            Err(error) => fail(&error),
        },
    }
}

fn fail(error: &str) -> ExitCode {
    eprintln!("cordon-attack: {error}");
    ExitCode::FAILURE
}

fn serve(mut compartment: Compartment) -> ExitCode {
    loop {
        let connection = match accept(compartment.listener, None) {
            Ok(connection) => connection,
            Err(errno) => {
                return fail(&format!(
                    "accept4: {}",
                    std::io::Error::from_raw_os_error(errno)
                ));
            }
        };
        compartment.serve(connection);
        let line = read_line(connection);
        let (name, argument) = line.split_once(' ').unwrap_or((&line, ""));
        if name == "leave" {
            // Started again, the next attempt finds nothing of the last one's.
            return ExitCode::SUCCESS;
        }
        control::take(&mut compartment, Duration::ZERO);
        let outcome = match attempts().find(|attempt| attempt.name == name) {
            Some(attempt) => (attempt.run)(&mut compartment, argument.trim()),
            None if name == "hog-tasks" => hog::tasks(),
            None if name == "hog-memory" => hog::memory(),
            None if name == "hog-disk" => hog::disk(argument.trim()),
            None if name == "leave-project" => hog::leave_project(argument.trim()),
            None => Outcome::Unsupported("no such attempt".into()),
        };
        let answer = outcome.to_json(name);
        let _ = sys!(libc::SYS_write, connection, answer.as_bytes(), answer.len());
        let _ = sys!(libc::SYS_close, connection);
    }
}

/// One line of at most 4 KiB, without its end.
fn read_line(connection: i32) -> String {
    let mut line = Vec::new();
    let mut byte = [0u8; 1];
    while line.len() < 4096
        && matches!(sys!(libc::SYS_read, connection, &mut byte, 1), Ok(1))
        && byte[0] != b'\n'
    {
        line.push(byte[0]);
    }
    String::from_utf8_lossy(&line).trim().to_owned()
}
