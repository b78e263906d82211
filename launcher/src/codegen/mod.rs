//! The record of a channel as a type of a language, generated from the manifest:
//! a field's name, unit and range come from one place.
//!
//! Pure, and the same text for the same manifest: no time, no path, no version.

#![forbid(unsafe_code)]

mod c;
mod names;
mod rust;

use crate::supervisor::channels::links;
use cordon_channel::{Field, Link, Pace, SchemaError};
use cordon_manifest::plan::{self, Channel};
use std::fmt::Write as _;

/// A language that code is generated for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// A module per channel, over the crate cordon-channel.
    Rust,
    /// A header, over cordon-channel.h; for C and C++.
    C,
}

/// A channel, as the manifest and as the channel crate have it.
#[derive(Debug)]
struct Declared<'a> {
    channel: &'a Channel,
    link: Link,
}

impl Declared<'_> {
    /// Each field with what the manifest says of it, in order.
    fn fields(&self) -> impl Iterator<Item = (&Field, &plan::Field)> {
        self.link.schema.fields().iter().zip(&self.channel.record)
    }

    /// One sentence: who, to whom, how often.
    fn sentence(&self) -> String {
        let to: Vec<&str> = self.link.to.iter().map(String::as_str).collect();
        let pace = match self.link.pace {
            Pace::Periodic {
                period_ns,
                deadline_ns,
            } => format!(
                "a record every {}; older than {} is no value",
                time(period_ns),
                time(deadline_ns)
            ),
            Pace::Sporadic { records, per_ns } => {
                format!("at most {records} in {}", time(per_ns))
            }
        };
        let (name, from) = (&self.link.name, &self.link.from);
        format!("Channel `{name}`, {from} to {}: {pace}.", to.join(", "))
    }
}

/// The text for these channels of a device.
///
/// # Errors
/// None for the channels of a checked manifest.
pub fn generate(
    language: Language,
    device: &str,
    channels: &[Channel],
) -> Result<String, SchemaError> {
    let declared: Vec<Declared<'_>> = channels
        .iter()
        .zip(links(channels)?)
        .map(|(channel, link)| Declared { channel, link })
        .collect();
    Ok(match language {
        Language::Rust => rust::text(device, &declared),
        Language::C => c::text(device, &declared),
    })
}

/// What a person has to know of a field, in one line without its end.
fn sentence(field: &Field, said: &plan::Field) -> String {
    let mut text = said
        .doc
        .clone()
        .unwrap_or_else(|| format!("`{}`", said.name));
    if let Some(first) = text.get(..1) {
        text = first.to_uppercase() + &text[1..];
    }
    match &field.unit {
        Some(unit) if unit != "1" => {
            let _ = write!(text, ", in {unit}");
        }
        _ => {}
    }
    if let Some((low, high)) = field.range {
        let _ = write!(text, ", {low} to {high}");
    }
    // It stands in comments of either language, on one line.
    text.replace(['\n', '\r'], " ").replace("*/", "* /") + "."
}

/// Nanoseconds in the manifest's own units.
fn time(ns: u64) -> String {
    let units = [
        (3_600_000_000_000, "h"),
        (60_000_000_000, "min"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1_000, "us"),
    ];
    let whole = units.into_iter().find(|(unit, _)| ns.is_multiple_of(*unit));
    whole.map_or_else(
        || format!("{ns} ns"),
        |(unit, name)| format!("{} {name}", ns / unit),
    )
}

#[cfg(test)]
mod tests;
