//! What the program can do stands in its manual page and in the completions of
//! three shells: every command, every option, every exit code.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

fn help(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_cordon"))
        .args(words)
        .arg("--help")
        .output()
        .unwrap();
    assert!(output.status.success(), "{words:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn packaging(path: &str) -> String {
    let packaging = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging");
    fs::read_to_string(packaging.join(path)).unwrap()
}

/// The commands `cordon --help` lists, in words: `check`, `policy build`.
fn commands() -> BTreeSet<String> {
    let text = help(&[]);
    let list = text.split("Exit codes").next().unwrap();
    list.lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .map(|line| {
            let is_word = |word: &&str| {
                let letter = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
                word.bytes().all(letter)
            };
            let (command, _) = line.trim_start().split_once("  ").unwrap_or((line, ""));
            let words: Vec<&str> = command.split_whitespace().take_while(is_word).collect();
            words.join(" ")
        })
        .collect()
}

/// The options a help text speaks of, without their dashes.
fn options(text: &str) -> BTreeSet<String> {
    text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'))
        .filter_map(|word| word.strip_prefix("--"))
        .filter(|word| word.len() > 1)
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_command_and_option_has_its_place_in_manual_and_completions() {
    let commands = commands();
    assert!(
        ["run", "policy install", "self-test channel"]
            .into_iter()
            .all(|command| commands.contains(command)),
        "{commands:?}"
    );
    let manual = packaging("man/cordon.1");
    let bash = packaging("completions/cordon.bash");
    let zsh = packaging("completions/_cordon");
    let fish = packaging("completions/cordon.fish");

    let mut all = options(&help(&[]));
    all.extend(["help", "version"].map(str::to_owned));
    for command in &commands {
        let mut words = command.split(' ');
        let (first, last) = (words.next().unwrap(), words.next_back());
        all.extend(options(&help(&[first])));
        assert!(
            manual.contains(&format!(".It Cm {command}")),
            "cordon.1 lacks {command}"
        );
        for word in [Some(first), last].into_iter().flatten() {
            for (shell, text) in [("bash", &bash), ("zsh", &zsh), ("fish", &fish)] {
                let mut found = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-'));
                assert!(
                    found.any(|found| found == word),
                    "{shell}'s completion lacks {command}"
                );
            }
        }
    }
    for option in all {
        assert!(
            manual.contains(&format!("Fl Fl {option}\n"))
                || manual.contains(&format!("Fl Fl {option} Ar")),
            "cordon.1 lacks --{option}"
        );
        for (shell, text) in [("bash", &bash), ("zsh", &zsh)] {
            assert!(
                options(text).contains(&option),
                "{shell}'s completion lacks --{option}"
            );
        }
        assert!(
            fish.contains(&format!("-l {option} ")),
            "fish's completion lacks --{option}"
        );
    }
}

#[test]
fn every_exit_code_stands_in_the_manual_as_help_says_it() {
    let text = help(&[]);
    let codes = text.split("Exit codes:\n").nth(1).unwrap();
    let manual = packaging("man/cordon.1");
    for line in codes.lines().filter(|line| !line.is_empty()) {
        let (code, meaning) = line.trim().split_once("  ").unwrap();
        assert!(
            manual.contains(&format!(".It {code}\n{meaning}\n")),
            "cordon.1 lacks exit code {code}, {meaning}"
        );
    }
}

#[test]
fn the_manual_of_manifests_has_every_key_of_the_language() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../profiles/manifest.schema.json");
    let schema: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let mut keys = BTreeSet::new();
    collect(&schema, &mut keys);
    let manual = packaging("man/cordon-manifest.5");
    for key in keys {
        assert!(
            manual
                .split(|c: char| c.is_whitespace() || c == ',')
                .any(|word| word == key),
            "cordon-manifest.5 lacks {key}"
        );
    }
}

/// Every key a manifest may have, wherever it stands.
fn collect(schema: &serde_json::Value, keys: &mut BTreeSet<String>) {
    match schema {
        serde_json::Value::Object(object) => {
            if let Some(properties) = object.get("properties").and_then(|p| p.as_object()) {
                keys.extend(properties.keys().cloned());
            }
            object.values().for_each(|value| collect(value, keys));
        }
        serde_json::Value::Array(list) => list.iter().for_each(|value| collect(value, keys)),
        _ => {}
    }
}

#[test]
fn manual_pages_are_without_fault() {
    let man = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/man");
    for page in fs::read_dir(man).unwrap() {
        let page = page.unwrap().path();
        let output = match Command::new("mandoc").arg("-Tlint").arg(&page).output() {
            Ok(output) => output,
            Err(error) => {
                let why = format!("not run: mandoc: {error}");
                assert!(std::env::var_os("CI").is_none(), "{why}");
                println!("{why}");
                return;
            }
        };
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        // Whether other packages' manuals are installed here is no fault of ours.
        let faults: Vec<&str> = said
            .lines()
            .filter(|line| !line.contains("referenced manual not found"))
            .collect();
        assert!(faults.is_empty(), "{faults:#?}");
    }
}
