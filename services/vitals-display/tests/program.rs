//! The program as a supervisor starts it: descriptors by name, real time, notifications,
//! what it writes down, how it ends.

mod common;

use common::{LOOPABLE, cannot_run, recording};
use serde_json::Value;
use std::fs::{self, File};
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_vitals-display");

fn directory(test: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    directory
}

fn lines(file: &Path) -> Vec<Value> {
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Ends a program that a failed test would leave behind.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the program with the descriptors `screen` and `shown`, as systemd would pass them.
fn start(directory: &Path, arguments: &[&str], socket: Option<&Path>) -> Running {
    let screen = File::create(directory.join("screen.raw")).unwrap();
    let shown = File::create(directory.join("shown.json")).unwrap();
    let mut shell = Command::new("sh");
    // The shell's own number is the program's after exec, which LISTEN_PID must be. Its
    // standard input and output come in as the descriptors 3 and 4.
    shell
        .arg("-c")
        .arg("exec 3<&0 4>&1 0</dev/null 1>/dev/null; LISTEN_PID=$$ exec \"$@\"")
        .args(["sh", PROGRAM, "--geometry", "1024x600"])
        .args(arguments)
        .env_clear()
        .envs([("LISTEN_FDS", "2"), ("LISTEN_FDNAMES", "screen:shown")])
        .stdin(screen)
        .stdout(shown)
        .stderr(Stdio::null());
    if let Some(socket) = socket {
        shell
            .env("NOTIFY_SOCKET", socket)
            .env("WATCHDOG_USEC", "400000");
    }
    Running(shell.spawn().unwrap())
}

fn terminate(mut running: Running) -> Option<i32> {
    let pid = running.0.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .unwrap()
            .success()
    );
    running.0.wait().unwrap().signal()
}

#[test]
fn test_real_time_without_a_lost_sample_or_frame() {
    let Some(record) = recording(LOOPABLE) else {
        return;
    };
    let directory = directory("real-time");
    let socket = directory.join("notify");
    let supervisor = UnixDatagram::bind(&socket).unwrap();
    supervisor
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let record = record.to_str().unwrap();
    let running = start(&directory, &["--record", record, "--loop"], Some(&socket));
    let mut said = Vec::new();
    let started = Instant::now();
    while started.elapsed() < Duration::from_secs(8) {
        let mut message = [0; 512];
        let length = supervisor.recv(&mut message).unwrap();
        said.push(String::from_utf8_lossy(&message[..length]).into_owned());
    }
    // SIGTERM's own action, no handler.
    assert_eq!(terminate(running), Some(15));
    assert_eq!(said[0], "READY=1");
    let watchdogs = said
        .iter()
        .filter(|message| *message == "WATCHDOG=1")
        .count();
    assert!((30..=42).contains(&watchdogs), "{watchdogs} in 8 s");
    assert!(
        said.iter()
            .any(|message| message.starts_with("STATUS=record 041s")),
        "{said:?}"
    );

    let lines = lines(&directory.join("shown.json"));
    let last = lines.last().unwrap();
    for line in &lines {
        assert_eq!(line["samples"]["lost"], 0, "{line}");
        assert_eq!(line["numerics"]["spo2"], Value::Null);
        assert_eq!(line["source"], "record");
        assert_eq!(line["channel"]["vitals"]["state"], "absent");
    }
    let number = |line: &Value, a: &str, b: &str| line[a][b].as_u64().unwrap();
    assert_eq!(
        number(last, "samples", "consumed"),
        number(last, "frames", "due") * 5
    );
    assert!(number(last, "frames", "due") >= 8 * 25 - 30);
    // On a machine that is busy with other tests a frame may be skipped; its samples never.
    println!("frames {}", last["frames"]);
    let rate = last["numerics"]["heart-rate"].as_i64().unwrap();
    assert!((93..=98).contains(&rate), "heart rate {rate}");
    assert_eq!(
        fs::metadata(directory.join("screen.raw")).unwrap().len(),
        1024 * 600 * 4
    );
}

#[test]
fn test_snapshot_is_the_picture_on_the_screen() {
    let directory = directory("snapshot");
    let raw = directory.join("screen.raw");
    let picture = directory.join("screen.png");
    let shown = directory.join("shown.json");
    let running = start(&directory, &[], None);
    let deadline = Instant::now() + Duration::from_secs(20);
    while lines(&shown).len() < 3 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(50));
    }
    terminate(running);
    assert_eq!(lines(&shown)[0]["source"], "demo");
    let snapshot = |geometry: &str| {
        Command::new(PROGRAM)
            .args(["--geometry", geometry, "--snapshot"])
            .args([&raw, &picture])
            .output()
            .unwrap()
    };
    assert!(snapshot("1024x600").status.success());
    let decoder = png::Decoder::new(std::io::BufReader::new(File::open(&picture).unwrap()));
    let mut reader = decoder.read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.width, info.height), (1024, 600));
    let found = |colour: [u8; 3]| pixels.chunks_exact(3).filter(|&p| p == colour).count();
    assert!(found([0, 255, 64]) > 100, "no green");
    assert!(found([216, 27, 180]) > 1000, "no DEMO mark");
    // A frame of another size is refused.
    let refused = snapshot("800x480");
    assert_eq!(refused.status.code(), Some(8));
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(
        said.contains("2457600 bytes, a frame of this geometry has 1536000"),
        "{said}"
    );
}

#[test]
fn test_refusals_to_start_have_their_own_codes() {
    for (arguments, code, expected) in [
        (
            &["--geometry", "1024x600"][..],
            7,
            "no descriptor named `screen`",
        ),
        (&["--geometry", "10x10"], 2, "--geometry 10x10 is not"),
        (
            &["--geometry", "1024x600", "--screen", "/nowhere/s"],
            7,
            "/nowhere/s: No such file",
        ),
        (
            &["--geometry", "640x400", "--snapshot", "/nowhere/s", "x.png"],
            8,
            "/nowhere/s: No such",
        ),
    ] {
        let output = Command::new(PROGRAM)
            .args(arguments)
            .env_clear()
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(expected), "{said}");
    }
}

/// A screen that cannot be written does not end the display: it is counted, alarmed, and
/// told to the supervisor by silence.
#[test]
fn test_a_full_screen_device_is_survived_and_told() {
    if !Path::new("/dev/full").exists() {
        return cannot_run("no /dev/full");
    }
    let directory = directory("full");
    let shown = directory.join("shown.json");
    let socket = directory.join("notify");
    let supervisor = UnixDatagram::bind(&socket).unwrap();
    supervisor
        .set_read_timeout(Some(Duration::from_millis(100)))
        .unwrap();
    let child = Command::new(PROGRAM)
        .args(["--geometry", "1024x600", "--screen", "/dev/full", "--shown"])
        .arg(&shown)
        .env("NOTIFY_SOCKET", &socket)
        .env("WATCHDOG_USEC", "400000")
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let running = Running(child);
    let (mut signs, mut said) = (0, String::new());
    let deadline = Instant::now() + Duration::from_secs(20);
    while lines(&shown).len() < 5 && Instant::now() < deadline {
        let mut message = [0; 512];
        if let Ok(length) = supervisor.recv(&mut message) {
            let message = String::from_utf8_lossy(&message[..length]).into_owned();
            assert_ne!(message, "READY=1", "no frame is on the screen");
            signs += u32::from(message == "WATCHDOG=1");
            said.push_str(&message);
        }
    }
    assert_eq!(terminate(running), Some(15));
    let lines = lines(&shown);
    assert!(lines.len() >= 5);
    // One second of signs every 200 ms, then none, in the three seconds or more it ran.
    assert!((1..=6).contains(&signs), "{signs} signs of life");
    assert!(said.contains("the screen cannot be written"), "{said}");
    let last = lines.last().unwrap();
    assert_eq!(last["frames"]["drawn"], 0);
    assert_eq!(last["samples"]["lost"], 0);
    assert_eq!(last["alarms"][0]["id"], 232);
    assert_eq!(last["alarms"][0]["priority"], "high");
    assert_eq!(last["alarms"][0]["text"], "SCREEN NOT WRITTEN");
}

/// The list in the crate's documentation is what a compartment's filter is made from.
#[test]
fn test_system_calls_of_a_running_display_are_the_documented_ones() {
    let Ok(output) = Command::new("strace").arg("-V").output() else {
        return cannot_run("no strace");
    };
    assert!(output.status.success());
    let directory = directory("strace");
    let socket = directory.join("notify");
    let _supervisor = UnixDatagram::bind(&socket).unwrap();
    let running = start(&directory, &[], Some(&socket));
    std::thread::sleep(Duration::from_millis(1500));
    let log = directory.join("calls");
    let pid = running.0.id().to_string();
    let strace = Command::new("timeout")
        .args(["2", "strace", "-f", "-o"])
        .arg(&log)
        .args(["-p", &pid])
        .output()
        .unwrap();
    terminate(running);
    let calls = fs::read_to_string(&log).unwrap_or_default();
    if !calls.contains("pwrite64") {
        let said = String::from_utf8_lossy(&strace.stderr).into_owned();
        return cannot_run(&format!("strace cannot attach here: {said}"));
    }
    let known = [
        "clock_nanosleep",
        "pwrite64",
        "write",
        "sendto",
        "recvmsg",
        "brk",
        "mmap",
        "munmap",
    ];
    for line in calls
        .lines()
        .filter(|line| !line.contains("---") && !line.contains("+++"))
    {
        let call = line.split_whitespace().nth(1).unwrap_or_default();
        let call = call.trim_start_matches("<...");
        let name = call.split('(').next().unwrap_or_default();
        let resumed = name.is_empty() || line.contains("resumed") || name == "restart_syscall";
        assert!(resumed || known.contains(&name), "{line}");
    }
}

/// Locked where it may be, and said where it may not.
#[test]
fn test_lock_memory_locks_or_says_so() {
    let directory = directory("lock");
    let socket = directory.join("notify");
    let supervisor = UnixDatagram::bind(&socket).unwrap();
    supervisor
        .set_read_timeout(Some(Duration::from_millis(300)))
        .unwrap();
    let running = start(&directory, &["--lock-memory"], Some(&socket));
    let status = format!("/proc/{}/status", running.0.id());
    let (mut said, mut locked) = (false, false);
    let deadline = Instant::now() + Duration::from_secs(20);
    while !said && !locked && Instant::now() < deadline {
        let mut message = [0; 1024];
        if let Ok(length) = supervisor.recv(&mut message) {
            said |= String::from_utf8_lossy(&message[..length]).contains("memory is not locked");
        }
        let status = fs::read_to_string(&status).unwrap();
        let line = status
            .lines()
            .find(|line| line.starts_with("VmLck:"))
            .unwrap();
        let kilobytes = line
            .split_whitespace()
            .nth(1)
            .and_then(|text| text.parse::<u64>().ok());
        locked |= kilobytes.is_some_and(|kilobytes| kilobytes > 1000);
    }
    assert!(said || locked);
}
