//! A record as a struct of C: the word of validity, then the packed fields.

#![forbid(unsafe_code)]

use cordon_channel::{Record, Schema, ValueError};

/// Size of the struct in bytes: what `sizeof` says of a generated one.
pub(crate) fn size(schema: &Schema) -> usize {
    8 + schema.payload_words() * 8
}

/// The struct of a record. Of a field without a value every byte is 0, and so
/// is padding, whatever the writer left there.
pub(crate) fn to_struct(record: &Record) -> Vec<u8> {
    let mask = occupied(record.schema(), record.validity());
    let words = record.payload().iter().zip(mask);
    let words = words.map(|(word, mask)| word & mask);
    let all = std::iter::once(record.validity()).chain(words);
    all.flat_map(u64::to_le_bytes).collect()
}

/// The record of a struct. Padding and fields without a value are not taken
/// over: what lay on the caller's stack does not leave its compartment.
pub(crate) fn from_struct(schema: &Schema, bytes: &[u8]) -> Result<Record, ValueError> {
    let mut words = bytes.chunks_exact(8).map(|chunk| {
        let chunk = chunk.try_into().unwrap_or_default();
        u64::from_le_bytes(chunk)
    });
    let validity = words.next().unwrap_or(0);
    let mask = occupied(schema, validity);
    let payload = words.zip(mask).map(|(word, mask)| word & mask).collect();
    Record::from_words(schema, validity, payload)
}

/// The bits of each word that belong to a field with a value.
fn occupied(schema: &Schema, validity: u64) -> Vec<u64> {
    let mut bytes = vec![0u8; schema.payload_words() * 8];
    for (place, (id, field)) in schema.ids().enumerate() {
        let from = schema.offset(id).unwrap_or(0);
        let length = field.scalar.bytes() * field.elements();
        if validity >> place & 1 == 1
            && let Some(bytes) = bytes.get_mut(from..from + length)
        {
            bytes.fill(0xff);
        }
    }
    let word = |chunk: &[u8]| u64::from_le_bytes(chunk.try_into().unwrap_or_default());
    bytes.chunks_exact(8).map(word).collect()
}
