//! Checks of channels: their ends, their pace, their record.

use super::paths::duplicate;
use crate::diagnostic::{At, Diagnostic, Sink};
use crate::model::{Channel, Field};
use crate::nearest::nearest;

/// Each field has one bit of a record's quality word.
const MAX_FIELDS: usize = 64;
/// Bytes of the record's canonical text, which stands in the channel itself.
const MAX_SCHEMA: usize = 16 * 1024 - 1;
/// ns; past it, what the screen calls live is not.
const LONG_DEADLINE: u64 = 10_000_000_000;

pub(super) fn check(channel: &Channel, names: &[At<String>], sink: &mut Sink) {
    ends(channel, names, sink);
    if let (Some(period), Some(deadline)) = (&channel.period, &channel.deadline) {
        if deadline.value < period.value {
            sink.push(
                Diagnostic::error("pace", "the deadline is shorter than the period: every record would be stale before the next one comes")
                    .at(deadline.at)
                    .label("too short")
                    .related(period.at, "one record in this time")
                    .help("twice the period at least lets one record be late"),
            );
        } else if deadline.value > LONG_DEADLINE {
            sink.push(
                Diagnostic::warning("long-deadline", format!("a value of channel `{}` counts as live for {} s", channel.name.value, deadline.value / 1_000_000_000))
                    .at(deadline.at)
                    .label("long for a patient")
                    .subject(&channel.name.value)
                    .help("a few periods; if it is meant, `accept: [{warning: long-deadline, because: ...}]`"),
            );
        }
    }
    if channel.record.len() > MAX_FIELDS {
        sink.push(
            Diagnostic::error(
                "record",
                format!(
                    "{} fields; a record has at most {MAX_FIELDS}",
                    channel.record.len()
                ),
            )
            .at(channel.name.at)
            .label("too many fields")
            .help("use arrays, or a second channel"),
        );
    }
    let schema: usize = channel.record.iter().map(schema_bytes).sum();
    if schema > MAX_SCHEMA {
        sink.push(
            Diagnostic::error(
                "record",
                format!(
                    "the record's schema has {schema} bytes; at most {MAX_SCHEMA} are possible"
                ),
            )
            .at(channel.name.at)
            .label("too large")
            .help("shorten the lists of enum values, or use a second channel"),
        );
    }
    for field in &channel.record {
        self::field(field, sink);
    }
}

fn ends(channel: &Channel, names: &[At<String>], sink: &mut Sink) {
    for end in std::iter::once(&channel.from)
        .chain(&channel.to)
        .filter(|end| !end.value.is_empty())
    {
        if !names.iter().any(|name| name.value == end.value) {
            let all: Vec<&str> = names.iter().map(|name| name.value.as_str()).collect();
            let help = match nearest(&end.value, all.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("the components are {}", crate::read::listed(&all)),
            };
            sink.push(
                Diagnostic::error(
                    "unknown-component",
                    format!("there is no component `{}`", end.value),
                )
                .at(end.at)
                .label("no such component")
                .help(help),
            );
        }
    }
    for (index, to) in channel.to.iter().enumerate() {
        if to.value == channel.from.value {
            sink.push(
                Diagnostic::error(
                    "channel-ends",
                    format!(
                        "channel `{}` leads from `{}` to itself",
                        channel.name.value, to.value
                    ),
                )
                .at(to.at)
                .label("reads")
                .related(channel.from.at, "and writes")
                .help("a channel links two components"),
            );
        }
        if let Some(first) = channel.to[..index]
            .iter()
            .find(|first| first.value == to.value)
        {
            duplicate(
                format!("`{}` stands twice", to.value),
                to.at,
                first.at,
                sink,
            );
        }
    }
}

fn schema_bytes(field: &Field) -> usize {
    let values: usize = field.values.iter().map(|value| value.value.len() + 1).sum();
    field.name.value.len()
        + values
        + field.unit.as_ref().map_or(0, |unit| unit.value.len() + 6)
        + 64
}

fn field(field: &Field, sink: &mut Sink) {
    let (scalar, array) = field.kind.value;
    let (least, mut most) = scalar.bounds();
    if array.is_some() {
        // Arrays are read and written as i64.
        most = most.min(i64::MAX.into());
    }
    if let Some(range) = &field.range {
        let (low, high) = range.value;
        if low < least || high > most {
            sink.push(
                Diagnostic::error(
                    "range",
                    format!("{low}..{high} does not fit into {}", scalar.name()),
                )
                .at(range.at)
                .label(format!("{} holds {least}..{most}", scalar.name()))
                .related(field.kind.at, "its type")
                .help("a narrower range or a wider type"),
            );
        }
    }
    let Some(first) = field.values.first() else {
        return;
    };
    let complain = |message: &str, at, label: &str, help: &str, sink: &mut Sink| {
        sink.push(
            Diagnostic::error("enum", message)
                .at(at)
                .label(label)
                .related(first.at, "the enum")
                .help(help),
        );
    };
    if let Some(range) = &field.range {
        complain(
            "an enum has no range of its own",
            range.at,
            "besides the enum",
            "remove the range: the legal values are those named",
            sink,
        );
    }
    if let Some(unit) = &field.unit {
        complain(
            "an enum has no unit",
            unit.at,
            "besides the enum",
            "remove the unit",
            sink,
        );
    }
    if least < 0 {
        complain(
            "an enum is unsigned: its values count from 0",
            field.kind.at,
            "signed",
            "`u8`",
            sink,
        );
    }
    if i128::try_from(field.values.len()).unwrap_or(i128::MAX) > most.saturating_add(1) {
        complain(
            "more values than the type can count",
            field.kind.at,
            "too narrow",
            "a wider type",
            sink,
        );
    }
    for (index, value) in field.values.iter().enumerate() {
        if let Some(first) = field.values[..index]
            .iter()
            .find(|first| first.value == value.value)
        {
            duplicate(
                format!("`{}` stands twice", value.value),
                value.at,
                first.at,
                sink,
            );
        }
    }
}
