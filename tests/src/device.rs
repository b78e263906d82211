//! A device run by `cordon run`, from its start to its stop.

use crate::fastopen;
use serde_json::Value;
use std::fs::File;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// How a device is to be run.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The `cordon` program.
    pub cordon: PathBuf,
    /// The manifest.
    pub manifest: PathBuf,
    /// Directory for its sockets, its log and the notify socket.
    pub runtime: PathBuf,
    /// Layers that may be absent.
    pub without: Vec<String>,
    /// Layers switched off, which only a test build of `cordon` can.
    pub weaken: Vec<String>,
    /// Layers and steps left out behind the proof's back, by such a build.
    pub leave_out: Vec<String>,
}

impl Launch {
    /// A command of `cordon` on this device.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.cordon);
        command
            .args(words)
            .arg("--runtime-dir")
            .arg(&self.runtime)
            .stdin(Stdio::null());
        command
    }

    fn run(&self) -> Command {
        let mut command = self.command(&["run"]);
        command.arg(&self.manifest);
        for layer in &self.without {
            command.args(["--without", layer]);
        }
        for layer in &self.weaken {
            command.args(["--weaken", layer]);
        }
        for step in &self.leave_out {
            command.args(["--leave-out", step]);
        }
        command
    }

    /// Runs the device to its end, for manifests that cannot start. One that
    /// starts all the same is stopped after a minute.
    ///
    /// # Errors
    /// When the program cannot be run.
    pub fn to_the_end(&self) -> io::Result<Output> {
        let _off = fastopen::Off::new()?;
        let run = self.run();
        let mut bounded = Command::new("timeout");
        bounded
            .arg("60")
            .arg(run.get_program())
            .args(run.get_args());
        bounded.stdin(Stdio::null()).output()
    }

    /// Starts the device, and waits until it says READY=1 as it would to systemd.
    ///
    /// # Errors
    /// In words with the log, when it ends before or is not ready in time.
    pub fn start(&self, within: Duration) -> Result<Device, String> {
        let off = fastopen::Off::new().map_err(|error| format!("tcp_fastopen: {error}"))?;
        std::fs::create_dir_all(&self.runtime)
            .map_err(|error| format!("{}: {error}", self.runtime.display()))?;
        let socket = self.runtime.with_extension("notify");
        let _ = std::fs::remove_file(&socket);
        let notify =
            UnixDatagram::bind(&socket).map_err(|error| format!("notify socket: {error}"))?;
        let _ = notify.set_read_timeout(Some(Duration::from_millis(100)));
        let log = self.runtime.with_extension("log");
        let output = File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
        let errors = output.try_clone().map_err(|error| error.to_string())?;
        let mut command = self.run();
        command
            .env("NOTIFY_SOCKET", &socket)
            .stdout(output)
            .stderr(errors);
        let process = command
            .spawn()
            .map_err(|error| format!("{}: {error}", self.cordon.display()))?;
        let mut device = Device {
            launch: self.clone(),
            process,
            log,
            _off: off,
        };
        let until = Instant::now() + within;
        let mut message = [0u8; 4096];
        loop {
            if let Ok(length) = notify.recv(&mut message) {
                let text = String::from_utf8_lossy(&message[..length]);
                if text.lines().any(|line| line == "READY=1") {
                    return Ok(device);
                }
            }
            if let Ok(Some(status)) = device.process.try_wait() {
                return Err(format!(
                    "ended before it was ready ({status}):\n{}",
                    device.log()
                ));
            }
            if Instant::now() > until {
                return Err(format!("not ready within {within:?}:\n{}", device.log()));
            }
        }
    }
}

/// A running device. Dropped, it is stopped.
#[derive(Debug)]
pub struct Device {
    launch: Launch,
    process: Child,
    log: PathBuf,
    _off: fastopen::Off,
}

impl Device {
    /// What supervisor and components wrote so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Where [`Device::log`] is read from.
    pub fn log_path(&self) -> &Path {
        &self.log
    }

    /// The supervisor's process number.
    pub fn supervisor(&self) -> u32 {
        self.process.id()
    }

    /// `cordon WORDS`, as it is.
    ///
    /// # Errors
    /// When it cannot be run.
    pub fn ask(&self, words: &[&str]) -> io::Result<Output> {
        self.launch.command(words).output()
    }

    /// The JSON of `cordon status` or `cordon verify`.
    ///
    /// # Errors
    /// In words.
    pub fn json(&self, command: &str) -> Result<Value, String> {
        let output = self
            .ask(&[command, "--json"])
            .map_err(|error| error.to_string())?;
        serde_json::from_slice(&output.stdout).map_err(|error| {
            let said = String::from_utf8_lossy(&output.stderr);
            format!("cordon {command} --json: {error}: {said}")
        })
    }

    /// Stops the device and says how the supervisor ended.
    ///
    /// # Errors
    /// When it does not end within fifteen seconds; it is then killed.
    pub fn stop(&mut self) -> Result<ExitStatus, String> {
        let _ = Command::new("kill")
            .args(["-TERM", &self.process.id().to_string()])
            .status();
        let until = Instant::now() + Duration::from_secs(15);
        loop {
            match self.process.try_wait() {
                Ok(Some(status)) => return Ok(status),
                Err(error) => return Err(error.to_string()),
                Ok(None) if Instant::now() > until => {
                    let _ = self.process.kill();
                    let _ = self.process.wait();
                    return Err(format!("did not stop:\n{}", self.log()));
                }
                Ok(None) => std::thread::sleep(Duration::from_millis(20)),
            }
        }
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            let _ = self.stop();
        }
    }
}

/// Process number of a component, as `cordon status --json` tells it.
pub fn pid_of(status: &Value, component: &str) -> Option<u32> {
    let components = status["components"].as_array()?;
    let found = components.iter().find(|it| it["name"] == component)?;
    found["pid"]
        .as_u64()
        .and_then(|pid| u32::try_from(pid).ok())
}
