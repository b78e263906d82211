//! A channel whose record is a struct: what `cordon channel codegen` writes.
//!
//! The struct, its field names, units and ranges come from the manifest, so
//! that the compiler finds what no longer fits. A [`TypedReader`] gives two
//! things: [`TypedReader::take`] every record once, for a curve, and
//! [`TypedReader::now`] what holds at this moment, for a number.
//!
//! ```
//! use cordon_channel::typed::{Now, TypedReader};
//! # use cordon_channel::{Pace, Record, ValueError, typed::{Typed, set, value}};
//! # #[derive(Debug, Default)] struct Vitals { heart_rate: Option<u16> }
//! # impl Typed for Vitals {
//! #     const NAME: &'static str = "vitals";
//! #     const SCHEMA: &'static str = "heart-rate u16 unit=/min range=0..350\n";
//! #     const PACE: Pace = Pace::Periodic { period_ns: 1, deadline_ns: 1 };
//! #     fn read(record: &Record) -> Self { Self { heart_rate: value(record, 0) } }
//! #     fn fill(&self, record: &mut Record) -> Result<(), ValueError> {
//! #         set(record, 0, self.heart_rate)
//! #     }
//! # }
//! fn draw(vitals: &mut TypedReader<Vitals>) -> String {
//!     match vitals.now() {
//!         Now::Fresh { sample, .. } => match sample.value.heart_rate {
//!             Some(rate) => rate.to_string(),
//!             None => "---".to_owned(),
//!         },
//!         Now::Stale { .. } => "--- sensor silent".to_owned(),
//!         Now::Lost(why) => format!("--- {why}"),
//!     }
//! }
//! ```
//!
//! A match that forgets the silent sensor does not compile:
//!
//! ```compile_fail,E0004
//! # use cordon_channel::typed::Now;
//! fn draw(now: Now<'_, u32>) -> String {
//!     match now {
//!         Now::Fresh { sample, .. } => sample.value.to_string(),
//!         Now::Lost(why) => why.to_string(),
//!     }
//! }
//! ```
//!
//! Nor does one that takes what is stale for a value:
//!
//! ```compile_fail,E0408
//! # use cordon_channel::typed::Now;
//! fn draw(now: Now<'_, u32>) -> String {
//!     match now {
//!         Now::Fresh { sample, .. } | Now::Stale { .. } => sample.value.to_string(),
//!         Now::Lost(why) => why.to_string(),
//!     }
//! }
//! ```

#![forbid(unsafe_code)]

use crate::control::Control;
use crate::follower::Follower;
pub use crate::follower::{Now, Sample, Why};
use crate::pace::Pace;
use crate::port::{PublishError, Reader, Writer};
use crate::reading::Trust;
use crate::record::{Record, ValueError};
use crate::schema::{Schema, SchemaError};
use std::marker::PhantomData;

/// A record with a struct of its own. Generated; not to be written by hand.
pub trait Typed: Sized {
    /// Name of the channel.
    const NAME: &'static str;
    /// Canonical schema of its records.
    const SCHEMA: &'static str;
    /// How often they come.
    const PACE: Pace;

    /// The struct of a record of this schema.
    fn read(record: &Record) -> Self;

    /// Sets the fields that have a value in a record of this schema.
    ///
    /// # Errors
    /// When a value is outside its field's range.
    fn fill(&self, record: &mut Record) -> Result<(), ValueError>;
}

/// What the manifest says of a field; generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldFacts {
    /// Name.
    pub name: &'static str,
    /// Unit by its UCUM code.
    pub unit: Option<&'static str>,
    /// Smallest legal value.
    pub low: i128,
    /// Largest legal value.
    pub high: i128,
    /// Elements: 1 for a single value.
    pub elements: usize,
}

/// A reading end whose records are structs.
#[derive(Debug)]
pub struct TypedReader<T> {
    follower: Follower<T>,
}

impl<T: Typed> TypedReader<T> {
    /// A typed view of an end that was asked for with the schema of `T`.
    #[must_use]
    pub fn new(reader: Reader) -> Self {
        Self {
            follower: Follower::new(reader, T::PACE),
        }
    }

    /// The next record, each once; none when there is no new one. A record that
    /// was damaged or broke the schema is left out, and the one after it does
    /// not join. Makes no system call.
    #[must_use]
    pub fn take(&mut self) -> Option<&Sample<T>> {
        self.follower.take(read)
    }

    /// What holds now: reads what has come since, and keeps the newest. Makes
    /// no system call.
    pub fn now(&mut self) -> Now<'_, T> {
        self.follower.now(read)
    }

    /// The end itself: its epoch, why it was refused.
    #[must_use]
    pub fn reader(&mut self) -> &mut Reader {
        self.follower.reader()
    }
}

fn read<T: Typed>(record: &Record) -> Option<T> {
    (record.schema().to_text() == T::SCHEMA).then(|| T::read(record))
}

/// A writing end whose records are structs.
#[derive(Debug)]
pub struct TypedWriter<T> {
    writer: Writer,
    record: Record,
    kind: PhantomData<fn(&T)>,
}

/// Why a struct was not published.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TypedPublishError {
    /// A value is outside its field's range; nothing was published.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// The channel is not attached.
    #[error(transparent)]
    Publish(#[from] PublishError),
}

impl<T: Typed> TypedWriter<T> {
    /// Publishes a record, which is also a heartbeat. Returns its number in the
    /// epoch, from 1. Makes no system call and allocates nothing.
    ///
    /// # Errors
    /// When a value is outside its range or the channel is absent.
    pub fn publish(&mut self, value: &T) -> Result<u64, TypedPublishError> {
        self.record.clear_all();
        value.fill(&mut self.record)?;
        Ok(self.writer.publish(&self.record)?)
    }

    /// Says that the writer lives although it has no data.
    pub fn heartbeat(&mut self) {
        self.writer.heartbeat();
    }

    /// The end itself: its epoch, why it was refused.
    #[must_use]
    pub fn writer(&mut self) -> &mut Writer {
        &mut self.writer
    }
}

impl Control {
    /// Asks for a reading end by its generated type.
    ///
    /// # Errors
    /// None for a generated type: its schema was parsed when it was made.
    pub fn typed_reader<T: Typed>(&mut self, trust: Trust) -> Result<TypedReader<T>, SchemaError> {
        let schema = Schema::parse(T::SCHEMA)?;
        Ok(TypedReader::new(self.reader(
            T::NAME,
            &schema,
            T::PACE,
            trust,
        )))
    }

    /// Asks for the writing end by its generated type.
    ///
    /// # Errors
    /// None for a generated type: its schema was parsed when it was made.
    pub fn typed_writer<T: Typed>(&mut self) -> Result<TypedWriter<T>, SchemaError> {
        let schema = Schema::parse(T::SCHEMA)?;
        Ok(TypedWriter {
            writer: self.writer(T::NAME, &schema, T::PACE),
            record: Record::new(&schema),
            kind: PhantomData,
        })
    }
}

/// A single value of the field at this place; for generated code.
#[must_use]
pub fn value<V: TryFrom<i128>>(record: &Record, place: usize) -> Option<V> {
    let id = record.schema().at(place)?;
    V::try_from(record.get(id)?).ok()
}

/// An array of the field at this place; for generated code.
#[must_use]
pub fn array<V: TryFrom<i64> + Copy + Default, const N: usize>(
    record: &Record,
    place: usize,
) -> Option<[V; N]> {
    let values = record.get_array(record.schema().at(place)?)?;
    if values.len() != N {
        return None;
    }
    let mut all = [V::default(); N];
    for (place, value) in all.iter_mut().zip(values) {
        *place = V::try_from(value).ok()?;
    }
    Some(all)
}

/// Sets the field at this place, or leaves it without a value; for generated
/// code.
///
/// # Errors
/// When the value is outside the field's range.
pub fn set(
    record: &mut Record,
    place: usize,
    value: Option<impl Into<i128>>,
) -> Result<(), ValueError> {
    let id = record.schema().at(place).ok_or(ValueError::NoSuchField)?;
    match value {
        Some(value) => record.set(id, value.into()),
        None => Ok(()),
    }
}

/// Sets the array at this place, or leaves it without a value; for generated
/// code.
///
/// # Errors
/// When a value is outside the field's range.
pub fn set_array<V: Copy, const N: usize>(
    record: &mut Record,
    place: usize,
    values: Option<&[V; N]>,
) -> Result<(), ValueError>
where
    i64: TryFrom<V>,
{
    let id = record.schema().at(place).ok_or(ValueError::NoSuchField)?;
    let Some(values) = values else { return Ok(()) };
    // Only a u64 can be too large, and that is refused as out of range.
    let values = values.map(|value| i64::try_from(value).unwrap_or(-1));
    record.set_array(id, &values)
}
