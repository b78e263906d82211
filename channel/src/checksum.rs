//! CRC-32C of words, and the word it travels in.

#![forbid(unsafe_code)]

/// Goes on with a CRC over one more word.
#[must_use]
pub fn append(crc: u32, word: u64) -> u32 {
    crc32c::crc32c_append(crc, &word.to_le_bytes())
}

/// Goes on with a CRC over many words.
#[must_use]
pub fn append_all(seed: u32, words: &[u64]) -> u32 {
    words.iter().fold(seed, |crc, word| append(crc, *word))
}

/// The CRC below, its complement above: an all-zero or all-one word is no CRC.
#[must_use]
pub fn to_word(crc: u32) -> u64 {
    u64::from(crc) | u64::from(!crc) << 32
}
