//! Calls to a running device's control socket.

use super::arguments::RunningOptions;
use super::{Exit, Failure};
use crate::supervisor::runtime::{control_socket, devices};
use crate::supervisor::varlink::{self, Call, Reply};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Time a supervisor has for an answer; a read-back of many components takes
/// a fraction of a second.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of the longest answer that is taken.
const MAX_ANSWER: u64 = 16 << 20;

/// A connection to the supervisor of one device.
#[derive(Debug)]
pub struct Client {
    device: String,
    stream: UnixStream,
}

impl Client {
    /// Connects to the device that was named, or to the only one that runs.
    pub fn connect(options: &RunningOptions) -> Result<Self, Failure> {
        let base = &options.runtime_dir;
        let device = match &options.device {
            Some(name) => checked(name)?,
            None => only(base)?,
        };
        let stream =
            UnixStream::connect(control_socket(base, &device)).map_err(|error| {
                match error.kind() {
                    ErrorKind::NotFound | ErrorKind::ConnectionRefused => {
                        not_running(&device, base)
                    }
                    ErrorKind::PermissionDenied => {
                        Failure::new(Exit::NotPermitted, format!("not permitted to ask {device}"))
                            .help(if nix::unistd::geteuid().is_root() {
                                "SELinux refuses it to this process (id -Z); a login shell may"
                            } else {
                                "root may, and members of the group cordon"
                            })
                    }
                    _ => internal(&device, &error),
                }
            })?;
        let patient = stream.set_read_timeout(Some(PATIENCE));
        patient.map_err(|error| internal(&device, &error))?;
        Ok(Self { device, stream })
    }

    /// Calls a method of `io.cordon` without parameters.
    pub fn call<T: DeserializeOwned>(&mut self, method: &str) -> Result<T, Failure> {
        let call = Call {
            method: format!("io.cordon.{method}"),
            ..Call::default()
        };
        let failed = |error: &std::io::Error| internal(&self.device, error);
        self.stream
            .write_all(&varlink::to_bytes(&call))
            .map_err(|error| failed(&error))?;
        let mut answer = Vec::new();
        let mut buffer = [0; 16 << 10];
        while !answer.ends_with(&[0]) {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Err(failed(&ErrorKind::UnexpectedEof.into())),
                Ok(length) => answer.extend_from_slice(&buffer[..length]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(failed(&error)),
            }
            if answer.len() as u64 > MAX_ANSWER {
                return Err(failed(&ErrorKind::InvalidData.into()));
            }
        }
        answer.pop();
        let strange = |error: serde_json::Error| {
            let device = &self.device;
            Failure::new(
                Exit::Internal,
                format!("{device} answered something else: {error}"),
            )
        };
        let reply: Reply = serde_json::from_slice(&answer).map_err(strange)?;
        if let Some(error) = reply.error {
            let exit = if error.ends_with(".PermissionDenied") {
                Exit::NotPermitted
            } else {
                Exit::Internal
            };
            return Err(Failure::new(
                exit,
                format!("{} refused {method}: {error}", self.device),
            ));
        }
        serde_json::from_value(Value::Object(reply.parameters)).map_err(strange)
    }

    /// Waits until the supervisor closes the connection: nothing is left.
    pub fn wait_for_end(mut self) -> Result<(), Failure> {
        let mut buffer = [0; 64];
        // A component may take its whole stop-timeout; whoever waits is told after a second.
        let _ = self.stream.set_read_timeout(Some(Duration::from_secs(1)));
        let mut told = false;
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(()),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    if !std::mem::replace(&mut told, true) {
                        eprintln!(
                            "cordon: {} is stopping; each component has its stop-timeout",
                            self.device
                        );
                    }
                }
                Err(error) => return Err(internal(&self.device, &error)),
            }
        }
    }
}

/// A device's name; it becomes a part of a path.
pub fn checked(name: &str) -> Result<String, Failure> {
    if cordon_policygen::names::is_name(name) {
        Ok(name.to_owned())
    } else {
        Err(
            Failure::new(Exit::Usage, format!("'{name}' is no device's name"))
                .help("the name stands in the manifest under device"),
        )
    }
}

fn only(base: &Path) -> Result<String, Failure> {
    let mut found = devices(base);
    match (found.pop(), found.is_empty()) {
        (Some(device), true) => Ok(device),
        (Some(last), false) => {
            found.push(last);
            Err(Failure::new(Exit::Usage, "several devices run here")
                .help(format!("name one: {}", found.join(", "))))
        }
        (None, _) => Err(not_running("any device", base)),
    }
}

fn not_running(device: &str, base: &Path) -> Failure {
    let text = match device {
        "any device" => format!("no device runs here (looked in {})", base.display()),
        name => format!(
            "the device {name} is not running (looked in {})",
            base.display()
        ),
    };
    Failure::new(Exit::NotRunning, text)
}

fn internal(device: &str, error: &std::io::Error) -> Failure {
    let text = match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => "no answer in time".to_owned(),
        ErrorKind::UnexpectedEof => "it closed the connection".to_owned(),
        _ => error.to_string(),
    };
    Failure::new(Exit::Internal, format!("asking {device}: {text}"))
}
