//! What runs is proved again every minute, without being asked and without
//! stopping it; what differs then is dealt with as the manifest says.

mod support;

use std::fs;
use std::time::Duration;
use support::{Stage, cgroup_mount, root, until};

const BODY: &str = "exec: [COMPONENT, ready]\nrestart: {policy: always, delay: 10ms}";
/// A minute, and what a busy machine adds to it.
const MINUTE: Duration = Duration::from_secs(75);

#[test]
fn a_difference_is_found_within_a_minute_and_told_once() {
    if !root() {
        return;
    }
    let stage = Stage::new("minute");
    let body = |role: &str, what: &str| format!("role: {role}\non-difference: {what}\n{BODY}");
    stage.manifest(
        &[
            ("again", &body("vitals-display", "restart")),
            ("still", &body("network-service", "alarm")),
        ],
        "",
    );
    let mut device = stage.start();
    device.wait_for("is ready");
    // Taken out of its cgroup from outside, a component would outlive its kill.
    let Some(mount) = cgroup_mount() else {
        println!("not run: no cgroup v2 to take a component out of");
        return;
    };
    let still_pid = device.component(1)["pid"].to_string();
    let own = fs::read_to_string(format!("/proc/{still_pid}/cgroup")).unwrap();
    let own = own
        .lines()
        .find_map(|line| line.strip_prefix("0::/"))
        .unwrap();
    let own = mount.join(own);
    for number in 0..2 {
        let pid = device.component(number)["pid"].to_string();
        fs::write(mount.join("cgroup.procs"), pid).unwrap();
    }
    let found = |name: &str, consequence: &str| {
        format!("{name}: differs from the plan and is {consequence}: layer cgroup: member of: ")
    };
    let again = found("again", "restarted");
    let still = found("still", "left running");
    until("what differs is found", MINUTE, || {
        let log = device.log();
        log.contains(&again) && log.contains(&still)
    });
    let restarted = device.wait_for_component(0, |again| again["ready"] == true);
    assert_eq!(restarted["restarts"], 1);
    assert_eq!(device.component(1)["differs"], true);

    // Asked for, it is no news a second time; its end is.
    assert_eq!(device.json("verify")["same"], false);
    assert_eq!(device.log().matches(&still).count(), 1, "{}", device.log());
    fs::write(own.join("cgroup.procs"), still_pid).unwrap();
    assert_eq!(device.json("verify")["same"], true);
    assert!(
        device.log().contains("still: is again as planned"),
        "{}",
        device.log()
    );
    assert_eq!(device.component(1)["differs"], false);
    assert!(device.stop().success());
    stage.assert_nothing_left();
}
