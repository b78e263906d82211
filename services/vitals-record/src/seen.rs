//! The record of the channel `seen-remotely`.

use crate::generated::seen_remotely as generated;
use crate::{FormError, SEEN_REMOTELY};
use cordon_channel::typed::Typed as _;
use cordon_channel::{Record, Schema};

/// Converts between the id of an alarm and a channel's record.
#[derive(Clone, Debug)]
pub struct SeenForm {
    schema: Schema,
}

impl SeenForm {
    /// The form of the schema [`SEEN_REMOTELY`].
    ///
    /// # Errors
    /// None, as long as the schema and this code agree, which the tests show.
    pub fn new() -> Result<Self, FormError> {
        let schema = Schema::parse(SEEN_REMOTELY).map_err(FormError::Schema)?;
        Ok(Self { schema })
    }

    /// The parsed schema, as a reader or writer of the channel wants it.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The record that says: a nurse has looked at the alarm of this id.
    ///
    /// # Errors
    /// None: every id fits.
    pub fn to_record(&self, alarm: u32) -> Result<Record, FormError> {
        let mut record = Record::new(&self.schema);
        generated::Record { alarm: Some(alarm) }.fill(&mut record)?;
        Ok(record)
    }

    /// The id of the alarm, whether or not an alarm has it; none when the field is empty.
    pub fn from_record(&self, record: &Record) -> Option<u32> {
        generated::Record::read(record).alarm
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_ids_round_trip_and_an_empty_record_has_none() {
        let form = SeenForm::new().unwrap();
        for id in [0, 101, u32::MAX] {
            assert_eq!(form.from_record(&form.to_record(id).unwrap()), Some(id));
        }
        assert_eq!(form.from_record(&Record::new(form.schema())), None);
    }
}
