//! The schemas checked in are those generated, and say yes and no as the reader does.

use super::*;
use crate::yaml::{self, Kind, Node};
use std::path::Path;

fn json(node: &Node) -> Value {
    match &node.kind {
        Kind::Null => Value::Null,
        Kind::Scalar { text, quoted: true } => json!(text),
        Kind::Scalar { text, .. } => match (text.parse::<i64>(), text.as_str()) {
            (Ok(number), _) => json!(number),
            (_, "true") => json!(true),
            (_, "false") => json!(false),
            (_, hex) if hex.starts_with("0x") => {
                i64::from_str_radix(&hex[2..], 16).map_or(json!(hex), |n| json!(n))
            }
            (_, text) => json!(text),
        },
        Kind::List(items) => Value::Array(items.iter().map(json).collect()),
        Kind::Map(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, value)| match &key.kind {
                    Kind::Scalar { text, .. } => (text.clone(), json(value)),
                    _ => panic!("a key that is no text"),
                })
                .collect(),
        ),
    }
}

fn profiles() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../profiles")
}

fn validator(schema: &str) -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(schema).expect("JSON");
    jsonschema::draft7::new(&schema).expect("a schema")
}

fn problems(validator: &jsonschema::Validator, source: &str) -> Vec<String> {
    let node = yaml::read(source).expect("YAML");
    validator
        .iter_errors(&json(&node))
        .map(|error| format!("{}: {error}", error.instance_path))
        .collect()
}

fn checked_in(name: &str, generated: &str) {
    let path = profiles().join(name);
    if std::env::var("CORDON_BLESS").is_ok_and(|bless| bless == "1") {
        std::fs::write(&path, generated).expect("written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == generated,
        "profiles/{name} is not what the table of keys gives: run the tests with CORDON_BLESS=1"
    );
}

#[test]
fn the_schemas_checked_in_are_those_generated() {
    checked_in("manifest.schema.json", &manifest_schema());
    checked_in("role.schema.json", &role_schema());
}

fn validate_folder(folder: &str, schema: &str) {
    let validator = validator(schema);
    let mut count = 0;
    for entry in std::fs::read_dir(profiles().join(folder)).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path
            .extension()
            .is_some_and(|extension| extension == "yaml")
        {
            let source = std::fs::read_to_string(&path).expect("text");
            assert_eq!(
                problems(&validator, &source),
                Vec::<String>::new(),
                "{}",
                path.display()
            );
            count += 1;
        }
    }
    assert!(count >= 4, "{count} files in {folder}");
}

#[test]
fn the_examples_validate() {
    validate_folder("examples", &manifest_schema());
}

#[test]
fn the_role_profiles_validate() {
    validate_folder("roles", &role_schema());
}

#[test]
fn what_the_reader_refuses_by_shape_the_schema_refuses() {
    let validator = validator(&manifest_schema());
    let good = include_str!("../../../profiles/examples/bedside-monitor.yaml");
    assert!(problems(&validator, good).is_empty());
    for (from, to) in [
        ("cordon: 1", "cordon: 2"),
        ("    role: vitals-display", "    rol: vitals-display"),
        ("period: 40ms", "period: 40"),
        ("    period: 40ms\n", ""),
        ("    rate: 5/s", "    rate: 5/s\n    period: 1s"),
        ("memory: 96M", "memory: 96MB"),
        ("\"0.0.0.0:443\"", "443"),
        ("type: u64", "type: f64"),
        ("lock-memory: true", "lock-memory: yes"),
        ("path: /dev/fb0", "path: dev/fb0"),
        ("  vitals-display:\n", "  Vitals_Display:\n"),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good, "{from}");
        assert!(
            !problems(&validator, &bad).is_empty(),
            "schema accepts {to:?}"
        );
        assert!(
            crate::parse(bad.as_bytes(), "m.yaml").is_err(),
            "reader accepts {to:?}"
        );
    }
}
