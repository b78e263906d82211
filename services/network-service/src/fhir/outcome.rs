//! Errors, as FHIR OperationOutcomes.

use serde_json::{Value, json};

/// An OperationOutcome with one issue. `code` is of
/// <http://hl7.org/fhir/issue-type>, `text` for people.
pub fn outcome(severity: &str, code: &str, text: &str) -> Value {
    json!({
        "resourceType": "OperationOutcome",
        "issue": [{
            "severity": severity,
            "code": code,
            "details": {"text": text},
        }],
    })
}
