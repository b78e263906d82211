//! What `status` and `verify` say: the stable JSON form of a running device.

use crate::proof;
use cordon_manifest::plan::Layer;
use serde::{Deserialize, Serialize};

/// A layer that is absent by leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AbsentLayer {
    /// Name of the layer.
    pub layer: String,
    /// Why it is absent.
    pub why: String,
}

/// How a device is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Name of the device.
    pub device: String,
    /// The manifest, as an absolute path.
    pub manifest: String,
    /// `starting`, `ready`, `degraded`, `stopping`.
    pub state: String,
    /// The same in words, as systemd is told.
    pub text: String,
    /// Process number of the supervisor.
    pub pid: u32,
    /// Time in ms since the supervisor began.
    pub since_ms: u64,
    /// Layers that are absent by leave.
    pub absent_layers: Vec<AbsentLayer>,
    /// Components in the manifest's order.
    pub components: Vec<ComponentStatus>,
    /// Channels in the manifest's order.
    pub channels: Vec<ChannelStatus>,
}

/// How a component is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentStatus {
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: String,
    /// `running`, `waiting`, `stopping`, `finished`, `given-up`, `held`.
    pub state: String,
    /// Whether the device's READY waits for it.
    pub required: bool,
    /// Whether it is ready: proved and, where it says so itself, by its own word.
    pub ready: bool,
    /// Whether the last read-back found something else than planned, and it was
    /// left running.
    pub differs: bool,
    /// Process number, while it runs.
    pub pid: Option<i32>,
    /// Starts after the first.
    pub restarts: u32,
    /// Time in ms since its last start, while it runs.
    pub since_ms: Option<u64>,
    /// What it says of itself.
    pub says: Option<String>,
    /// How its last life ended.
    pub last_end: Option<String>,
}

/// How a channel is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelStatus {
    /// Its name.
    pub name: String,
    /// Who writes.
    pub from: String,
    /// Who reads.
    pub to: Vec<String>,
    /// `open`, `offered` (its writer has not answered yet), `absent`.
    pub state: String,
    /// The writer's life, from 1; none while it is absent.
    pub epoch: Option<u64>,
}

/// What was read back of a device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verification {
    /// Name of the device.
    pub device: String,
    /// Whether everything found is as planned.
    pub same: bool,
    /// Layers that are absent by leave.
    pub absent_layers: Vec<AbsentLayer>,
    /// Components in the manifest's order.
    pub components: Vec<ComponentProof>,
}

/// What was read back of a component.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ComponentProof {
    /// Its name.
    pub name: String,
    /// Process number; none when it does not run, and nothing can be read.
    pub pid: Option<i32>,
    /// Whether everything found is as planned; false too when it does not run
    /// because something was not.
    pub same: bool,
    /// One line per thing compared, in the order of the layers.
    pub items: Vec<ProofItem>,
}

/// One thing that was compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProofItem {
    /// The layer it belongs to.
    pub layer: String,
    /// What was looked at.
    pub name: String,
    /// What the plan says.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// `same`, `different`, `absent`, `not-shown`.
    pub verdict: String,
}

impl ProofItem {
    /// One item of a proof.
    pub fn of(item: &proof::Item) -> Self {
        let verdict = match item.verdict {
            proof::Verdict::Same => "same",
            proof::Verdict::Different => "different",
            proof::Verdict::Absent => "absent",
            proof::Verdict::NotShown => "not-shown",
        };
        Self {
            layer: item.layer.name().to_owned(),
            name: item.name.clone(),
            expected: item.expected.clone(),
            found: item.found.clone(),
            verdict: verdict.to_owned(),
        }
    }
}

impl AbsentLayer {
    /// A layer and why it is absent.
    pub fn of(layer: Layer, why: &str) -> Self {
        Self {
            layer: layer.name().to_owned(),
            why: why.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::proof::{Item, Verdict};
    use serde_json::Value;

    fn schema() -> Value {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../profiles/verify.schema.json"
        );
        serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
    }

    /// The fields of `value`, each described and required by the schema at `place`.
    fn assert_described(value: &Value, schema: &Value, place: &str) {
        let described = schema.pointer(place).unwrap_or_else(|| panic!("{place}"));
        let fields: Vec<&String> = value.as_object().unwrap().keys().collect();
        let properties: Vec<&String> = described["properties"]
            .as_object()
            .unwrap()
            .keys()
            .collect();
        let mut required: Vec<&str> = described["required"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(Value::as_str)
            .collect();
        required.sort_unstable();
        assert_eq!(fields, properties, "{place}");
        assert_eq!(fields, required, "{place}");
    }

    #[test]
    fn the_schema_of_verify_describes_what_verify_says() {
        let item = |verdict| {
            ProofItem::of(&Item {
                layer: Layer::Root,
                name: "cwd".into(),
                expected: "/".into(),
                found: "/".into(),
                verdict,
            })
        };
        let verdicts = [
            Verdict::Same,
            Verdict::Different,
            Verdict::Absent,
            Verdict::NotShown,
        ];
        let said = Verification {
            device: "monitor".into(),
            same: false,
            absent_layers: vec![AbsentLayer::of(Layer::Mdwe, "old kernel")],
            components: vec![ComponentProof {
                name: "display".into(),
                pid: None,
                same: false,
                items: verdicts.into_iter().map(item).collect(),
            }],
        };
        let said = serde_json::to_value(said).unwrap();
        let schema = schema();
        assert_described(&said, &schema, "");
        assert_described(
            &said["absent_layers"][0],
            &schema,
            "/properties/absent_layers/items",
        );
        let component = &said["components"][0];
        assert_described(component, &schema, "/properties/components/items");
        let items = component["items"].as_array().unwrap();
        assert_described(&items[0], &schema, "/$defs/item");
        let verdicts: Vec<&Value> = items.iter().map(|item| &item["verdict"]).collect();
        let named = &schema["$defs"]["item"]["properties"]["verdict"]["enum"];
        assert_eq!(
            verdicts,
            named.as_array().unwrap().iter().collect::<Vec<_>>()
        );
        let layers: Vec<&str> = Layer::ALL.iter().map(|layer| layer.name()).collect();
        assert_eq!(schema["$defs"]["layer"]["enum"], serde_json::json!(layers));
    }
}
