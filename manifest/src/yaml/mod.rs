//! YAML into a tree of spanned nodes. The one module that names the YAML crate.
//!
//! The tree keeps everything a later reader may want to complain about: duplicate
//! keys, the text of a scalar exactly as it was written (so that `08` is not a
//! number by accident), and where each node begins. What the parser would accept
//! but the language does not know (anchors, tags, merge keys, several documents)
//! is refused here, in bounded time and memory.

mod refusal;

use crate::diagnostic::{Diagnostic, Position};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_yaml::granit_parser::{Event, Parser};
use serde_yaml::options::{DuplicateKeyPolicy, MergeKeyPolicy, NonFiniteFloatPolicy};
use serde_yaml::{Options, Spanned};
use std::fmt;

/// Largest manifest in bytes. A device of sixty components fits ten times.
pub(crate) const MAX_BYTES: usize = 256 * 1024;

/// Deepest nesting; the language itself needs eight.
const MAX_DEPTH: usize = 16;

/// Most nodes a manifest may have.
const MAX_NODES: usize = 20_000;

/// A node and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// What it is.
    pub(crate) kind: Kind,
    /// Where it begins, and how many characters to underline.
    pub(crate) at: Position,
}

/// What a node is.
#[derive(Clone, Debug)]
pub(crate) enum Kind {
    /// Nothing: an empty value, `~`, `null`.
    Null,
    /// Text exactly as written, quotes and escapes resolved.
    Scalar {
        /// The text.
        text: String,
        /// Whether it was quoted or a block: then it is text whatever it looks like.
        quoted: bool,
    },
    /// A sequence.
    List(Vec<Node>),
    /// A mapping in the order written, duplicates included.
    Map(Vec<(Node, Node)>),
}

impl Node {
    /// What the node is, for messages.
    pub(crate) fn describe(&self) -> &'static str {
        match &self.kind {
            Kind::Null => "nothing",
            Kind::Scalar { quoted: true, .. } => "a text",
            Kind::Scalar { text, .. } if text.parse::<i128>().is_ok() => "a number",
            Kind::Scalar { text, .. } if text == "true" || text == "false" => "true or false",
            Kind::Scalar { .. } => "a text",
            Kind::List(_) => "a list",
            Kind::Map(_) => "a mapping",
        }
    }
}

/// Reads one document.
///
/// # Errors
/// A syntax error or a breached bound stands alone: nothing after it can be trusted.
pub(crate) fn read(source: &str) -> Result<Node, Box<Diagnostic>> {
    let raw: Raw = serde_yaml::from_str_with_options(source, options())
        .map_err(|error| refusal::explain(&error, source))?;
    let node = settle(raw, source);
    // What comes after the budgets passed is bounded by them.
    match first_tag(source) {
        Some(at) => Err(Box::new(refusal::tagged(at))),
        None if matches!(node.kind, Kind::Null) => Err(Box::new(refusal::empty())),
        None => Ok(node),
    }
}

fn options() -> Options {
    let budget = serde_yaml::budget! {
        max_anchors: 0,
        max_aliases: 0,
        max_depth: MAX_DEPTH,
        flow_nesting_limit: MAX_DEPTH,
        max_documents: 1,
        max_nodes: MAX_NODES,
        max_events: 4 * MAX_NODES,
        max_total_scalar_bytes: MAX_BYTES,
        max_merge_keys: 0,
    };
    serde_yaml::options! {
        budget: budget,
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

/// A node as the parser delivers it.
type Raw = Spanned<RawKind>;

enum RawKind {
    Null,
    /// A plain scalar the parser took for a number or a boolean: its text is in the source.
    Typed,
    Text(String),
    List(Vec<Raw>),
    Map(Vec<(Raw, Raw)>),
}

impl<'de> Deserialize<'de> for RawKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = RawKind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<RawKind, E> {
        Ok(RawKind::Typed)
    }
    fn visit_i64<E>(self, _: i64) -> Result<RawKind, E> {
        Ok(RawKind::Typed)
    }
    fn visit_u64<E>(self, _: u64) -> Result<RawKind, E> {
        Ok(RawKind::Typed)
    }
    fn visit_i128<E>(self, _: i128) -> Result<RawKind, E> {
        Ok(RawKind::Typed)
    }
    fn visit_u128<E>(self, _: u128) -> Result<RawKind, E> {
        Ok(RawKind::Typed)
    }
    fn visit_f64<E>(self, _: f64) -> Result<RawKind, E> {
        Ok(RawKind::Typed)
    }
    fn visit_str<E>(self, text: &str) -> Result<RawKind, E> {
        Ok(RawKind::Text(text.to_owned()))
    }
    fn visit_string<E>(self, text: String) -> Result<RawKind, E> {
        Ok(RawKind::Text(text))
    }
    fn visit_unit<E>(self) -> Result<RawKind, E> {
        Ok(RawKind::Null)
    }
    fn visit_none<E>(self) -> Result<RawKind, E> {
        Ok(RawKind::Null)
    }
    fn visit_bytes<E: serde::de::Error>(self, _: &[u8]) -> Result<RawKind, E> {
        Err(E::custom(
            "binary values do not exist in the manifest language",
        ))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<RawKind, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            if items.len() == MAX_NODES {
                return Err(A::Error::custom("list too long"));
            }
            items.push(item);
        }
        Ok(RawKind::List(items))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawKind, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            if entries.len() == MAX_NODES {
                return Err(A::Error::custom("mapping too long"));
            }
            entries.push(entry);
        }
        Ok(RawKind::Map(entries))
    }
}

/// Gives a raw node its text from the source.
fn settle(raw: Raw, source: &str) -> Node {
    let location = raw.referenced;
    let start = usize_of(location.span().byte_offset());
    let len = usize_of(location.span().byte_len());
    let end = start.saturating_add(len).min(source.len());
    let written = source.get(start..end).unwrap_or("");
    let at = Position::new(
        u32::try_from(location.line()).unwrap_or(u32::MAX),
        u32::try_from(location.column()).unwrap_or(u32::MAX),
        underline(written, &raw.value),
    );
    let kind = match raw.value {
        RawKind::Null => Kind::Null,
        RawKind::Typed => Kind::Scalar {
            text: written.trim().to_owned(),
            quoted: false,
        },
        RawKind::Text(text) => {
            let quoted = written.starts_with(['"', '\'', '|', '>']);
            Kind::Scalar { text, quoted }
        }
        RawKind::List(items) => {
            Kind::List(items.into_iter().map(|item| settle(item, source)).collect())
        }
        RawKind::Map(entries) => Kind::Map(
            entries
                .into_iter()
                .map(|(key, value)| {
                    let key = settle(key, source);
                    (key, settle(value, source))
                })
                .collect(),
        ),
    };
    Node { kind, at }
}

fn usize_of(offset: Option<u64>) -> usize {
    offset
        .and_then(|offset| usize::try_from(offset).ok())
        .unwrap_or(0)
}

/// Characters to underline: a scalar's first line, one for a collection's opening.
fn underline(written: &str, kind: &RawKind) -> u32 {
    let chars = match kind {
        RawKind::List(_) | RawKind::Map(_) => 1,
        _ => written
            .lines()
            .next()
            .unwrap_or("")
            .trim_end()
            .chars()
            .count(),
    };
    u32::try_from(chars).unwrap_or(u32::MAX).max(1)
}

/// The first tag; the deserializer lets `!!str` and its kin pass, the events name them.
fn first_tag(source: &str) -> Option<Position> {
    Parser::new_from_str(source)
        .map_while(Result::ok)
        .find_map(|(event, span)| match event {
            Event::Scalar(_, _, _, Some(_))
            | Event::SequenceStart(_, _, Some(_))
            | Event::MappingStart(_, _, Some(_)) => {
                let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
                let tag = span.tag_start.unwrap_or(span.start);
                Some(Position::new(
                    number(tag.line()),
                    number(tag.col()).saturating_add(1),
                    1,
                ))
            }
            _ => None,
        })
}
