//! Reading the parts that a binary policy is made of: numbers, strings and
//! bitmaps, little-endian (libsepol/src/policydb.c, security/selinux/ss/policydb.c).

use std::collections::BTreeSet;

/// Where in a policy the reading stands. Every read is checked against its end.
pub(super) struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'b [u8], String> {
        let end = self.at.checked_add(count);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or_else(|| format!("the policy ends at byte {}", self.bytes.len()))?;
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(super) fn u16(&mut self) -> Result<u16, String> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, String> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, String> {
        self.array().map(u64::from_le_bytes)
    }

    /// Numbers that mean nothing here.
    pub(super) fn skip(&mut self, numbers: usize) -> Result<(), String> {
        self.take(4 * numbers).map(|_| ())
    }

    /// A string whose length was read before.
    pub(super) fn string(&mut self, length: u32) -> Result<String, String> {
        let at = self.at;
        let bytes = self.take(length as usize)?;
        let text = std::str::from_utf8(bytes);
        text.map(str::to_owned)
            .map_err(|_| format!("the name at byte {at} is no text"))
    }

    /// A string with its length before it.
    pub(super) fn name(&mut self) -> Result<String, String> {
        let length = self.u32()?;
        self.string(length)
    }

    /// A bitmap: the numbers of its set bits, from 0.
    pub(super) fn bitmap(&mut self) -> Result<BTreeSet<u32>, String> {
        let at = self.at;
        let (unit, _high, count) = (self.u32()?, self.u32()?, self.u32()?);
        if unit != 64 {
            return Err(format!("the bitmap at byte {at} has units of {unit} bits"));
        }
        let mut bits = BTreeSet::new();
        for _ in 0..count {
            let start = self.u32()?;
            let map = self.u64()?;
            let set = (0..64).filter(|bit| map >> bit & 1 == 1);
            bits.extend(set.filter_map(|bit| start.checked_add(bit)));
        }
        Ok(bits)
    }
}
