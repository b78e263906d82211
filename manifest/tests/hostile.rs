//! Input made to exhaust, to confuse or to crash the reader: a clear error, soon.

use cordon_manifest::{Diagnostic, parse, render};
use std::time::{Duration, Instant};

/// An unoptimised build on a busy machine; a reader without bounds takes hours.
const SOON: Duration = Duration::from_secs(5);

/// Parses, renders, and expects an error of this code within the bound.
fn refused(source: &[u8], code: &str) {
    let start = Instant::now();
    let report = parse(source, "hostile.yaml").expect_err("refused");
    let text = render(
        &report.diagnostics,
        &String::from_utf8_lossy(source),
        "hostile.yaml",
        true,
    );
    let took = start.elapsed();
    let codes: Vec<&str> = report
        .diagnostics
        .iter()
        .map(|d: &Diagnostic| d.code)
        .collect();
    assert!(codes.contains(&code), "{code} is not among {codes:?}");
    assert!(took < SOON, "{took:?} for {code}");
    assert!(
        report.diagnostics.len() <= 101,
        "{}",
        report.diagnostics.len()
    );
    assert!(text.len() < 200_000, "{} bytes of text", text.len());
}

#[test]
fn billion_laughs_are_refused_at_the_first_anchor() {
    let mut text = String::from("a: &a [lol, lol, lol]\n");
    for (name, last) in ('b'..='z').zip('a'..='y') {
        text.push_str(&format!("{name}: &{name} [*{last}, *{last}, *{last}, *{last}, *{last}, *{last}, *{last}, *{last}, *{last}]\n"));
    }
    refused(text.as_bytes(), "anchor");
}

#[test]
fn an_alias_to_itself_is_refused() {
    refused(b"a: &a [*a]\n", "anchor");
}

#[test]
fn two_hundred_thousand_brackets_are_too_deep() {
    refused("[".repeat(200_000).as_bytes(), "depth");
    refused("{a: ".repeat(60_000).as_bytes(), "depth");
    refused(
        format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)).as_bytes(),
        "depth",
    );
}

#[test]
fn deep_block_collections_are_too_deep() {
    refused("- ".repeat(100_000).as_bytes(), "depth");
    let stairs: String = (0..400)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    refused(stairs.as_bytes(), "depth");
}

#[test]
fn a_gigabyte_is_refused_before_the_parser() {
    refused(&vec![b' '; (256 << 10) + 1], "size");
    let start = Instant::now();
    let report = parse(&vec![0; 1 << 30], "hostile.yaml").expect_err("refused");
    assert_eq!(report.diagnostics[0].code, "size");
    assert!(start.elapsed() < SOON);
}

#[test]
fn a_scalar_of_the_largest_size_is_answered_briefly() {
    let text = format!("cordon: 1\ndevice: {}\n", "a".repeat(250_000));
    refused(text.as_bytes(), "name");
    let text = format!("cordon: 1\n\"{}\": 1\n", "k".repeat(250_000));
    let report = parse(text.as_bytes(), "hostile.yaml").expect_err("refused");
    assert!(report.to_string().len() < 2000);
}

#[test]
fn more_values_than_a_device_has_are_refused() {
    refused(
        format!("cordon: [{}]\n", "a,".repeat(100_000)).as_bytes(),
        "size",
    );
    refused("a: b\n".repeat(15_000).as_bytes(), "size");
    let keys: String = (0..9000).map(|n| format!("key{n}: v\n")).collect();
    refused(keys.as_bytes(), "size");
}

#[test]
fn many_wrong_keys_in_many_components_are_answered_soon() {
    let mut text = String::from("cordon: 1\ndevice: pump\ncomponents:\n");
    for component in 0..60 {
        text.push_str(&format!("  c{component}:\n"));
        for key in 0..140 {
            text.push_str(&format!("    unknwon-key-{key}: 1\n"));
        }
    }
    refused(text.as_bytes(), "more");
}

#[test]
fn many_grants_of_one_path_are_answered_soon() {
    let mut text = String::from("cordon: 1\ndevice: pump\ncomponents:\n");
    for component in 0..10 {
        text.push_str(&format!("  c{component}:\n    role: vitals-display\n    exec: [/opt/x]\n    user: u{component}\n    files:\n"));
        for _ in 0..150 {
            text.push_str("    - {path: /opt/data, access: read}\n");
        }
    }
    refused(text.as_bytes(), "more");
}

#[test]
fn bytes_that_are_no_text_are_refused_with_their_place() {
    for (source, line, column) in [
        (&b"cordon: 1\n\xff"[..], 2, 1),
        (b"cordon: 1\ndevice: a\xc3(", 2, 10),
        (b"\xfe\xff\0c", 1, 1),
        (b"cordon: 1\nb: \xed\xa0\x80\n", 2, 4),
    ] {
        let report = parse(source, "hostile.yaml").expect_err("refused");
        let span = report.diagnostics[0].span.expect("a place");
        assert_eq!(
            (report.diagnostics[0].code, span.line, span.column),
            ("encoding", line, column)
        );
    }
}

#[test]
fn what_other_readers_of_yaml_do_behind_ones_back_does_not_happen() {
    for (source, code) in [
        ("cordon: 1\ndevice: a\ndevice: b\n", "duplicate-key"),
        ("cordon: 1\ndevice: a\n\"device\": b\n", "duplicate-key"),
        ("cordon: 0x1\n", "version"),
        ("cordon: 1.0\n", "version"),
        ("cordon: 01\n", "version"),
        ("cordon: +1\n", "version"),
        ("cordon: 1\ndevice: !!binary aGk=\n", "tag"),
        ("cordon: !!int \"1\"\n", "tag"),
        ("cordon: 1\ncomponents: !!map {}\n", "tag"),
        ("cordon: 1\n!!str device: a\n", "tag"),
        ("<<: {cordon: 1}\n", "merge-key"),
        ("cordon: 1\n...\ncordon: 2\n", "documents"),
        ("cordon: 1\n? [a, b]\n: c\n", "wrong-type"),
        ("cordon: 1\n? {a: b}\n: c\n", "wrong-type"),
        ("%YAML 1.1\n---\ncordon: yes\n", "version"),
    ] {
        refused(source.as_bytes(), code);
    }
}

#[test]
fn a_name_that_looks_like_another_type_stays_a_text() {
    let source = include_str!("../../profiles/examples/bedside-monitor.yaml");
    // `no`, `yes` and `none` are names of values, not booleans and not nothing.
    let checked = parse(source.as_bytes(), "m.yaml").expect("accepted");
    let beat = checked.manifest.channels[0]
        .record
        .iter()
        .find(|field| field.name.value == "beat")
        .expect("a field");
    let names: Vec<&str> = beat
        .values
        .iter()
        .map(|value| value.value.as_str())
        .collect();
    assert_eq!(names, ["no", "yes"]);
}

#[test]
fn lines_that_end_as_on_windows_are_the_same_manifest() {
    let unix = include_str!("../../profiles/examples/bedside-monitor.yaml");
    let windows = unix.replace('\n', "\r\n");
    let broken = windows.replace("period: 40ms", "perod: 40ms");
    assert!(parse(windows.as_bytes(), "m.yaml").is_ok());
    let places = |source: &str| {
        let report = parse(source.as_bytes(), "m.yaml").expect_err("refused");
        report
            .diagnostics
            .iter()
            .map(|d| d.span)
            .collect::<Vec<_>>()
    };
    assert_eq!(places(&broken), places(&broken.replace('\r', "")));
}

#[test]
fn a_byte_order_mark_moves_no_caret() {
    let report = parse("\u{feff}cordn: 1\n".as_bytes(), "m.yaml").expect_err("refused");
    let unknown = report
        .diagnostics
        .iter()
        .find(|d| d.code == "unknown-key")
        .and_then(|d| d.span)
        .expect("a place");
    assert_eq!(unknown.line, 1);
    let text = render(&report.diagnostics, "\u{feff}cordn: 1\n", "m.yaml", false);
    assert!(text.contains("unknown key"), "{text}");
}
