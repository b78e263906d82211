//! An attacker with code execution in the network service: every attempt is
//! refused, and the display does not notice.
//!
//! That the attempts are real is shown in `tests/attack/tests/unconfined.rs`.

use cordon_tests::attacker::Ending;
use cordon_tests::campaign::{self, Attempted, Targets, Verdict};
use cordon_tests::device::pid_of;
use cordon_tests::monitor::{Monitor, Options};
use cordon_tests::needs::{Need, met};
use cordon_tests::stage::Stage;
use cordon_tests::{leftovers, recording, shown, workspace};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

const NEEDS: &[Need] = &[
    Need::Root,
    Need::Recordings,
    Need::Built("cordon"),
    Need::Built("vitals-display"),
    Need::Built("cordon-attack"),
    Need::Program("/usr/bin/openssl"),
];

/// Errors other than the filter's EPERM, what says so, and of which attempts.
const OTHER_ERRORS: &[(i32, &str, &[&str])] = &[
    (
        EBADF,
        "the descriptor is read-only",
        &["channel-write", "channel-punch-hole"],
    ),
    (EINVAL, "the descriptor is read-only", &["channel-truncate"]),
    (
        EACCES,
        "the descriptor is read-only: no map of it can be written",
        &[
            "channel-map-writable",
            "channel-protect",
            "channel-remove-pages",
        ],
    ),
    (
        ENOENT,
        "the own root holds nothing of it",
        &[
            "channel-reopen",
            "channel-reopen-thread",
            "channel-reopen-device",
            "channel-proc-memory",
            "display-open-sensor",
            "display-open-screen",
            "display-open-input",
            "display-open-file",
            "display-list-root",
            "display-memory-file",
            "namespace-enter",
            "kernel-proc-tunable",
            "kernel-sysrq",
            "kernel-sys-tunable",
            "kernel-memory-device",
        ],
    ),
    (EROFS, "the own root is read-only", &["exec-dropped"]),
    (
        ENOSYS,
        "a library takes it for an older kernel and does without",
        &["exec-by-descriptor", "namespace-clone3", "kernel-io-uring"],
    ),
    (
        EPIPE,
        "the first message out of order ended the control socket",
        &["channel-forge-acknowledgement", "channel-forge-garbage"],
    ),
    (
        ECONNREFUSED,
        "abstract names are another network namespace's",
        &["network-abstract"],
    ),
];

/// Attempts whose refusal is a signal: SIGSYS, for a call by another ABI or one
/// that no program of a device makes (profiles/seccomp/kill.policy).
const KILLED: &[&str] = &[
    "display-ptrace",
    "display-memory-read",
    "display-memory-write",
    "namespace-mount",
    "namespace-bind",
    "namespace-remount",
    "namespace-unmount",
    "namespace-unshare-mount",
    "namespace-unshare-user",
    "namespace-unshare-network",
    "namespace-enter-descriptor",
    "namespace-pivot-root",
    "namespace-chroot",
    "namespace-open-tree",
    "namespace-fsopen",
    "namespace-move-mount",
    "namespace-mount-attributes",
    "namespace-host-name",
    "kernel-bpf",
    "kernel-userfaultfd",
    "kernel-perf",
    "kernel-keyctl",
    "kernel-add-key",
    "kernel-request-key",
    "kernel-init-module",
    "kernel-finit-module",
    "kernel-delete-module",
    "kernel-kexec",
    "kernel-kexec-file",
    "kernel-set-time",
    "kernel-set-clock",
    "kernel-swap-on",
    "kernel-swap-off",
    "kernel-reboot",
    "kernel-log",
    "kernel-x32-call",
    "kernel-i386-call",
];

// errno(3)
const EPERM: i32 = 1;
const ENOENT: i32 = 2;
const EBADF: i32 = 9;
const EACCES: i32 = 13;
const EINVAL: i32 = 22;
const EROFS: i32 = 30;
const EPIPE: i32 = 32;
const ENOSYS: i32 = 38;
const ECONNREFUSED: i32 = 111;

/// How an attempt has to end, where it is refused by an error.
fn expected(name: &str) -> (i32, &'static str) {
    let other = OTHER_ERRORS
        .iter()
        .find(|(_, _, names)| names.contains(&name));
    other.map_or((EPERM, "the role's filter"), |(errno, why, _)| {
        (*errno, why)
    })
}

fn alarms(line: &Value) -> BTreeSet<u64> {
    line["alarms"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|alarm| alarm["id"].as_u64())
        .collect()
}

fn record() -> PathBuf {
    workspace::data().join("vitals/mimicdb_037/03700181.hea")
}

/// Each pressure that was shown is one of the record's last ten seconds, and
/// each heart rate near the record's.
fn assert_numbers_of_the_record(lines: &[Value]) {
    const WINDOW: usize = 10 * 125; // frames, at 125 Hz
    const HEART_RATE: f64 = 122.4; // median of the record: PROVENANCE.md
    let signals = recording::read(&record()).unwrap();
    let pressure = signals.iter().find(|signal| signal.name == "ABP").unwrap();
    let mut compared = 0;
    for line in lines {
        let sample = usize::try_from(line["sample"].as_u64().unwrap()).unwrap();
        let window = &pressure.samples[sample.saturating_sub(WINDOW)..=sample];
        let window: Vec<f64> = window.iter().flatten().copied().collect();
        let lowest = window.iter().copied().fold(f64::MAX, f64::min);
        let highest = window.iter().copied().fold(f64::MIN, f64::max);
        let mean = window.iter().sum::<f64>() / window.len() as f64;
        let number = |name: &str| line["numerics"][name].as_f64();
        if let Some(shown) = number("abp-systolic") {
            assert!(shown > mean && shown <= highest + 1.0, "{highest}: {line}");
        }
        if let Some(shown) = number("abp-diastolic") {
            assert!(shown < mean && shown >= lowest - 1.0, "{lowest}: {line}");
        }
        if let Some(shown) = number("abp-mean") {
            assert!((shown - mean).abs() < 4.0, "{mean}: {line}");
            compared += 1;
        }
        if let Some(shown) = number("heart-rate") {
            assert!((shown - HEART_RATE).abs() < 10.0, "{line}");
        }
        assert!(number("spo2").is_none(), "the record has none: {line}");
    }
    println!(
        "{compared} of {} lines compared with the record",
        lines.len()
    );
    assert!(compared * 10 > lines.len() * 9, "pressures were shown");
}

#[test]
fn every_attempt_is_refused_and_the_display_does_not_notice() {
    if !met(NEEDS) {
        return;
    }
    // Hypotension: alarms stand on the screen all the time.
    let options = Options {
        device: "attack".into(),
        record: Some(record()),
        attack: true,
        ..Options::default()
    };
    let monitor = Monitor::new(Stage::of_test("attack").unwrap(), options).unwrap();
    let launch = monitor.launch(workspace::program("cordon").unwrap());
    let mut device = launch
        .start(Duration::from_secs(20))
        .unwrap_or_else(|error| panic!("{error}"));
    let status = device.json("status").unwrap();
    let display = pid_of(&status, "vitals-display").unwrap();
    let targets = Targets::new(display).unwrap();
    // Until the alarms of the record stand.
    std::thread::sleep(Duration::from_secs(15));
    let before = shown::lines(&monitor.shown()).unwrap();
    let first = before.last().unwrap().clone();

    let all = campaign::run(&monitor.aim(), &targets, |_| true, |_| {})
        .unwrap_or_else(|error| panic!("{error}\n{}", device.log()));
    std::thread::sleep(Duration::from_secs(2));
    let status = device.json("status").unwrap();
    let lines = shown::lines(&monitor.shown()).unwrap();
    let during = &lines[before.len() - 1..];
    let last = during.last().unwrap();

    for attempted in &all {
        println!(
            "{:<36} {:<12} {:?}",
            attempted.listed.name,
            attempted.answer(),
            attempted.ending
        );
    }
    let wrong: Vec<&Attempted> = all
        .iter()
        .filter(|it| it.verdict(&launch.without) == Verdict::Breach)
        .collect();
    assert!(wrong.is_empty(), "not refused: {wrong:#?}");
    for attempted in &all {
        let name = attempted.listed.name.as_str();
        assert_eq!(
            KILLED.contains(&name),
            attempted.ending == Ending::Killed,
            "{attempted:?}"
        );
        if let Ending::Refused(errno, detail) = &attempted.ending {
            let (expected, why) = expected(name);
            assert_eq!(
                *errno, expected,
                "{name}: {detail}; expected {expected}: {why}"
            );
        }
    }
    let components = status["components"].as_array().unwrap();
    let service = components
        .iter()
        .find(|it| it["name"] == "network-service")
        .unwrap();
    let end = service["last_end"].as_str().unwrap_or_default();
    assert!(
        end.contains("SIGSYS"),
        "the supervisor says by what it was ended: {status:#}"
    );
    assert!(
        !targets.was_reached(),
        "a service of the device was reached"
    );

    // The display: same process, same epoch, nothing lost, all alarms on screen.
    assert_eq!(pid_of(&status, "vitals-display"), Some(display), "{status}");
    for pointer in [
        "/samples/lost",
        "/frames/lost",
        "/channel/vitals/epoch",
        "/channel/vitals/refused",
    ] {
        assert_eq!(last.pointer(pointer), first.pointer(pointer), "{pointer}");
    }
    assert_numbers_of_the_record(during);
    let standing = alarms(&first);
    assert!(!standing.is_empty(), "the record has alarms: {first}");
    let always: BTreeSet<u64> = during
        .iter()
        .map(alarms)
        .reduce(|a, b| a.intersection(&b).copied().collect())
        .unwrap();
    let medium_or_higher =
        |line: &Value| line["alarms"].as_array().is_some_and(|all| !all.is_empty());
    assert!(
        during.iter().all(medium_or_higher),
        "a line without any alarm"
    );
    assert!(!always.is_empty(), "no alarm stood all the time");
    // An alarm that was said to be seen is still drawn, and drawn as seen.
    let seen = during
        .iter()
        .flat_map(|line| line["alarms"].as_array().unwrap());
    assert!(
        seen.clone().any(|alarm| alarm["seen-remotely"] == true),
        "commands never arrived"
    );
    println!("alarms that stood throughout: {always:?}");
    println!(
        "frames late: {} before, {} after",
        first["frames"]["late"], last["frames"]["late"]
    );

    let ended = device.stop().unwrap();
    assert!(ended.success(), "{ended}\n{}", device.log());
    let ports = [monitor.address.port(), monitor.spare.port()];
    let left = leftovers::find(monitor.stage.directory(), "attack", &ports);
    assert!(left.is_empty(), "{left:#?}");
}
