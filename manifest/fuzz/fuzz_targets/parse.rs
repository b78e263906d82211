//! Any bytes as a manifest: an answer, within bounds, whose places lie in the file.
#![no_main]

use cordon_manifest::facts::Facts;
use cordon_manifest::{parse, render, resolve, show};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

static FACTS: LazyLock<Facts> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../tests/facts/device.json")).expect("facts"));

fuzz_target!(|source: &[u8]| {
    match parse(source, "fuzz.yaml") {
        Err(report) => {
            assert!(!report.diagnostics.is_empty() && report.diagnostics.len() <= 101);
            let lines = source.split(|byte| *byte == b'\n').count() + 1;
            assert!(report.diagnostics.iter().filter_map(|d| d.span).all(|at| at.line as usize <= lines));
            let text = render(&report.diagnostics, &String::from_utf8_lossy(source), "fuzz.yaml", false);
            assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
        }
        Ok(checked) => {
            if let Ok(resolved) = resolve(&checked.manifest, &FACTS) {
                assert!(!show(&resolved.plan).is_empty());
            }
        }
    }
});
