//! Every example on the stub base: syntax, names, file contexts, and the
//! device's own assertions, in hundredths of a second.

mod support;

use cordon_manifest::plan::{Access, FileGrant, Missing, Origin, PathKind, Purpose};
use cordon_policygen::names;
use std::process::Command;
use support::*;

#[test]
fn every_example_compiles_with_its_assertions() {
    let target = stub_target();
    for example in examples() {
        let plan = plan(&example);
        let policy = policy(&plan, &target);
        let directory = scratch(&format!("stub-{example}"));
        let files = sources(&directory, &[(&plan, &policy)], true);
        let Some(outcome) = compile_on_stub(&files, &directory) else {
            return;
        };
        let (_, contexts) = compiled(outcome);
        let contexts = std::fs::read_to_string(contexts).unwrap();
        for line in policy.contexts.lines() {
            assert!(
                contexts.lines().any(|other| other == line),
                "{example}: {line:?} is not in\n{contexts}"
            );
        }
    }
}

#[test]
fn what_is_made_and_mounted_compiles_and_stands_in_the_policy() {
    let target = stub_target();
    let mut plan = plan("bedside-monitor");
    let below = |path: &str, kind, missing, size| FileGrant {
        path: path.to_owned(),
        source: path.to_owned(),
        kind,
        access: Access::Write,
        missing,
        size,
        quota: None,
        pass: None,
        purpose: Purpose::Declared,
        origin: Origin::Manifest { line: 90 },
    };
    let (directory, absent) = (PathKind::Directory, PathKind::Absent);
    plan.components[0].files.extend([
        below(
            "/usr/share/bedside-monitor/scratch",
            directory,
            Missing::Error,
            Some(4096),
        ),
        below("/srv/pump/spool", absent, Missing::Create, None),
        below("/srv/pump/spool/out", absent, Missing::Create, None),
    ]);
    let policy = policy(&plan, &target);
    let work = scratch("stub-made");
    let files = sources(&work, &[(&plan, &policy)], true);
    let Some(outcome) = compile_on_stub(&files, &work) else {
        return;
    };
    let (binary, _) = compiled(outcome);
    let query = |arguments: &str| {
        let output = Command::new("sesearch")
            .args(arguments.split(' '))
            .arg(&binary)
            .output();
        output
            .ok()
            .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let device = "bedside-monitor";
    let parent = names::parent_type(device, "/srv/pump");
    let spool = names::file_type(device, "/srv/pump/spool");
    let out = names::file_type(device, "/srv/pump/spool/out");
    let share = names::file_type(device, "/usr/share/bedside-monitor");
    let supervisor = names::SUPERVISOR;
    let Some(made) = query(&format!("-T -s {supervisor} -c dir")) else {
        cannot_run("sesearch is not installed");
        return;
    };
    for line in [
        format!("type_transition {supervisor} {parent}:dir {spool} spool;"),
        format!("type_transition {supervisor} {spool}:dir {out} out;"),
    ] {
        assert!(made.contains(&line), "{line}: {made}");
    }
    let adds = query(&format!("-A -s {supervisor} -c dir -p add_name")).unwrap();
    for name in [&parent, &spool] {
        assert!(
            adds.contains(&format!("{supervisor} {name}:dir ")),
            "{adds}"
        );
    }
    assert!(!adds.contains("var_lib_t"), "{adds}");
    let mounts = query(&format!("-A -s {supervisor} -t {share} -c dir -p mounton")).unwrap();
    assert!(mounts.contains("mounton"), "{mounts}");
    let tmpfs = query(&format!("-A -s {supervisor} -t tmpfs_t -c filesystem")).unwrap();
    assert!(
        tmpfs.contains("mount") && tmpfs.contains("relabelfrom"),
        "{tmpfs}"
    );
}
