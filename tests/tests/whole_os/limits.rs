//! Limits by cgroup: what the network service takes, the display does not miss.

use crate::attack::{started, stopped};
use crate::support::*;
use cordon_tests::vm::devices::{ALONE, ATTACKED, ports};
use cordon_tests::vm::guest::Guest;
use cordon_tests::vm::machine::Machine;
use cordon_tests::vm::steps::{Steps, check};
use serde_json::Value;

/// How long each phase is watched, in seconds of the machine.
const PHASE: u32 = 30;
/// Of a hundred frames that were due, how many fewer may be drawn than in the
/// undisturbed phase: the emulator's own noise.
const NOISE: f64 = 10.0;

pub fn steps(steps: &mut Steps) {
    steps.take("limits: the kernel has what the manifest says", |machine| {
        let guest = &mut machine.guest;
        // Wherever the scenario before it came to an end.
        let others = format!("systemctl stop cordon@{ATTACKED} cordon@{ALONE}");
        get(guest, &format!("{others}; systemctl start cordon@{DEVICE}"))?;
        ready(guest, DEVICE)?;
        let service = pid(guest, DEVICE, "network-service")?;
        let cgroup = get(guest, &format!("cut -d: -f3 /proc/{service}/cgroup"))?;
        for (file, expected) in [("memory.max", "67108864"), ("cpu.max", "50000 100000")] {
            let found = get(
                guest,
                &format!("cat /sys/fs/cgroup{}/{file}", cgroup.trim()),
            )?;
            check(found.trim() == expected, || format!("{file}: {found}"))?;
        }
        let tasks = get(
            guest,
            &format!("cat /sys/fs/cgroup{}/pids.max", cgroup.trim()),
        )?;
        // One more for process 1 of its namespace.
        check(["32", "33"].contains(&tasks.trim()), || {
            format!("pids.max: {tasks}")
        })
    });
    steps.take("limits: a directory with a size takes no more", sized);
    steps.take("limits: neither tasks nor memory taken cost the display a frame", |machine| {
        let guest = &mut machine.guest;
        let display = started(guest, ATTACKED)?;
        let first = phase(guest)?;
        let said = ask(guest, "hog-tasks")?;
        println!("        the network service {said}");
        let tasks = phase(guest)?;
        let hog = pid(guest, ATTACKED, "network-service")?;
        get(guest, &format!("kill -KILL {hog}"))?;
        another(guest, ATTACKED, "network-service", hog)?;
        let second = phase(guest)?;
        // Ended by its limit, it is started again, and takes it all again.
        let hog = "for i in 1 2 3; do timeout 20 bash -c 'exec 3<>/dev/tcp/127.0.0.1/PORT && \
                   echo hog-memory >&3 && cat <&3'; sleep 2; done";
        let hog = hog.replace("PORT", &ports(ATTACKED).0.to_string());
        get(guest, &format!("({hog}) >/dev/null 2>&1 </dev/null & true"))?;
        let memory = phase(guest)?;
        let third = phase(guest)?;
        println!(
            "        frames drawn of a hundred due: {first:.1}, tasks {tasks:.1}, then {second:.1}, \
             memory {memory:.1}, then {third:.1}"
        );
        // What else the emulator's host does comes and goes: the worst undisturbed
        // phase is what a disturbed one has to be like.
        let undisturbed = first.min(second).min(third);
        for (what, drawn) in [("tasks", tasks), ("memory", memory)] {
            check(drawn > undisturbed - NOISE, || {
                format!("{what}: {drawn} of 100, not {undisturbed}")
            })?;
        }
        let journal = get(guest, "journalctl --boot --no-pager --output cat --unit cordon@attacked")?;
        check(journal.contains("memory"), || "nobody says that memory ran out".into())?;
        let still = pid(guest, ATTACKED, "vitals-display")?;
        check(still == display, || "the display was touched".into())?;
        stopped(guest, ATTACKED)
    });
}

/// What the network service's directory is held to, in bytes and in files.
const SIZE: (u64, u64) = (8 << 20, 2048);

fn sized(machine: &mut Machine) -> Result<(), String> {
    let guest = &mut machine.guest;
    let directory = format!("/var/lib/sized/{ATTACKED}");
    started(guest, ATTACKED)?;
    let refused = ask(guest, &format!("leave-project {directory}"))?;
    check(
        refused.contains("FSSETXATTR") && refused.contains("os error"),
        || refused,
    )?;
    let taken = ask(guest, &format!("hog-disk {directory}"))?;
    let numbers: Vec<u64> = taken.split(' ').filter_map(|n| n.parse().ok()).collect();
    let quota_exceeded = nix::errno::Errno::EDQUOT as u64;
    let [bytes, full, files, none_left] = numbers[..] else {
        return Err(taken);
    };
    println!("        {bytes} bytes and {files} files were taken");
    check(
        (full, none_left) == (quota_exceeded, quota_exceeded),
        || taken.clone(),
    )?;
    // A directory of many files is a few blocks itself.
    check(bytes <= SIZE.0 && bytes > SIZE.0 * 9 / 10, || taken.clone())?;
    check(files < SIZE.1, || taken.clone())?;
    // The others' space is still theirs.
    get(
        guest,
        &format!("head -c 16M /dev/zero > /var/lib/sized/{ALONE}/others"),
    )?;
    let verified = run(guest, &format!("cordon verify {ATTACKED}"))?;
    check(
        verified.exit == 0 && verified.stdout.contains("size of"),
        || verified.text(),
    )?;

    // A size that is no longer held is noticed, by name.
    get(guest, &format!("chattr -p 0 {directory}"))?;
    let verified = run(guest, &format!("cordon verify {ATTACKED}"))?;
    check(
        verified.exit != 0 && verified.text().contains("project 0"),
        || verified.text(),
    )?;
    // What nobody counted is not put under a limit that would not count it.
    run(
        guest,
        &format!("systemctl stop cordon@{ATTACKED}; systemctl start cordon@{ATTACKED}"),
    )?;
    let journal = format!("journalctl --boot --no-pager --output cat --unit cordon@{ATTACKED}");
    let said = get(guest, &journal)?;
    // What it says is how.
    let command = said.split('`').find(|it| it.starts_with("find "));
    get(guest, command.ok_or(said.as_str())?)?;
    started(guest, ATTACKED)?;
    get(
        guest,
        &format!("rm -r {directory}/* /var/lib/sized/{ALONE}/others"),
    )?;
    stopped(guest, ATTACKED)
}

/// Frames drawn of a hundred that were due, over a phase.
fn phase(guest: &mut Guest) -> Result<f64, String> {
    let count = |guest: &mut Guest| -> Result<(f64, f64), String> {
        let line = get(
            guest,
            &format!("grep '}}$' /var/lib/{ATTACKED}/shown | tail -n 1"),
        )?;
        let line: Value =
            serde_json::from_str(&line).map_err(|error| format!("{line}: {error}"))?;
        let number = |key: &str| line["frames"][key].as_f64().unwrap_or(f64::NAN);
        Ok((number("due"), number("drawn")))
    };
    let (due, drawn) = count(guest)?;
    get(guest, &format!("sleep {PHASE}"))?;
    let (later_due, later_drawn) = count(guest)?;
    let due = later_due - due;
    if due < 1.0 {
        return Err("the display stands still".into());
    }
    Ok((later_drawn - drawn) * 100.0 / due)
}

/// One line from the attack program.
fn ask(guest: &mut Guest, what: &str) -> Result<String, String> {
    let (port, _) = ports(ATTACKED);
    let line = get(
        guest,
        &format!(
            "timeout 120 bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port} && echo {what} >&3 && head -n 1 <&3'"
        ),
    )?;
    let line: Value = serde_json::from_str(&line).map_err(|error| format!("{line}: {error}"))?;
    Ok(line["detail"].as_str().unwrap_or_default().to_owned())
}
