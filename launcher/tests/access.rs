//! `cordon policy explain`, `diff` and `scan`: what they say of a manifest, and
//! how they end.

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use support::CORDON;

fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("access-{name}"));
    std::fs::create_dir_all(&path).unwrap();
    path
}

fn write(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

fn cordon(words: &[&str], paths: &[&Path]) -> Output {
    let mut command = Command::new(CORDON);
    command.arg("policy").args(words).args(paths);
    command.env("NO_COLOR", "1").output().unwrap()
}

fn said(output: &Output) -> String {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8(text).unwrap()
}

/// A device of programs that every system has; ports as they are given.
fn manifest(name: &str, network: &str, more: &str) -> String {
    format!(
        "cordon: 1\ndevice: small\ncomponents:\n  {name}:\n    role: network-program\n    \
         exec: [/usr/bin/sleep, infinity]\n    user: 4711\n    network: {{{network}}}\n{more}"
    )
}

/// What a command says is what was reviewed; `CORDON_BLESS=1` writes it.
fn as_reviewed(name: &str, output: &Output) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    let text = said(output);
    if std::env::var_os("CORDON_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        golden == text,
        "{name} differs from the reviewed one; CORDON_BLESS=1 writes it, git shows the difference\n{text}"
    );
}

#[test]
fn explain_and_diff_say_what_was_reviewed() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let (old, new) = (golden.join("pump.yaml"), golden.join("pump-wider.yaml"));
    for target in ["debian-12", "debian-13"] {
        let output = cordon(&["explain", "--target", target], &[&old]);
        assert_eq!(output.status.code(), Some(0), "{}", said(&output));
        as_reviewed(&format!("pump-explain-{target}"), &output);
    }
    for (name, from, to, code) in [
        ("pump-diff", &old, &new, 1),
        ("pump-diff-back", &new, &old, 1),
    ] {
        let output = cordon(&["diff", "--target", "debian-13"], &[from, to]);
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
        as_reviewed(name, &output);
    }
}

#[test]
fn explain_names_the_line_of_each_rule_and_what_the_base_policy_adds() {
    let directory = scratch("explain");
    let file = write(
        &directory,
        "small.yaml",
        &manifest("server", "bind: [tcp/8080]", ""),
    );
    let explain = |words: &[&str]| {
        let words = [&["explain"], words].concat();
        let output = cordon(&words, &[&file]);
        (output.status.code(), said(&output))
    };
    let (code, text) = explain(&["--target", "debian-13"]);
    assert_eq!(code, Some(0), "{text}");
    for line in [
        "small on debian-13 (selinux-policy-default",
        "what the base policy gives was read from the target profile debian-13",
        "line 8  It binds and listens on TCP port 8080.",
        "taken away  textrel_shlib_t:file { execmod }",
        "it may change a library's code in memory and execute the result",
        "(ioctl 0x5401 only)",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    // Debian 12's libsepol has no deny rules: then it stays, and is said to.
    let (_, text) = explain(&["--target", "debian-12"]);
    assert!(text.contains("it STAYS"), "{text}");
    assert!(
        text.contains("stays  textrel_shlib_t:file { execmod }"),
        "{text}"
    );

    let (code, text) = explain(&["--target", "debian-13", "--json", "--component", "server"]);
    assert_eq!(code, Some(0), "{text}");
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    let rules = json["rules"].as_array().unwrap();
    let bind = rules
        .iter()
        .find(|rule| rule["permissions"] == serde_json::json!(["name_bind"]))
        .unwrap();
    assert_eq!(bind["origin"], serde_json::json!({"manifest": {"line": 8}}));
    assert_eq!(bind["components"], serde_json::json!(["server"]));
    let beyond = json["beyond"].as_array().unwrap();
    assert!(
        beyond.iter().all(|beyond| beyond["fate"] != "stays"),
        "{beyond:#?}"
    );

    let (code, text) = explain(&["--component", "nobody"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("components: server"), "{text}");
}

#[test]
fn diff_says_in_words_what_is_wider_and_ends_with_one() {
    let directory = scratch("diff");
    let old = write(
        &directory,
        "old.yaml",
        &manifest("server", "bind: [tcp/8080]", ""),
    );
    let diff = |name: &str, text: &str| {
        let new = write(&directory, name, text);
        let there = cordon(&["diff", "--target", "debian-13"], &[&old, &new]);
        let back = cordon(&["diff", "--target", "debian-13"], &[&new, &old]);
        (
            there.status.code(),
            said(&there),
            back.status.code(),
            said(&back),
        )
    };
    let (code, text, back, other) = diff(
        "port.yaml",
        &manifest("server", "bind: [tcp/8080, tcp/18080]", ""),
    );
    assert_eq!((code, back), (Some(1), Some(0)), "{text}\n{other}");
    assert!(text.contains("server may now bind TCP 18080"), "{text}");
    assert!(
        text.contains("+ allow server -> TCP 18080 : tcp_socket { name_bind }"),
        "{text}"
    );
    assert!(
        other.contains("server may no longer bind TCP 18080"),
        "{other}"
    );
    assert!(other.contains("nothing is wider than before"), "{other}");

    // The same under another name, with a comment more: no change in access.
    let renamed = format!("# a comment\n{}", manifest("web", "bind: [tcp/8080]", ""));
    let (code, text, back, other) = diff("renamed.yaml", &renamed);
    assert_eq!((code, back), (Some(0), Some(0)), "{text}\n{other}");
    assert!(text.contains("renamed: server -> web"), "{text}");
    let same = manifest("server", "bind: [tcp/8080]", "").replace("device: small", "device: other");
    let (code, text, _, _) = diff("device.yaml", &same);
    assert_eq!(code, Some(0), "{text}");

    // What no SELinux rule shows is told, too.
    let more = "    allow-missing: [mdwe]\n";
    let (code, text, ..) = diff("layer.yaml", &manifest("server", "bind: [tcp/8080]", more));
    assert_eq!(code, Some(1), "{text}");
    assert!(
        text.contains("server may now run where the layer mdwe is absent"),
        "{text}"
    );

    let (code, text, ..) = diff("bad.yaml", "cordon: 1\n");
    assert_eq!(code, Some(4), "{text}");
}

#[test]
fn diff_of_modules_counts_a_claim_and_a_deny_rule_that_are_gone_as_wider() {
    let directory = scratch("modules");
    let file = write(
        &directory,
        "small.yaml",
        &manifest("server", "bind: [tcp/8080]", ""),
    );
    let output = Command::new(CORDON)
        .args([
            "policy",
            "build",
            "--target",
            "debian-13",
            "--policy-root",
            "/nonexistent",
            "-o",
        ])
        .arg(&directory)
        .arg(&file)
        .output()
        .unwrap();
    let module = directory.join("cordon_small.cil");
    assert!(module.is_file(), "{}", said(&output));
    let text = std::fs::read_to_string(&module).unwrap();
    let claims = std::fs::read_to_string(directory.join("cordon_small-assertions.cil")).unwrap();
    let without = |text: &str, what: &str| -> String {
        let lines = text.lines().filter(|line| !line.contains(what));
        lines.map(|line| format!("{line}\n")).collect()
    };
    let compare = |name: &str, module_text: &str, claims: &str| {
        let other = write(&directory, &format!("{name}.cil"), module_text);
        write(&directory, &format!("{name}-assertions.cil"), claims);
        let output = cordon(&["diff"], &[&module, &other]);
        (output.status.code(), said(&output))
    };
    assert_eq!(
        compare("same", &text, &claims),
        (Some(0), "no change in access\n".to_owned())
    );
    let (code, said) = compare(
        "undenied",
        &without(&text, "(deny cordon_small__server_t textrel"),
        &claims,
    );
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("- deny server -> textrel_shlib_t : file"),
        "{said}"
    );
    let (code, said) = compare("unclaimed", &text, &without(&claims, "(process (execheap"));
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("- neverallow server"), "{said}");
}

#[test]
fn scan_makes_a_profile_that_generation_takes() {
    if Command::new("selabel_lookup").output().is_err() {
        assert!(
            std::env::var_os("CI").is_none(),
            "selabel_lookup is not installed"
        );
        println!("not run: selabel_lookup is not installed");
        return;
    }
    let directory = scratch("scan");
    let stub = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policygen/tests/stub.cil");
    let contexts = write(
        &directory,
        "file_contexts",
        "/dev/null\t-c\tsystem_u:object_r:null_device_t:s0\n/etc/motd\t--\tsystem_u:object_r:etc_t:s0\n",
    );
    let profile = directory.join("profile");
    let output = Command::new(CORDON)
        .args([
            "policy",
            "scan",
            "--name",
            "stub",
            "--libsepol",
            "3.8",
            "--note",
            "a stub",
        ])
        .arg("--contexts")
        .arg(&contexts)
        .arg("-o")
        .arg(&profile)
        .arg(&stub)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let text = std::fs::read_to_string(&profile).unwrap();
    for line in [
        "name stub\n",
        "# a stub\n",
        "libsepol 3.8\n",
        "labelled etc_t /etc/motd\n",
        "node /dev/null null_device_t\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    let file = write(
        &directory,
        "small.yaml",
        &manifest("server", "bind: [tcp/8080]", ""),
    );
    let output = cordon(
        &["explain", "--target", profile.to_str().unwrap()],
        &[&file],
    );
    assert!(output.status.success(), "{}", said(&output));

    let nothing = cordon(&["scan", "--name", "x"], &[&directory]);
    assert_eq!(nothing.status.code(), Some(19), "{}", said(&nothing));
    assert!(
        said(&nothing).contains("holds no policy"),
        "{}",
        said(&nothing)
    );
}
