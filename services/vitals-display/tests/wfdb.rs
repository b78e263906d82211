//! The reader against the Python package wfdb, sample for sample, and against damage.

mod common;

use common::{DETERIORATION, HYPOTENSION, LOOPABLE, cannot_run, recording, root};
use cordon_vitals_display::wfdb::{Header, MISSING, Record, WfdbError};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// The interpreter that tests/wfdb-reference.sh prepared.
fn python() -> Option<PathBuf> {
    let target =
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let python = target.join("wfdb-venv/bin/python");
    if python.exists() {
        return Some(python);
    }
    cannot_run("no Python package wfdb: run services/vitals-display/tests/wfdb-reference.sh");
    None
}

fn compare(name: &str) {
    let (Some(path), Some(python)) = (recording(name), python()) else {
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/wfdb-reference.py");
    let output = Command::new(python)
        .arg(script)
        .arg(&path)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let reference: Value = serde_json::from_slice(&output.stdout).unwrap();
    let record = Record::open(&path).unwrap();
    assert_eq!(reference["frequency"].as_f64(), Some(record.frequency));
    assert_eq!(reference["frames"].as_u64(), Some(record.frames as u64));
    let signals = reference["signals"].as_array().unwrap();
    assert_eq!(signals.len(), record.signals.len());
    for (expected, found) in signals.iter().zip(&record.signals) {
        let name = &found.description;
        assert_eq!(expected["description"].as_str(), Some(name.as_str()));
        assert_eq!(
            expected["unit"].as_str(),
            Some(found.unit.as_str()),
            "{name}"
        );
        assert_eq!(expected["gain"].as_f64(), Some(found.gain), "{name}");
        assert_eq!(
            expected["baseline"].as_f64(),
            Some(found.baseline),
            "{name}"
        );
        assert_eq!(
            expected["per_frame"].as_u64(),
            Some(found.per_frame as u64),
            "{name}"
        );
        let samples = expected["samples"].as_array().unwrap();
        assert_eq!(samples.len(), found.samples.len(), "{name}");
        for (index, (expected, &found)) in samples.iter().zip(&found.samples).enumerate() {
            let expected = expected.as_i64().unwrap_or(MISSING.into());
            assert_eq!(expected, i64::from(found), "{name}, sample {index}");
        }
    }
}

#[test]
fn test_multi_segment_and_mixed_rates_equal_the_reference() {
    compare(LOOPABLE);
}

#[test]
fn test_skewed_record_equals_the_reference() {
    compare(HYPOTENSION);
}

#[test]
fn test_format_16_numerics_equal_the_reference() {
    compare(DETERIORATION);
}

/// A copy of the directory of a recording that a test may damage.
fn copy(name: &str, test: &str) -> Option<PathBuf> {
    let path = recording(name)?;
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = fs::remove_dir_all(&copy);
    fs::create_dir_all(&copy).unwrap();
    for entry in fs::read_dir(path.parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        // Written anew: the original may be read-only.
        fs::write(
            copy.join(entry.file_name()),
            fs::read(entry.path()).unwrap(),
        )
        .unwrap();
    }
    Some(copy.join(path.file_name().unwrap()))
}

/// What the program says, and its exit code, for a record.
fn run(record: &Path) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_vitals-display"))
        .args([
            "--geometry",
            "1024x600",
            "--screen",
            "/dev/null",
            "--record",
        ])
        .arg(record)
        .output()
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[test]
fn test_truncated_signal_file_is_refused_with_file_and_line() {
    let Some(record) = copy(LOOPABLE, "truncated") else {
        return;
    };
    let file = record.with_file_name("041s02.dat");
    let bytes = fs::read(&file).unwrap();
    fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
    let (code, said) = run(&record);
    assert_eq!(code, Some(6), "{said}");
    assert!(
        said.contains("041s02.dat: truncated: 23999 bytes"),
        "{said}"
    );
    assert!(said.contains("041s02.hea:2"), "{said}");
}

#[test]
fn test_every_flipped_bit_is_refused_by_checksum_or_first_value() {
    let Some(record) = copy(DETERIORATION, "flipped") else {
        return;
    };
    let file = record.with_file_name("3234460n.dat");
    let bytes = fs::read(&file).unwrap();
    for index in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[index] ^= 1 << (index % 8);
        fs::write(&file, damaged).unwrap();
        let refused = matches!(Record::open(&record), Err(WfdbError::Corrupt { .. }));
        assert!(refused, "byte {index} was not noticed");
    }
    let (code, said) = run(&record);
    assert_eq!(code, Some(6), "{said}");
    assert!(said.contains("corrupt: NBPMean has checksum"), "{said}");
}

#[test]
fn test_missing_record_and_missing_segment_are_unreadable() {
    let (code, said) = run(Path::new("/nowhere/record"));
    assert_eq!(code, Some(3), "{said}");
    assert!(
        said.contains("/nowhere/record.hea: cannot be read"),
        "{said}"
    );
    let Some(record) = copy(LOOPABLE, "missing") else {
        return;
    };
    fs::remove_file(record.with_file_name("041s02.dat")).unwrap();
    let (code, said) = run(&record);
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("041s02.dat: cannot be read"), "{said}");
}

#[test]
fn test_damaged_headers_are_refused_with_file_and_line() {
    let Some(record) = copy(LOOPABLE, "headers") else {
        return;
    };
    let header = record.with_file_name("041s01.hea");
    let good = fs::read_to_string(&header).unwrap();
    for (from, to, code, expected) in [
        (
            "212x4",
            "80x4",
            5,
            "041s01.hea:2: not supported: storage format 80",
        ),
        (
            "125 1000",
            "250 1000",
            4,
            "041s.hea:2: segment 041s01 is sampled at 250 Hz",
        ),
        (
            "125 1000",
            "125 999",
            6,
            "041s01.dat: corrupt: III has checksum",
        ),
        (
            " ABP",
            " ART",
            5,
            "041s02.hea:5: not supported: this signal is not that",
        ),
        (
            "041s01 7",
            "041s01 8",
            4,
            "041s01.hea:1: 8 signal lines are announced, 7 follow",
        ),
        (
            "041s01.dat 212x4 2000 12 0 168",
            "../x.dat 212x4 2000 12 0 168",
            4,
            "041s01.hea:2: '../x",
        ),
    ] {
        let damaged = good.replacen(from, to, 1);
        assert_ne!(damaged, good, "{from}");
        fs::write(&header, damaged).unwrap();
        let (found, said) = run(&record);
        assert_eq!(found, Some(code), "{to}: {said}");
        assert!(said.contains(expected), "{to}: {said}");
    }
    fs::write(&header, [0xff, 0xfe]).unwrap();
    assert_eq!(run(&record).0, Some(4));
}

#[test]
fn test_a_gap_segment_is_missing_samples() {
    let Some(record) = copy(LOOPABLE, "gap") else {
        return;
    };
    fs::write(
        record.with_extension("hea"),
        "041s/3 7 125 2500\n041s01 1000\n~ 500\n041s02 1000\n",
    )
    .unwrap();
    let record = Record::open(&record).unwrap();
    let abp = record
        .signals
        .iter()
        .find(|signal| signal.description == "ABP")
        .unwrap();
    assert_eq!(abp.samples.len(), 2500);
    assert!(
        abp.samples[1000..1500]
            .iter()
            .all(|&sample| sample == MISSING)
    );
    assert!(
        abp.samples[..1000]
            .iter()
            .chain(&abp.samples[1500..])
            .all(|&s| s != MISSING)
    );
    assert_eq!(abp.physical(1000), None);
}

/// Every byte of a header replaced by others: an answer, never a panic, never much memory.
#[test]
fn test_mutated_headers_are_answered() {
    let Some(record) = copy(LOOPABLE, "mutated") else {
        return;
    };
    for name in ["041s.hea", "041s01.hea"] {
        let header = record.with_file_name(name);
        let good = fs::read_to_string(&header).unwrap();
        for index in 0..good.len() {
            for byte in ["9", " ", "-", "/", "x", "\n", "\0"] {
                let mut damaged = good.clone();
                damaged.replace_range(index..=index, byte);
                let parsed = Header::parse(&damaged, &header);
                // Whatever still is a header is also tried on the signals.
                if byte == "9" && parsed.is_ok() {
                    fs::write(&header, &damaged).unwrap();
                    let _ = Record::open(&record);
                }
            }
        }
        fs::write(&header, good).unwrap();
    }
}

#[test]
fn test_gaps_cannot_ask_for_more_memory_than_signals() {
    let Some(record) = copy(LOOPABLE, "wide-gap") else {
        return;
    };
    let header = record.with_extension("hea");
    fs::write(&header, "041s/2 7 125 30001000\n041s01 1000\n~ 30000000\n").unwrap();
    let error = Record::open(&record).unwrap_err().to_string();
    assert!(error.ends_with("041s.hea:3: too many samples"), "{error}");
    fs::write(
        &header,
        "041s/1 7 125 18446744073709551615\n041s01 18446744073709551615\n",
    )
    .unwrap();
    let error = Record::open(&record).unwrap_err().to_string();
    assert!(error.ends_with("041s.hea:2: too many samples"), "{error}");
}
