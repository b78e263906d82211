//! The two storage formats of the signals (signal(5) of the WFDB manual).

/// How samples are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Little-endian two's complement in 16 bits.
    F16,
    /// Two 12-bit two's complement samples in three bytes.
    F212,
}

impl Format {
    /// The format of a header's number; none when this reader does not know it.
    pub fn from_number(number: u32) -> Option<Self> {
        match number {
            16 => Some(Self::F16),
            212 => Some(Self::F212),
            _ => None,
        }
    }

    /// The stored value that means 'no sample here'.
    pub fn invalid(self) -> i16 {
        match self {
            Self::F16 => i16::MIN,
            Self::F212 => -2048,
        }
    }

    /// Resolution in bits when the header gives none.
    pub fn default_resolution(self) -> u32 {
        match self {
            Self::F16 => 16,
            Self::F212 => 12,
        }
    }

    /// Bytes that `samples` samples take.
    pub fn bytes(self, samples: usize) -> usize {
        match self {
            Self::F16 => samples * 2,
            Self::F212 => samples / 2 * 3 + samples % 2 * 2,
        }
    }

    /// Decodes `samples` samples as stored; `bytes` must hold at least [`Self::bytes`] of them.
    pub fn decode(self, bytes: &[u8], samples: usize) -> Vec<i16> {
        match self {
            Self::F16 => bytes
                .chunks_exact(2)
                .take(samples)
                .map(|pair| i16::from_le_bytes([pair[0], pair[1]]))
                .collect(),
            Self::F212 => {
                let mut decoded = Vec::with_capacity(samples + 1);
                for group in bytes.chunks(3) {
                    if decoded.len() >= samples || group.len() < 2 {
                        break;
                    }
                    decoded.push(sign_extend(group[0], group[1] & 0x0f));
                    if let Some(&low) = group.get(2) {
                        decoded.push(sign_extend(low, group[1] >> 4));
                    }
                }
                decoded.truncate(samples);
                decoded
            }
        }
    }
}

/// The 12-bit number of a low byte and a high nibble.
fn sign_extend(low: u8, high: u8) -> i16 {
    let twelve = i16::from(high) << 8 | i16::from(low);
    if twelve & 0x800 != 0 {
        twelve - 0x1000
    } else {
        twelve
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_212_decodes_pairs_and_an_odd_end() {
        // -1 and 2047, then a lone -2048.
        let bytes = [0xff, 0x7f, 0xff, 0x00, 0x08];
        assert_eq!(Format::F212.decode(&bytes, 3), [-1, 2047, -2048]);
        assert_eq!(Format::F212.bytes(3), 5);
        assert_eq!(Format::F212.bytes(2), 3);
    }

    #[test]
    fn test_16_is_little_endian() {
        assert_eq!(
            Format::F16.decode(&[0x01, 0x80, 0xff, 0xff], 2),
            [-32767, -1]
        );
    }

    #[test]
    fn test_short_input_decodes_what_is_there() {
        assert_eq!(Format::F212.decode(&[0x01], 2), Vec::<i16>::new());
        assert_eq!(Format::F16.decode(&[0x01], 1), Vec::<i16>::new());
    }
}
