//! The attempts are real: run by root outside any compartment, each succeeds, or
//! is permitted and fails on arguments made wrong on purpose.
//!
//! A refusal inside a compartment proves something only because of this test.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_cordon-attack");

/// What cannot succeed on a machine, whoever asks, and why. A kernel without a
/// facility answers ENOSYS, or its configuration EPERM, without any compartment.
const MAY_BE_ABSENT: &[(&str, &[i32], &str)] = &[
    (
        "kernel-x32-call",
        &[libc::ENOSYS],
        "kernels without the x32 ABI have no such numbers",
    ),
    (
        "kernel-i386-call",
        &[libc::ENOSYS],
        "kernels without 32-bit emulation have no such entry",
    ),
    (
        "kernel-io-uring",
        &[libc::ENOSYS, libc::EPERM],
        "io_uring may be left out or switched off",
    ),
    (
        "kernel-userfaultfd",
        &[libc::ENOSYS],
        "userfaultfd may be left out",
    ),
    (
        "kernel-perf",
        &[libc::ENOSYS, libc::ENOENT],
        "performance events may be left out",
    ),
    (
        "kernel-init-module",
        &[libc::ENOSYS, libc::EPERM],
        "modules may be left out or disabled",
    ),
    (
        "kernel-finit-module",
        &[libc::ENOSYS, libc::EPERM],
        "modules may be left out or disabled",
    ),
    (
        "kernel-delete-module",
        &[libc::ENOSYS, libc::EPERM],
        "modules may be left out or disabled",
    ),
    (
        "kernel-kexec",
        &[libc::ENOSYS, libc::EPERM],
        "kexec may be left out or disabled",
    ),
    (
        "kernel-kexec-file",
        &[libc::ENOSYS, libc::EPERM],
        "kexec may be left out or disabled",
    ),
    (
        "kernel-raise-limit",
        &[libc::EPERM],
        "root of a container may lack CAP_SYS_RESOURCE",
    ),
    ("kernel-sysrq", &[libc::ENOENT], "SysRq may be left out"),
    (
        "kernel-sys-tunable",
        &[libc::ENOENT],
        "huge pages may be left out",
    ),
    (
        "kernel-fanotify",
        &[libc::ENOSYS],
        "fanotify may be left out",
    ),
    ("kernel-swap-on", &[libc::ENOSYS], "swap may be left out"),
    ("kernel-swap-off", &[libc::ENOSYS], "swap may be left out"),
    (
        "network-crypto-socket",
        &[libc::EAFNOSUPPORT],
        "the kernel's crypto sockets may be left out",
    ),
    (
        "network-packet-socket",
        &[libc::EAFNOSUPPORT],
        "packet sockets may be left out",
    ),
    (
        "network-mptcp-socket",
        &[libc::EPROTONOSUPPORT, libc::ENOPROTOOPT],
        "Multipath TCP may be left out",
    ),
];

/// What only has a meaning between an attacker and a supervisor or a display.
const NEEDS_A_PEER: &[&str] = &[
    "channel-forge-hand-out",
    "channel-forge-acknowledgement",
    "channel-forge-garbage",
    "command-every-valid",
    "command-flood",
];

struct Scene {
    directory: PathBuf,
    service: TcpListener,
    _abstract_socket: UnixDatagram,
    abstract_name: String,
}

impl Scene {
    fn new() -> Self {
        let directory = std::env::temp_dir().join(format!("cordon-attack-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("data"), [0u8; 4096]).unwrap();
        let abstract_name = format!("cordon-attack-{}", std::process::id());
        let address = std::os::unix::net::SocketAddr::from_abstract_name(&abstract_name).unwrap();
        Self {
            directory,
            service: TcpListener::bind("127.0.0.1:0").unwrap(),
            _abstract_socket: UnixDatagram::bind_addr(&address).unwrap(),
            abstract_name,
        }
    }

    /// The argument that makes an attempt harmless and able to succeed here.
    fn argument(&self, attempt: &str, victim: u32) -> String {
        let directory = self.directory.display();
        match attempt {
            "display-open-sensor"
            | "display-open-screen"
            | "display-open-input"
            | "display-open-file" => {
                format!("{directory}/data")
            }
            "exec-map-data" => format!("{directory}/data"),
            "exec-itself" | "exec-by-descriptor" | "exec-from-memory-file" => PROGRAM.into(),
            "exec-dropped" | "display-list-root" | "kernel-device-node" | "namespace-mount"
            | "namespace-bind" | "namespace-remount" | "namespace-unmount" => directory.to_string(),
            "network-abstract" => self.abstract_name.clone(),
            "display-signal-reaper" => String::new(),
            name if name.starts_with("display-") || name == "namespace-enter" => victim.to_string(),
            name if name.starts_with("network-") => self.service.local_addr().unwrap().to_string(),
            _ => String::new(),
        }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

/// The client half of TCP Fast Open, on while this lives: a device's image has
/// it off, and then the attempts that use it would show nothing.
struct FastOpen(String);

impl FastOpen {
    const PATH: &str = "/proc/sys/net/ipv4/tcp_fastopen";

    fn on() -> Self {
        let before = std::fs::read_to_string(Self::PATH).unwrap();
        let value: u32 = before.trim().parse().unwrap();
        std::fs::write(Self::PATH, (value | 1).to_string()).unwrap();
        Self(before)
    }
}

impl Drop for FastOpen {
    fn drop(&mut self) {
        let _ = std::fs::write(Self::PATH, &self.0);
    }
}

/// The attack program, started for one attempt.
struct Attacker {
    process: Child,
    address: SocketAddr,
}

impl Attacker {
    fn start() -> Self {
        let mut process = Command::new(PROGRAM)
            .args(["--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        Self {
            process,
            address: line.trim().parse().unwrap(),
        }
    }

    fn try_once(&self, attempt: &str, argument: &str) -> String {
        let mut connection = TcpStream::connect(self.address).unwrap();
        writeln!(connection, "{attempt} {argument}").unwrap();
        // Some attempts work on a second connection, so that the first can answer.
        let _second = TcpStream::connect(self.address);
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    }
}

impl Drop for Attacker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn listed() -> Vec<String> {
    let output = Command::new(PROGRAM).arg("--list").output().unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line).unwrap()["attempt"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect()
}

#[test]
fn names_are_unique() {
    let names = listed();
    let unique: std::collections::BTreeSet<_> = names.iter().collect();
    assert_eq!(unique.len(), names.len());
    assert!(names.len() > 90, "{} attempts", names.len());
}

#[test]
fn every_attempt_succeeds_outside_a_compartment() {
    // Who owns our own /proc entry is who we are.
    let uid = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").unwrap());
    if uid != 0 {
        assert!(std::env::var_os("CI").is_none(), "needs root");
        println!("not run: needs root");
        return;
    }
    let _fast_open = FastOpen::on();
    let scene = Scene::new();
    let mut failures = Vec::new();
    for attempt in listed() {
        if NEEDS_A_PEER.contains(&attempt.as_str()) {
            continue;
        }
        let mut victim = Command::new("sleep").arg("60").spawn().unwrap();
        let argument = scene.argument(&attempt, victim.id());
        let answer = Attacker::start().try_once(&attempt, &argument);
        let _ = victim.kill();
        let _ = victim.wait();
        let Ok(said) = serde_json::from_str::<serde_json::Value>(&answer) else {
            failures.push(format!("{attempt}: no answer ({answer:?})"));
            continue;
        };
        let errno = said["errno"].as_i64().unwrap_or(0);
        let absent = MAY_BE_ABSENT.iter().find(|(name, _, _)| *name == attempt);
        match (said["outcome"].as_str(), absent) {
            (Some("succeeded"), _) => {}
            (Some("refused"), Some((_, errnos, why)))
                if errnos.iter().any(|e| i64::from(*e) == errno) =>
            {
                println!("{attempt}: not on this kernel ({errno}): {why}");
            }
            _ => failures.push(answer.trim().to_owned()),
        }
    }
    assert!(
        failures.is_empty(),
        "not shown to be real:\n{}",
        failures.join("\n")
    );
}
