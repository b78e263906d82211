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

use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::sync::Arc;

/// Most fields of a record: each has one bit of the quality word.
pub const MAX_FIELDS: usize = 64;
/// Most elements of an array.
pub const MAX_ELEMENTS: u8 = 64;
/// Most bytes of the canonical text; one less than the pages it stands in, so
/// that a terminating zero always fits.
pub const MAX_TEXT: usize = 16 * 1024 - 1;
const MAX_NAME: usize = 64;
const MAX_UNIT: usize = 32;

/// An integer type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Scalar {
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
}

impl Scalar {
    const ALL: [Self; 8] = [
        Self::U8,
        Self::U16,
        Self::U32,
        Self::U64,
        Self::I8,
        Self::I16,
        Self::I32,
        Self::I64,
    ];

    /// Its name in the canonical text.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
        }
    }

    /// Its size in bytes, which is also its alignment.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 => 4,
            Self::U64 | Self::I64 => 8,
        }
    }

    /// Smallest and largest value it can hold.
    #[must_use]
    pub fn limits(self) -> (i128, i128) {
        match self {
            Self::U8 => (0, u8::MAX.into()),
            Self::U16 => (0, u16::MAX.into()),
            Self::U32 => (0, u32::MAX.into()),
            Self::U64 => (0, u64::MAX.into()),
            Self::I8 => (i8::MIN.into(), i8::MAX.into()),
            Self::I16 => (i16::MIN.into(), i16::MAX.into()),
            Self::I32 => (i32::MIN.into(), i32::MAX.into()),
            Self::I64 => (i64::MIN.into(), i64::MAX.into()),
        }
    }
}

/// One field as it is declared.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Field {
    /// Name, `[a-z][a-z0-9-]*`.
    pub name: String,
    /// Type of an element.
    pub scalar: Scalar,
    /// Elements: none for a single value, else 1 to 64.
    pub array: Option<u8>,
    /// Unit by its UCUM code.
    pub unit: Option<String>,
    /// Smallest and largest legal value, both included.
    pub range: Option<(i128, i128)>,
    /// Names of an enum's values, value 0 first; empty when it is no enum.
    pub values: Vec<String>,
}

impl Field {
    /// Elements: 1 for a single value.
    #[must_use]
    pub fn elements(&self) -> usize {
        self.array.map_or(1, usize::from)
    }

    /// Smallest and largest value a record may carry: the declared range, the
    /// enum's, or the type's. An array of `u64` stops at `i64::MAX`, because
    /// arrays are read and written as `i64`.
    #[must_use]
    pub fn bounds(&self) -> (i128, i128) {
        let (low, high) = if self.values.is_empty() {
            self.range.unwrap_or(self.scalar.limits())
        } else {
            (0, i128::try_from(self.values.len()).unwrap_or(1) - 1)
        };
        if self.array.is_some() {
            (low, high.min(i64::MAX.into()))
        } else {
            (low, high)
        }
    }

    /// Its line of the canonical text, without the line feed.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut line = format!("{} {}", self.name, self.scalar.name());
        if let Some(count) = self.array {
            let _ = write!(line, "[{count}]");
        }
        if let Some(unit) = &self.unit {
            let _ = write!(line, " unit={unit}");
        }
        if let Some((low, high)) = self.range {
            let _ = write!(line, " range={low}..{high}");
        }
        if !self.values.is_empty() {
            let _ = write!(line, " enum={}", self.values.join(","));
        }
        line
    }
}

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
                parse_line(line).map_err(|why| SchemaError::Line {
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
        let mut at = 0usize;
        let mut text = String::new();
        for (index, field) in fields.iter().enumerate() {
            let line = |why| SchemaError::Line {
                line: index + 1,
                why,
            };
            check_field(field).map_err(line)?;
            if fields[..index].iter().any(|other| other.name == field.name) {
                return Err(line(format!("`{}` is declared twice", field.name)));
            }
            let size = field.scalar.bytes();
            at = at.next_multiple_of(size);
            offsets.push(at);
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
    pub(crate) fn offset(&self, id: FieldId) -> Option<usize> {
        self.inner.offsets.get(id.0).copied()
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

fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn check_field(field: &Field) -> Result<(), String> {
    if !is_name(&field.name) {
        return Err(format!("`{}` is no field name", field.name));
    }
    if let Some(count) = field.array
        && !(1..=MAX_ELEMENTS).contains(&count)
    {
        return Err(format!("an array has 1 to 64 elements, not {count}"));
    }
    if let Some(unit) = &field.unit
        && (unit.is_empty() || unit.len() > MAX_UNIT || !unit.chars().all(|c| c.is_ascii_graphic()))
    {
        return Err(format!("`{unit}` is no unit"));
    }
    let (least, most) = field.scalar.limits();
    if let Some((low, high)) = field.range {
        if low > high {
            return Err(format!("range {low}..{high} is empty"));
        }
        if low < least || high > most {
            let name = field.scalar.name();
            return Err(format!("range {low}..{high} does not fit {name}"));
        }
        if field.array.is_some() && low > i64::MAX.into() {
            return Err(format!("range {low}..{high} does not fit an array's i64"));
        }
        if !field.values.is_empty() {
            return Err("an enum has no range of its own".to_owned());
        }
    }
    for (index, value) in field.values.iter().enumerate() {
        if !is_name(value) {
            return Err(format!("`{value}` is no enum value"));
        }
        if field.values[..index].contains(value) {
            return Err(format!("enum value `{value}` stands twice"));
        }
        if i128::try_from(index).map_or(true, |index| index > most) {
            return Err(format!("too many enum values for {}", field.scalar.name()));
        }
    }
    Ok(())
}

fn parse_line(line: &str) -> Result<Field, String> {
    let mut words = line.split(' ');
    let name = words.next().unwrap_or_default().to_owned();
    let kind = words.next().ok_or("a type is missing")?;
    let (scalar, array) = match kind.split_once('[') {
        None => (kind, None),
        Some((scalar, rest)) => {
            let count = rest.strip_suffix(']').and_then(|count| count.parse().ok());
            let count = count.ok_or_else(|| format!("`{kind}` is no type"))?;
            (scalar, Some(count))
        }
    };
    let scalar = Scalar::ALL
        .into_iter()
        .find(|known| known.name() == scalar)
        .ok_or_else(|| format!("`{kind}` is no type"))?;
    let mut field = Field {
        name,
        scalar,
        array,
        unit: None,
        range: None,
        values: Vec::new(),
    };
    for word in words {
        match word.split_once('=') {
            Some(("unit", unit)) => field.unit = Some(unit.to_owned()),
            Some(("range", range)) => {
                let bounds = range
                    .split_once("..")
                    .and_then(|(low, high)| Some((low.parse().ok()?, high.parse().ok()?)));
                field.range = Some(bounds.ok_or_else(|| format!("`{range}` is no range"))?);
            }
            Some(("enum", values)) => {
                field.values = values.split(',').map(str::to_owned).collect();
            }
            _ => return Err(format!("`{word}` is not unit=, range= or enum=")),
        }
    }
    Ok(field)
}
