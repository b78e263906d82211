//! The command line: help, and one exit code per kind of trouble.

mod support;

use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};
use support::{CORDON, Stage, root};

fn cordon(words: &[&str]) -> Output {
    Command::new(CORDON)
        .args(words)
        .env("NO_COLOR", "1")
        .output()
        .unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it ended by itself")
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn help_says_every_command_and_every_exit_code() {
    let output = cordon(&["--help"]);
    let text = String::from_utf8(output.stdout).unwrap();
    for word in [
        "check",
        "plan",
        "policy build",
        "policy install",
        "policy remove",
        "run",
        "status",
        "verify",
        "stop",
        "Exit codes",
    ] {
        assert!(text.contains(word), "{word}");
    }
    for command in ["check", "plan", "policy", "run", "status", "verify", "stop"] {
        let output = cordon(&[command, "--help"]);
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            output.status.success() && text.contains("Usage: cordon"),
            "{command}"
        );
        assert!(
            text.lines().all(|line| line.chars().count() <= 80),
            "{command}: too wide"
        );
    }
}

#[test]
fn a_wrong_command_line_is_refused_with_2_and_help() {
    for words in [
        &[][..],
        &["fly"],
        &["check"],
        &["run", "--without", "seccomp", "x.yaml"],
        &["policy", "x"],
    ] {
        let output = cordon(words);
        assert_eq!(code(&output), 2, "{words:?}");
        assert!(errors(&output).starts_with("cordon: error: "), "{words:?}");
    }
}

#[test]
fn an_unreadable_manifest_is_3_and_an_invalid_one_4() {
    let stage = Stage::new("unreadable");
    for path in ["/nonexistent.yaml", "/", "/dev/null"] {
        let output = cordon(&["check", path]);
        assert_eq!(code(&output), 3, "{path}: {}", errors(&output));
    }
    let invalid = stage.write(
        "device.yaml",
        "cordon: 1\ndevice: Monitor\ncomponents: []\n",
    );
    let output = cordon(&["check", invalid.to_str().unwrap()]);
    assert_eq!(code(&output), 4);
    assert!(
        errors(&output).contains("device.yaml:2:9: error"),
        "{}",
        errors(&output)
    );
    let bytes = stage.path.join("bytes.yaml");
    fs::write(&bytes, [0xff; 64]).unwrap();
    assert_eq!(code(&cordon(&["check", bytes.to_str().unwrap()])), 4);
    let large = stage.path.join("large.yaml");
    fs::write(&large, vec![b'#'; 3 << 20]).unwrap();
    let output = cordon(&["check", large.to_str().unwrap()]);
    assert!(
        code(&output) == 4 && errors(&output).contains("at most"),
        "{}",
        errors(&output)
    );
}

#[test]
fn all_errors_come_at_once_as_text_and_as_json() {
    let stage = Stage::new("json");
    let text = "cordon: 1\ndevice: monitor\ncomponents:\n  a:\n    role: nothing\n    exec: [relative]\n    user: x\n    colour: red\n";
    let path = stage.write("device.yaml", text);
    let output = cordon(&["check", path.to_str().unwrap(), "--json"]);
    assert_eq!(code(&output), 4);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answer["valid"], false);
    let lines: Vec<u64> = answer["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|diagnostic| diagnostic["span"]["line"].as_u64())
        .collect();
    assert!(
        [5, 6, 8].iter().all(|line| lines.contains(line)),
        "{lines:?}"
    );
}

/// A stage whose one component has this program and user; its exit code by `plan`.
fn planned(name: &str, exec: &str, user: &str) -> (i32, String) {
    let stage = Stage::new(name);
    let exec = exec.replace("STAGE", &stage.path.display().to_string());
    stage.write("text", "not a program\n");
    // The header of a 64-bit little-endian program for 64-bit Arm (machine 183).
    let mut arm = vec![0; 64];
    arm[..20].copy_from_slice(&[
        0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 183, 0,
    ]);
    let other = if cfg!(target_arch = "aarch64") {
        62
    } else {
        183
    };
    arm[18] = other;
    fs::write(stage.path.join("arm"), arm).unwrap();
    for file in ["text", "arm"] {
        fs::set_permissions(stage.path.join(file), PermissionsExt::from_mode(0o755)).unwrap();
    }
    let text = format!(
        "cordon: 1\ndevice: monitor\ncomponents:\n  a:\n    role: network-service\n    exec: [{exec}]\n    user: {user}\n"
    );
    let path = stage.write("device.yaml", &text);
    let output = cordon(&["plan", path.to_str().unwrap()]);
    (code(&output), errors(&output))
}

#[test]
fn what_does_not_fit_the_target_has_codes_of_its_own() {
    if !root() {
        return;
    }
    let (code, text) = planned("missing", "STAGE/nothing", "64000");
    assert!(code == 6 && text.contains("nothing"), "{code}: {text}");
    let (code, text) = planned("kind", "STAGE/text", "64000");
    assert!(code == 7 && text.contains("text"), "{code}: {text}");
    let (code, text) = planned("machine", "STAGE/arm", "64000");
    assert!(code == 7 && text.contains("built for"), "{code}: {text}");
    let (code, text) = planned("user", "/bin/sleep", "no-such-user");
    assert!(code == 8 && text.contains("no user"), "{code}: {text}");
    let files = "64000\n    files:\n      - {path: /opt/cordon-test-nowhere, access: read}";
    let (code, text) = planned("path", "/bin/sleep", files);
    assert!(code == 5 && text.contains("nowhere"), "{code}: {text}");
    let (code, text) = planned("fits", "/bin/sleep", "64000");
    assert!(code == 0, "{code}: {text}");
}

#[test]
fn a_missing_layer_is_10_and_nothing_is_started() {
    if !root() {
        return;
    }
    let stage = Stage::new("layer");
    stage.manifest(
        &[("one", "role: network-service\nexec: [COMPONENT, ready]")],
        "",
    );
    let manifest = stage.path.join("device.yaml");
    let output = stage
        .cordon(&["run", manifest.to_str().unwrap()])
        .output()
        .unwrap();
    if fs::metadata("/sys/fs/selinux/enforce").is_ok() {
        return;
    }
    assert_eq!(code(&output), 10, "{}", errors(&output));
    let text = errors(&output);
    assert!(
        text.contains("selinux (SELinux is not enabled in this kernel)"),
        "{text}"
    );
    assert!(text.contains("--without selinux"), "{text}");
    stage.assert_nothing_left();
}

#[test]
fn asking_about_a_device_that_does_not_run_is_14() {
    let stage = Stage::new("absent");
    for words in [
        &["status"][..],
        &["verify", "--json"],
        &["stop"],
        &["status", "monitor"],
    ] {
        let output = stage.cordon(words).output().unwrap();
        assert_eq!(code(&output), 14, "{words:?}: {}", errors(&output));
    }
    let output = stage.cordon(&["status", "../../etc"]).output().unwrap();
    assert_eq!(code(&output), 2);
}

#[test]
fn without_a_terminal_there_are_no_colours() {
    let output = Command::new(CORDON)
        .args(["check", "/nonexistent"])
        .output()
        .unwrap();
    assert!(!errors(&output).contains('\x1b'));
}

#[test]
fn a_policy_is_written_and_what_was_not_compiled_is_said() {
    let stage = Stage::new("policy");
    stage.manifest(
        &[("one", "role: network-service\nexec: [/bin/sleep, '1']")],
        "",
    );
    let manifest = stage.path.join("device.yaml");
    let out = stage.path.join("policy");
    let build = |target: &str| {
        cordon(&[
            "policy",
            "build",
            manifest.to_str().unwrap(),
            "-o",
            out.to_str().unwrap(),
            "--target",
            target,
        ])
    };
    let output = build("debian-12");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if code(&output) == 16 {
        // The base policy of another release is installed here.
        assert!(
            errors(&output).contains("must be that of"),
            "{}",
            errors(&output)
        );
    } else {
        assert_eq!(code(&output), 0, "{}", errors(&output));
        assert!(said.contains("compiled"), "{said}");
    }
    let module = format!("cordon_{}", stage.device.replace('-', "_"));
    for file in [".cil", "-assertions.cil", ".fc", "-claims.json"] {
        let path = out.join(format!("{module}{file}"));
        assert!(path.exists(), "{}", path.display());
    }
    assert_eq!(code(&build("windows")), 2);
}

/// Copies a file of this machine to the same place of an image tree.
fn install(image: &std::path::Path, path: &str) {
    let target = image.join(path.trim_start_matches('/'));
    fs::create_dir_all(target.parent().unwrap()).unwrap();
    fs::copy(path, target).unwrap();
}

#[test]
fn an_image_is_judged_by_its_own_files_and_users() {
    if !root() {
        return;
    }
    let stage = Stage::new("image");
    let image = stage.path.join("image");
    let program = image.join("usr/bin/program");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    fs::copy(stage.component(), &program).unwrap();
    fs::create_dir_all(image.join("etc")).unwrap();
    fs::write(image.join("etc/passwd"), "vitals:x:970:970::/:/nologin\n").unwrap();
    for device in ["null", "urandom"] {
        let path = image.join("dev").join(device);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let minor = if device == "null" { 3 } else { 9 };
        let number = nix::sys::stat::makedev(1, minor);
        let (kind, mode) = (
            nix::sys::stat::SFlag::S_IFCHR,
            nix::sys::stat::Mode::from_bits_truncate(0o666),
        );
        nix::sys::stat::mknod(&path, kind, mode, number).unwrap();
    }
    let text = "cordon: 1\ndevice: monitor\ncomponents:\n  a:\n    role: network-service\n    exec: [/usr/bin/program]\n    user: vitals\n";
    let path = stage.write("device.yaml", text);
    let plan = || {
        cordon(&[
            "plan",
            path.to_str().unwrap(),
            "--json",
            "--root",
            image.to_str().unwrap(),
        ])
    };

    let output = plan();
    assert_eq!(code(&output), 6, "no C library in it: {}", errors(&output));
    assert!(errors(&output).contains("libc."), "{}", errors(&output));

    let ldd = Command::new("ldd").arg(stage.component()).output().unwrap();
    let ldd = String::from_utf8(ldd.stdout).unwrap();
    for library in ldd.split_whitespace().filter(|word| word.starts_with('/')) {
        install(&image, library);
    }
    let output = plan();
    assert_eq!(code(&output), 0, "{}", errors(&output));
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(plan["components"][0]["user"]["value"]["uid"], 970);
    assert_eq!(plan["components"][0]["program"]["linkage"], "dynamic");
}
