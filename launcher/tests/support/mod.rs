//! A device of the tests' own: staged, run, asked, and gone afterwards.

#![allow(dead_code, reason = "each test file uses a part of it")]

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The program under test.
pub const CORDON: &str = env!("CARGO_BIN_EXE_cordon");

/// Whether compartments can be made here. Says why not, and fails in CI.
pub fn root() -> bool {
    if nix::unistd::geteuid().is_root() {
        return true;
    }
    let text = "not run: compartments need root";
    assert!(std::env::var_os("CI").is_none(), "{text}");
    println!("{text}");
    false
}

/// Where cgroup v2 is mounted.
pub fn cgroup_mount() -> Option<PathBuf> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let line = mounts.lines().find(|line| line.contains(" - cgroup2 "))?;
    Some(line.split(' ').nth(4)?.into())
}

/// Waits for something to become true.
pub fn until(what: &str, within: Duration, mut is_true: impl FnMut() -> bool) {
    let end = Instant::now() + within;
    while !is_true() {
        assert!(Instant::now() < end, "not within {within:?}: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A directory only root can change, with the test component in it.
pub struct Stage {
    pub path: PathBuf,
    pub device: String,
    user: u32,
}

impl Stage {
    /// A stage for the test of this name.
    pub fn new(name: &str) -> Self {
        let pid = std::process::id();
        let path = PathBuf::from(format!("/opt/cordon-supervisor-{name}-{pid}"));
        fs::create_dir_all(&path).unwrap();
        let component = Path::new(CORDON).with_file_name("examples/test-component");
        assert!(
            component.exists(),
            "not built: cargo build --example test-component"
        );
        fs::copy(component, path.join("component")).unwrap();
        Self {
            path,
            device: format!("{name}-{pid}"),
            // Of no user there is, and of no other test at the same time.
            user: 200_000 + (pid % 20_000 * 64 + NEXT.fetch_add(1, Ordering::Relaxed) % 64) * 4,
        }
    }

    /// The component's path.
    pub fn component(&self) -> String {
        self.path.join("component").display().to_string()
    }

    /// A user id for the numbered component.
    pub fn user(&self, number: u32) -> u32 {
        self.user + number
    }

    /// Writes a file of the stage.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// Writes the manifest: components as `name: body`, then whatever follows.
    pub fn manifest(&self, components: &[(&str, &str)], rest: &str) -> PathBuf {
        let mut text = format!("cordon: 1\ndevice: {}\ncomponents:\n", self.device);
        for (number, (name, body)) in components.iter().enumerate() {
            let user = self.user(u32::try_from(number).unwrap());
            text.push_str(&format!("  {name}:\n    user: {user}\n"));
            for line in body.lines().filter(|line| !line.trim().is_empty()) {
                let line = line.trim_start().replace("COMPONENT", &self.component());
                let line = line.replace("STAGE", &self.path.display().to_string());
                text.push_str(&format!("    {line}\n"));
            }
        }
        text.push_str(rest);
        self.write("device.yaml", &text)
    }

    /// `cordon WORDS` on this stage's runtime directory.
    pub fn cordon(&self, words: &[&str]) -> Command {
        let mut command = Command::new(CORDON);
        command
            .args(words)
            .arg("--runtime-dir")
            .arg(self.path.join("run"));
        command.env("NO_COLOR", "1").stdin(Stdio::null());
        command
    }

    fn run_command(&self) -> Command {
        let manifest = self.path.join("device.yaml");
        let mut command = self.cordon(&["run", "--without", "selinux,limits"]);
        command.arg(manifest);
        command
    }

    /// Runs the device to its end.
    pub fn to_the_end(&self) -> Output {
        self.run_command().output().unwrap()
    }

    /// Runs the device in the background.
    pub fn start(&self) -> Device<'_> {
        self.start_with(self.run_command())
    }

    /// The same by a command of another kind that runs the device in the end.
    pub fn start_with(&self, mut command: Command) -> Device<'_> {
        let log = self.path.join("log");
        let output = fs::File::create(&log).unwrap();
        command.stdout(output.try_clone().unwrap()).stderr(output);
        Device {
            stage: self,
            process: command.spawn().unwrap(),
            log,
        }
    }

    /// Asserts that nothing of the device is left on the machine.
    pub fn assert_nothing_left(&self) {
        assert!(
            !self.path.join("run").exists(),
            "the runtime directory is left"
        );
        let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
        let stage = self.path.display().to_string();
        assert!(!mounts.contains(&stage), "a mount is left");
        if let Some(mount) = cgroup_mount() {
            let cgroup = mount.join("cordon").join(&self.device);
            assert!(!cgroup.exists(), "{} is left", cgroup.display());
        }
        let processes = self.processes();
        assert!(processes.is_empty(), "processes are left: {processes:?}");
    }

    /// Processes that run as one of the stage's users.
    pub fn processes(&self) -> Vec<i32> {
        let mut found = Vec::new();
        for entry in fs::read_dir("/proc").unwrap().flatten() {
            let Some(pid) = entry
                .file_name()
                .to_str()
                .and_then(|name| name.parse().ok())
            else {
                continue;
            };
            let status = fs::read_to_string(entry.path().join("status")).unwrap_or_default();
            let uid = status.lines().find_map(|line| line.strip_prefix("Uid:\t"));
            let uid = uid.and_then(|line| line.split('\t').next()?.parse::<u32>().ok());
            if uid.is_some_and(|uid| (self.user..self.user + 4).contains(&uid)) {
                found.push(pid);
            }
        }
        found
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// A device that runs in the background. Dropped, it is stopped.
pub struct Device<'a> {
    stage: &'a Stage,
    pub process: Child,
    log: PathBuf,
}

impl Device<'_> {
    /// What was written so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Waits until the log holds the text.
    pub fn wait_for(&self, text: &str) {
        let end = Instant::now() + Duration::from_secs(20);
        while !self.log().contains(text) {
            assert!(Instant::now() < end, "'{text}' is not in:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The JSON of `cordon status` or `cordon verify`.
    pub fn json(&self, command: &str) -> Value {
        let output = self.stage.cordon(&[command, "--json"]).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            let errors = String::from_utf8_lossy(&output.stderr);
            panic!("cordon {command}: {error}: {errors}\n{}", self.log())
        })
    }

    /// The numbered component of `cordon status`.
    pub fn component(&self, number: usize) -> Value {
        self.json("status")["components"][number].clone()
    }

    /// Waits until the numbered component's field is the value.
    pub fn wait_for_component(&self, number: usize, is_so: impl Fn(&Value) -> bool) -> Value {
        // It may not listen yet.
        self.wait_for("proved before its first instruction");
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let component = self.component(number);
            if is_so(&component) {
                return component;
            }
            assert!(Instant::now() < end, "{component}\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Sends the supervisor a signal.
    pub fn signal(&self, signal: nix::sys::signal::Signal) {
        let pid = nix::unistd::Pid::from_raw(self.process.id().try_into().unwrap());
        nix::sys::signal::kill(pid, signal).unwrap();
    }

    /// Waits for the supervisor's end.
    pub fn ended(&mut self) -> ExitStatus {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < end, "it does not end:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// SIGTERM, and the end.
    pub fn stop(&mut self) -> ExitStatus {
        self.signal(nix::sys::signal::Signal::SIGTERM);
        self.ended()
    }
}

impl Drop for Device<'_> {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            self.signal(nix::sys::signal::Signal::SIGTERM);
            let end = Instant::now() + Duration::from_secs(10);
            while matches!(self.process.try_wait(), Ok(None)) && Instant::now() < end {
                std::thread::sleep(Duration::from_millis(20));
            }
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }
}
