//! The program `cordon-policygen`: what it reads, writes and refuses.

mod support;

use cordon_policygen::Target;
use std::process::{Command, Output};
use support::*;

fn program(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cordon-policygen"))
        .args(arguments)
        .output()
        .unwrap()
}

#[test]
fn build_writes_what_generation_gives() {
    let plan = plan("bedside-monitor");
    let directory = scratch("program");
    let json = serde_json::to_string(&plan).unwrap();
    let file = write(&directory, "plan.json", &json);
    let out = directory.join("out");
    let output = program(&[
        "build",
        "debian-13",
        file.to_str().unwrap(),
        out.to_str().unwrap(),
    ]);
    assert!(output.status.success(), "{output:?}");
    let policy = policy(&plan, &Target::named("debian-13").unwrap());
    for (name, text) in [
        ("cordon_bedside_monitor.cil", &policy.module),
        ("cordon_bedside_monitor-assertions.cil", &policy.assertions),
        ("cordon_bedside_monitor.fc", &policy.contexts),
    ] {
        assert_eq!(
            std::fs::read_to_string(out.join(name)).unwrap(),
            *text,
            "{name}"
        );
    }
    let claims = std::fs::read(out.join("cordon_bedside_monitor-claims.json")).unwrap();
    let claims: Vec<cordon_policygen::Claim> = serde_json::from_slice(&claims).unwrap();
    assert_eq!(claims, policy.claims);
}

#[test]
fn bad_input_is_said_and_fails() {
    let directory = scratch("program-bad");
    let bad = write(&directory, "bad.json", "{\"cordon\": 1");
    let bad = bad.to_str().unwrap();
    for (arguments, code, said) in [
        (vec![], 2, "usage: cordon-policygen"),
        (
            vec!["build", "fedora", bad, "/nowhere"],
            1,
            "no target profile fedora",
        ),
        (
            vec!["build", "debian-12", bad, "/nowhere"],
            1,
            "bad.json: EOF",
        ),
        (
            vec!["build", "debian-12", "/nowhere", "/nowhere"],
            1,
            "/nowhere: No such file",
        ),
    ] {
        let output = program(&arguments);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        assert!(text.contains(said), "{arguments:?}: {text}");
    }
}
