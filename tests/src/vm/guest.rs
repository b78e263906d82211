//! The test's hand in a whole virtual machine: commands go in by a port of the
//! machine, what came of them comes back. See `tests/vm/probe/src/bin/agent.rs`.

use serde_json::Value;
use std::io::{self, BufRead as _, BufReader, Error, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a command may take: emulated, a policy is rebuilt in about a minute.
const COMMAND: Duration = Duration::from_secs(300);

/// What became of a command.
#[derive(Clone, Debug)]
pub struct Output {
    /// The exit code; -1 for an end by a signal.
    pub exit: i64,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Output {
    /// Both streams, for what may stand in either.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }
}

/// A running machine's agent.
#[derive(Debug)]
pub struct Guest {
    port: BufReader<UnixStream>,
}

impl Guest {
    /// The agent behind this socket, which has to be listened on.
    ///
    /// # Errors
    /// When nobody listens.
    pub fn connect(socket: &Path) -> io::Result<Self> {
        let port = UnixStream::connect(socket)?;
        port.set_read_timeout(Some(COMMAND))?;
        Ok(Self {
            port: BufReader::new(port),
        })
    }

    /// Waits for the agent to say that it is there.
    ///
    /// # Errors
    /// When it does not within this time.
    pub fn ready(&mut self, within: Duration) -> io::Result<()> {
        self.port.get_ref().set_read_timeout(Some(within))?;
        let answer = self.answer();
        self.port.get_ref().set_read_timeout(Some(COMMAND))?;
        match answer?["ready"] {
            Value::Bool(true) => Ok(()),
            _ => Err(Error::other("the agent spoke out of turn")),
        }
    }

    /// Finds an agent that was spoken to before: whoever did may have left
    /// without the answer to his last command.
    ///
    /// # Errors
    /// When the agent does not answer.
    pub fn resume(&mut self) -> io::Result<()> {
        let token = std::process::id().to_string();
        let command = format!("echo {token}");
        write!(self.port.get_mut(), "{}\n{command}", command.len())?;
        while self.answer()?["stdout"].as_str().map(str::trim) != Some(&token) {}
        Ok(())
    }

    /// Runs a command in a shell.
    ///
    /// # Errors
    /// When the agent does not answer; a command that fails is no error.
    pub fn run(&mut self, command: &str) -> io::Result<Output> {
        let request = format!("{}\n{command}", command.len());
        self.port.get_mut().write_all(request.as_bytes())?;
        let answer = self
            .answer()
            .map_err(|error| Error::new(error.kind(), format!("{command}: {error}")))?;
        let text = |key: &str| answer[key].as_str().unwrap_or_default().to_owned();
        Ok(Output {
            exit: answer["exit"].as_i64().unwrap_or(-1),
            stdout: text("stdout"),
            stderr: text("stderr"),
        })
    }

    /// Runs a command that has to succeed, and gives its standard output.
    ///
    /// # Errors
    /// With what it said, when it fails.
    pub fn get(&mut self, command: &str) -> io::Result<String> {
        let output = self.run(command)?;
        match output.exit {
            0 => Ok(output.stdout),
            exit => Err(Error::other(format!(
                "{command}: exit {exit}: {}",
                output.text()
            ))),
        }
    }

    /// Runs a command until it succeeds.
    ///
    /// # Errors
    /// With what it said last, when it does not within this time.
    pub fn until(&mut self, command: &str, within: Duration) -> io::Result<String> {
        let until = Instant::now() + within;
        loop {
            let output = self.run(command)?;
            if output.exit == 0 {
                return Ok(output.stdout);
            }
            if Instant::now() > until {
                let said = output.text();
                return Err(Error::other(format!(
                    "not within {within:?}: {command}: {said}"
                )));
            }
            std::thread::sleep(Duration::from_millis(300));
        }
    }

    fn answer(&mut self) -> io::Result<Value> {
        let mut line = String::new();
        if self.port.read_line(&mut line)? == 0 {
            return Err(Error::other("the machine is gone"));
        }
        serde_json::from_str(&line).map_err(|error| Error::other(format!("{line}: {error}")))
    }
}
