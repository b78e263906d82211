//! The bedside monitor of the tests and the demo: staged, with certificates,
//! a screen in memory, and its manifest.

use crate::campaign::Aim;
use crate::certificates::{Authority, Identity, Use, Validity};
use crate::device::Launch;
use crate::stage::Stage;
use crate::station::Station;
use crate::workspace;
use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

/// Numbers that belong to nobody: the display's, the network service's.
pub const USERS: (u32, u32) = (61_101, 61_102);
/// Layers a machine of developers lacks: an enforcing SELinux, and cgroup
/// controllers where another hierarchy holds them.
pub const WITHOUT: &[&str] = &["selinux", "limits"];

/// What differs from one monitor to another.
#[derive(Clone, Debug)]
pub struct Options {
    /// Name of the device.
    pub device: String,
    /// WFDB header file (`.hea`) to replay; none for the simulator.
    pub record: Option<PathBuf>,
    /// Speed of the replay.
    pub speed: u32,
    /// Whether the record starts again at its end.
    pub repeat: bool,
    /// Whether the attack program runs in the network service's place.
    pub attack: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            device: "bedside-monitor".into(),
            record: None,
            speed: 1,
            repeat: true,
            attack: false,
        }
    }
}

/// A staged monitor.
#[derive(Debug)]
pub struct Monitor {
    /// Its directory.
    pub stage: Stage,
    /// What was asked for.
    pub options: Options,
    /// Where the service listens.
    pub address: SocketAddr,
    /// Where the attacker's second socket listens.
    pub spare: SocketAddr,
    /// Authority of the monitors.
    pub monitors: Authority,
    /// Authority of the nurses.
    pub nurses: Authority,
    /// A nurse's certificate.
    pub nurse: Identity,
}

impl Monitor {
    /// Stages a monitor.
    ///
    /// # Errors
    /// When a program is not built or a file cannot be written.
    pub fn new(stage: Stage, options: Options) -> io::Result<Self> {
        let built = |name: &str| workspace::program(name).map_err(io::Error::other);
        stage.copy(&built("vitals-display")?, "bin/vitals-display", 0o755)?;
        let service = if options.attack {
            "cordon-attack"
        } else {
            "network-service"
        };
        stage.copy(&built(service)?, &format!("bin/{service}"), 0o755)?;

        // Authorities' keys and the nurse's stay out of what the service is given.
        let hospital = stage.path("hospital");
        let monitors = Authority::new(&hospital.join("monitors"), "monitors")?;
        let nurses = Authority::new(&hospital.join("nurses"), "nurses")?;
        let nurse = nurses.sign("nurse", Use::Client, Validity::Now)?;
        let server = monitors.sign("server", Use::Server, Validity::Now)?;
        fs::set_permissions(&hospital, fs::Permissions::from_mode(0o700))?;
        stage.copy(&server.certificate, "tls/server.crt", 0o644)?;
        stage.copy(&nurses.identity.certificate, "tls/nurses.crt", 0o644)?;
        let key = stage.copy(&server.key, "tls/server.key", 0o440)?;
        chown(&key, Some(0), Some(USERS.1))?;

        if let Some(record) = &options.record {
            let directory = record.parent().unwrap_or(Path::new("."));
            stage.copy_directory(directory, "record")?;
        }
        stage.memory("screen", 16 << 20)?;
        for file in ["screen/raw", "screen/shown"] {
            stage.write(file, "")?;
        }
        let monitor = Self {
            stage,
            options,
            address: free_address()?,
            spare: free_address()?,
            monitors,
            nurses,
            nurse,
        };
        monitor.stage.write("device.yaml", monitor.manifest()?)?;
        Ok(monitor)
    }

    /// How it is run with this `cordon`.
    pub fn launch(&self, cordon: PathBuf) -> Launch {
        Launch {
            cordon,
            manifest: self.stage.path("device.yaml"),
            runtime: self.stage.path("run"),
            without: WITHOUT.iter().map(|layer| (*layer).to_owned()).collect(),
            weaken: Vec::new(),
            leave_out: Vec::new(),
        }
    }

    /// The raw screen.
    pub fn screen(&self) -> PathBuf {
        self.stage.path("screen/raw")
    }

    /// What the display says it showed.
    pub fn shown(&self) -> PathBuf {
        self.stage.path("screen/shown")
    }

    /// What an attacker in its network service is to reach for.
    pub fn aim(&self) -> Aim {
        let record = self.options.record.as_deref().and_then(Path::file_name);
        Aim {
            program: self.stage.path("bin/cordon-attack"),
            address: self.address,
            sensor: record.map_or_else(
                || "/dev/ttyS0".into(),
                |name| self.stage.path("record").join(name),
            ),
            screen: self.screen(),
            shown: self.shown(),
            tls: self.stage.path("tls"),
        }
    }

    /// A nurse's station with the nurse's certificate.
    pub fn station(&self) -> Station {
        Station {
            url: format!("https://{}", self.address),
            authority: self.monitors.identity.certificate.clone(),
            identity: Some(self.nurse.clone()),
        }
    }

    /// The manifest: the components as staged, the channels of the example.
    ///
    /// # Errors
    /// When the example cannot be read.
    pub fn manifest(&self) -> io::Result<String> {
        let example =
            fs::read_to_string(workspace::root().join("profiles/examples/bedside-monitor.yaml"))?;
        let channels = example
            .split_once("\nchannels:")
            .map(|(_, channels)| channels)
            .unwrap_or_default();
        let directory = self.stage.directory().display();
        let Options { device, speed, .. } = &self.options;
        let mut exec = format!("{directory}/bin/vitals-display, --geometry, 1024x600");
        if let Some(record) = &self.options.record {
            let name = record.file_stem().unwrap_or_default().to_string_lossy();
            exec += &format!(", --record, {directory}/record/{name}, --speed, \"{speed}\"");
            if self.options.repeat {
                exec += ", --loop";
            }
        }
        let (display, network) = USERS;
        let record = self.options.record.is_some();
        let record = if record {
            format!("\n      - {{path: {directory}/record, access: read}}")
        } else {
            String::new()
        };
        Ok(format!(
            "\
# A bedside monitor staged in {directory}.
cordon: 1
device: {device}

components:
  vitals-display:
    role: vitals-display
    exec: [{exec}]
    user: {display}
    files:
      # The screen: a file in memory in place of a frame buffer.
      - {{path: {directory}/screen/raw, access: write, pass: screen}}
      # What was shown, for the tests.
      - {{path: {directory}/screen/shown, access: write, pass: shown}}
{font}{record}
    # It draws on time whatever else this machine does.
    realtime: {{policy: fifo, priority: 40}}
    limits: {{memory: 96M, tasks: 8}}
    watchdog: 5s
    restart: {{policy: always, delay: 50ms}}

  network-service:
    role: network-service
{service}
    user: {network}
    limits: {{memory: 64M, tasks: 32}}
    restart: {{policy: always, delay: 50ms, limit: 1000/min}}

channels:{channels}",
            font = font(),
            service = self.service(),
        ))
    }

    fn service(&self) -> String {
        let directory = self.stage.directory().display();
        let (address, spare) = (self.address, self.spare);
        let tls = format!("    files:\n      - {{path: {directory}/tls, access: read}}");
        if self.options.attack {
            return format!(
                "    exec: [{directory}/bin/cordon-attack]
{tls}
    listen:
      - {{name: https, tcp: \"{address}\"}}
      # To be turned into something else, so that the first goes on answering.
      - {{name: spare, tcp: \"{spare}\"}}"
            );
        }
        format!(
            "    exec: [{directory}/bin/network-service, --certificate, {directory}/tls/server.crt, --key, {directory}/tls/server.key, --client-ca, {directory}/tls/nurses.crt]
{tls}
    listen:
      - {{name: https, tcp: \"{address}\"}}"
        )
    }
}

/// The grant of the display's font, where the system has it: the display does
/// without, and says so.
fn font() -> String {
    let places = [
        "/usr/share/fonts/opentype/b612",
        "/usr/share/fonts/truetype/b612",
    ];
    let there = places.iter().find(|place| Path::new(place).is_dir());
    let path = there.unwrap_or(&places[0]);
    format!("      - {{path: {path}, access: read, missing: skip}}")
}

/// An address of this machine nobody listens on.
///
/// # Errors
/// When the kernel has none.
pub fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}
