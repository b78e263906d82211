//! An attacker with code execution in the network service: once with every layer
//! in force, once with SELinux alone.

use crate::support::*;
use cordon_policygen::names;
use cordon_tests::vm::devices::{ALONE, ATTACKED, ports};
use cordon_tests::vm::directory;
use cordon_tests::vm::guest::Guest;
use cordon_tests::vm::image::Release;
use cordon_tests::vm::steps::{Step, Steps, check};
use serde_json::Value;

/// Starts with which an attempt on the vital signs themselves is named: the
/// channel, the display's process and files, and what the display is told.
const ON_THE_VITALS: &[&str] = &["channel-", "display-"];

/// Of these, what SELinux has no say in: seals and read-only descriptors refuse
/// them, or they change nothing of the vital signs (see the campaign's lists).
const NOT_SELINUX: &[&str] = &[
    "channel-forge-hand-out",
    "channel-forge-acknowledgement",
    "channel-forge-garbage",
    // A handle on a process is no access to it: a signal by it and a descriptor
    // through it are attempts of their own.
    "display-pidfd",
];

pub fn steps(steps: &mut Steps, release: Release) {
    let name = release.target();
    steps.take(
        "attack: every layer in force refuses every attempt",
        |machine| {
            let guest = &mut machine.guest;
            let display = started(guest, ATTACKED)?;
            let tried = campaign(guest, ATTACKED, display, &format!("{name}-attack.jsonl"))?;
            let breaches = named(&tried, |it| it["verdict"] == "breach");
            check(breaches.is_empty(), || format!("{breaches:#?}"))?;
            let still = pid(guest, ATTACKED, "vitals-display")?;
            check(still == display, || "the display was touched".into())?;
            stopped(guest, ATTACKED)
        },
    );
    steps.take("attack: SELinux alone keeps the vital signs", |machine| {
        let guest = &mut machine.guest;
        let display = started(guest, ALONE)?;
        let service = pid(guest, ALONE, "network-service")?;
        // The test is of what it says it is.
        let uid = get(guest, &format!("stat --format %u /proc/{service}"))?;
        let state = get(
            guest,
            &format!("grep -E '^(Seccomp|CapEff|NoNewPrivs)' /proc/{service}/status"),
        )?;
        for expected in ["Seccomp:\t0", "NoNewPrivs:\t0"] {
            check(state.contains(expected), || format!("uid {uid}{state}"))?;
        }
        check(
            uid.trim() == "0" && !state.contains("CapEff:\t0000000000000000"),
            || format!("uid {uid}{state}"),
        )?;
        let found = domain(guest, service)?;
        check(
            found == names::domain_type(ALONE, "network-service"),
            || found,
        )?;

        let tried = campaign(
            guest,
            ALONE,
            display,
            &format!("{name}-selinux-alone.jsonl"),
        )?;
        let reached = named(&tried, |it| {
            ON_THE_VITALS
                .iter()
                .any(|start| attempt(it).starts_with(start))
                && it["outcome"] == "succeeded"
                && !NOT_SELINUX.contains(&attempt(it))
        });
        check(reached.is_empty(), || format!("{reached:#?}"))?;
        let still = pid(guest, ALONE, "vitals-display")?;
        check(still == display, || "the display was touched".into())?;
        stopped(guest, ALONE)
    });
}

/// Starts a device; the number of its display's process.
pub fn started(guest: &mut Guest, device: &str) -> Result<u32, String> {
    // Two displays at once would be one too many for an emulated processor.
    get(
        guest,
        &format!("systemctl stop cordon@{DEVICE}; : > /var/lib/{device}/shown"),
    )?;
    let started = run(guest, &format!("systemctl start cordon@{device}"))?;
    check(started.exit == 0, || {
        let why = format!("systemctl status --no-pager --full --lines 30 cordon@{device}");
        run(guest, &why)
            .map(|output| output.text())
            .unwrap_or_default()
    })?;
    ready(guest, device)?;
    // The channel is handed out again, to an attacker who is there to take it:
    // what was handed out while he started, the channel library may have taken.
    let display = pid(guest, device, "vitals-display")?;
    get(guest, &format!("kill -ABRT {display}"))?;
    let display = another(guest, device, "vitals-display", display)?;
    let journal = format!("journalctl --boot --no-pager --output cat --unit cordon@{device}");
    until(
        guest,
        &format!("{journal} | grep -q 'channel vitals is open, epoch 2'"),
    )?;
    Ok(display)
}

/// Stops it, and starts the packaged one again.
pub fn stopped(guest: &mut Guest, device: &str) -> Step {
    get(
        guest,
        &format!("systemctl stop cordon@{device}; systemctl start cordon@{DEVICE}"),
    )?;
    ready(guest, DEVICE)
}

/// Every attempt; kept as an artefact.
pub fn campaign(
    guest: &mut Guest,
    device: &str,
    display: u32,
    keep: &str,
) -> Result<Vec<Value>, String> {
    let (port, _) = ports(device);
    let command = format!("/usr/libexec/cordon-test/cordon-campaign {device} {port} {display}");
    let said = run(guest, &command)?;
    let artefacts = directory().join("artefacts");
    std::fs::create_dir_all(&artefacts).map_err(|error| error.to_string())?;
    std::fs::write(artefacts.join(keep), &said.stdout).map_err(|error| error.to_string())?;
    check(said.exit == 0, || said.stderr.clone())?;
    let lines = said.stdout.lines().map(serde_json::from_str);
    let all: Vec<Value> = lines
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    let (tried, rest): (Vec<Value>, Vec<Value>) =
        all.into_iter().partition(|it| it["attempt"].is_string());
    check(tried.len() > 100, || {
        format!("only {} attempts", tried.len())
    })?;
    check(rest.iter().any(|it| it["reached"].is_boolean()), || {
        "it ended early".into()
    })?;
    Ok(tried)
}

pub fn attempt(tried: &Value) -> &str {
    tried["attempt"].as_str().unwrap_or_default()
}

/// Those of the attempts that are meant, in a line each.
pub fn named(tried: &[Value], meant: impl Fn(&Value) -> bool) -> Vec<String> {
    let meant = tried.iter().filter(|it| meant(it));
    meant
        .map(|it| format!("{}: {} ({})", attempt(it), it["outcome"], it["detail"]))
        .collect()
}
