//! Never an old number as a current one.

use crate::clients::{ask, get};
use crate::display::{Mode, patient};
use crate::process::{Process, within};
use serde_json::Value;
use std::time::{Duration, Instant};

/// Nothing in this Bundle is a value.
fn assert_no_value(bundle: &Value, word: &str) {
    let text = bundle.to_string();
    assert!(!text.contains("valueQuantity"), "{text}");
    let entries = bundle["entry"].as_array().unwrap();
    let (outcome, observations) = entries.split_last().unwrap();
    assert_eq!(observations.len(), 7);
    for entry in observations {
        let resource = &entry["resource"];
        assert_eq!(resource["status"], "unknown");
        let absent = |v: &Value| v["dataAbsentReason"]["coding"][0]["code"] == "temp-unknown";
        match resource["component"].as_array() {
            Some(components) => assert!(components.iter().all(absent)),
            None => assert!(absent(resource)),
        }
    }
    assert_eq!(outcome["search"]["mode"], "outcome");
    assert_eq!(outcome["resource"]["issue"][0]["code"], "transient");
    assert!(text.contains(word), "{word} not in {text}");
}

#[test]
fn a_display_without_records_is_stale_within_the_deadline() {
    let service = Process::serving(patient());
    service.display.script().mode = Mode::Beating;
    let stopped = Instant::now();
    let last_value = loop {
        let bundle = get(&service, "/fhir/Observation").json();
        if !bundle.to_string().contains("valueQuantity") {
            break stopped.elapsed();
        }
        assert!(stopped.elapsed() < Duration::from_secs(10));
    };
    // The deadline is one second; a request takes some time of its own, on a busy machine more.
    println!("no value any more {last_value:?} after the last record");
    assert!(last_value < Duration::from_secs(3), "{last_value:?}");
    assert_no_value(&get(&service, "/fhir/Observation").json(), "s old");
    service.wait_for_log("vitals: stale");
    let refused = ask(&service, "/seen/104", &["-XPOST", "-H", &origin(&service)]);
    assert_eq!(refused.status, 503);

    service.display.script().mode = Mode::Publishing;
    assert!(becomes(&service, 122));
}

#[test]
fn a_display_that_hangs_is_lost() {
    let service = Process::serving(patient());
    service.display.script().mode = Mode::Hung;
    service.wait_for_log("vitals: stale");
    service.wait_for_log("vitals: lost");
    assert_no_value(&get(&service, "/fhir/Observation").json(), "has stopped");
}

#[test]
fn a_display_that_comes_back_is_believed_again() {
    let service = Process::serving(patient());
    service.display.script().vitals.numerics.heart_rate = Some(61);
    service.display.script().mode = Mode::Restart;
    service.wait_for_log("epoch 2");
    assert!(becomes(&service, 61));
}

#[test]
fn without_a_channel_it_serves_and_says_so() {
    let (display, control) = crate::display::Display::start(patient());
    drop(control);
    let (other, _) = std::os::unix::net::UnixDatagram::pair().unwrap();
    let start = crate::process::Start {
        socket_name: "https:not",
        ..Default::default()
    };
    let service = Process::start_on(display, other.into(), start);
    assert_eq!(service.notified(), "READY=1", "{}", service.log());
    assert_no_value(&get(&service, "/fhir/Observation").json(), "no channel");
}

/// Whether the heart rate served is soon this one.
fn becomes(service: &Process, value: u32) -> bool {
    within(Duration::from_secs(5), || {
        let rate = get(service, "/fhir/Observation/heart-rate").json();
        rate["valueQuantity"]["value"] == value
    })
}

fn origin(service: &Process) -> String {
    format!("Origin: {}", service.url(""))
}
