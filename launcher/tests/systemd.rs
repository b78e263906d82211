//! What a unit gives the supervisor and asks of it: a score for when memory is
//! short, an end also of what a killed supervisor left, words for `systemctl status`.

mod support;

use nix::sys::signal::Signal;
use std::fs;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;
use support::{CORDON, Stage, root};

const READY: (&str, &str) = ("one", "role: network-service\nexec: [COMPONENT, ready]");

#[test]
fn a_components_oom_score_is_not_its_supervisors() {
    if !root() {
        return;
    }
    let own = fs::write("/proc/thread-self/oom_score_adj", "-1");
    if own.is_err() {
        println!("not run: a score below 0 needs CAP_SYS_RESOURCE");
        return;
    }
    fs::write("/proc/thread-self/oom_score_adj", "0").unwrap();
    let stage = Stage::new("oom-score");
    stage.manifest(&[READY], "");
    // OOMScoreAdjust=-500 of a unit.
    let line = "echo -500 > /proc/self/oom_score_adj; exec \"$0\" \"$@\"";
    let mut command = Command::new("/bin/sh");
    command.args(["-c", line, CORDON, "run", "--without", "selinux,limits"]);
    command.arg("--runtime-dir").arg(stage.path.join("run"));
    command.arg(stage.path.join("device.yaml"));
    let mut device = stage.start_with(command);
    device.wait_for("is ready");
    let score = |pid: &str| fs::read_to_string(format!("/proc/{pid}/oom_score_adj")).unwrap();
    assert_eq!(score(&device.process.id().to_string()), "-500\n");
    assert_eq!(score(&device.component(0)["pid"].to_string()), "0\n");
    let proof = device.json("verify");
    assert_eq!(proof["same"], true);
    let items = proof["components"][0]["items"].as_array().unwrap();
    let is_score = |item: &&serde_json::Value| item["name"] == "oom_score_adj";
    assert_eq!(items.iter().find(is_score).unwrap()["verdict"], "same");
    assert!(device.stop().success());
}

#[test]
fn what_a_killed_supervisor_left_ends_by_stop() {
    if !root() {
        return;
    }
    let stage = Stage::new("stop-left");
    stage.manifest(&[READY], "");
    let stop = || stage.cordon(&["stop", &stage.device]).output().unwrap();
    // Of a device that never ran there is nothing to end.
    assert_eq!(stop().status.code(), Some(14));
    let mut device = stage.start();
    device.wait_for("is ready");
    device.signal(Signal::SIGKILL);
    device.ended();
    assert!(!stage.processes().is_empty());
    let stopped = stop();
    let said = String::from_utf8_lossy(&stopped.stdout);
    assert!(stopped.status.success(), "{stopped:?}");
    assert!(said.ends_with("ended what still ran: one\n"), "{said}");
    stage.assert_nothing_left();
    assert_eq!(stop().status.code(), Some(14));
    let mut after = stage.cordon(&["stop", &stage.device]);
    let after = after.env("SERVICE_RESULT", "success").output().unwrap();
    assert!(
        after.status.success() && after.stderr.is_empty(),
        "{after:?}"
    );
}

#[test]
fn a_refused_start_is_told_to_the_manager_in_words() {
    if !root() {
        return;
    }
    let stage = Stage::new("refused");
    stage.manifest(&[READY], "");
    let path = stage.path.join("manager");
    let manager = UnixDatagram::bind(&path).unwrap();
    let patience = Duration::from_secs(20);
    manager.set_read_timeout(Some(patience)).unwrap();
    fs::remove_file(stage.path.join("component")).unwrap();
    let mut command = stage.cordon(&["run", "--without", "selinux,limits"]);
    command.arg(stage.path.join("device.yaml"));
    command.env("NOTIFY_SOCKET", &path);
    assert_eq!(command.output().unwrap().status.code(), Some(6));
    let mut buffer = [0; 4096];
    let length = manager.recv(&mut buffer).unwrap();
    let said = String::from_utf8_lossy(&buffer[..length]);
    assert!(said.starts_with("STATUS="), "{said}");
    assert!(said.contains("missing-executable"), "{said}");
    assert!(!said.contains('\n'), "{said}");
}
