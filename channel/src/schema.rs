//! The schema of a record: its fields, their packing and their canonical text.
//!
//! The canonical text is one line per field, each ending in a line feed:
//!
//! ```text
//! NAME TYPE[ unit=U][ range=A..B][ enum=a,b,c]
//! ```
//!
//! `TYPE` is `u8` to `u64` or `i8` to `i64`, an array with `[N]`, N from 1 to
//! 64. There is exactly one text for a schema, and any other spelling is
//! refused, so that two hashes differ only where two schemas do.
//!
//! Packing: fields in order, little-endian, each aligned to its own size; the
//! whole padded to words of 8 bytes. Bit k of a record's quality word says
//! whether field k is valid.

#![forbid(unsafe_code)]

use crate::field::Field;
use crate::range::RangeCheck;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Most fields of a record: each has one bit of the quality word.
pub const MAX_FIELDS: usize = 64;
/// Most bytes of the canonical text; one less than the pages it stands in, so
/// that a terminating zero always fits.
pub const MAX_TEXT: usize = 16 * 1024 - 1;

/// A field of one schema, by its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldId(pub(crate) usize);

/// A checked schema. Cloning it is cheap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    inner: Arc<Inner>,
}

#[derive(Debug, PartialEq, Eq)]
struct Inner {
    fields: Vec<Field>,
    offsets: Vec<usize>,
    checks: Vec<RangeCheck>,
    payload_bytes: usize,
    text: String,
    hash: [u8; 32],
}

/// Why a text or a list of fields is no schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// A record without fields says nothing.
    #[error("a record needs at least one field")]
    Empty,
    /// More fields than the quality word has bits.
    #[error("{0} fields; a record has at most 64")]
    TooManyFields(usize),
    /// The canonical text does not fit its pages.
    #[error("the canonical text has {0} bytes; at most 16383 fit")]
    TooLong(usize),
    /// A line is not a field.
    #[error("line {line}: {why}")]
    Line {
        /// Line, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// The text means a schema but is not its one spelling.
    #[error("line {line}: not the canonical spelling, which is `{canonical}`")]
    NotCanonical {
        /// Line, from 1.
        line: usize,
        /// How it is spelled.
        canonical: String,
    },
}

impl Schema {
    /// Reads the canonical text.
    ///
    /// # Errors
    /// On anything that is not exactly one schema's canonical text.
    pub fn parse(text: &str) -> Result<Self, SchemaError> {
        if text.len() > MAX_TEXT {
            return Err(SchemaError::TooLong(text.len()));
        }
        let fields = text
            .lines()
            .enumerate()
            .map(|(index, line)| {
                Field::parse(line).map_err(|why| SchemaError::Line {
                    line: index + 1,
                    why,
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        let schema = Self::from_fields(fields)?;
        if schema.to_text() != text {
            let (index, canonical) = schema
                .to_text()
                .split_inclusive('\n')
                .zip(text.split_inclusive('\n'))
                .map(|(canonical, found)| (canonical == found, canonical.to_owned()))
                .enumerate()
                .find(|(_, (same, _))| !same)
                .map_or((0, String::new()), |(index, (_, text))| (index, text));
            return Err(SchemaError::NotCanonical {
                line: index + 1,
                canonical: canonical.escape_default().to_string(),
            });
        }
        Ok(schema)
    }

    /// Makes a schema of its fields, in order.
    ///
    /// # Errors
    /// When a field, or the whole, breaks a limit or a rule of names.
    pub fn from_fields(fields: Vec<Field>) -> Result<Self, SchemaError> {
        if fields.is_empty() {
            return Err(SchemaError::Empty);
        }
        if fields.len() > MAX_FIELDS {
            return Err(SchemaError::TooManyFields(fields.len()));
        }
        let mut offsets = Vec::with_capacity(fields.len());
        let mut checks = Vec::new();
        let mut at = 0usize;
        let mut text = String::new();
        for (index, field) in fields.iter().enumerate() {
            let line = |why| SchemaError::Line {
                line: index + 1,
                why,
            };
            field.check().map_err(line)?;
            if fields[..index].iter().any(|other| other.name == field.name) {
                return Err(line(format!("`{}` is declared twice", field.name)));
            }
            let size = field.scalar.bytes();
            at = at.next_multiple_of(size);
            offsets.push(at);
            checks.extend(RangeCheck::of(field, index, at));
            at += size * field.elements();
            text.push_str(&field.to_line());
            text.push('\n');
        }
        if text.len() > MAX_TEXT {
            return Err(SchemaError::TooLong(text.len()));
        }
        let payload_bytes = at.next_multiple_of(8);
        let mut hash = Sha256::new();
        hash.update(text.as_bytes());
        hash.update((payload_bytes as u64).to_le_bytes());
        Ok(Self {
            inner: Arc::new(Inner {
                fields,
                offsets,
                checks,
                payload_bytes,
                text,
                hash: hash.finalize().into(),
            }),
        })
    }

    /// The canonical text; [`Schema::parse`] reads it back to the same schema.
    #[must_use]
    pub fn to_text(&self) -> &str {
        &self.inner.text
    }

    /// SHA-256 of the canonical text and the packed length.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        self.inner.hash
    }

    /// The fields, in order.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.inner.fields
    }

    /// The field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<FieldId> {
        let index = self.fields().iter().position(|field| field.name == name)?;
        Some(FieldId(index))
    }

    /// The field at this place, from 0.
    #[must_use]
    pub fn at(&self, place: usize) -> Option<FieldId> {
        (place < self.fields().len()).then_some(FieldId(place))
    }

    /// Every field with its id, in order.
    pub fn ids(&self) -> impl Iterator<Item = (FieldId, &Field)> {
        let number = |(index, field)| (FieldId(index), field);
        self.fields().iter().enumerate().map(number)
    }

    /// Length of a packed record in words of 8 bytes.
    #[must_use]
    pub fn payload_words(&self) -> usize {
        self.inner.payload_bytes / 8
    }

    /// The bits of a quality word that belong to a field.
    #[must_use]
    pub fn validity_mask(&self) -> u64 {
        u64::MAX >> (MAX_FIELDS - self.inner.fields.len())
    }

    /// Byte offset of a field in the packed record.
    #[must_use]
    pub fn offset(&self, id: FieldId) -> Option<usize> {
        self.inner.offsets.get(id.0).copied()
    }

    /// What a record that came over a channel has to be checked for.
    pub(crate) fn checks(&self) -> &[RangeCheck] {
        &self.inner.checks
    }

    /// Where this schema and another differ, field by field, in words; empty
    /// when they are the same.
    #[must_use]
    pub fn differences(&self, found: &Self) -> Vec<String> {
        let mut said = Vec::new();
        for (index, field) in self.fields().iter().enumerate() {
            let other = found.field(&field.name).map(|id| id.0);
            match other.and_then(|at| found.fields().get(at).map(|field| (at, field))) {
                None => said.push(format!("`{}` is missing", field.name)),
                Some((_, other)) if other != field => said.push(format!(
                    "`{}` is `{}`, expected `{}`",
                    field.name,
                    other.to_line(),
                    field.to_line()
                )),
                Some((at, _)) if at != index => said.push(format!(
                    "`{}` is field {}, expected field {}",
                    field.name,
                    at + 1,
                    index + 1
                )),
                Some(_) => {}
            }
        }
        for field in found.fields() {
            if self.field(&field.name).is_none() {
                said.push(format!("`{}` is not expected", field.name));
            }
        }
        said
    }
}
