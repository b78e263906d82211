//! One record: the values of a schema's fields, each valid or not.

#![forbid(unsafe_code)]

use crate::field::{Field, Scalar};
use crate::schema::{FieldId, Schema};

/// One record, packed as it travels. A field that was never set, or was
/// cleared, is not valid and reads as `None`: `---` travels too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    schema: Schema,
    validity: u64,
    payload: Vec<u64>,
}

/// Why a value cannot be set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// The id is of another schema.
    #[error("the record has no such field")]
    NoSuchField,
    /// A single value for an array, or an array for a single value.
    #[error("`{field}` has {expected} elements, not {found}")]
    Elements {
        /// Name of the field.
        field: String,
        /// Elements it has.
        expected: usize,
        /// Elements given.
        found: usize,
    },
    /// Outside the declared range, the enum or the type.
    #[error("`{field}` is {value}, outside {low}..{high}")]
    Range {
        /// Name of the field.
        field: String,
        /// The value.
        value: i128,
        /// Smallest legal value.
        low: i128,
        /// Largest legal value.
        high: i128,
    },
}

impl Record {
    /// A record in which no field is valid.
    #[must_use]
    pub fn new(schema: &Schema) -> Self {
        Self {
            validity: 0,
            payload: vec![0; schema.payload_words()],
            schema: schema.clone(),
        }
    }

    /// Its schema.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// Sets a single value and makes the field valid.
    ///
    /// # Errors
    /// When the field is an array or the value is not in its range; the record
    /// is then unchanged.
    pub fn set(&mut self, id: FieldId, value: i128) -> Result<(), ValueError> {
        let field = self.single(id)?;
        check(field, value)?;
        let scalar = field.scalar;
        self.store(id, scalar, 0, value);
        self.validity |= 1 << id.0;
        Ok(())
    }

    /// Sets all elements of an array and makes the field valid.
    ///
    /// # Errors
    /// When the number of elements is another or a value is not in the field's
    /// range; the record is then unchanged.
    pub fn set_array(&mut self, id: FieldId, values: &[i64]) -> Result<(), ValueError> {
        let field = self.declared(id)?;
        if field.array.is_none() || field.elements() != values.len() {
            return Err(elements(field, values.len()));
        }
        for value in values {
            check(field, (*value).into())?;
        }
        let scalar = field.scalar;
        for (index, value) in values.iter().enumerate() {
            self.store(id, scalar, index, (*value).into());
        }
        self.validity |= 1 << id.0;
        Ok(())
    }

    /// Makes a field not valid, and its bytes zero.
    pub fn clear(&mut self, id: FieldId) {
        let Ok(field) = self.declared(id) else { return };
        let (scalar, elements) = (field.scalar, field.elements());
        for index in 0..elements {
            self.store(id, scalar, index, 0);
        }
        self.validity &= !(1 << id.0);
    }

    /// Makes every field not valid.
    pub fn clear_all(&mut self) {
        self.validity = 0;
        self.payload.fill(0);
    }

    /// A single value; none when the field is not valid or is an array.
    #[must_use]
    pub fn get(&self, id: FieldId) -> Option<i128> {
        let field = self.single(id).ok()?;
        self.is_valid(id).then(|| self.load(id, field.scalar, 0))
    }

    /// An array's values; none when the field is not valid or is no array.
    #[must_use]
    pub fn get_array(&self, id: FieldId) -> Option<Vec<i64>> {
        let field = self.declared(id).ok()?;
        if field.array.is_none() || !self.is_valid(id) {
            return None;
        }
        (0..field.elements())
            .map(|index| i64::try_from(self.load(id, field.scalar, index)).ok())
            .collect()
    }

    /// Whether a field is valid.
    #[must_use]
    pub fn is_valid(&self, id: FieldId) -> bool {
        id.0 < self.schema.fields().len() && self.validity >> id.0 & 1 == 1
    }

    /// The quality word: bit k is the validity of field k.
    #[must_use]
    pub fn validity(&self) -> u64 {
        self.validity
    }

    /// The packed fields, little-endian, in words of 8 bytes.
    #[must_use]
    pub fn payload(&self) -> &[u64] {
        &self.payload
    }

    /// A record from words that came over a channel, or from a struct of C.
    /// Every valid field is checked against its range here, before anyone can
    /// read it.
    ///
    /// # Errors
    /// When there are more or fewer words than the schema packs to, a bit of a
    /// field that does not exist, or a value outside its field's range.
    pub fn from_words(
        schema: &Schema,
        validity: u64,
        payload: Vec<u64>,
    ) -> Result<Self, ValueError> {
        if payload.len() != schema.payload_words() || validity & !schema.validity_mask() != 0 {
            return Err(ValueError::NoSuchField);
        }
        let record = Self {
            schema: schema.clone(),
            validity,
            payload,
        };
        for ranged in schema.checks() {
            if validity >> ranged.field & 1 == 1 && !ranged.holds(&record.payload) {
                record.first_outside(FieldId(ranged.field))?;
            }
        }
        Ok(record)
    }

    /// The error that names a field's first element outside its range.
    fn first_outside(&self, id: FieldId) -> Result<(), ValueError> {
        let field = self.declared(id)?;
        for index in 0..field.elements() {
            check(field, self.load(id, field.scalar, index))?;
        }
        Ok(())
    }

    fn declared(&self, id: FieldId) -> Result<&Field, ValueError> {
        let field = self.schema.fields().get(id.0);
        field.ok_or(ValueError::NoSuchField)
    }

    fn single(&self, id: FieldId) -> Result<&Field, ValueError> {
        let field = self.declared(id)?;
        match field.array {
            None => Ok(field),
            Some(_) => Err(elements(field, 1)),
        }
    }

    // A field is aligned to its own size, so an element never crosses a word.
    fn place(&self, id: FieldId, scalar: Scalar, index: usize) -> (usize, usize, u64) {
        let at = self.schema.offset(id).unwrap_or(0) + index * scalar.bytes();
        let mask = u64::MAX >> (64 - 8 * scalar.bytes());
        (at / 8, at % 8 * 8, mask)
    }

    fn store(&mut self, id: FieldId, scalar: Scalar, index: usize, value: i128) {
        let (word, shift, mask) = self.place(id, scalar, index);
        // Two's complement: the low bits of any value in range are its bytes.
        let bits = (value as u64) & mask;
        if let Some(word) = self.payload.get_mut(word) {
            *word = *word & !(mask << shift) | bits << shift;
        }
    }

    fn load(&self, id: FieldId, scalar: Scalar, index: usize) -> i128 {
        let (word, shift, mask) = self.place(id, scalar, index);
        let bits = self
            .payload
            .get(word)
            .map_or(0, |word| word >> shift & mask);
        match scalar {
            Scalar::U8 | Scalar::U16 | Scalar::U32 | Scalar::U64 => bits.into(),
            Scalar::I8 => (bits as i8).into(),
            Scalar::I16 => (bits as i16).into(),
            Scalar::I32 => (bits as i32).into(),
            Scalar::I64 => (bits as i64).into(),
        }
    }
}

fn elements(field: &Field, found: usize) -> ValueError {
    ValueError::Elements {
        field: field.name.clone(),
        expected: field.elements(),
        found,
    }
}

fn check(field: &Field, value: i128) -> Result<(), ValueError> {
    let (low, high) = field.bounds();
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(ValueError::Range {
        field: field.name.clone(),
        value,
        low,
        high,
    })
}
