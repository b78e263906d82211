//! What a reader is told: a typed result that cannot be mistaken for a number.

#![forbid(unsafe_code)]

use crate::record::Record;
use std::ops::Deref;

/// Whether the reader believes the writer's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The writer is honest, though it may crash: a record's age is counted
    /// from the time it carries.
    Trusted,
    /// The writer may be an attacker: a record's age is counted on the
    /// reader's own clock alone, from the last look at which the record was
    /// not there yet.
    Untrusted,
}

/// One look at a channel.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum Reading {
    /// The next record, within its deadline.
    Fresh(Received),
    /// Nothing new, and the last record is still within its deadline.
    Nothing,
    /// The next record within its deadline, after some that are gone.
    Gap {
        /// Records that were overwritten, or too old, before they were read.
        lost: u64,
        /// The record.
        record: Received,
    },
    /// Sensor silent: the writer lives, but its newest record is past the
    /// deadline, or none has come since the channel was attached.
    Stale {
        /// Age in ns of the newest record, or of the attachment.
        age: u64,
    },
    /// The record was being overwritten at each of four attempts.
    Busy,
    /// A record's number, length or CRC is wrong. It is skipped.
    Corrupt,
    /// The record, or the whole channel, is not of the expected schema.
    Schema(Violation),
    /// The writer broke the ring's rules: its head went back or jumped. It
    /// stays so until the next epoch.
    Poisoned,
    /// Process dead: no heartbeat for [`LOST_AFTER_NS`], or the writer said
    /// that it ends.
    Lost,
    /// The channel was not handed out, or what was handed out was refused.
    Absent,
}

/// Time in ns without a heartbeat after which a writer counts as dead.
pub const LOST_AFTER_NS: u64 = 2_000_000_000;
/// Time in ns within which a writer publishes or beats, so that a missed beat
/// or two are no death.
pub const HEARTBEAT_EVERY_NS: u64 = 500_000_000;

/// How a record or a channel breaks the schema.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A field of the record is outside its range. The record is skipped.
    #[error("{0}")]
    Value(#[from] crate::record::ValueError),
    /// The channel's schema is another; each difference names its field.
    #[error("the channel's schema differs: {}", .0.join("; "))]
    Mismatch(Vec<String>),
}

/// A record as it was received. It reads like its [`Record`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The checked record.
    pub record: Record,
    /// Its number in the epoch, from 1.
    pub number: u64,
    /// The writer's life it belongs to.
    pub epoch: u64,
    /// When it was published, ns of CLOCK_MONOTONIC as the writer says; no
    /// more than a claim where the writer is untrusted.
    pub time: u64,
    /// Its age in ns: exact where the writer is trusted, else at most this
    /// since it came.
    pub age: u64,
}

impl Deref for Received {
    type Target = Record;

    fn deref(&self) -> &Record {
        &self.record
    }
}
