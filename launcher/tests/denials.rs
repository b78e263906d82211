//! A component that tries what is refused, and what `cordon denials` says of it.

mod support;

use nix::sys::signal::Signal;
use serde_json::Value;
use std::fs::File;
use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};
use std::time::Duration;
use support::{Stage, root, until};

/// `cordon denials --follow` in the background.
struct Follower {
    process: Child,
    out: std::path::PathBuf,
    err: std::path::PathBuf,
}

impl Follower {
    /// Follows the device of a stage. None where the kernel lets nobody read.
    fn start(stage: &Stage, name: &str, words: &[&str]) -> Option<Self> {
        let out = stage.path.join(format!("{name}.out"));
        let err = stage.path.join(format!("{name}.err"));
        let mut command = stage.cordon(&["denials", "--follow", "--enable-audit"]);
        command.args(words).arg(stage.path.join("device.yaml"));
        command.stdout(File::create(&out).unwrap());
        command.stderr(File::create(&err).unwrap());
        let process = command.spawn().unwrap();
        let mut follower = Self { process, out, err };
        let mut ended = false;
        until("it follows", Duration::from_secs(20), || {
            ended = matches!(follower.process.try_wait(), Ok(Some(_)));
            ended || text(&follower.err).contains("not seen here")
        });
        if ended {
            let why = format!("not run: {}", text(&follower.err));
            assert!(std::env::var_os("CI").is_none(), "{why}");
            println!("{why}");
            return None;
        }
        Some(follower)
    }

    /// The refusals so far.
    fn denials(&self) -> Vec<Value> {
        let whole = text(&self.out);
        let lines = whole
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'));
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// The refusal of which `tried` says this, once it is there.
    fn wait_for(&self, tried: &str) -> Value {
        let mut found = None;
        until(tried, Duration::from_secs(30), || {
            let holds = |denial: &Value| denial["tried"].as_str().unwrap().contains(tried);
            found = self.denials().into_iter().find(holds);
            found.is_some()
        });
        found.unwrap()
    }

    /// Ends it by a signal.
    fn end(&mut self, signal: Signal) -> ExitStatus {
        let pid = nix::unistd::Pid::from_raw(self.process.id().try_into().unwrap());
        let _ = nix::sys::signal::kill(pid, signal);
        self.process.wait().unwrap()
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        // One that was waited for has no process that a signal could reach.
        if matches!(self.process.try_wait(), Ok(None)) {
            self.end(Signal::SIGTERM);
        }
    }
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn line_of(stage: &Stage, what: &str) -> u64 {
    let manifest = text(&stage.path.join("device.yaml"));
    let place = manifest.lines().position(|line| line.contains(what));
    place.unwrap() as u64 + 1
}

/// Whether the kernel writes down what Landlock refuses, as Linux does from 6.15
/// on; says why not.
fn landlock_tells() -> bool {
    let release = text(Path::new("/proc/sys/kernel/osrelease"));
    let mut numbers = release.split('.').map(|part| {
        let digits = part.split(|c: char| !c.is_ascii_digit()).next();
        digits.unwrap_or_default().parse::<u32>().unwrap_or(0)
    });
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    if version < (6, 15) {
        println!(
            "not run: Landlock's refusals; Linux {} has no records of them, 6.15 has",
            release.trim()
        );
    }
    version >= (6, 15)
}

/// `cordon run` on a stage, also by a kernel that lacks layers of later ones.
fn run(stage: &Stage) -> std::process::Command {
    let without = "selinux,limits,landlock-tcp,landlock-ioctl,landlock-scope,landlock-audit,\
                   mdwe,noexec-seal,memfd-noexec";
    let mut command = stage.cordon(&["run", "--without", without]);
    command.arg(stage.path.join("device.yaml"));
    command
}

const TRIES: &str = "role: network-program
    exec: [COMPONENT, attempt]
    network: {connect: [tcp/5]}
    restart: {policy: never}";

#[test]
fn every_refusal_is_told_with_its_component_layer_and_line() {
    if !root() {
        return;
    }
    let stage = Stage::new("denials");
    stage.manifest(
        &[
            ("tries", TRIES),
            (
                "traces",
                "role: network-program
                exec: [COMPONENT, trace]
                restart: {policy: never}",
            ),
            ("quiet", "role: network-program\nexec: [COMPONENT, ready]"),
        ],
        "",
    );
    let Some(follower) = Follower::start(&stage, "json", &["--json"]) else {
        return;
    };
    let told = landlock_tells();
    let device = stage.start_with(run(&stage));

    let given = follower.wait_for("to give a file to another user (chown)");
    assert_eq!(given["component"], "tries");
    assert_eq!(given["device"], stage.device.as_str());
    assert_eq!(given["layer"], "seccomp");
    assert_eq!(given["answer"], "EPERM");
    assert_eq!(given["process"], "program");
    assert_eq!(given["decision"]["kind"], "never");
    // The name its thread took is a name, and made no field of the record.
    assert_eq!(given["command"], "x\" uid=0 pid=1");

    // What no program of a device needs ends the process.
    let traced = follower.wait_for("(ptrace)");
    assert_eq!(traced["component"], "traces");
    assert_eq!(traced["answer"], "the process was killed");
    assert_eq!(traced["decision"]["kind"], "never");

    let started = follower.wait_for("to start a process (");
    assert_eq!(started["layer"], "seccomp");
    assert_eq!(started["decision"]["kind"], "missing");
    assert_eq!(started["decision"]["paste"], "fork: true");
    assert_eq!(started["decision"]["line"], line_of(&stage, "  tries:"));

    if told {
        let listed = follower.wait_for("to list the directory /");
        assert_eq!(listed["component"], "tries");
        assert_eq!(listed["layer"], "landlock-fs");
        assert_eq!(listed["answer"], "EACCES");

        let connected = follower.wait_for("to connect to TCP port 4");
        assert_eq!(connected["layer"], "landlock-tcp");
        let decision = &connected["decision"];
        assert_eq!(decision["kind"], "line");
        assert_eq!(decision["paste"], "network: {connect: [tcp/5, tcp/4]}");
        assert_eq!(decision["line"], line_of(&stage, "network: {connect"));

        let asked = follower.wait_for("to make a request to the device /dev/urandom");
        assert_eq!(asked["layer"], "landlock-ioctl");
        assert_eq!(asked["decision"]["kind"], "never");
    }

    // Each is said once, and then the tenth time; nothing is the other component's.
    until("it tries ten times", Duration::from_secs(20), || {
        let denials = follower.denials();
        denials
            .iter()
            .filter(|denial| denial["count"] == 10)
            .count()
            >= if told { 4 } else { 2 }
    });
    let all = follower.denials();
    let first = |denial: &&Value| denial["count"] == 1;
    let said = |one: &Value| format!("{} {}", one["component"], one["tried"]);
    let firsts: Vec<String> = all.iter().filter(first).map(said).collect();
    let distinct: std::collections::BTreeSet<&String> = firsts.iter().collect();
    assert_eq!(firsts.len(), distinct.len(), "{firsts:?}");
    assert!(
        all.iter().all(|one| one["component"] != "quiet"),
        "{all:#?}"
    );

    // Who comes later knows the component, too, and is told in words.
    let late = Follower::start(&stage, "late", &["--component", "tries"]).unwrap();
    until("the later one sees it", Duration::from_secs(20), || {
        let layer = if told {
            "landlock-tcp: EACCES"
        } else {
            "seccomp: EPERM"
        };
        text(&late.out).contains(&format!("refused by {layer}"))
    });
    if told {
        let said = text(&late.out);
        assert!(
            said.contains("tries tried to connect to TCP port 4 of 127.0.0.1"),
            "{said}"
        );
        assert!(
            said.contains("network: {connect: [tcp/5, tcp/4]}"),
            "{said}"
        );
    }
    // A running device is asked for its manifest.
    for words in [
        vec!["denials", "--json"],
        vec!["denials", "--json", &stage.device],
    ] {
        let output = stage.cordon(&words).output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["device"], stage.device.as_str(), "{words:?}");
        let manifest = stage.path.join("device.yaml");
        assert_eq!(report["manifest"], manifest.to_str().unwrap());
    }
    drop(late);
    drop(device);
    drop(follower);

    // Of the past, whatever of it the kernel's log still has.
    let manifest = stage.path.join("device.yaml").display().to_string();
    let output = stage
        .cordon(&["denials", &manifest, "--json"])
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["device"], stage.device.as_str());
    assert!(
        report["not_seen"]
            .as_array()
            .is_some_and(|list| !list.is_empty())
    );
    let denials = report["denials"].as_array().unwrap();
    assert!(denials.iter().all(|one| one["component"] != "quiet"));
}

#[test]
fn a_follower_takes_back_its_own_rules_alone_at_every_end() {
    if !root() {
        return;
    }
    let stage = Stage::new("denials-rules");
    stage.manifest(&[("tries", TRIES)], "");
    let failures = ["--json", "--failures"];
    let start = |name: &str| Follower::start(&stage, name, &failures);
    const SHARED: &str = "are written down already";
    // What each leaves behind would be the next one's to find.
    for signal in [
        Signal::SIGHUP,
        Signal::SIGINT,
        Signal::SIGQUIT,
        Signal::SIGTERM,
    ] {
        let Some(mut follower) = start("alone") else {
            return;
        };
        let said = text(&follower.err);
        assert!(!said.contains(SHARED), "before {signal}: {said}");
        let status = follower.end(signal);
        assert_eq!(status.code(), Some(0), "{signal}: {status}");
    }
    let mut first = start("first").unwrap();
    let mut second = start("second").unwrap();
    assert!(text(&second.err).contains(SHARED));
    second.end(Signal::SIGHUP);
    let device = stage.start_with(run(&stage));
    let absent = first.wait_for("/etc/passwd");
    assert_eq!(absent["layer"], "root");
    drop(device);
    // Who has found the rule there has it after the other's end, too.
    let third = start("third").unwrap();
    assert!(text(&third.err).contains(SHARED));
    first.end(Signal::SIGTERM);
    let before = third.denials().len();
    let device = stage.start_with(run(&stage));
    let is_of_root = |denial: &Value| denial["layer"] == "root";
    until("it sees them again", Duration::from_secs(30), || {
        third.denials().iter().skip(before).any(is_of_root)
    });
    drop(device);
}

#[test]
fn a_log_of_another_system_is_explained_by_the_manifest() {
    let stage = Stage::new("denials-log");
    stage.manifest(&[("tries", TRIES)], "");
    let user = stage.user(0);
    // A name that looks like a record, as the kernel writes it; a line that is none;
    // and the refusal of a user that is no component's.
    let log = format!(
        "type=SECCOMP msg=audit(1795471352.280:11): auid=4294967295 uid={user} gid={user} \
         ses=4294967295 pid=7 comm=783D227569643D30 exe=\"/opt/x\" sig=0 arch=c000003e syscall=165 \
         compat=0 ip=0x7f code=0x50000\n\
         type=SECCOMP msg=audit(1795471352.280:12): uid={user} pid=7 uid=0 arch=c000003e \
         syscall=165 code=0x50000\n\
         type=SECCOMP msg=audit(1795471352.280:13): uid=4711 pid=8 comm=\"tries\" \
         arch=c000003e syscall=101 code=0x50000\n"
    );
    let log = stage.write("audit.log", &log);
    let mut command = stage.cordon(&["denials", "--json"]);
    command.arg("--log");
    let output = command
        .arg(log)
        .arg(stage.path.join("device.yaml"))
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    let denials = report["denials"].as_array().unwrap();
    assert_eq!(denials.len(), 1, "{report:#}");
    assert_eq!(report["unreadable"], 1);
    let not_seen = report["not_seen"].as_array().unwrap();
    for layer in ["all", "landlock", "seccomp", "root", "limits"] {
        assert!(
            not_seen.iter().any(|one| one["layer"] == layer),
            "{layer}: {report:#}"
        );
    }
    assert_eq!(denials[0]["tried"], "to change what is mounted (mount)");
    assert_eq!(denials[0]["command"], "x=\"uid=0");
    assert_eq!(denials[0]["attributed_by"], "user");
}

#[test]
fn what_cannot_be_done_is_refused_by_its_reason() {
    let stage = Stage::new("denials-refused");
    stage.manifest(&[("tries", TRIES)], "");
    let manifest = stage.path.join("device.yaml").display().to_string();
    for (words, code, reason) in [
        (vec!["nobody"], 14, "is not running"),
        (
            vec![&*manifest, "--component", "other"],
            2,
            "components: tries",
        ),
        (vec![&*manifest, "--enable-audit"], 2, "is for --follow"),
        (
            vec![&*manifest, "--follow", "--log", "x"],
            2,
            "is of the past",
        ),
        (
            vec![&*manifest, "--log", "/nowhere"],
            70,
            "cannot read /nowhere",
        ),
        (
            vec![&*manifest, "--log", "/dev/zero"],
            70,
            "not a regular file",
        ),
    ] {
        let mut all = vec!["denials"];
        all.extend(words);
        let output = stage.cordon(&all).stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(reason), "{said}");
    }
}
