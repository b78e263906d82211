//! The supervisor on real compartments: start, READY, restart, watchdog,
//! stop, and that nothing stays.

mod support;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;
use support::{Stage, root, until};

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn pid(component: &Value) -> i32 {
    component["pid"]
        .as_i64()
        .unwrap_or_default()
        .try_into()
        .unwrap()
}

#[test]
fn a_device_is_ready_when_its_components_say_so_and_leaves_nothing() {
    if !root() {
        return;
    }
    let stage = Stage::new("ready");
    stage.manifest(
        &[("one", "role: network-service\nexec: [COMPONENT, ready]")],
        "",
    );
    let manager_path = stage.path.join("manager");
    let manager = UnixDatagram::bind(&manager_path).unwrap();
    manager
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let mut command = stage.cordon(&["run", "--without", "selinux,limits"]);
    command
        .arg(stage.path.join("device.yaml"))
        .env("NOTIFY_SOCKET", &manager_path);
    let mut device = stage.start_with(command);
    let mut heard = Vec::new();
    let mut buffer = [0; 4096];
    while !heard.contains(&"READY=1".to_owned()) {
        let length = manager.recv(&mut buffer).expect("READY=1 in time");
        heard.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
    }
    let status = device.json("status");
    assert_eq!(text(&status["state"]), "ready");
    assert!(
        status["absent_layers"]
            .as_array()
            .unwrap()
            .iter()
            .any(|l| l["layer"] == "selinux")
    );
    let one = device.wait_for_component(0, |one| text(&one["says"]) == "all is well");
    assert!(one["ready"].as_bool().unwrap());
    assert_eq!(device.json("verify")["same"], true);
    assert!(device.stop().success(), "{}", device.log());
    while let Ok(length) = manager.recv(&mut buffer) {
        heard.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
        if heard.contains(&"STOPPING=1".to_owned()) {
            break;
        }
    }
    assert!(
        heard
            .iter()
            .any(|line| line.starts_with("STATUS=") && line.contains("without"))
    );
    stage.assert_nothing_left();
}

#[test]
fn a_component_that_is_killed_starts_again_and_the_others_never_notice() {
    if !root() {
        return;
    }
    let stage = Stage::new("restart");
    let restarting =
        "role: network-service\nexec: [COMPONENT, ready]\nrestart: {policy: always, delay: 50ms}";
    stage.manifest(
        &[
            ("one", restarting),
            ("other", "role: vitals-display\nexec: [COMPONENT, ready]"),
        ],
        "",
    );
    let mut device = stage.start();
    device.wait_for("is ready");
    let other = pid(&device.component(1));
    let first = pid(&device.component(0));
    kill(Pid::from_raw(first), Signal::SIGKILL).unwrap();
    let one = device.wait_for_component(0, |one| one["restarts"] == 1 && one["ready"] == true);
    assert_ne!(pid(&one), first);
    assert_eq!(text(&one["last_end"]), "killed by SIGKILL");
    assert_eq!(pid(&device.component(1)), other);
    assert!(device.stop().success());
    stage.assert_nothing_left();
}

#[test]
fn a_component_is_given_up_past_its_limit_and_the_device_is_degraded() {
    if !root() {
        return;
    }
    let stage = Stage::new("limit");
    let failing = "role: network-service\nexec: [COMPONENT, exit, '3']\nnotify: false\nrequired: false\nrestart: {policy: on-failure, delay: 10ms, limit: 3/min}";
    stage.manifest(
        &[
            ("good", "role: vitals-display\nexec: [COMPONENT, ready]"),
            ("bad", failing),
        ],
        "",
    );
    let mut device = stage.start();
    let bad = device.wait_for_component(1, |bad| text(&bad["state"]) == "given-up");
    assert_eq!(
        (bad["restarts"].as_u64(), text(&bad["last_end"])),
        (Some(2), "exited with status 3")
    );
    device.wait_for("is ready");
    assert_eq!(text(&device.json("status")["state"]), "degraded");
    assert!(device.stop().success());
    stage.assert_nothing_left();
}

#[test]
fn a_required_component_that_never_gets_ready_ends_the_start() {
    if !root() {
        return;
    }
    let stage = Stage::new("never");
    let failing = "role: network-service\nexec: [COMPONENT, abort]\nrestart: {policy: on-failure, delay: 10ms, limit: 2/min}";
    stage.manifest(
        &[
            ("good", "role: vitals-display\nexec: [COMPONENT, ready]"),
            ("bad", failing),
        ],
        "",
    );
    let output = stage.to_the_end();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(11), "{errors}");
    assert!(
        errors.contains("component bad: ended before it was ready: killed by SIGABRT"),
        "{errors}"
    );
    stage.assert_nothing_left();
}

#[test]
fn a_second_supervisor_with_a_directory_of_its_own_disturbs_nobody() {
    if !root() {
        return;
    }
    let stage = Stage::new("twice");
    stage.manifest(
        &[("one", "role: network-service\nexec: [COMPONENT, ready]")],
        "",
    );
    let mut device = stage.start();
    device.wait_for("is ready");
    let second = Command::new(support::CORDON)
        .args(["run", "--without", "selinux,limits", "--runtime-dir"])
        .arg(stage.path.join("other"))
        .arg(stage.path.join("device.yaml"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains("with another runtime directory"), "{said}");
    assert_eq!(device.component(0)["restarts"], 0, "{}", device.log());
    assert!(!stage.path.join("other").exists());
    assert!(device.stop().success());
    stage.assert_nothing_left();
}

#[test]
fn how_a_component_ended_is_known_also_where_sigchld_was_ignored() {
    if !root() {
        return;
    }
    let stage = Stage::new("ignored");
    let body = "role: network-service\nexec: [COMPONENT, exit, '7']\nnotify: false\nrestart: {policy: never}";
    let manifest = stage.manifest(&[("one", body)], "");
    let device = stage.cordon(&["run", "--without", "selinux,limits"]);
    let output = Command::new("env")
        .arg("--ignore-signal=CHLD")
        .arg(device.get_program())
        .args(device.get_args())
        .arg(manifest)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("exited with status 7"), "{said}");
    stage.assert_nothing_left();
}

#[test]
fn a_supervisor_that_is_late_kills_nobody_who_spoke_in_time() {
    if !root() {
        return;
    }
    let stage = Stage::new("late");
    let speaks = "role: vitals-display\nexec: [COMPONENT, alive, '100']\nwatchdog: 400ms";
    stage.manifest(&[("one", speaks)], "");
    let mut device = stage.start();
    device.wait_for("is ready");
    device.signal(Signal::SIGSTOP);
    std::thread::sleep(Duration::from_millis(1500));
    device.signal(Signal::SIGCONT);
    std::thread::sleep(Duration::from_millis(500));
    let one = device.component(0);
    assert_eq!(one["restarts"], 0, "{one}\n{}", device.log());
    assert!(device.stop().success());
    stage.assert_nothing_left();
}

#[test]
fn a_component_that_falls_silent_is_restarted() {
    if !root() {
        return;
    }
    let stage = Stage::new("watchdog");
    let silent = "role: vitals-display\nexec: [COMPONENT, alive, '5']\nwatchdog: 400ms\nrestart: {policy: always, delay: 10ms}";
    let asking = "role: network-service\nexec: [COMPONENT, trigger]\nwatchdog: 60s\nrequired: false\nrestart: {policy: always, delay: 1s}";
    stage.manifest(&[("silent", silent), ("asking", asking)], "");
    let mut device = stage.start();
    let one = device.wait_for_component(0, |one| one["restarts"] == 1);
    assert!(text(&one["last_end"]).contains("watchdog"), "{one}");
    device.wait_for("WATCHDOG=trigger");
    assert!(device.stop().success());
    stage.assert_nothing_left();
}

#[test]
fn a_component_that_ignores_sigterm_is_killed_after_its_time() {
    if !root() {
        return;
    }
    let stage = Stage::new("stubborn");
    stage.manifest(
        &[(
            "one",
            "role: network-service\nexec: [COMPONENT, stubborn]\nstop-timeout: 300ms",
        )],
        "",
    );
    let mut device = stage.start();
    device.wait_for("is ready");
    let output = stage.cordon(&["stop"]).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // Nothing is left the moment `cordon stop` returns.
    assert!(!stage.path.join("run").exists());
    assert!(device.ended().success());
    assert!(
        device.log().contains("did not end in time"),
        "{}",
        device.log()
    );
    stage.assert_nothing_left();
}

#[test]
fn a_device_whose_work_is_done_ends_well() {
    if !root() {
        return;
    }
    let stage = Stage::new("done");
    let body = "role: network-service\nexec: [COMPONENT, exit, '0']\nnotify: false\nrestart: {policy: on-failure}";
    stage.manifest(&[("one", body)], "");
    let output = stage.to_the_end();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    stage.assert_nothing_left();
}

#[test]
fn a_second_supervisor_is_refused_and_a_killed_one_cleaned_up() {
    if !root() {
        return;
    }
    let stage = Stage::new("second");
    stage.manifest(
        &[("one", "role: network-service\nexec: [COMPONENT, ready]")],
        "",
    );
    let mut first = stage.start();
    first.wait_for("is ready");
    let second = stage.to_the_end();
    assert_eq!(second.status.code(), Some(13));
    assert!(String::from_utf8_lossy(&second.stderr).contains("already running"));
    assert_eq!(
        first.json("status")["state"],
        "ready",
        "the first is untouched"
    );

    let orphan = pid(&first.component(0));
    first.signal(Signal::SIGKILL);
    first.ended();
    assert!(
        fs::metadata(format!("/proc/{orphan}")).is_ok(),
        "what ran goes on running"
    );
    let mut third = stage.start();
    third.wait_for("is ready");
    assert!(
        third
            .log()
            .contains("of a supervisor that was killed: ended"),
        "{}",
        third.log()
    );
    until("the orphan is gone", Duration::from_secs(5), || {
        fs::metadata(format!("/proc/{orphan}")).is_err()
    });
    assert_eq!(stage.processes().len(), 1, "one component runs once");
    assert!(third.stop().success());
    stage.assert_nothing_left();
}

#[test]
fn output_is_shown_under_the_components_name_and_a_flood_harms_nobody() {
    if !root() {
        return;
    }
    let stage = Stage::new("output");
    stage.manifest(
        &[
            (
                "speaker",
                "role: vitals-display\nexec: [COMPONENT, say, hello]",
            ),
            ("flooder", "role: network-service\nexec: [COMPONENT, flood]"),
        ],
        "",
    );
    let mut device = stage.start();
    device.wait_for("is ready");
    device.wait_for("speaker| hello");
    device.wait_for("speaker| and hello as an error");
    device.wait_for("lines dropped");
    std::thread::sleep(Duration::from_secs(1));
    // It still answers at once, and the log did not take the flood.
    assert_eq!(device.json("status")["state"], "ready");
    let lines = device.log().lines().count();
    assert!(lines < 1000, "{lines} lines");
    assert!(device.stop().success());
    stage.assert_nothing_left();
}

#[test]
fn what_is_inherited_is_what_the_manifest_names_in_its_order() {
    if !root() {
        return;
    }
    let stage = Stage::new("inherit");
    stage.write("source", "forty-two\n");
    let body = "role: network-service\nexec: [COMPONENT, mark]\nenvironment: {TZ: Europe/Berlin}\nfiles:\n  - {path: STAGE/mark, access: write, pass: mark, missing: create}\n  - {path: STAGE/source, access: read, pass: source}";
    stage.manifest(
        &[
            ("one", body),
            (
                "two",
                "role: vitals-display\nexec: [COMPONENT, environment]",
            ),
        ],
        "",
    );
    let mut device = stage.start();
    device.wait_for("is ready");
    device.wait_for("one| source holds forty-two");
    assert_eq!(
        fs::read_to_string(stage.path.join("mark")).unwrap(),
        "mark source\n"
    );
    let environment: Vec<String> = device
        .log()
        .lines()
        .filter_map(|line| Some(line.split_once("two| ")?.1.to_owned()))
        .collect();
    assert_eq!(environment, ["NOTIFY_SOCKET=/run/cordon/notify"]);
    assert!(device.stop().success());
    stage.assert_nothing_left();
}

#[test]
fn a_channel_opens_and_gets_a_new_epoch_when_its_writer_restarts() {
    if !root() {
        return;
    }
    let stage = Stage::new("channel");
    let channels = "channels:\n  counts:\n    from: writer\n    to: [reader]\n    period: 40ms\n    deadline: 1s\n    record:\n      count: {type: u32}\n";
    // The reader first: starting late and starting first are one code path.
    stage.manifest(
        &[
            ("reader", "role: network-service\nexec: [COMPONENT, read]"),
            ("writer", "role: vitals-display\nexec: [COMPONENT, write]"),
        ],
        channels,
    );
    let mut device = stage.start();
    device.wait_for("is ready");
    let reader = device.wait_for_component(0, |reader| {
        text(&reader["says"]).starts_with("epoch 1, seen 1")
    });
    let writer = pid(&device.component(1));
    kill(Pid::from_raw(writer), Signal::SIGKILL).unwrap();
    let again = device.wait_for_component(0, |reader| text(&reader["says"]).starts_with("epoch 2"));
    assert_eq!(pid(&again), pid(&reader), "the reader goes on");
    let channel = &device.json("status")["channels"][0];
    assert_eq!(
        (text(&channel["state"]), channel["epoch"].as_u64()),
        ("open", Some(2))
    );
    assert!(device.stop().success());
    stage.assert_nothing_left();
}

#[test]
fn a_compartment_that_was_changed_is_found_and_dealt_with_as_the_manifest_says() {
    if !root() {
        return;
    }
    let stage = Stage::new("differs");
    let body = |role: &str, what: &str| {
        format!(
            "role: {role}\nexec: [COMPONENT, ready]\non-difference: {what}\nrestart: {{policy: always, delay: 10ms}}"
        )
    };
    stage.manifest(
        &[
            ("again", &body("network-service", "restart")),
            ("still", &body("vitals-display", "alarm")),
            ("held", &body("network-service", "stop")),
        ],
        "",
    );
    let mut device = stage.start();
    device.wait_for("is ready");
    let before: Vec<i32> = (0..3)
        .map(|number| pid(&device.component(number)))
        .collect();
    // Taken out of its cgroup from outside, a component would outlive its kill.
    let Some(mount) = support::cgroup_mount() else {
        println!("not run: no cgroup v2 to take a component out of");
        return;
    };
    for process in &before {
        fs::write(mount.join("cgroup.procs"), process.to_string()).unwrap();
    }
    let output = stage.cordon(&["verify"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(output.status.code(), Some(12), "{said}");
    assert!(said.contains("something differs from the plan"), "{said}");
    assert!(
        said.lines()
            .any(|line| line.contains("different") && line.contains("member of")),
        "{said}"
    );
    let again =
        device.wait_for_component(0, |again| again["restarts"] == 1 && again["ready"] == true);
    assert!(text(&again["last_end"]).contains("differs from the plan and is restarted"));
    let still = device.component(1);
    assert_eq!(pid(&still), before[1], "an alarm lets it run");
    assert_eq!(still["differs"], true, "and every status says it");
    let held = device.component(2);
    assert_eq!((text(&held["state"]), pid(&held)), ("held", 0));
    assert_eq!(device.json("status")["state"], "degraded");
    let verified = device.json("verify");
    assert_eq!(verified["components"][0]["same"], true);
    let ended = "what was ended for a difference is not as planned";
    assert_eq!(verified["components"][2]["same"], false, "{ended}");
    assert_eq!(verified["same"], false, "{ended}");
    assert!(device.stop().success());
    stage.assert_nothing_left();
}

#[test]
fn nobody_but_root_and_the_group_is_answered() {
    if !root() {
        return;
    }
    let stage = Stage::new("peer");
    stage.manifest(
        &[("one", "role: network-service\nexec: [COMPONENT, ready]")],
        "",
    );
    let mut device = stage.start();
    device.wait_for("is ready");
    let copy = stage.path.join("cordon");
    fs::copy(support::CORDON, &copy).unwrap();
    for word in ["status", "verify", "stop"] {
        let output = Command::new("setpriv")
            .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
            .arg(&copy)
            .args([word, "--runtime-dir"])
            .arg(stage.path.join("run"))
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(15), "{errors}");
        assert!(errors.contains("not permitted"), "{errors}");
    }
    let output = Command::new("setpriv")
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups"])
        .arg(&copy)
        .args(["run", "--without", "selinux,limits", "--runtime-dir"])
        .arg(stage.path.join("run"))
        .arg(stage.path.join("device.yaml"))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(15));
    assert_eq!(device.json("status")["state"], "ready");
    assert!(device.stop().success());
    stage.assert_nothing_left();
}

#[test]
fn a_runtime_directory_too_deep_for_sockets_is_refused_and_leaves_nothing() {
    if !root() {
        return;
    }
    let stage = Stage::new("deep");
    stage.manifest(
        &[("one", "role: network-service\nexec: [COMPONENT, ready]")],
        "",
    );
    // A socket's path has at most 107 bytes (unix(7)).
    let deep = stage.path.join("r".repeat(90));
    let output = Command::new(support::CORDON)
        .args(["run", "--without", "selinux,limits", "--runtime-dir"])
        .arg(&deep)
        .arg(stage.path.join("device.yaml"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(70), "{errors}");
    assert!(errors.contains("control socket"), "{errors}");
    assert!(!deep.exists());
    stage.assert_nothing_left();
}
