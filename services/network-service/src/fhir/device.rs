//! The monitor itself, as a FHIR Device.

use super::observation::Moment;
use serde_json::{Value, json};

/// The Device all Observations refer to.
pub fn device(moment: &Moment<'_>) -> Value {
    json!({
        "resourceType": "Device",
        "id": "monitor",
        "meta": moment.meta(None),
        "status": if moment.current.is_ok() { "active" } else { "unknown" },
        "deviceName": [{"name": "bedside monitor", "type": "user-friendly-name"}],
        "type": {
            "coding": [{
                "system": "urn:iso:std:iso:11073:10101",
                "code": "69965",
                "display": "MDC_DEV_MON_PHYSIO_MULTI_PARAM_MDS",
            }],
            "text": "Patient monitor",
        },
        "note": moment.notes(),
    })
}
