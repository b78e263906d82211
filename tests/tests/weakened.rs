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

/// Refused by seccomp and by mdwe.
const OF_MDWE: &[&str] = &["exec-map-writable", "exec-map-then-protect"];

/// Refused by seccomp alone.
const OF_SECCOMP: &[&str] = &[
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

/// Refused by seccomp alone; and by a tunable, which the supervisor asks for at start.
const OF_FAST_OPEN: &[&str] = &[
    "network-accepted-fastopen",
    "network-listener-fastopen-sendto",
    "network-listener-fastopen-sendmsg",
    "network-listener-fastopen-sendmmsg",
    "network-listener-fastopen-upper",
];

/// Refused by seccomp and by memfd-noexec.
const OF_MEMFD: &[&str] = &["exec-from-memory-file"];

/// Refused by seccomp and by the empty capability sets.
const OF_CAPABILITIES: &[&str] = &[
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

/// Refused by namespaces and Landlock too.
const OF_NAMESPACES: &[&str] = &[
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

/// Refused by the own root too.
const OF_ROOT: &[&str] = &[
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

/// Refused by the channel's own memory, a read-only descriptor or seals, and by no
/// layer: `channel/tests/sealed.rs` and `tests/attack/tests/unconfined.rs` make each
/// attempt on memory without them, where it succeeds.
const NO_LAYER: &[&str] = &[
    "channel-write",
    "channel-map-writable",
    "channel-protect",
    "channel-reopen",
    "channel-reopen-thread",
    "channel-reopen-device",
    "channel-truncate",
    "channel-punch-hole",
    "channel-remove-pages",
    "channel-seal",
    "channel-own-truncate",
    "channel-own-punch-hole",
    "channel-own-map-again",
    "channel-own-write",
    "channel-own-seal",
];

/// Heard and judged by whoever reads it; no layer refuses to say it. What it does is
/// asserted in attack.rs: nothing.
const NOTHING_TO_REFUSE: &[&str] = &[
    "channel-forge-hand-out",
    "channel-forge-acknowledgement",
    "channel-forge-garbage",
    "command-every-valid",
    "command-flood",
];

/// Refused by SELinux alone, which this kernel may lack; it then succeeds, and the
/// attack's report says so.
const SELINUX: &[&str] = &["exec-map-channel"];

/// Refused by seccomp and by the process's own limits, which no build switches off;
/// `tests/attack/tests/unconfined.rs` succeeds without both.
const OF_LIMITS: &[&str] = &["kernel-message-queue"];

/// Many kernels, and containers, have no such thing to reach; where they have it,
/// `tests/attack/tests/unconfined.rs` succeeds, else it says so.
const KERNEL: &[&str] = &[
    "kernel-init-module",
    "kernel-finit-module",
    "kernel-delete-module",
    "kernel-kexec",
    "kernel-kexec-file",
    "kernel-sysrq",
    "kernel-raise-limit",
    "kernel-x32-call",
    "network-crypto-socket",
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
    if attempts
        .iter()
        .all(|attempt| OF_FAST_OPEN.contains(attempt))
    {
        // After the start, at which the supervisor asks for it to be off.
        std::fs::write("/proc/sys/net/ipv4/tcp_fastopen", "1").unwrap();
    }
    let mut refused = Vec::new();
    for attempt in attempts {
        let tried = campaign::run(&monitor.aim(), &targets, |name| name == *attempt, |_| {});
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
fn seccomp_and_mdwe_refuse_writable_code() {
    assert_succeed("weak-mdwe", &["seccomp", "mdwe"], OF_MDWE);
}

#[test]
fn seccomp_alone_refuses_these() {
    assert_succeed("weak-seccomp", &["seccomp"], OF_SECCOMP);
}

#[test]
fn seccomp_alone_refuses_fast_open_where_the_tunable_is_on() {
    for (index, attempt) in OF_FAST_OPEN.iter().enumerate() {
        // One device each: the listener is connected once it succeeded.
        assert_succeed(&format!("weak-fast-{index}"), &["seccomp"], &[attempt]);
    }
}

#[test]
fn every_attempt_is_shown_to_succeed_or_says_where_else() {
    let shown = [
        OF_MDWE,
        OF_SECCOMP,
        OF_FAST_OPEN,
        OF_MEMFD,
        OF_CAPABILITIES,
        OF_NAMESPACES,
        OF_ROOT,
        NO_LAYER,
        NOTHING_TO_REFUSE,
        SELINUX,
        OF_LIMITS,
        KERNEL,
    ]
    .concat();
    let program = workspace::program("cordon-attack").unwrap();
    let output = std::process::Command::new(program)
        .arg("--list")
        .output()
        .unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    let mut count = 0;
    for line in listed.lines() {
        let attempt: serde_json::Value = serde_json::from_str(line).unwrap();
        let name = attempt["attempt"].as_str().unwrap();
        let times = shown.iter().filter(|shown| **shown == name).count();
        assert_eq!(times, 1, "{name} stands in {times} lists");
        count += 1;
    }
    assert_eq!(count, shown.len(), "a list names an attempt there is not");
}

#[test]
fn seccomp_and_memfd_noexec_refuse_a_program_from_memory() {
    assert_succeed("weak-memfd", &["seccomp", "memfd-noexec"], OF_MEMFD);
}

#[test]
fn seccomp_and_capabilities_refuse_these() {
    assert_succeed("weak-caps", &["seccomp", "capabilities"], OF_CAPABILITIES);
}

#[test]
fn namespaces_and_landlock_too_refuse_what_is_another_compartments() {
    let mut off = vec!["seccomp", "capabilities", "namespaces"];
    off.extend(LANDLOCK);
    assert_succeed("weak-spaces", &off, OF_NAMESPACES);
}

#[test]
fn the_own_root_too_refuses_what_is_the_devices() {
    let mut off = vec!["seccomp", "capabilities", "namespaces", "root"];
    off.extend(LANDLOCK);
    assert_succeed("weak-root", &off, OF_ROOT);
}
