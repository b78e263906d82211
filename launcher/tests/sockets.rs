//! Sockets the supervisor holds. Each test has a network of its own, whose
//! net.ipv4.tcp_fastopen it may set.

mod support;

use std::io::Write as _;
use std::process::{Command, Output};
use support::{Device, Stage, root};

const SERVICE: &str = "role: network-service\nexec: [COMPONENT, serve]\nlisten:\n  - {name: web, tcp: '127.0.0.1:8443'}";

/// Runs the device in a new network namespace with this tcp_fastopen, after `first`.
fn command(stage: &Stage, fastopen: &str, first: &str) -> Command {
    let device = stage.cordon(&["run", "--without", "selinux,limits"]);
    let script = format!(
        "echo {fastopen} > /proc/sys/net/ipv4/tcp_fastopen && ip link set lo up && {first} exec \"$@\""
    );
    let mut command = Command::new("unshare");
    command.args(["--net", "sh", "-c", &script, "sh"]);
    command.arg(device.get_program()).args(device.get_args());
    command.arg(stage.path.join("device.yaml"));
    command
}

/// What a client inside the device's network is told.
fn asked(device: &Device<'_>) -> String {
    let output = Command::new("nsenter")
        .args(["--net", "--target", &device.process.id().to_string()])
        .args([
            "bash",
            "-c",
            "exec 3<>/dev/tcp/127.0.0.1/8443 && cat <&3 & sleep 0.3; kill $! 2>/dev/null; true",
        ])
        .output()
        .unwrap();
    let _ = std::io::stderr().write_all(&output.stderr);
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_held_socket_is_served_and_outlives_its_component() {
    if !root() {
        return;
    }
    let stage = Stage::new("serve");
    stage.manifest(&[("web", SERVICE)], "");
    let mut device = stage.start_with(command(&stage, "0", ""));
    device.wait_for("is ready");
    // Inside its own pid namespace the component is number 2, in every life.
    assert_eq!(asked(&device), "served by 2\n");
    let pid: i32 = device.component(0)["pid"]
        .as_i64()
        .unwrap()
        .try_into()
        .unwrap();
    let process = nix::unistd::Pid::from_raw(pid);
    nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGKILL).unwrap();
    device.wait_for_component(0, |web| web["restarts"] == 1 && web["ready"] == true);
    assert_eq!(asked(&device), "served by 2\n");
    assert!(device.stop().success());
    stage.assert_nothing_left();
}

fn refused(name: &str, fastopen: &str, first: &str) -> Output {
    let stage = Stage::new(name);
    stage.manifest(&[("web", SERVICE)], "");
    let output = command(&stage, fastopen, first).output().unwrap();
    stage.assert_nothing_left();
    output
}

#[test]
fn a_port_in_use_is_9_with_component_and_line() {
    if !root() {
        return;
    }
    let listener = "python3 -c 'import socket,time; s=socket.create_server((\"127.0.0.1\",8443)); time.sleep(5)' & sleep 0.5;";
    let output = refused("port", "0", listener);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(9), "{text}");
    assert!(
        text.contains("component web: cannot listen on tcp 127.0.0.1:8443"),
        "{text}"
    );
    assert!(
        text.contains("(manifest line 9): the port is in use"),
        "{text}"
    );
}

#[test]
fn fast_open_that_would_let_a_component_connect_out_is_9() {
    if !root() {
        return;
    }
    let output = refused("fastopen", "3", "");
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(9), "{text}");
    assert!(text.contains("net.ipv4.tcp_fastopen is 3"), "{text}");
    assert!(text.contains("sysctl -w net.ipv4.tcp_fastopen=2"), "{text}");
}
