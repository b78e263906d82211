//! The record of the channel `seen-remotely`.

use crate::{FormError, SEEN_REMOTELY};
use cordon_channel::{FieldId, Record, Schema};

/// Converts between the id of an alarm and a channel's record.
#[derive(Clone, Debug)]
pub struct SeenForm {
    schema: Schema,
    alarm: FieldId,
}

impl SeenForm {
    /// The form of the schema [`SEEN_REMOTELY`].
    ///
    /// # Errors
    /// None, as long as the schema and this code agree, which the tests show.
    pub fn new() -> Result<Self, FormError> {
        let schema = Schema::parse(SEEN_REMOTELY).map_err(FormError::Schema)?;
        let alarm = schema.field("alarm").ok_or(FormError::Field("alarm"))?;
        Ok(Self { schema, alarm })
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
        record.set(self.alarm, alarm.into())?;
        Ok(record)
    }

    /// The id of the alarm, whether or not an alarm has it; none when the field is empty.
    pub fn from_record(&self, record: &Record) -> Option<u32> {
        record.get(self.alarm).and_then(|id| u32::try_from(id).ok())
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
