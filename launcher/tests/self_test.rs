//! What channels rest on is tried on this kernel, and where it does not hold
//! nothing starts. The kernel that lies is this one behind strace(1), which lets
//! it answer a call of the program's otherwise.

mod support;

use serde_json::Value;
use std::process::{Command, Output};
use support::{CORDON, Stage, root};

const REFUSED: i32 = 22;

/// Runs the program on a kernel that says of every pwrite64 that it wrote.
fn lied_to(command: &Command) -> Option<Output> {
    let mut strace = Command::new("strace");
    strace
        .args(["-o", "/dev/null", "-e", "inject=pwrite64:retval=1"])
        .arg(command.get_program())
        .args(command.get_args())
        .env("NO_COLOR", "1");
    match strace.output() {
        Ok(output) => Some(output),
        Err(error) => {
            let text = format!("not run: strace: {error}");
            assert!(std::env::var_os("CI").is_none(), "{text}");
            println!("{text}");
            None
        }
    }
}

fn self_test(words: &[&str]) -> Command {
    let mut command = Command::new(CORDON);
    command.args(["self-test", "channel"]).args(words);
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn every_fact_holds_here_and_is_shown_in_both_forms() {
    let output = self_test(&[]).output().unwrap();
    let said = text(&output.stdout);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches(" holds  ").count(), 28, "{said}");
    let output = self_test(&["--json"]).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["holds"], true);
    assert_eq!(report["facts"].as_array().unwrap().len(), 28);
}

#[test]
fn a_kernel_that_lets_a_reader_write_is_told_by_name() {
    let Some(output) = lied_to(&self_test(&["--json"])) else {
        return;
    };
    assert_eq!(output.status.code(), Some(REFUSED));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["holds"], false);
    let facts = report["facts"].as_array().unwrap();
    let broken = facts.iter().filter(|fact| fact["holds"] == false);
    let broken: Vec<&str> = broken.filter_map(|fact| fact["attempt"].as_str()).collect();
    assert_eq!(
        broken,
        [
            "writing through the reader's end",
            "writing through its reopening in /proc",
            "writing through the writer's old descriptor",
        ]
    );
}

#[test]
fn no_device_with_a_channel_starts_on_such_a_kernel_and_one_without_does() {
    if !root() {
        return;
    }
    let components = [
        ("reader", "role: network-service\nexec: [COMPONENT, read]"),
        ("writer", "role: vitals-display\nexec: [COMPONENT, write]"),
    ];
    let channels = "channels:\n  counts:\n    from: writer\n    to: [reader]\n    period: 40ms\n    deadline: 1s\n    record:\n      count: {type: u32}\n";
    let run = |stage: &Stage| {
        let mut command = stage.cordon(&["run", "--without", "selinux,limits"]);
        command.arg(stage.path.join("device.yaml"));
        command
    };
    let stage = Stage::new("self-test");
    stage.manifest(&components, channels);
    let Some(output) = lied_to(&run(&stage)) else {
        return;
    };
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(REFUSED), "{said}");
    assert!(
        said.contains("writing through the reader's end: expected Bad file descriptor"),
        "{said}"
    );
    stage.assert_nothing_left();

    let stage = Stage::new("self-test-none");
    let body = "role: network-service\nexec: [COMPONENT, exit, '0']\nnotify: false\nrestart: {policy: never}";
    stage.manifest(&[("one", body)], "");
    let output = lied_to(&run(&stage)).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}
