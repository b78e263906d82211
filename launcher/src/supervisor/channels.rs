//! The Plan's channels in the channel crate's terms.

use cordon_channel::hub::Link;
use cordon_channel::{Pace, Schema, SchemaError};
use cordon_manifest::plan::{self, Channel, Field, Scalar};
use std::fmt::Write as _;

/// Every channel of the plan.
pub fn links(channels: &[Channel]) -> Result<Vec<Link>, SchemaError> {
    channels.iter().map(link).collect()
}

fn link(channel: &Channel) -> Result<Link, SchemaError> {
    let pace = match channel.pace.value {
        plan::Pace::Periodic { period, deadline } => Pace::Periodic {
            period_ns: period,
            deadline_ns: deadline,
        },
        plan::Pace::Sporadic { records, per } => Pace::Sporadic {
            records,
            per_ns: per,
        },
    };
    Ok(Link {
        name: channel.name.clone(),
        schema: Schema::parse(&schema_text(&channel.record))?,
        pace,
        from: channel.from.value.clone(),
        to: channel.to.iter().map(|to| to.value.clone()).collect(),
    })
}

/// The canonical text of a schema: one line per field.
fn schema_text(fields: &[Field]) -> String {
    let mut text = String::new();
    for field in fields {
        let scalar = match field.scalar {
            Scalar::U8 => "u8",
            Scalar::U16 => "u16",
            Scalar::U32 => "u32",
            Scalar::U64 => "u64",
            Scalar::I8 => "i8",
            Scalar::I16 => "i16",
            Scalar::I32 => "i32",
            Scalar::I64 => "i64",
        };
        let _ = write!(text, "{} {scalar}", field.name);
        if let Some(elements) = field.array {
            let _ = write!(text, "[{elements}]");
        }
        if let Some(unit) = &field.unit {
            let _ = write!(text, " unit={unit}");
        }
        if let Some((low, high)) = field.range {
            let _ = write!(text, " range={low}..{high}");
        }
        if !field.values.is_empty() {
            let _ = write!(text, " enum={}", field.values.join(","));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(name: &str, scalar: Scalar) -> Field {
        Field {
            name: name.to_owned(),
            scalar,
            array: None,
            unit: None,
            range: None,
            values: Vec::new(),
            doc: Some("not part of the schema".to_owned()),
            line: 1,
        }
    }

    #[test]
    fn the_schema_is_the_channel_crates_canonical_text() {
        let mut ecg = field("ecg", Scalar::I16);
        ecg.array = Some(20);
        ecg.unit = Some("uV".to_owned());
        ecg.range = Some((-5000, 5000));
        let mut state = field("state", Scalar::U8);
        state.values = vec!["off".to_owned(), "on".to_owned()];
        let text = schema_text(&[ecg, state]);
        assert_eq!(
            text,
            "ecg i16[20] unit=uV range=-5000..5000\nstate u8 enum=off,on\n"
        );
        assert_eq!(Schema::parse(&text).unwrap().to_text(), text);
    }
}
