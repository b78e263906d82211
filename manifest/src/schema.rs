//! JSON Schema of the language, generated from the table of keys.
//!
//! Draft 7, which the YAML language servers of today's editors understand. It
//! completes keys and checks shapes; what needs the whole manifest is said by
//! [`crate::parse`] alone.

use crate::keys::{MANIFEST, MAX_ITEMS, MAX_NAME, MAX_TEXT, ROLE, Shape, Table};
use crate::plan::Layer;
use crate::roles;
use serde_json::{Map, Value, json};

/// Schema of manifests, as it stands in `profiles/manifest.schema.json`.
#[must_use]
pub fn manifest_schema() -> String {
    document(&MANIFEST, "Cordon manifest", "manifest.schema.json")
}

/// Schema of role profiles, as it stands in `profiles/role.schema.json`.
#[must_use]
pub fn role_schema() -> String {
    document(&ROLE, "Cordon role profile", "role.schema.json")
}

fn document(table: &'static Table, title: &str, id: &str) -> String {
    let mut schema = self::table(table);
    if let Value::Object(schema) = &mut schema {
        schema.insert(
            "$schema".to_owned(),
            json!("http://json-schema.org/draft-07/schema#"),
        );
        schema.insert("$id".to_owned(), json!(id));
        schema.insert("title".to_owned(), json!(title));
    }
    format!("{schema:#}\n")
}

fn table(table: &'static Table) -> Value {
    let mut properties = Map::new();
    for key in table.keys {
        let mut property = shape(&key.shape);
        if let Value::Object(property) = &mut property {
            property.insert("description".to_owned(), json!(key.doc));
        }
        properties.insert(key.name.to_owned(), property);
    }
    let required: Vec<&str> = table
        .keys
        .iter()
        .filter(|key| key.required)
        .map(|key| key.name)
        .collect();
    let mut schema = Map::new();
    schema.insert("type".to_owned(), json!("object"));
    schema.insert("additionalProperties".to_owned(), json!(false));
    schema.insert("properties".to_owned(), Value::Object(properties));
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    if !table.either.is_empty() {
        let sets: Vec<Value> = table
            .either
            .iter()
            .map(|set| json!({ "required": set }))
            .collect();
        schema.insert("oneOf".to_owned(), Value::Array(sets));
        let together = table.either.iter().filter(|set| set.len() > 1);
        let needs: Map<String, Value> = together
            .flat_map(|set| {
                set.iter().map(|key| {
                    (
                        (*key).to_owned(),
                        json!(set.iter().filter(|other| *other != key).collect::<Vec<_>>()),
                    )
                })
            })
            .collect();
        schema.insert("dependencies".to_owned(), Value::Object(needs));
    }
    Value::Object(schema)
}

fn pattern(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

fn name() -> Value {
    json!({ "type": "string", "pattern": "^[a-z]([a-z0-9]|-[a-z0-9])*$", "maxLength": MAX_NAME })
}

fn shape(shape: &'static Shape) -> Value {
    match shape {
        Shape::Version => json!({ "const": 1 }),
        Shape::Name => name(),
        Shape::Role => json!({ "enum": roles::NAMES }),
        Shape::User => {
            json!({ "type": ["string", "integer"], "minimum": 1, "maximum": 4_294_967_294_u32, "pattern": "^([a-z_][a-zA-Z0-9_.-]{0,31}|[1-9][0-9]*)$" })
        }
        // A plain scalar that looks like a number is text all the same.
        Shape::Text => json!({ "type": ["string", "number", "boolean"], "maxLength": MAX_TEXT }),
        Shape::Path => pattern("^/([^/*?\\[]+(/[^/*?\\[]+)*)?$"),
        Shape::Bool => json!({ "type": "boolean" }),
        Shape::Integer { min, max } => json!({ "type": "integer", "minimum": min, "maximum": max }),
        Shape::Duration => pattern("^[0-9]+(us|ms|s|min|h|d)$"),
        Shape::Size => pattern("^[0-9]+[KMG]$"),
        Shape::Percent => pattern("^[0-9]{1,4}%$"),
        Shape::Rate => pattern("^[0-9]+/(s|min|h)$"),
        Shape::SocketAddress => pattern("^([0-9.]+|\\[[0-9a-fA-F:.]+\\]):[0-9]{1,5}$"),
        Shape::Port => pattern("^tcp/[1-9][0-9]{0,4}$"),
        Shape::FieldType => pattern("^[ui](8|16|32|64)(\\[([1-9]|[1-5][0-9]|6[0-4])\\])?$"),
        Shape::Unit => json!({ "type": ["string", "integer"] }),
        Shape::Range => pattern("^-?[0-9]+\\.\\.-?[0-9]+$"),
        Shape::Word(words) => json!({ "enum": words }),
        Shape::Layer => {
            let names: Vec<&str> = Layer::ALL
                .into_iter()
                .filter(|layer| layer.may_be_absent())
                .map(Layer::name)
                .collect();
            json!({ "enum": names })
        }
        Shape::List(item) => {
            json!({ "type": "array", "maxItems": MAX_ITEMS, "items": self::shape(item) })
        }
        Shape::Some(item) => {
            json!({ "type": "array", "minItems": 1, "maxItems": MAX_ITEMS, "items": self::shape(item) })
        }
        Shape::Table(inner) => table(inner),
        Shape::Named { table: inner, .. } => {
            json!({ "type": "object", "minProperties": 1, "maxProperties": MAX_ITEMS, "propertyNames": name(), "additionalProperties": table(inner) })
        }
        Shape::Environment => json!({
            "type": "object",
            "maxProperties": MAX_ITEMS,
            "propertyNames": { "pattern": "^[A-Za-z_][A-Za-z0-9_]*$" },
            "additionalProperties": self::shape(&Shape::Text),
        }),
    }
}

#[cfg(test)]
mod tests;
