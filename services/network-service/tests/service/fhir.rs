//! What a FHIR client gets, checked by the rules of the R4 vital-signs profiles.

use crate::clients::{ask, get};
use crate::display::patient;
use crate::process::Process;
use cordon_vitals_record::{Source, Vitals};
use serde_json::Value;

/// Rules of hl7.org/fhir/R4/vitalsigns and the FHIR types beneath, for one Observation.
fn assert_vital_sign(observation: &Value) {
    let said = || format!("{observation:#}");
    assert_eq!(observation["resourceType"], "Observation");
    let statuses = ["registered", "preliminary", "final", "amended", "unknown"];
    let status = observation["status"].as_str().unwrap();
    assert!(statuses.contains(&status), "{}", said());
    let categories = observation["category"].as_array().unwrap();
    assert!(categories.iter().any(|category| {
        category["coding"].as_array().unwrap().iter().any(|coding| {
            coding["system"] == "http://terminology.hl7.org/CodeSystem/observation-category"
                && coding["code"] == "vital-signs"
        })
    }));
    assert!(!observation["subject"].is_null(), "subject is 1..1");
    assert!(
        !observation["effectiveDateTime"].is_null(),
        "vs-1: {}",
        said()
    );
    assert_instant(observation["effectiveDateTime"].as_str().unwrap());
    assert_eq!(observation["device"]["reference"], "Device/monitor");
    assert_coded(&observation["code"]);
    let components = observation["component"].as_array();
    assert!(
        components.is_some() || has_value_or_reason(observation),
        "vs-2: {}",
        said()
    );
    for component in components.into_iter().flatten() {
        assert_coded(&component["code"]);
        assert!(has_value_or_reason(component), "vs-3: {}", said());
    }
    assert_no_empty(observation);
}

/// Exactly one of value and reason (obs-6), the value with UCUM code and unit.
fn has_value_or_reason(element: &Value) -> bool {
    let (value, reason) = (&element["valueQuantity"], &element["dataAbsentReason"]);
    if !reason.is_null() {
        let system = "http://terminology.hl7.org/CodeSystem/data-absent-reason";
        assert_eq!(reason["coding"][0]["system"], system);
        return value.is_null();
    }
    assert!(value["value"].is_number() && value["unit"].is_string());
    assert_eq!(value["system"], "http://unitsofmeasure.org");
    assert!(["/min", "%", "mm[Hg]"].contains(&value["code"].as_str().unwrap()));
    true
}

fn assert_coded(concept: &Value) {
    for coding in concept["coding"].as_array().unwrap() {
        assert!(coding["system"].is_string() && coding["code"].is_string());
    }
}

/// FHIR's `instant` in UTC: what date(1) can read back.
fn assert_instant(text: &str) {
    let shape: String = text
        .chars()
        .map(|c| if c.is_ascii_digit() { '9' } else { c })
        .collect();
    assert_eq!(shape, "9999-99-99T99:99:99.999Z");
}

/// FHIR JSON has neither nulls nor empty strings, arrays and objects.
fn assert_no_empty(value: &Value) {
    match value {
        Value::Null => panic!("null"),
        Value::String(text) => assert!(!text.is_empty()),
        Value::Array(all) => {
            assert!(!all.is_empty());
            all.iter().for_each(assert_no_empty);
        }
        Value::Object(all) => {
            assert!(!all.is_empty());
            all.values().for_each(assert_no_empty);
        }
        Value::Bool(_) | Value::Number(_) => {}
    }
}

fn has_code(concept: &Value, system: &str, code: &str) -> bool {
    let codings = concept["coding"].as_array().unwrap();
    codings
        .iter()
        .any(|c| c["system"] == system && c["code"] == code)
}

const LOINC: &str = "http://loinc.org";
const MDC: &str = "urn:iso:std:iso:11073:10101";

#[test]
fn the_bundle_holds_every_vital_sign_and_keeps_the_profiles_rules() {
    let service = Process::serving(patient());
    let answer = get(&service, "/fhir/Observation?category=vital-signs");
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.header("content-type"),
        Some("application/fhir+json; charset=utf-8")
    );
    let bundle = answer.json();
    assert_eq!(
        (&bundle["resourceType"], &bundle["type"]),
        (&"Bundle".into(), &"searchset".into())
    );
    let entries = bundle["entry"].as_array().unwrap();
    assert_eq!(bundle["total"], entries.len());
    assert_eq!(entries.len(), 7);
    for entry in entries {
        assert_vital_sign(&entry["resource"]);
        assert_eq!(entry["search"]["mode"], "match");
        let id = entry["resource"]["id"].as_str().unwrap();
        let alone = get(&service, &format!("/fhir/Observation/{id}")).json();
        assert_eq!(alone["code"], entry["resource"]["code"]);
        assert_eq!(
            entry["fullUrl"],
            service.url(&format!("/fhir/Observation/{id}"))
        );
    }
    assert_no_empty(&bundle);
}

/// Codes and values as the examples of the HL7 point-of-care device guide have them.
#[test]
fn codes_values_and_units_are_those_of_the_patient() {
    let service = Process::serving(patient());
    for (id, profile, loinc, mdc, unit, value) in [
        ("heart-rate", "heartrate", "8867-4", "147842", "/min", 122),
        (
            "respiration-rate",
            "resprate",
            "9279-1",
            "151562",
            "/min",
            17,
        ),
        ("spo2", "oxygensat", "2708-6", "150456", "%", 97),
    ] {
        let observation = get(&service, &format!("/fhir/Observation/{id}")).json();
        let uri = format!("http://hl7.org/fhir/StructureDefinition/{profile}");
        assert_eq!(observation["meta"]["profile"][0], uri);
        assert!(has_code(&observation["code"], LOINC, loinc), "{id}");
        assert!(has_code(&observation["code"], MDC, mdc), "{id}");
        assert_eq!(observation["valueQuantity"]["value"], value);
        assert_eq!(observation["valueQuantity"]["code"], unit);
        assert_eq!(observation["status"], "final");
    }
    let spo2 = get(&service, "/fhir/Observation/spo2").json();
    assert!(has_code(&spo2["code"], LOINC, "59408-5"));
    for (id, panel, parts) in [
        (
            "arterial-pressure",
            (LOINC, "85354-9"),
            [("8480-6", 118), ("8462-4", 62), ("8478-0", 82)],
        ),
        (
            "pulmonary-artery-pressure",
            (LOINC, "76284-9"),
            [("8440-0", 28), ("8385-7", 12), ("8414-5", 18)],
        ),
    ] {
        let observation = get(&service, &format!("/fhir/Observation/{id}")).json();
        assert!(has_code(&observation["code"], panel.0, panel.1), "{id}");
        let components = observation["component"].as_array().unwrap();
        assert_eq!(components.len(), 3);
        for (component, (code, value)) in components.iter().zip(parts) {
            assert!(has_code(&component["code"], LOINC, code), "{id} {code}");
            assert_eq!(component["valueQuantity"]["value"], value);
            assert_eq!(component["valueQuantity"]["code"], "mm[Hg]");
        }
    }
}

#[test]
fn pulmonary_pressure_is_not_found_as_systemic_pressure() {
    let service = Process::serving(patient());
    let found = get(&service, "/fhir/Observation?code=http://loinc.org%7C8480-6").json();
    let ids: Vec<_> = (found["entry"].as_array().unwrap().iter())
        .map(|entry| entry["resource"]["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["arterial-pressure", "noninvasive-pressure"]);
}

#[test]
fn what_the_screen_shows_as_dashes_has_a_reason_and_no_value() {
    let service = Process::serving(patient());
    let pulse = get(&service, "/fhir/Observation/pulse-rate").json();
    assert_vital_sign(&pulse);
    assert_eq!(pulse["dataAbsentReason"]["coding"][0]["code"], "unknown");
    assert!(has_code(&pulse["code"], MDC, "149514"));
    let cuff = get(&service, "/fhir/Observation/noninvasive-pressure").json();
    assert_vital_sign(&cuff);
    for component in cuff["component"].as_array().unwrap() {
        assert_eq!(
            component["dataAbsentReason"]["coding"][0]["code"],
            "unknown"
        );
    }
}

#[test]
fn simulated_and_accelerated_data_is_marked_for_machines() {
    let service = Process::serving(Vitals {
        source: Source::Demo,
        speed: 60,
        ..patient()
    });
    let bundle = get(&service, "/fhir/Observation").json();
    for entry in bundle["entry"].as_array().unwrap() {
        let resource = &entry["resource"];
        assert_eq!(resource["meta"]["security"][0]["code"], "HTEST");
        let tags: Vec<_> = (resource["meta"]["tag"].as_array().unwrap().iter())
            .map(|tag| tag["code"].as_str().unwrap())
            .collect();
        assert_eq!(tags, ["demo", "accelerated"]);
        let notes = resource["note"].to_string();
        assert!(
            notes.contains("DEMO") && notes.contains("60 times"),
            "{notes}"
        );
    }
    assert_eq!(bundle["meta"]["security"][0]["code"], "HTEST");
}

#[test]
fn a_replayed_recording_is_no_live_measurement() {
    let service = Process::serving(patient());
    let meta = &get(&service, "/fhir/Observation/heart-rate").json()["meta"];
    assert_eq!(meta["security"][0]["code"], "HTEST");
    assert_eq!(meta["tag"].as_array().unwrap().len(), 1);
    assert_eq!(meta["tag"][0]["code"], "record");
}

#[test]
fn metadata_states_what_there_is() {
    let service = Process::serving(patient());
    let statement = get(&service, "/fhir/metadata").json();
    assert_eq!(statement["resourceType"], "CapabilityStatement");
    assert_eq!(statement["fhirVersion"], "4.0.1");
    assert_eq!(statement["kind"], "instance");
    assert_eq!(statement["format"][0], "json");
    let resources = statement["rest"][0]["resource"].as_array().unwrap();
    let types: Vec<_> = resources
        .iter()
        .map(|r| r["type"].as_str().unwrap())
        .collect();
    assert_eq!(types, ["Observation", "Device"]);
    assert_no_empty(&statement);
    let device = get(&service, "/fhir/Device/monitor").json();
    assert_eq!(device["type"]["coding"][0]["code"], "69965");
    assert_no_empty(&device);
}

#[test]
fn errors_are_operation_outcomes() {
    let service = Process::serving(patient());
    for (path, more, status, code) in [
        ("/fhir/Observation/temperature", &[][..], 404, "not-found"),
        ("/fhir/Patient", &[], 404, "not-found"),
        ("/nothing", &[], 404, "not-found"),
        ("/fhir/Observation?patient=7", &[], 400, "not-supported"),
        ("/fhir/Observation?_format=xml", &[], 406, "not-supported"),
        ("/fhir/Observation?code=%zz", &[], 400, "invalid"),
        ("/fhir/Observation", &["-XPUT"], 405, "not-supported"),
        ("/fhir/Observation", &["-d", "x"], 413, "too-long"),
        ("/fhir/Observation", &["-HHost: a/../b"], 400, "invalid"),
        ("/seen/1", &[], 405, "not-supported"),
    ] {
        let answer = ask(&service, path, more);
        assert_eq!(answer.status, status, "{path} {more:?}");
        let outcome = answer.json();
        assert_eq!(outcome["resourceType"], "OperationOutcome");
        assert_eq!(outcome["issue"][0]["severity"], "error");
        assert_eq!(outcome["issue"][0]["code"], code, "{path}");
    }
}

#[test]
fn every_answer_carries_the_security_headers_and_no_server_name() {
    let service = Process::serving(patient());
    for path in [
        "/",
        "/station.js",
        "/station.css",
        "/fhir/metadata",
        "/nothing",
    ] {
        let answer = get(&service, path);
        let policy = answer.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(answer.header("server"), None);
    }
    let local = get(&service, "/")
        .header("strict-transport-security")
        .map(str::to_owned);
    assert_eq!(local, None);
    let named = ask(&service, "/", &["-HHost: monitor.example"]);
    assert!(named.header("strict-transport-security").is_some());
    let head = ask(&service, "/fhir/Observation", &["--head"]);
    assert_eq!((head.status, head.body.trim()), (200, ""));
}
