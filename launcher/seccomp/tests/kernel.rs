//! The filters before an independent judge: `judge.py` reads the profiles by itself,
//! takes the numbers of calls from libseccomp (scmp_sys_resolver), and asks the
//! kernel's own BPF machine for each verdict.

use cordon_seccomp::{Architecture, Filter, PROFILES, ROLES, compile, compile_reaper};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

/// A test that cannot run says why, and fails where it must have run.
fn needs(program: &str) -> bool {
    let there = Path::new(program).exists();
    if !there {
        assert!(std::env::var_os("CI").is_none(), "{program} is missing");
        println!("skipped: {program} is missing (Debian packages seccomp, python3)");
    }
    there
}

fn case(architecture: Architecture, files: &[&str], ioctl: &[u32], filter: &Filter) -> Value {
    let program: Vec<_> = filter.0.iter().map(|i| (i.code, i.jt, i.jf, i.k)).collect();
    json!({
        "architecture": architecture.name(), "files": files, "ioctl": ioctl, "program": program,
    })
}

#[test]
fn an_independent_judge_finds_every_call_answered_as_the_profiles_say() {
    if !needs("/usr/bin/scmp_sys_resolver") || !needs("/usr/bin/python3") {
        return;
    }
    let mut cases = Vec::new();
    for architecture in Architecture::ALL {
        for role in ROLES {
            let role: &[&str] = &[*role];
            cases.push((architecture, role.to_vec(), vec![]));
        }
        // Everything a manifest can ask for.
        let all = PROFILES
            .iter()
            .filter(|name| !ROLES.contains(name) || **name == "network-program")
            .filter(|name| !["kill", "enosys", "reaper"].contains(name))
            .copied()
            .collect();
        cases.push((architecture, all, vec![0x4600, 0x4004_7013]));
    }
    let mut cases: Vec<Value> = cases
        .into_iter()
        .map(|(architecture, files, ioctl)| {
            let filter = compile(architecture, &files, ioctl.iter().copied()).unwrap();
            case(architecture, &files, &ioctl, &filter)
        })
        .collect();
    for architecture in Architecture::ALL {
        let filter = compile_reaper(architecture).unwrap();
        cases.push(case(architecture, &["reaper"], &[], &filter));
    }
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let mut judge = Command::new("/usr/bin/python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/judge.py"))
        .arg(folder)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let text = serde_json::to_vec(&cases).unwrap();
    judge.stdin.take().unwrap().write_all(&text).unwrap();
    assert!(judge.wait().unwrap().success());
}
