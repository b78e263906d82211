//! One field of a record, and its line of the canonical text.

#![forbid(unsafe_code)]

use std::fmt::Write as _;

/// Most elements of an array.
pub const MAX_ELEMENTS: u8 = u8::MAX;
const MAX_NAME: usize = 64;
const MAX_UNIT: usize = 40;

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
    /// Elements: none for a single value, else 1 to 255.
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

    /// Whether it breaks a limit or a rule of names: in words.
    pub(crate) fn check(&self) -> Result<(), String> {
        if !is_name(&self.name) {
            return Err(format!("`{}` is no field name", self.name));
        }
        if self.array == Some(0) {
            return Err("an array has 1 to 255 elements, not 0".to_owned());
        }
        if let Some(unit) = &self.unit
            && (unit.is_empty()
                || unit.len() > MAX_UNIT
                || !unit.chars().all(|c| c.is_ascii_graphic()))
        {
            return Err(format!("`{unit}` is no unit"));
        }
        let (least, most) = self.scalar.limits();
        if let Some((low, high)) = self.range {
            if low > high {
                return Err(format!("range {low}..{high} is empty"));
            }
            if low < least || high > most {
                let name = self.scalar.name();
                return Err(format!("range {low}..{high} does not fit {name}"));
            }
            if self.array.is_some() && low > i64::MAX.into() {
                return Err(format!("range {low}..{high} does not fit an array's i64"));
            }
            if !self.values.is_empty() {
                return Err("an enum has no range of its own".to_owned());
            }
        }
        for (index, value) in self.values.iter().enumerate() {
            if !is_name(value) {
                return Err(format!("`{value}` is no enum value"));
            }
            if self.values[..index].contains(value) {
                return Err(format!("enum value `{value}` stands twice"));
            }
            if i128::try_from(index).map_or(true, |index| index > most) {
                return Err(format!("too many enum values for {}", self.scalar.name()));
            }
        }
        Ok(())
    }

    /// Reads a line of the text, more leniently than it is spelled.
    pub(crate) fn parse(line: &str) -> Result<Self, String> {
        let mut words = line.split(' ');
        let name = words.next().unwrap_or_default().to_owned();
        let kind = words.next().ok_or("a type is missing")?;
        let (scalar, array) = match kind.split_once('[') {
            None => (kind, None),
            Some((scalar, rest)) => {
                let count = rest.strip_suffix(']').and_then(|count| count.parse().ok());
                let count: u64 = count.ok_or_else(|| format!("`{kind}` is no type"))?;
                let count = u8::try_from(count)
                    .map_err(|_| format!("an array has 1 to 255 elements, not {count}"))?;
                (scalar, Some(count))
            }
        };
        let scalar = Scalar::ALL
            .into_iter()
            .find(|known| known.name() == scalar)
            .ok_or_else(|| format!("`{kind}` is no type"))?;
        let mut field = Self {
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
}

fn is_name(name: &str) -> bool {
    name.len() <= MAX_NAME
        && name.starts_with(|first: char| first.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}
