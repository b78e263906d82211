//! The test's hand in the whole virtual machine: runs commands that come over a
//! port of the machine, one at a time.
//!
//! A request is the length of a command in bytes as a line, then the command,
//! for a shell. The answer is one line of JSON, `{"exit", "stdout", "stderr"}`;
//! -1 stands for an end by a signal. The first line, `{"ready":true}`, says that
//! there is somebody.
#![forbid(unsafe_code)]

use cordon_probe::json::quoted;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

fn main() -> ExitCode {
    let Some(port) = std::env::args().nth(1) else {
        eprintln!("usage: cordon-agent PORT");
        return ExitCode::from(2);
    };
    match serve(&port) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("cordon-agent: {port}: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The port appears when its driver is loaded.
fn open(port: &str) -> io::Result<File> {
    loop {
        match OpenOptions::new().read(true).write(true).open(port) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                std::thread::sleep(Duration::from_millis(100));
            }
            other => return other,
        }
    }
}

fn serve(port: &str) -> io::Result<()> {
    let mut answers = open(port)?;
    let mut requests = BufReader::new(answers.try_clone()?);
    answers.write_all(b"{\"ready\":true}\n")?;
    loop {
        let mut line = String::new();
        if requests.read_line(&mut line)? == 0 {
            // Nobody at the other end for now.
            std::thread::sleep(Duration::from_millis(100));
            continue;
        }
        let length: usize = line.trim().parse().map_err(io::Error::other)?;
        let mut command = vec![0; length];
        requests.read_exact(&mut command)?;
        answers.write_all(run(&String::from_utf8_lossy(&command)).as_bytes())?;
    }
}

fn run(command: &str) -> String {
    let output = Command::new("/bin/bash")
        .args(["-c", command])
        .current_dir("/")
        .stdin(Stdio::null())
        .output();
    match output {
        Ok(output) => format!(
            "{{\"exit\":{},\"stdout\":{},\"stderr\":{}}}\n",
            output.status.code().unwrap_or(-1),
            quoted(&String::from_utf8_lossy(&output.stdout)),
            quoted(&String::from_utf8_lossy(&output.stderr))
        ),
        Err(error) => format!(
            "{{\"exit\":127,\"stdout\":\"\",\"stderr\":{}}}\n",
            quoted(&error.to_string())
        ),
    }
}
