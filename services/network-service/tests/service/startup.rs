//! What is wrong at start is said, with an exit code of its own.

use crate::display::{Display, patient};
use crate::process::{Process, Start};
use cordon_vitals_record::VITALS;
use std::process::Command;

fn ends_with(start: Start, code: i32, said: &str) {
    let mut service = Process::start(patient(), start);
    let ended = service.ended();
    assert_eq!(ended.code(), Some(code), "{}", service.log());
    service.wait_for_log(said);
}

fn with(certificate: &'static str, key: &'static str, client_ca: &'static str) -> Start {
    Start {
        certificate,
        key,
        client_ca,
        ..Start::default()
    }
}

#[test]
fn a_certificate_that_is_missing_or_none() {
    ends_with(
        with("none.crt", "server.key", "ca.crt"),
        3,
        "cannot be read",
    );
    ends_with(
        with("server.key", "server.key", "ca.crt"),
        3,
        "holds no certificate",
    );
}

#[test]
fn a_key_that_is_missing_or_none() {
    ends_with(
        with("server.crt", "none.key", "ca.crt"),
        4,
        "cannot be read",
    );
    ends_with(
        with("server.crt", "server.crt", "ca.crt"),
        4,
        "holds no private key",
    );
}

#[test]
fn a_key_of_another_certificate() {
    ends_with(
        with("server.crt", "nurse.key", "ca.crt"),
        5,
        "is not the key of",
    );
}

#[test]
fn an_expired_certificate() {
    let start = with("server-expired.crt", "server-expired.key", "ca.crt");
    ends_with(start, 6, "expired on 2020-01-01T00:00:00.000Z");
}

#[test]
fn a_client_ca_that_is_missing_no_authority_or_expired() {
    ends_with(
        with("server.crt", "server.key", "none.crt"),
        7,
        "cannot be read",
    );
    ends_with(
        with("server.crt", "server.key", "nurse.crt"),
        7,
        "is not a certificate authority",
    );
    ends_with(
        with("server.crt", "server.key", "expired.crt"),
        7,
        "expired on 2020",
    );
}

#[test]
fn no_listener_of_that_name() {
    let start = Start {
        socket_name: "http",
        ..Start::default()
    };
    ends_with(start, 8, "no descriptor named `https` was inherited");
}

#[test]
fn two_ends_that_declare_different_records() {
    let other = VITALS.replace("spo2 u16 unit=%", "spo2 u8 unit=%");
    let (display, control) = Display::start_with(patient(), &other);
    let mut service = Process::start_on(display, control, Start::default());
    let ended = service.ended();
    assert_eq!(ended.code(), Some(9), "{}", service.log());
    service.wait_for_log("spo2");
}

#[test]
fn a_command_line_that_is_not_understood() {
    let run = |words: &[&str]| {
        let program = env!("CARGO_BIN_EXE_network-service");
        Command::new(program).args(words).output().unwrap()
    };
    assert_eq!(run(&["--port", "443"]).status.code(), Some(2));
    assert_eq!(run(&[]).status.code(), Some(2));
    let help = run(&["--help"]);
    assert!(help.status.success());
    assert!(String::from_utf8_lossy(&help.stdout).contains("Exit codes:"));
}

#[test]
fn the_supervisor_is_kept_informed() {
    let start = Start {
        environment: vec![("WATCHDOG_USEC", "400000")],
        ..Start::default()
    };
    let service = Process::start(patient(), start);
    let said: Vec<_> = (0..12).map(|_| service.notified()).collect();
    assert_eq!(said[0], "READY=1");
    assert!(
        said.iter().filter(|s| *s == "WATCHDOG=1").count() >= 5,
        "{said:?}"
    );
    assert!(
        said.iter().any(|s| s.starts_with("STATUS=vitals current")),
        "{said:?}"
    );
}
