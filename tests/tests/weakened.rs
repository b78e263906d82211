//! Which layer refuses what: with these layers switched off, by a build of the
//! supervisor that can, the same attempts in the same compartment succeed.
//!
//! Where more than one layer is named, each of them refuses the attempt alone.
//! What refuses on the channel (a read-only descriptor, seals) is the kernel's
//! and no layer's; `tests/attack/tests/unconfined.rs` has memory without them.

use cordon_tests::attacker::Ending;
use cordon_tests::campaign::{self, Targets};
use cordon_tests::device::pid_of;
use cordon_tests::monitor::{Monitor, Options};
use cordon_tests::needs::{Need, met};
use cordon_tests::stage::Stage;
use cordon_tests::workspace;
use std::time::Duration;

const NEEDS: &[Need] = &[
    Need::Root,
    Need::Built("cordon-weaken"),
    Need::Built("vitals-display"),
    Need::Built("cordon-attack"),
    Need::Program("/usr/bin/openssl"),
];

const LANDLOCK: &[&str] = &[
    "landlock-fs",
    "landlock-tcp",
    "landlock-scope",
    "landlock-ioctl",
    "landlock-audit",
];

/// Tries `attempts` in this order with `off` switched off: those that change
/// the process itself come last.
fn assert_succeed(name: &str, off: &[&str], attempts: &[&str]) {
    if !met(NEEDS) {
        return;
    }
    let options = Options {
        device: name.into(),
        attack: true,
        ..Options::default()
    };
    let monitor = Monitor::new(Stage::of_test(name).unwrap(), options).unwrap();
    // Without an own root the notify socket is not where the components look.
    let manifest = monitor.manifest().unwrap();
    let manifest = manifest
        .replace("    watchdog: 5s\n", "    notify: false\n")
        .replace(
            "    limits: {memory: 64M, tasks: 32}\n",
            "    notify: false\n",
        );
    monitor.stage.write("device.yaml", manifest).unwrap();
    let mut launch = monitor.launch(workspace::program("cordon-weaken").unwrap());
    launch.weaken = off.iter().map(|layer| (*layer).to_owned()).collect();
    let mut device = launch
        .start(Duration::from_secs(20))
        .unwrap_or_else(|error| panic!("{error}"));
    let status = device.json("status").unwrap();
    for layer in off {
        assert!(
            status["text"].as_str().unwrap().contains(layer),
            "{layer} is off and not said: {status}"
        );
    }
    let targets = Targets::new(pid_of(&status, "vitals-display").unwrap()).unwrap();
    // Until both ends of the channels are attached.
    std::thread::sleep(Duration::from_secs(1));
    let mut refused = Vec::new();
    for attempt in attempts {
        let tried = campaign::run(&monitor, &targets, |name| name == *attempt, |_| {});
        let tried = tried.unwrap_or_else(|error| panic!("{attempt}: {error}\n{}", device.log()));
        let [tried] = tried.as_slice() else {
            panic!("there is no attempt {attempt}")
        };
        if !matches!(tried.ending, Ending::Succeeded(_)) {
            refused.push(tried.clone());
        }
    }
    device.stop().unwrap();
    assert!(refused.is_empty(), "refused without {off:?}: {refused:#?}");
}

#[test]
fn mdwe_alone_refuses_writable_code() {
    assert_succeed(
        "weak-mdwe",
        &["mdwe"],
        &["exec-map-writable", "exec-map-then-protect"],
    );
}

#[test]
fn seccomp_alone_refuses_these() {
    let attempts = [
        "exec-fork",
        "exec-memory-file",
        "kernel-add-key",
        "kernel-i386-call",
        "kernel-io-uring",
        "kernel-keyctl",
        "kernel-request-key",
        "kernel-shared-memory",
        "kernel-terminal-inject",
        "kernel-terminal-inject-upper",
        "kernel-terminal-paste",
        "namespace-clone-user",
        "namespace-clone3",
        "namespace-enter-descriptor",
        "network-tcp-socket",
        "network-tcp6-socket",
        "network-udp-socket",
        "network-netlink-socket",
        "network-mptcp-socket",
        "network-unix-stream",
        "network-accepted-unspec",
        "network-listener-listen",
        "network-listener-unspec",
        "kernel-personality",
        "kernel-read-implies-exec",
        "exec-itself",
        "exec-by-descriptor",
        "namespace-unshare-user",
    ];
    assert_succeed("weak-seccomp", &["seccomp"], &attempts);
}

#[test]
fn seccomp_and_memfd_noexec_refuse_a_program_from_memory() {
    assert_succeed(
        "weak-memfd",
        &["seccomp", "memfd-noexec"],
        &["exec-from-memory-file"],
    );
}

#[test]
fn seccomp_and_capabilities_refuse_these() {
    let attempts = [
        "channel-chmod",
        "channel-reopen-handle",
        "kernel-adjust-time",
        "kernel-bpf",
        "kernel-fanotify",
        "kernel-log",
        "kernel-perf",
        "kernel-real-time",
        "kernel-reboot",
        "kernel-set-clock",
        "kernel-set-time",
        "kernel-swap-on",
        "kernel-swap-off",
        "kernel-userfaultfd",
        "namespace-fsopen",
        "namespace-host-name",
        "namespace-mount-attributes",
        "namespace-move-mount",
        "namespace-open-tree",
        "network-listener-interface",
        "network-packet-socket",
        "network-raw-socket",
        "namespace-unshare-mount",
        "namespace-unshare-network",
        "namespace-chroot",
        "kernel-capabilities",
    ];
    assert_succeed("weak-caps", &["seccomp", "capabilities"], &attempts);
}

#[test]
fn namespaces_and_landlock_too_refuse_what_is_another_compartments() {
    let mut off = vec!["seccomp", "capabilities", "namespaces"];
    off.extend(LANDLOCK);
    let attempts = [
        "display-signal-reaper",
        "display-pidfd",
        "display-take-descriptor",
        "display-compare",
        "display-limits",
        "display-memory-read",
        "display-memory-write",
        "display-scheduling",
        "display-ptrace",
        "network-abstract",
        "network-connect",
        "network-accepted-bind",
        "network-accepted-connect",
        "network-listener-bind",
        "network-listener-connect",
        "namespace-remount",
        "namespace-unmount",
        "kernel-set-groups",
        "kernel-set-user",
        "display-queue-signal",
    ];
    assert_succeed("weak-spaces", &off, &attempts);
}

#[test]
fn the_own_root_too_refuses_what_is_the_devices() {
    let mut off = vec!["seccomp", "capabilities", "namespaces", "root"];
    off.extend(LANDLOCK);
    let attempts = [
        "channel-proc-memory",
        "display-open-sensor",
        "display-open-screen",
        "display-open-input",
        "display-open-file",
        "display-list-root",
        "display-memory-file",
        "exec-map-data",
        "kernel-device-node",
        "kernel-memory-device",
        "kernel-proc-tunable",
        "kernel-sys-tunable",
        "namespace-open-handle",
        "namespace-pivot-root",
        "namespace-mount",
        "namespace-bind",
        "namespace-enter",
        "exec-dropped",
        "exec-shell",
        "display-kill",
    ];
    assert_succeed("weak-root", &off, &attempts);
}
