//! Reading the parts that a binary policy is made of: numbers, strings and
//! bitmaps, little-endian (libsepol/src/policydb.c, security/selinux/ss/policydb.c).

use std::collections::BTreeSet;
use std::fmt;

/// Why a binary policy cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BinaryError {
    /// It does not begin as one.
    NotAPolicy,
    /// It is of a version that is not known here.
    Version(u32),
    /// It has other tables than the kernel's policies.
    Tables {
        /// Tables of names.
        names: u32,
        /// Tables of contexts.
        contexts: u32,
    },
    /// It ends before what it announces.
    Ends {
        /// How many bytes it has.
        length: usize,
    },
    /// A name is no UTF-8.
    NoText {
        /// Where it begins.
        at: usize,
    },
    /// A name is longer than any that a compiler takes.
    TooLong {
        /// Where it begins.
        at: usize,
        /// Its length.
        length: u32,
    },
    /// A bitmap is not in units of 64 bits.
    Bitmap {
        /// Where it begins.
        at: usize,
        /// Its unit.
        unit: u32,
    },
    /// A permission's bit is not in 1 to 32.
    Permission(u32),
    /// A class's number is higher than any kernel's.
    Class(u32),
    /// A condition is none: of unknown parts, or longer than a kernel takes.
    Condition,
}

impl fmt::Display for BinaryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAPolicy => write!(f, "this is no binary policy of a SELinux kernel"),
            Self::Version(version) => write!(
                f,
                "the policy is of version {version}; 30 to 35 can be read"
            ),
            Self::Tables { names, contexts } => write!(
                f,
                "{names} tables of names and {contexts} of contexts are not SELinux's"
            ),
            Self::Ends { length } => write!(f, "the policy ends at byte {length}"),
            Self::NoText { at } => write!(f, "the name at byte {at} is no text"),
            Self::TooLong { at, length } => {
                write!(f, "the name at byte {at} has a length of {length}")
            }
            Self::Bitmap { at, unit } => {
                write!(f, "the bitmap at byte {at} has units of {unit} bits")
            }
            Self::Permission(number) => write!(f, "a permission has number {number}"),
            Self::Class(number) => write!(f, "a class has number {number}"),
            Self::Condition => write!(f, "a condition is none that a kernel takes"),
        }
    }
}

impl std::error::Error for BinaryError {}

/// Longest name: CIL takes 2048 bytes.
const LONGEST: u32 = 4096;

/// Where in a policy the reading stands. Every read is checked against its end.
pub(super) struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Reader<'b> {
    pub(super) fn new(bytes: &'b [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'b [u8], BinaryError> {
        let end = self.at.checked_add(count);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or(BinaryError::Ends {
            length: self.bytes.len(),
        })?;
        self.at += count;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BinaryError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(super) fn u16(&mut self) -> Result<u16, BinaryError> {
        self.array().map(u16::from_le_bytes)
    }

    pub(super) fn u32(&mut self) -> Result<u32, BinaryError> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, BinaryError> {
        self.array().map(u64::from_le_bytes)
    }

    /// Numbers that mean nothing here.
    pub(super) fn skip(&mut self, numbers: usize) -> Result<(), BinaryError> {
        self.take(numbers.saturating_mul(4)).map(|_| ())
    }

    /// A string whose length was read before.
    pub(super) fn string(&mut self, length: u32) -> Result<String, BinaryError> {
        let at = self.at;
        if length > LONGEST {
            return Err(BinaryError::TooLong { at, length });
        }
        let bytes = self.take(length as usize)?;
        let text = std::str::from_utf8(bytes);
        text.map(str::to_owned)
            .map_err(|_| BinaryError::NoText { at })
    }

    /// A string with its length before it.
    pub(super) fn name(&mut self) -> Result<String, BinaryError> {
        let length = self.u32()?;
        self.string(length)
    }

    /// A bitmap: the numbers of its set bits, from 0.
    pub(super) fn bitmap(&mut self) -> Result<BTreeSet<u32>, BinaryError> {
        let at = self.at;
        let (unit, _high, count) = (self.u32()?, self.u32()?, self.u32()?);
        if unit != 64 {
            return Err(BinaryError::Bitmap { at, unit });
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
