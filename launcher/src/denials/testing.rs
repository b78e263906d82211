//! The example's plan, for tests.

use cordon_manifest::facts::Facts;
use cordon_manifest::plan::Plan;

/// The bedside monitor's manifest.
pub const MANIFEST: &str = include_str!("../../../profiles/examples/bedside-monitor.yaml");

/// The bedside monitor, on the device that policygen's tests have facts of.
pub fn plan() -> Plan {
    of(
        MANIFEST,
        include_str!("../../../policygen/tests/facts/bedside-monitor.json"),
    )
}

/// A stock daemon that makes its own sockets.
pub fn broker() -> Plan {
    of(
        include_str!("../../../profiles/examples/mosquitto.yaml"),
        include_str!("../../../policygen/tests/facts/mosquitto.json"),
    )
}

fn of(manifest: &str, facts: &str) -> Plan {
    let checked = cordon_manifest::parse(manifest.as_bytes(), "device.yaml").unwrap();
    let facts: Facts = serde_json::from_str(facts).unwrap();
    cordon_manifest::resolve(&checked.manifest, &facts)
        .unwrap()
        .plan
}
