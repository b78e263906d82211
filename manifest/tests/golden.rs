//! One file per error, per warning and per grant: YAML in, diagnostics or Plan out.
//!
//! `CORDON_BLESS=1` writes what comes out; the difference is then read before it lands.

use cordon_manifest::facts::Facts;
use cordon_manifest::{Severity, parse, render, resolve, show};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

fn facts() -> Facts {
    let text = fs::read_to_string(folder("facts").join("device.json")).expect("facts");
    serde_json::from_str(&text).expect("facts in their own form")
}

/// All cases of a folder in a fixed order.
fn cases(name: &str) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder(name))
        .expect("a folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "yaml")
        })
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no cases in {name}");
    paths
}

/// What a manifest is answered with.
struct Answer {
    text: String,
    errors: BTreeSet<&'static str>,
    warnings: BTreeSet<&'static str>,
    plan: Option<cordon_manifest::plan::Plan>,
}

fn answer(path: &Path) -> Answer {
    let source = fs::read(path).expect("a case");
    let name = path
        .file_name()
        .and_then(|name| name.to_str())
        .expect("a name");
    let shown = String::from_utf8_lossy(&source);
    let mut found = Vec::new();
    let mut plan = None;
    match parse(&source, name) {
        Err(report) => found = report.diagnostics,
        Ok(checked) => {
            found.extend(checked.warnings);
            match resolve(&checked.manifest, &facts()) {
                Err(report) => found.extend(report.diagnostics),
                Ok(resolved) => {
                    found.extend(resolved.warnings);
                    plan = Some(resolved.plan);
                }
            }
        }
    }
    let codes = |severity| {
        found
            .iter()
            .filter(|d| d.severity == severity)
            .map(|d| d.code)
            .collect()
    };
    Answer {
        text: render(&found, &shown, name, false),
        errors: codes(Severity::Error),
        warnings: codes(Severity::Warning),
        plan,
    }
}

/// Compares with the file beside the case, or writes it.
fn compare(case: &Path, extension: &str, text: &str, wrong: &mut Vec<String>) {
    let path = case.with_extension(extension);
    if std::env::var("CORDON_BLESS").is_ok_and(|bless| bless == "1") {
        fs::write(&path, text).expect("written");
        return;
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    if expected != text {
        wrong.push(format!(
            "{}\n--- expected\n{expected}\n--- found\n{text}",
            path.display()
        ));
    }
}

/// The name of a case begins with the code it is about: `unknown-key.top.yaml`.
fn code(case: &Path) -> String {
    let name = case
        .file_name()
        .and_then(|name| name.to_str())
        .expect("a name");
    name.split('.').next().expect("a code").to_owned()
}

#[test]
fn every_error_is_answered_as_written_down() {
    let mut wrong = Vec::new();
    for case in cases("errors") {
        let answer = answer(&case);
        assert!(answer.plan.is_none(), "{} is accepted", case.display());
        assert!(
            answer.errors.contains(code(&case).as_str()),
            "{}: {:?}\n{}",
            case.display(),
            answer.errors,
            answer.text
        );
        compare(&case, "out", &answer.text, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_warning_is_answered_as_written_down_and_can_be_accepted() {
    let mut wrong = Vec::new();
    for case in cases("warnings") {
        let answer = answer(&case);
        assert!(
            answer.plan.is_some(),
            "{} is refused:\n{}",
            case.display(),
            answer.text
        );
        assert!(
            answer.warnings.contains(code(&case).as_str()),
            "{}: {:?}",
            case.display(),
            answer.warnings
        );
        compare(&case, "out", &answer.text, &mut wrong);
        if code(&case) == "unused-acceptance" {
            continue;
        }
        let source = fs::read_to_string(&case).expect("text");
        let accepted = format!(
            "{source}accept: [{{warning: {}, because: it is meant}}]\n",
            code(&case)
        );
        let checked = parse(accepted.as_bytes(), "m.yaml").expect("still accepted");
        let resolved = resolve(&checked.manifest, &facts()).expect("still resolved");
        let left: Vec<_> = checked
            .warnings
            .iter()
            .chain(&resolved.warnings)
            .map(|d| d.code)
            .collect();
        assert!(
            !left.contains(&code(&case).as_str()),
            "{}: {left:?}",
            case.display()
        );
        assert!(!left.contains(&"unused-acceptance"), "{}", case.display());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_grant_becomes_the_plan_written_down() {
    let mut wrong = Vec::new();
    for case in cases("grants") {
        let answer = answer(&case);
        let Some(plan) = answer.plan else {
            panic!("{} is refused:\n{}", case.display(), answer.text)
        };
        assert!(
            answer.text.is_empty(),
            "{}:\n{}",
            case.display(),
            answer.text
        );
        let json = serde_json::to_string_pretty(&plan).expect("JSON") + "\n";
        compare(&case, "json", &json, &mut wrong);
        compare(&case, "txt", &show(&plan), &mut wrong);
        let back: cordon_manifest::plan::Plan = serde_json::from_str(&json).expect("a Plan");
        assert_eq!(back, plan, "{}", case.display());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_examples_resolve_without_a_warning() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../profiles/examples");
    for name in [
        "bedside-monitor",
        "dcmtk-storescp",
        "mosquitto",
        "python-service",
    ] {
        let answer = answer(&examples.join(name).with_extension("yaml"));
        assert!(
            answer.plan.is_some() && answer.text.is_empty(),
            "{name}:\n{}",
            answer.text
        );
    }
}

#[test]
fn two_runs_give_the_same_plan() {
    let case =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../profiles/examples/bedside-monitor.yaml");
    let plan = |_| serde_json::to_string(&answer(&case).plan.expect("a Plan")).expect("JSON");
    assert_eq!(plan(1), plan(2));
}

/// Every `origin` is a line of the file, a role's key, or says what needs it.
#[test]
fn no_grant_is_without_an_origin_that_leads_somewhere() {
    for case in cases("grants") {
        let lines = fs::read_to_string(&case).expect("text").lines().count();
        let json = serde_json::to_value(answer(&case).plan.expect("a Plan")).expect("JSON");
        walk(&json, lines, &case);
    }
}

fn walk(value: &serde_json::Value, lines: usize, case: &Path) {
    match value {
        serde_json::Value::Array(items) => items.iter().for_each(|item| walk(item, lines, case)),
        serde_json::Value::Object(entries) => {
            if let Some(line) = entries.get("line").and_then(serde_json::Value::as_u64) {
                assert!(
                    line >= 1 && line <= lines as u64,
                    "{}: line {line} of {lines}",
                    case.display()
                );
            }
            entries.values().for_each(|value| walk(value, lines, case));
        }
        _ => {}
    }
}
