//! Whether a field's elements are in its range: many at a time, because a wave
//! has many.

#![forbid(unsafe_code)]

use crate::field::{Field, Scalar};

/// The range of one field, where it is narrower than its type.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RangeCheck {
    /// Place of the field in its schema.
    pub field: usize,
    scalar: Scalar,
    /// Byte offset in the packed record, a multiple of the scalar's size.
    offset: usize,
    elements: usize,
    /// Bounds, as the low bits of the scalar's two's complement.
    low: u64,
    high: u64,
}

impl RangeCheck {
    /// The check of a field; none where every value of its type is legal.
    pub(crate) fn of(field: &Field, index: usize, offset: usize) -> Option<Self> {
        let (low, high) = field.bounds();
        ((low, high) != field.scalar.limits()).then(|| Self {
            field: index,
            scalar: field.scalar,
            offset,
            elements: field.elements(),
            // The field was checked: its bounds fit its type.
            low: low as u64,
            high: high as u64,
        })
    }

    /// Whether each element of the packed record is in the range. May say no
    /// where it cannot tell (the other byte order): then each is looked at.
    pub(crate) fn holds(&self, payload: &[u64]) -> bool {
        if cfg!(target_endian = "big") {
            return false;
        }
        // The casts keep the low bits, which is what the bounds were kept as.
        match self.scalar {
            Scalar::U8 => self.within(payload, self.low as u8, self.high as u8),
            Scalar::U16 => self.within(payload, self.low as u16, self.high as u16),
            Scalar::U32 => self.within(payload, self.low as u32, self.high as u32),
            Scalar::U64 => self.within(payload, self.low, self.high),
            Scalar::I8 => self.within(payload, self.low as i8, self.high as i8),
            Scalar::I16 => self.within(payload, self.low as i16, self.high as i16),
            Scalar::I32 => self.within(payload, self.low as i32, self.high as i32),
            Scalar::I64 => self.within(payload, self.low as i64, self.high as i64),
        }
    }

    fn within<T: bytemuck::Pod + PartialOrd>(&self, payload: &[u64], low: T, high: T) -> bool {
        let all: &[T] = bytemuck::cast_slice(payload);
        let first = self.offset / size_of::<T>();
        let ours = all.get(first..).and_then(|rest| rest.get(..self.elements));
        // Without a way out of the loop, so that it can be done on vectors.
        ours.is_some_and(|ours| {
            let inside = |all, value: &T| all & (low <= *value) & (*value <= high);
            ours.iter().fold(true, inside)
        })
    }
}
