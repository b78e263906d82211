//! The canonical text of a channel's record: what both ends and the supervisor hash.
//!
//! One line per field: `NAME TYPE[ unit=U][ range=A..B][ enum=a,b,c]`.

use crate::plan::{Channel, Field, Scalar};
use std::fmt::Write as _;

impl Channel {
    /// The record's canonical schema text.
    #[must_use]
    pub fn schema(&self) -> String {
        self.record.iter().fold(String::new(), |mut text, field| {
            line(&mut text, field);
            text
        })
    }
}

fn line(text: &mut String, field: &Field) {
    let _ = write!(text, "{} {}", field.name, field.scalar.name());
    if let Some(count) = field.array {
        let _ = write!(text, "[{count}]");
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

impl Scalar {
    /// Its name in manifests and schemas.
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

    /// Bytes of one element.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            Self::U8 | Self::I8 => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 => 4,
            Self::U64 | Self::I64 => 8,
        }
    }

    /// Smallest and largest value of the type.
    #[must_use]
    pub const fn bounds(self) -> (i128, i128) {
        match self {
            Self::U8 => (0, u8::MAX as i128),
            Self::U16 => (0, u16::MAX as i128),
            Self::U32 => (0, u32::MAX as i128),
            Self::U64 => (0, u64::MAX as i128),
            Self::I8 => (i8::MIN as i128, i8::MAX as i128),
            Self::I16 => (i16::MIN as i128, i16::MAX as i128),
            Self::I32 => (i32::MIN as i128, i32::MAX as i128),
            Self::I64 => (i64::MIN as i128, i64::MAX as i128),
        }
    }
}
