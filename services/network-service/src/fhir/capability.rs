//! What this FHIR interface can do, as a CapabilityStatement.

use super::VERSION;
use super::vital::VITALS;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The statement served at `/fhir/metadata`. It names no software version: the supervisor
/// knows it, a stranger with a certificate need not.
pub fn capability(base: &str) -> Value {
    let profiles: BTreeSet<_> = VITALS.iter().map(|vital| vital.profile).collect();
    json!({
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-23",
        "kind": "instance",
        "implementation": {"description": "bedside monitor, network service", "url": base},
        "fhirVersion": VERSION,
        "format": ["json"],
        "rest": [{
            "mode": "server",
            "documentation": "Current vital signs only: no history, no patient identity, nothing can be written. While the monitor's display sends nothing current, Observations carry dataAbsentReason. Data that is not a patient's live measurement carries meta.security HTEST.",
            "security": {
                "description": "TLS 1.3 or 1.2 with a client certificate of the hospital's authority",
                "service": [{
                    "coding": [{
                        "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
                        "code": "Certificates",
                        "display": "Certificates",
                    }],
                }],
            },
            "resource": [
                {
                    "type": "Observation",
                    "supportedProfile": profiles,
                    "interaction": [{"code": "read"}, {"code": "search-type"}],
                    "versioning": "no-version",
                    "searchParam": [
                        {"name": "category", "type": "token"},
                        {"name": "code", "type": "token"},
                    ],
                },
                {
                    "type": "Device",
                    "interaction": [{"code": "read"}],
                    "versioning": "no-version",
                },
            ],
        }],
    })
}
