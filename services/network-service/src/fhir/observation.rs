//! A vital sign at a moment, as a FHIR Observation.

use super::vital::{Coding, Component, Shape, Vital};
use crate::feed::Absence;
use crate::snapshot::{Numeric, Snapshot, Source};
use crate::timestamp::rfc3339;
use serde_json::{Value, json};
use std::time::SystemTime;

/// What is known at the moment of a request: the current record, or why there is none.
#[derive(Clone, Copy, Debug)]
pub struct Moment<'a> {
    /// The record.
    pub current: Result<&'a Snapshot, Absence>,
    /// The moment itself.
    pub now: SystemTime,
}

/// Code system of [`Source`]'s words and of `accelerated`, in `meta.tag`.
pub const ORIGIN: &str = "urn:cordon:data-origin";

impl Moment<'_> {
    /// The time the numbers (or their absence) belong to.
    pub fn time(&self) -> String {
        rfc3339(self.current.map_or(self.now, |snapshot| snapshot.at))
    }

    fn value(&self, numeric: Numeric) -> Option<i32> {
        self.current.ok().and_then(|s| s.numeric(numeric))
    }

    /// `temp-unknown` while nothing is known of the patient at all; `unknown` where the
    /// monitor is well and shows `---`.
    fn absent_reason(&self) -> Value {
        let (code, display, text) = match self.current {
            Err(absence) => ("temp-unknown", "Temporarily Unknown", absence.to_string()),
            Ok(_) => (
                "unknown",
                "Unknown",
                "the monitor shows no value (---)".into(),
            ),
        };
        json!({
            "coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/data-absent-reason",
                "code": code,
                "display": display,
            }],
            "text": text,
        })
    }

    /// Marks for machines: `HTEST` on everything that is not a patient's live measurement,
    /// and which kind it is.
    pub fn meta(&self, profile: Option<&str>) -> Value {
        let mut meta = json!({ "lastUpdated": self.time() });
        if let Some(profile) = profile {
            meta["profile"] = json!([profile]);
        }
        let Ok(snapshot) = self.current else {
            return meta;
        };
        if snapshot.is_test() {
            meta["security"] = json!([{
                "system": "http://terminology.hl7.org/CodeSystem/v3-ActReason",
                "code": "HTEST",
                "display": "test health data",
            }]);
        }
        let mut tags = vec![tag(snapshot.source.word())];
        if snapshot.speed != 1 {
            tags.push(tag("accelerated"));
        }
        meta["tag"] = tags.into();
        meta
    }

    /// The same marks, and any absence, in words.
    pub fn notes(&self) -> Vec<Value> {
        let mut notes = Vec::new();
        match self.current {
            Err(absence) => notes.push(format!("No current value: {absence}.")),
            Ok(snapshot) => {
                notes.push(match snapshot.source {
                    Source::Demo => "DEMO: simulated, no patient is connected.".into(),
                    Source::Record => "Replayed recording, not a live measurement.".into(),
                });
                if snapshot.speed != 1 {
                    notes.push(format!("Replayed at {} times real speed.", snapshot.speed));
                }
            }
        }
        notes.iter().map(|text| json!({ "text": text })).collect()
    }
}

/// The Observation of `vital` at `moment`.
pub fn observation(vital: &Vital, moment: &Moment<'_>) -> Value {
    let mut resource = json!({
        "resourceType": "Observation",
        "id": vital.id,
        "meta": moment.meta(Some(vital.profile)),
        "status": if moment.current.is_ok() { "final" } else { "unknown" },
        "category": [{
            "coding": [{
                "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                "code": "vital-signs",
                "display": "Vital Signs",
            }],
        }],
        "code": concept(vital.codes, vital.text),
        // The profile wants a subject; the monitor knows that there is one, not who.
        "subject": {"type": "Patient", "display": "patient at this monitor, not identified"},
        "effectiveDateTime": moment.time(),
        "issued": rfc3339(moment.now),
        "note": moment.notes(),
        "device": {"reference": "Device/monitor", "display": "bedside monitor"},
    });
    match vital.shape {
        Shape::Value(numeric, code, unit) => put(&mut resource, moment, numeric, code, unit),
        Shape::Panel(components) => {
            resource["component"] = components.iter().map(|c| component(c, moment)).collect();
        }
    }
    resource
}

fn component(component: &Component, moment: &Moment<'_>) -> Value {
    let text = component.codes[0].display;
    let mut value = json!({ "code": concept(component.codes, text) });
    put(&mut value, moment, component.numeric, "mm[Hg]", "mmHg");
    value
}

fn put(into: &mut Value, moment: &Moment<'_>, numeric: Numeric, code: &str, unit: &str) {
    match moment.value(numeric) {
        Some(value) => {
            into["valueQuantity"] = json!({
                "value": value,
                "unit": unit,
                "system": "http://unitsofmeasure.org",
                "code": code,
            });
        }
        None => into["dataAbsentReason"] = moment.absent_reason(),
    }
}

fn concept(codes: &[Coding], text: &str) -> Value {
    let coding: Vec<_> = codes
        .iter()
        .map(|c| json!({"system": c.system, "code": c.code, "display": c.display}))
        .collect();
    json!({"coding": coding, "text": text})
}

fn tag(code: &str) -> Value {
    json!({"system": ORIGIN, "code": code})
}
