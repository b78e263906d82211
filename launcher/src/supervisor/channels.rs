//! The Plan's channels in the channel crate's terms, and whether this kernel can have any.

use crate::cli::{Exit, Failure};
use cordon_channel::hub::Link;
use cordon_channel::{Pace, Schema, SchemaError, self_test};
use cordon_manifest::plan::{self, Channel};

/// Tries what channels rest on, at each start: it takes a millisecond, and no note of an
/// earlier time can be forged or outlive a kernel that was patched while it ran.
pub fn tried() -> Result<(), Failure> {
    let facts = self_test::run()
        .map_err(|error| Failure::new(Exit::Internal, format!("self-test: {error}")))?;
    let broken: Vec<String> = facts
        .iter()
        .filter(|fact| !fact.holds)
        .map(|fact| {
            let (expected, found) = (&fact.expected, &fact.found);
            format!("{}: expected {expected}, found {found}", fact.attempt)
        })
        .collect();
    if broken.is_empty() {
        return Ok(());
    }
    let text = format!(
        "this kernel does not keep what a channel rests on: {}",
        broken.join("; ")
    );
    Err(Failure::new(Exit::ChannelUnsafe, text)
        .help("cordon self-test channel shows every attempt; no channel is made on such a kernel"))
}

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
        schema: Schema::parse(&channel.schema())?,
        pace,
        from: channel.from.value.clone(),
        to: channel.to.iter().map(|to| to.value.clone()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cordon_manifest::plan::{Field, Granted, Origin, Scalar};

    fn channel(record: Vec<Field>) -> Channel {
        let granted = |value: &str| Granted {
            value: value.to_owned(),
            origin: Origin::Language,
        };
        Channel {
            name: "vitals".into(),
            line: 1,
            from: granted("display"),
            to: vec![granted("network")],
            pace: Granted {
                value: plan::Pace::Sporadic {
                    records: 5,
                    per: 1_000_000_000,
                },
                origin: Origin::Language,
            },
            record,
        }
    }

    /// Manifest and channel each have their own text of a schema, because neither
    /// may know the other: here they meet.
    #[test]
    fn every_kind_of_field_a_plan_can_hold_is_one_the_channel_reads_back_the_same() {
        let scalars = [
            Scalar::U8,
            Scalar::U16,
            Scalar::U32,
            Scalar::U64,
            Scalar::I8,
            Scalar::I16,
            Scalar::I32,
            Scalar::I64,
        ];
        let mut record = Vec::new();
        for (index, scalar) in scalars.into_iter().enumerate() {
            for (form, array, range, values) in [
                ("plain", None, None, Vec::new()),
                ("array", Some(64), Some((0, 100)), Vec::new()),
                ("enum", None, None, vec!["off".to_owned(), "on".to_owned()]),
            ] {
                record.push(Field {
                    name: format!("{form}-{index}"),
                    scalar,
                    array,
                    unit: (form == "array").then(|| "mm[Hg]".to_owned()),
                    range,
                    values,
                    doc: Some("no part of the schema".to_owned()),
                    line: 1,
                });
            }
        }
        let channel = channel(record);
        let links = links(std::slice::from_ref(&channel)).unwrap();
        assert_eq!(links[0].schema.to_text(), channel.schema());
    }
}
