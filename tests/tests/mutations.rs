//! Proves the proof: each layer, and each step of a compartment's set-up, is left
//! out in turn by a build of the supervisor that can (feature `weaken`), while what
//! is proved stays the same. The device must not start, and the reason must name
//! what was left out.

use cordon_manifest::plan::Layer;
use cordon_tests::device::Launch;
use cordon_tests::monitor::{Monitor, Options};
use cordon_tests::needs::{Need, met};
use cordon_tests::stage::Stage;
use cordon_tests::workspace;
use std::time::Duration;

const NEEDS: &[Need] = &[
    Need::Root,
    Need::Built("cordon-weaken"),
    Need::Built("vitals-display"),
    Need::Built("network-service"),
    Need::Program("/usr/bin/openssl"),
];

/// Something left out, and how it is noticed.
struct Mutation {
    /// A layer, or a step of launcher/src/compartment/.
    left_out: &'static str,
    /// Layers switched off openly, because without what is left out the kernel
    /// itself would refuse a later step, and no proof would be asked.
    off: &'static [&'static str],
    /// What the refusal says: the layer, then what was found.
    says: [&'static str; 2],
}

const fn mutation(left_out: &'static str, says: [&'static str; 2]) -> Mutation {
    Mutation {
        left_out,
        off: &[],
        says,
    }
}

const LANDLOCK: &[&str] = &[
    "landlock-fs",
    "landlock-tcp",
    "landlock-scope",
    "landlock-ioctl",
    "landlock-audit",
];

const MUTATIONS: &[Mutation] = &[
    // Layers.
    Mutation {
        left_out: "namespaces",
        // Set in the pid namespace, and tried first.
        off: &["memfd-noexec"],
        says: ["layer namespaces", "expected its own"],
    },
    Mutation {
        left_out: "root",
        // Landlock's rules name paths of the own root, and are made first.
        off: LANDLOCK,
        says: ["layer root", "expected"],
    },
    mutation("capabilities", ["layer capabilities", "securebits"]),
    Mutation {
        left_out: "no-new-privs",
        // Landlock and filters need it of whoever has no capability.
        off: &["capabilities"],
        says: ["layer no-new-privs", "NoNewPrivs: expected 1, found 0"],
    },
    mutation("seccomp", ["layer seccomp", "Seccomp: expected 2, found 0"]),
    mutation(
        "landlock-fs",
        ["layer landlock-fs", "reading the root directory"],
    ),
    mutation(
        "landlock-tcp",
        ["layer landlock-tcp", "binding an undeclared port"],
    ),
    mutation(
        "landlock-ioctl",
        ["layer landlock-ioctl", "a request to /dev/null"],
    ),
    mutation(
        "landlock-scope",
        ["layer landlock-scope", "an abstract socket"],
    ),
    mutation("mdwe", ["layer mdwe", "not in force"]),
    mutation("memfd-noexec", ["layer memfd-noexec", "not in force"]),
    mutation("cgroup", ["layer cgroup", "expected its own cgroup"]),
    // Steps, each of a layer that is otherwise in force.
    mutation("bounding-set", ["layer capabilities", "CapBnd: expected 0"]),
    mutation("securebits", ["layer capabilities", "securebits"]),
    mutation(
        "groups",
        ["layer capabilities", "Groups: expected , found 0"],
    ),
    mutation("limits-of-process", ["layer root", "Max core file size"]),
    mutation("descriptors", ["layer root", "expected closed"]),
    mutation("environment", ["layer root", "LD_PRELOAD"]),
    mutation("signals", ["layer root", "SigBlk: expected 0"]),
    mutation("umask", ["layer root", "Umask: expected 0022, found 0000"]),
    mutation(
        "personality",
        ["layer root", "personality: expected 00000000"],
    ),
    mutation("session", ["layer root", "session: expected its own"]),
    mutation(
        "scheduler",
        ["layer root", "scheduler: expected fifo 40, found other 0"],
    ),
    mutation(
        "mount-attributes",
        ["layer root", "expected ro,nosuid,nodev"],
    ),
    // Another node in place of each, as when a bind source is swapped between
    // its check and its mount (CVE-2025-31133).
    mutation(
        "mount-source",
        ["layer root", "found ro,nosuid,noexec of /zero"],
    ),
];

/// Layers that are not left out here, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    (
        "landlock-audit",
        "refuses nothing: only what is logged differs, which the kernel shows nobody",
    ),
    (
        "noexec-seal",
        "the channel library's, not the launcher's: a reader refuses memory without the seals \
         (channel/src/attach.rs, channel/tests/sealed.rs)",
    ),
    (
        "limits",
        "needs cgroup controllers, which machines of developers lack: tests/tests/whole_os",
    ),
    (
        "selinux",
        "needs SELinux: tests/tests/micro_vm.rs leaves out the label, the domain and the policy",
    ),
];

fn device(name: &str, without: &[&str], left_out: &[&str]) -> (Monitor, Launch) {
    let options = Options {
        device: name.into(),
        ..Options::default()
    };
    let monitor = Monitor::new(Stage::of_test(name).unwrap(), options).unwrap();
    monitor.manifest().unwrap();
    let mut launch = monitor.launch(workspace::program("cordon-weaken").unwrap());
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    launch.weaken = words(without);
    launch.leave_out = words(left_out);
    (monitor, launch)
}

#[test]
fn with_nothing_left_out_the_device_starts() {
    if !met(NEEDS) {
        return;
    }
    for off in [&[][..], &["capabilities"]] {
        let (_monitor, launch) = device("whole-proof", off, &[]);
        let device = launch.start(Duration::from_secs(20));
        let mut device = device.unwrap_or_else(|error| panic!("{error}"));
        assert!(device.stop().unwrap().success());
    }
}

#[test]
fn whatever_is_left_out_is_noticed_by_name() {
    if !met(NEEDS) {
        return;
    }
    let mut passed = Vec::new();
    for mutation in MUTATIONS {
        let (_monitor, launch) = device("left-out", mutation.off, &[mutation.left_out]);
        let output = launch.to_the_end().unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        let refusal = text.lines().find(|line| line.contains(mutation.says[0]));
        println!("{:<18} {}", mutation.left_out, refusal.unwrap_or("-"));
        let noticed = refusal.is_some_and(|line| line.contains(mutation.says[1]));
        if output.status.success() || !noticed {
            passed.push(format!("{}: {}\n{text}", mutation.left_out, output.status));
        }
    }
    assert!(
        passed.is_empty(),
        "not noticed by name:\n{}",
        passed.join("\n")
    );
}

#[test]
fn every_layer_is_left_out_or_says_why_not() {
    for layer in Layer::ALL {
        let left_out = MUTATIONS.iter().any(|it| it.left_out == layer.name());
        let excepted = EXCEPTIONS.iter().any(|(name, _)| *name == layer.name());
        assert!(left_out != excepted, "{layer}");
    }
}
