//! CRC-32C of words, and the word it travels in.
//!
//! A record's CRC is the plain CRC-32C (RFC 3720) of its words as little-endian
//! bytes, so that any implementation gets the same. Here it is computed while
//! the words are copied, each word exactly once: what was summed is what was
//! copied. The processor's instruction takes three cycles a word and can begin
//! another in each, so a long payload is summed as three streams at once whose
//! results are then joined.

mod processor;

/// Below so many words three streams cost more than they save.
const STREAMS_FROM: usize = 24;
/// The polynomial of CRC-32C, lowest power first.
const POLYNOMIAL: u32 = 0x82f6_3b78;
const ONE: u32 = 1 << 31;

/// Goes on with a CRC over one more word.
#[must_use]
pub fn append(crc: u32, word: u64) -> u32 {
    crc32c::crc32c_append(crc, &word.to_le_bytes())
}

/// Goes on with a CRC over many words.
#[must_use]
#[cfg(test)]
pub fn append_all(seed: u32, words: &[u64]) -> u32 {
    words.iter().fold(seed, |crc, word| append(crc, *word))
}

/// The CRC below, its complement above: an all-zero or all-one word is no CRC.
#[must_use]
pub fn to_word(crc: u32) -> u64 {
    u64::from(crc) | u64::from(!crc) << 32
}

/// How payloads of one length are summed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checksum {
    words: usize,
    /// Words of each of the three streams; 0 where there is one only.
    third: usize,
    /// What moves a stream's result behind another stream.
    shift: u32,
    instruction: Option<processor::Instruction>,
}

impl Checksum {
    /// For payloads of so many words.
    #[must_use]
    pub fn new(words: usize) -> Self {
        let third = if words < STREAMS_FROM { 0 } else { words / 3 };
        Self {
            words,
            third,
            // The product of two polynomials is one power short, and the
            // instruction that reduces it multiplies by x^32.
            shift: power((third as u64 * 64).saturating_sub(33)),
            instruction: processor::Instruction::find(),
        }
    }

    /// Where the four parts of a payload end: three streams and a rest.
    #[inline]
    #[must_use]
    pub fn ends(&self) -> [usize; 4] {
        let third = self.third;
        [third, 2 * third, 3 * third, self.words]
    }

    /// Goes on with a CRC over `head` and then over a payload, whose parts are
    /// given as they end. Each word is taken once.
    #[inline]
    pub fn sum<I: Iterator<Item = u64>>(&self, crc: u32, head: [u64; 4], parts: [I; 4]) -> u32 {
        match &self.instruction {
            Some(instruction) => instruction.sum(self.shift, crc, head, parts),
            None => head
                .into_iter()
                .chain(parts.into_iter().flatten())
                .fold(crc, append),
        }
    }

    /// Whether a payload is too short for streams: then [`Self::sum_short`] is
    /// the quicker way to the same.
    #[inline]
    #[must_use]
    pub fn is_short(&self) -> bool {
        self.third == 0
    }

    /// [`Self::sum`] over a payload in one part.
    #[inline]
    pub fn sum_short(&self, crc: u32, head: [u64; 4], words: impl Iterator<Item = u64>) -> u32 {
        match &self.instruction {
            Some(instruction) => instruction.sum_short(crc, head, words),
            None => head.into_iter().chain(words).fold(crc, append),
        }
    }

    /// Splits a payload of the right length into its parts.
    #[inline]
    pub fn split<'a>(&self, payload: &'a [u64]) -> [&'a [u64]; 4] {
        let [second, last, rest, _] = self.ends();
        let (payload, rest) = payload.split_at(rest);
        let (payload, last) = payload.split_at(last);
        let (first, second) = payload.split_at(second);
        [first, second, last, rest]
    }

    /// Splits room for a payload into its parts.
    #[inline]
    pub fn split_mut<'a>(&self, payload: &'a mut [u64]) -> [&'a mut [u64]; 4] {
        let [second, last, rest, _] = self.ends();
        let (payload, rest) = payload.split_at_mut(rest);
        let (payload, last) = payload.split_at_mut(last);
        let (first, second) = payload.split_at_mut(second);
        [first, second, last, rest]
    }
}

/// x to the power `n` modulo the polynomial.
fn power(mut n: u64) -> u32 {
    let (mut result, mut square) = (ONE, ONE >> 1);
    while n > 0 {
        if n & 1 == 1 {
            result = product(result, square);
        }
        square = product(square, square);
        n >>= 1;
    }
    result
}

fn product(a: u32, b: u32) -> u32 {
    let (mut sum, mut a) = (0, a);
    for power in 0..32 {
        if b & ONE >> power != 0 {
            sum ^= a;
        }
        a = a >> 1 ^ if a & 1 == 1 { POLYNOMIAL } else { 0 };
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn summed(checksum: &Checksum, seed: u32, head: [u64; 4], words: &[u64]) -> u32 {
        let parts = checksum.split(words);
        assert_eq!(parts.concat(), words);
        let short = checksum.sum_short(seed, head, words.iter().copied());
        let sum = checksum.sum(seed, head, parts.map(|part| part.iter().copied()));
        assert_eq!(sum, short);
        sum
    }

    #[test]
    fn the_check_value_of_the_standard() {
        assert_eq!(crc32c::crc32c(b"123456789"), 0xe306_9283);
    }

    #[test]
    fn powers_multiply() {
        assert_eq!(power(0), ONE);
        assert_eq!(product(power(100), power(23)), power(123));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

        #[test]
        fn three_streams_one_and_the_portable_sum_agree(
            seed in any::<u32>(),
            head in any::<[u64; 4]>(),
            words in prop::collection::vec(any::<u64>(), 0..600),
        ) {
            let all: Vec<u64> = head.iter().chain(&words).copied().collect();
            let expected = append_all(seed, &all);
            let fast = Checksum::new(words.len());
            let portable = Checksum { instruction: None, ..fast.clone() };
            prop_assert_eq!(summed(&fast, seed, head, &words), expected);
            prop_assert_eq!(summed(&portable, seed, head, &words), expected);
        }
    }
}
