//! What is generated is what stands in the repository, and any manifest that is
//! accepted gives code that compiles.

use super::{Language, generate};
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn code(language: Language, manifest: &str) -> String {
    let checked = cordon_manifest::parse(manifest.as_bytes(), "m.yaml").unwrap();
    let channels = checked.manifest.planned_channels();
    generate(language, &checked.manifest.device.value, &channels).unwrap()
}

/// Compares with a file of the repository; with CORDON_BLESS writes it.
fn golden(path: &str, text: &str) {
    let path = root().join(path);
    if std::env::var_os("CORDON_BLESS").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == text,
        "{} is not what the manifest gives: CORDON_BLESS=1 cargo nextest run -p cordon-launcher codegen",
        path.display()
    );
}

#[test]
fn the_services_records_are_the_examples() {
    let example = std::fs::read_to_string(root().join("profiles/examples/bedside-monitor.yaml"));
    let example = example.unwrap();
    golden(
        "services/vitals-record/src/generated.rs",
        &code(Language::Rust, &example),
    );
    golden(
        "channel/capi/examples/bedside-monitor-channels.h",
        &code(Language::C, &example),
    );
}

#[test]
fn hard_names_are_names_in_either_language() {
    let manifest = root().join("channel/tests/generated/hard.yaml");
    let manifest = std::fs::read_to_string(manifest).unwrap();
    golden(
        "channel/tests/generated/hard.rs",
        &code(Language::Rust, &manifest),
    );
    golden(
        "channel/tests/generated/hard.h",
        &code(Language::C, &manifest),
    );
}
