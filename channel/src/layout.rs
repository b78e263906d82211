//! Where every word of a channel's memory stands.
//!
//! Both ends derive the layout from the schema and the pace, that is, from the
//! manifest. Nothing of it is ever read from the memory itself.
//!
//! ```text
//! byte 0      header page: words 0 to 31 constant, 32 head, 33 heartbeat, 34 state
//! byte 4096   slots, `slots * stride` bytes, padded to a page
//! end - 16K   the canonical schema text, ended by zeros
//! ```
//!
//! The schema's pages are the last of the memory and always as many. So a
//! reader whose own schema differs, and with it the number and size of slots,
//! finds them by the size the kernel tells, never by a word it read.

#![forbid(unsafe_code)]

use crate::checksum::{self, Checksum};
use crate::pace::Pace;
use crate::schema::Schema;
use sha2::{Digest, Sha256};

/// First word: `CORDONCH` as little-endian bytes.
pub const MAGIC: u64 = u64::from_le_bytes(*b"CORDONCH");
/// Second word: major 2, minor 0, and a tag that reads otherwise in the other
/// byte order.
pub const ABI: u64 = 0x0102_0304_0002_0000;
/// Size of the header page in bytes, and where the slots begin.
pub const HEADER_BYTES: usize = 4096;
/// Size of the schema's pages in bytes.
pub const SCHEMA_BYTES: usize = 16 * 1024;
/// Words of the header that never change after creation.
pub const CONSTANT_WORDS: usize = 32;
/// Word of the number of the last committed record. What the writer changes
/// stands in one line of the cache, of which nothing else is: a reader that
/// spins then takes one line from the writer, not two.
pub const HEAD: usize = 32;
/// Word of the writer's heartbeat, ns of CLOCK_MONOTONIC.
pub const HEARTBEAT: usize = 33;
/// Word of the writer's state: 0 not started, [`RUNNING`], [`STOPPED`].
pub const STATE: usize = 34;
/// State of a writer that is attached.
pub const RUNNING: u64 = 1;
/// State of a writer that ended in good order.
pub const STOPPED: u64 = 2;

/// Words of a slot before the payload.
pub const SLOT_HEAD_WORDS: usize = 5;
/// Kind of a data record; the only one there is.
pub const KIND_DATA: u64 = 1;

const MIN_SLOTS: u64 = 4;
const MAX_SLOTS: u64 = 1024;
const MAX_SLOT_BYTES: usize = 16 << 20;

/// The layout of one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    schema: Schema,
    pace: Pace,
    slots: usize,
    stride_words: usize,
    hash: [u8; 32],
    checksum: Checksum,
}

impl Layout {
    /// Derives the layout. The slots hold twice the deadline's records, or
    /// twice the sporadic burst: a power of two from 4 to 1024, fewer where
    /// 16 MiB would be passed.
    #[must_use]
    pub fn new(schema: &Schema, pace: Pace) -> Self {
        let wanted = match pace {
            Pace::Periodic { deadline_ns, .. } => deadline_ns.saturating_mul(2) / pace.spacing_ns(),
            Pace::Sporadic { records, .. } => u64::from(records) * 2,
        };
        let stride_words = (SLOT_HEAD_WORDS + schema.payload_words() + 1).next_multiple_of(16);
        // Clamped to 1024 above, so it fits any usize.
        let mut slots = wanted.clamp(MIN_SLOTS, MAX_SLOTS).next_power_of_two() as usize;
        while slots * stride_words * 8 > MAX_SLOT_BYTES && slots > 4 {
            slots /= 2;
        }
        let mut layout = Self {
            schema: schema.clone(),
            pace,
            slots,
            stride_words,
            hash: [0; 32],
            checksum: Checksum::new(schema.payload_words()),
        };
        let mut hash = Sha256::new();
        hash.update(schema.to_text().as_bytes());
        for word in layout.geometry() {
            hash.update(word.to_le_bytes());
        }
        layout.hash = hash.finalize().into();
        layout
    }

    /// The schema.
    #[must_use]
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The pace.
    #[must_use]
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// SHA-256 of the canonical schema and the geometry: words 2 to 5.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        self.hash
    }

    /// Number of slots, a power of two.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.slots
    }

    /// Distance of two slots in words, a multiple of 16.
    #[must_use]
    pub fn stride_words(&self) -> usize {
        self.stride_words
    }

    /// Words of a slot that a record fills: head, payload, CRC.
    #[must_use]
    pub fn record_words(&self) -> usize {
        SLOT_HEAD_WORDS + self.schema.payload_words() + 1
    }

    /// Size of the whole memory in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        HEADER_BYTES + (self.slots * self.stride_words * 8).next_multiple_of(4096) + SCHEMA_BYTES
    }

    /// First word of the slot of record `number`.
    #[must_use]
    pub fn slot(&self, number: u64) -> usize {
        // The mask is the reader's own; the cast keeps the low bits, which is
        // all that is used.
        HEADER_BYTES / 8 + (number as usize & (self.slots - 1)) * self.stride_words
    }

    /// The word after the number in a slot: kind, and length in bytes above it.
    #[must_use]
    pub fn kind_and_length(&self) -> u64 {
        KIND_DATA | (self.schema.payload_words() as u64 * 8) << 32
    }

    /// The constant words of the header for one life of a writer.
    #[must_use]
    pub fn header(&self, channel: u64, epoch: u64) -> [u64; CONSTANT_WORDS] {
        let mut words = [0; CONSTANT_WORDS];
        words[0] = MAGIC;
        words[1] = ABI;
        for (word, bytes) in words[2..6].iter_mut().zip(self.hash.chunks_exact(8)) {
            *word = bytes.try_into().map_or(0, u64::from_le_bytes);
        }
        words[6] = epoch;
        words[7] = channel;
        words[8..13].copy_from_slice(&self.geometry());
        words
    }

    /// Where the CRC of this channel and epoch begins.
    #[must_use]
    pub fn crc_seed(&self, channel: u64, epoch: u64) -> u32 {
        let mut seed = crc32c::crc32c(&self.hash);
        seed = checksum::append(seed, epoch);
        checksum::append(seed, channel)
    }

    /// How the words of a record are summed.
    pub(crate) fn checksum(&self) -> &Checksum {
        &self.checksum
    }

    // Slots, stride and payload words; period and deadline, or the spacing and
    // 0 of a sporadic channel, whose deadline does not exist.
    fn geometry(&self) -> [u64; 5] {
        [
            self.slots as u64,
            self.stride_words as u64 * 8,
            self.schema.payload_words() as u64,
            self.pace.spacing_ns(),
            self.pace.deadline_ns().unwrap_or(0),
        ]
    }
}

/// The number of a channel in words 7 and in its CRC: the first 8 bytes of the
/// SHA-256 of its name. Derived, not assigned, so that an end that expects one
/// channel by name cannot be given another.
#[must_use]
pub fn channel_id(name: &str) -> u64 {
    let mut hash = Sha256::new();
    hash.update(b"cordon channel ");
    hash.update(name.as_bytes());
    let hash: [u8; 32] = hash.finalize().into();
    u64::from_le_bytes([
        hash[0], hash[1], hash[2], hash[3], hash[4], hash[5], hash[6], hash[7],
    ])
}
