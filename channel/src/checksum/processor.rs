//! The processor's CRC-32C and carry-less product.
#![allow(unsafe_code)]
// Why unsafe: code for instructions that not every processor has may be called
// only where they were found.

/// Says that this processor has the instructions. Made by looking only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Instruction(());

#[cfg(all(target_arch = "x86_64", not(miri)))]
mod x86_64 {
    use super::Instruction;
    use std::arch::x86_64::{
        _mm_clmulepi64_si128, _mm_crc32_u64, _mm_cvtsi64_si128, _mm_cvtsi128_si64,
    };

    impl Instruction {
        pub(in super::super) fn find() -> Option<Self> {
            let both = is_x86_feature_detected!("sse4.2") && is_x86_feature_detected!("pclmulqdq");
            both.then_some(Self(()))
        }

        #[inline]
        pub(in super::super) fn sum<I: Iterator<Item = u64>>(
            &self,
            shift: u32,
            crc: u32,
            head: [u64; 4],
            parts: [I; 4],
        ) -> u32 {
            // SAFETY: only `find` makes this value, where it found both.
            unsafe { sum(shift, crc, head, parts) }
        }

        #[inline]
        pub(in super::super) fn sum_short(
            &self,
            crc: u32,
            head: [u64; 4],
            words: impl Iterator<Item = u64>,
        ) -> u32 {
            // SAFETY: only `find` makes this value, where it found both.
            unsafe { sum_short(crc, head, words) }
        }
    }

    #[inline]
    #[target_feature(enable = "sse4.2,pclmulqdq")]
    fn sum_short(crc: u32, head: [u64; 4], words: impl Iterator<Item = u64>) -> u32 {
        let mut crc = u64::from(!crc);
        for word in head {
            crc = _mm_crc32_u64(crc, word);
        }
        for word in words {
            crc = _mm_crc32_u64(crc, word);
        }
        // The upper half is zero: the instruction's result has 32 bits.
        !(crc as u32)
    }

    #[inline]
    #[target_feature(enable = "sse4.2,pclmulqdq")]
    fn sum<I: Iterator<Item = u64>>(
        shift: u32,
        crc: u32,
        head: [u64; 4],
        [first, second, last, rest]: [I; 4],
    ) -> u32 {
        let mut crc = u64::from(!crc);
        for word in head {
            crc = _mm_crc32_u64(crc, word);
        }
        let mut streams = [0, 0];
        let mut long = false;
        for ((a, b), c) in first.zip(second).zip(last) {
            long = true;
            crc = _mm_crc32_u64(crc, a);
            streams[0] = _mm_crc32_u64(streams[0], b);
            streams[1] = _mm_crc32_u64(streams[1], c);
        }
        if long {
            crc = behind(crc, shift) ^ streams[0];
            crc = behind(crc, shift) ^ streams[1];
        }
        for word in rest {
            crc = _mm_crc32_u64(crc, word);
        }
        // The upper half is zero: the instruction's result has 32 bits.
        !(crc as u32)
    }

    /// The CRC of what was summed and then as many zeros as `shift` stands for.
    #[inline]
    #[target_feature(enable = "sse4.2,pclmulqdq")]
    fn behind(crc: u64, shift: u32) -> u64 {
        let (crc, shift) = (crc.cast_signed(), i64::from(shift));
        let product = _mm_clmulepi64_si128::<0>(_mm_cvtsi64_si128(crc), _mm_cvtsi64_si128(shift));
        _mm_crc32_u64(0, _mm_cvtsi128_si64(product).cast_unsigned())
    }
}

#[cfg(not(all(target_arch = "x86_64", not(miri))))]
impl Instruction {
    pub(super) fn find() -> Option<Self> {
        None
    }

    pub(super) fn sum<I: Iterator<Item = u64>>(
        &self,
        _: u32,
        crc: u32,
        _: [u64; 4],
        _: [I; 4],
    ) -> u32 {
        // Never there to be asked.
        crc
    }

    pub(super) fn sum_short(&self, crc: u32, _: [u64; 4], _: impl Iterator<Item = u64>) -> u32 {
        // As above.
        crc
    }
}
