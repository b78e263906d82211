//! Properties that hold for every input, and for every manifest.

use cordon_manifest::facts::{Elf, Executable, Facts, Kind, Path, UserFact};
use cordon_manifest::plan::{Access, Origin, Plan, Purpose};
use cordon_manifest::{Severity, parse, render, resolve, role, show};
use proptest::prelude::*;
use std::collections::BTreeMap;

const EXAMPLE: &str = include_str!("../../profiles/examples/bedside-monitor.yaml");

fn facts() -> Facts {
    serde_json::from_str(include_str!("facts/device.json")).expect("facts")
}

/// Reads, resolves and prints; says what must hold of any answer.
fn reads(source: &[u8]) {
    let text = String::from_utf8_lossy(source);
    match parse(source, "m.yaml") {
        Err(report) => {
            assert!(
                report
                    .diagnostics
                    .iter()
                    .any(|d| d.severity == Severity::Error)
            );
            let lines = u32::try_from(source.split(|byte| *byte == b'\n').count()).expect("small");
            for diagnostic in &report.diagnostics {
                assert!(!diagnostic.message.is_empty());
                if let Some(span) = diagnostic.span {
                    assert!(span.line >= 1 && span.line <= lines + 1, "{diagnostic:?}");
                    assert!(span.column >= 1 && span.len >= 1, "{diagnostic:?}");
                }
            }
            let shown = render(&report.diagnostics, &text, "m.yaml", false);
            assert!(
                !shown.chars().any(|c| c.is_control() && c != '\n'),
                "{shown:?}"
            );
        }
        Ok(checked) => {
            assert!(
                checked
                    .warnings
                    .iter()
                    .all(|d| d.severity == Severity::Warning)
            );
            let _ = checked.manifest.questions();
            if let Ok(resolved) = resolve(&checked.manifest, &facts()) {
                let json = serde_json::to_string(&resolved.plan).expect("JSON");
                assert_eq!(
                    serde_json::from_str::<Plan>(&json).expect("a Plan"),
                    resolved.plan
                );
                assert!(
                    !show(&resolved.plan)
                        .chars()
                        .any(|c| c.is_control() && c != '\n')
                );
            }
        }
    }
}

/// The example with lines dropped, doubled, swapped, or with words and bytes put into it.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec![
        "{", "}", "[", "]", ": ", "- ", "\"", "'", "&a ", "*a", "!!str ", "#", "\n", "\t", "|",
        ">", "---\n", "~", "null", "0", "-1", "1e9", "..", "/", "%", "${x}", "\u{202e}", "é",
        "<<: ",
    ]);
    let edit = prop_oneof![
        (any::<prop::sample::Index>(), words).prop_map(|(at, word)| (0u8, at, word.to_owned())),
        any::<prop::sample::Index>().prop_map(|at| (1, at, String::new())),
        any::<prop::sample::Index>().prop_map(|at| (2, at, String::new())),
        (any::<prop::sample::Index>(), any::<char>()).prop_map(|(at, c)| (0, at, c.to_string())),
    ];
    prop::collection::vec(edit, 1..6).prop_map(|edits| {
        let mut text = EXAMPLE.to_owned();
        for (kind, at, word) in edits {
            match kind {
                0 => {
                    let mut offset = at.index(text.len() + 1);
                    while !text.is_char_boundary(offset) {
                        offset -= 1;
                    }
                    text.insert_str(offset, &word);
                }
                _ => {
                    let mut lines: Vec<&str> = text.lines().collect();
                    let line = at
                        .index(lines.len().max(1))
                        .min(lines.len().saturating_sub(1));
                    if lines.is_empty() {
                        continue;
                    }
                    if kind == 1 {
                        lines.remove(line);
                    } else {
                        lines.insert(line, lines[line]);
                    }
                    text = lines.join("\n");
                }
            }
        }
        text.into_bytes()
    })
}

/// A component of a manifest that is right: its own paths, and how much of each.
#[derive(Clone, Debug)]
struct Written {
    role: &'static str,
    files: BTreeMap<String, &'static str>,
    ports: Vec<u16>,
    environment: BTreeMap<String, String>,
}

fn component() -> impl Strategy<Value = Written> {
    let role = prop::sample::select(vec![
        "vitals-display",
        "network-service",
        "network-program",
        "python-service",
    ]);
    let files = prop::collection::btree_map(
        "[a-z]{3,8}",
        prop::sample::select(vec!["read", "write"]),
        0..6,
    );
    let environment = prop::collection::btree_map("[A-K][A-Z_]{0,6}", "[ -~]{0,12}", 0..4);
    (
        role,
        files,
        prop::collection::btree_set(1024u16.., 1..4),
        environment,
    )
        .prop_map(|(role, files, ports, environment)| Written {
            role,
            files,
            ports: ports.into_iter().collect(),
            environment,
        })
}

/// The manifest and a target it fits.
fn device(components: &[Written]) -> (String, Facts) {
    let mut text = String::from("cordon: 1\ndevice: pump\ncomponents:\n");
    let mut facts = facts();
    let path = |kind| Path {
        resolved: String::new(),
        kind,
        mode: 0o755,
        uid: 0,
        gid: 0,
        open_parent: None,
        project_quota: false,
        executable: None,
    };
    for (index, written) in components.iter().enumerate() {
        let uid = 2000 + u32::try_from(index).expect("few");
        facts
            .users
            .insert(format!("u{index}"), UserFact { uid, gid: uid });
        let program = format!("/srv/programs/p{index}");
        let elf = Elf {
            machine: "x86-64".to_owned(),
            interpreter: None,
            libraries: Vec::new(),
            not_found: Vec::new(),
            origin: false,
        };
        let executable = Path {
            resolved: program.clone(),
            executable: Some(Executable::Elf(elf)),
            ..path(Kind::File)
        };
        facts.paths.insert(program.clone(), executable);
        text.push_str(&format!(
            "  c{index}:\n    role: {}\n    exec: [{program}]\n    user: u{index}\n",
            written.role
        ));
        if !written.files.is_empty() {
            text.push_str("    files:\n");
        }
        for (name, access) in &written.files {
            let file = format!("/srv/data/c{index}/{name}");
            text.push_str(&format!("      - {{path: {file}, access: {access}}}\n"));
            facts.paths.insert(
                file.clone(),
                Path {
                    resolved: file,
                    uid,
                    gid: uid,
                    ..path(Kind::Directory)
                },
            );
        }
        if written.role == "network-program" {
            let ports: Vec<String> = written
                .ports
                .iter()
                .map(|port| format!("tcp/{port}"))
                .collect();
            text.push_str(&format!(
                "    network: {{connect: [{}]}}\n",
                ports.join(", ")
            ));
        }
        if !written.environment.is_empty() {
            text.push_str("    environment:\n");
        }
        for (name, value) in &written.environment {
            text.push_str(&format!("      {name}: '{}'\n", value.replace('\'', "''")));
        }
    }
    (text, facts)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_answered(source in prop::collection::vec(any::<u8>(), 0..400)) {
        reads(&source);
    }

    #[test]
    fn any_text_is_answered(source in "[ -~\n:\\-\\[\\]{},#&*!|>'\"%@`?]{0,200}") {
        reads(source.as_bytes());
    }

    #[test]
    fn any_mutation_of_a_manifest_is_answered(source in mutated()) {
        reads(&source);
    }

    /// Invariant 1: nothing that is not in the manifest, the role or the program is granted,
    /// and each grant names the line that asks for it.
    #[test]
    fn exactly_what_is_written_is_granted(components in prop::collection::vec(component(), 1..5)) {
        let (text, facts) = device(&components);
        let checked = parse(text.as_bytes(), "m.yaml").map_err(|report| TestCaseError::fail(format!("{report}\n{text}")))?;
        let resolved = resolve(&checked.manifest, &facts).map_err(|report| TestCaseError::fail(format!("{report}\n{text}")))?;
        let lines: Vec<&str> = text.lines().collect();
        prop_assert_eq!(resolved.plan.components.len(), components.len());
        for ((index, written), planned) in components.iter().enumerate().zip(&resolved.plan.components) {
            let own = role(written.role).expect("a role");
            let mut declared = written.files.clone();
            for file in &planned.files {
                match (&file.origin, file.purpose) {
                    (Origin::Manifest { line }, Purpose::Declared) => {
                        prop_assert!(lines[*line as usize - 1].contains(&file.path));
                        let name = file.path.rsplit('/').next().expect("a name");
                        let access = declared.remove(name).expect("declared");
                        let expected = if access == "write" { Access::Write } else { Access::Read };
                        prop_assert_eq!(file.access, expected);
                    }
                    (Origin::Manifest { line }, Purpose::Program) => {
                        prop_assert_eq!(&file.path, &format!("/srv/programs/p{index}"));
                        prop_assert!(lines[*line as usize - 1].contains(&file.path));
                    }
                    (Origin::Role { .. }, Purpose::Declared) => {
                        prop_assert!(own.files.iter().any(|default| default.path.value == file.path));
                    }
                    other => prop_assert!(false, "{:?} grants {}", other, file.path),
                }
            }
            prop_assert!(declared.is_empty(), "not granted: {:?}", declared);
            prop_assert!(planned.devices.iter().all(|device| own.devices.iter().any(|default| default.path.value == device.path)));
            prop_assert!(planned.listen.is_empty());
            let environment: BTreeMap<String, String> = planned.environment.iter().map(|one| one.value.clone()).collect();
            prop_assert_eq!(&environment, &written.environment);
        }
    }
}
