//! What the interface exchanges by value.

#![forbid(unsafe_code)]

use cordon_channel::typed::Why;
use cordon_channel::{Pace, Trust};

/// How often records come; as `*_PACE` of a generated header.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
#[allow(non_camel_case_types)]
pub struct cordon_pace {
    /// 0 for records that come regularly; else so many in `period_ns` at most.
    pub records: u32,
    /// Nominal period, or the span of `records`, in ns.
    pub period_ns: u64,
    /// Age in ns past which a record is no value; 0 where `records` is not.
    pub deadline_ns: u64,
}

impl cordon_pace {
    pub(crate) fn sound(self) -> Option<Pace> {
        let pace = match self.records {
            0 => Pace::Periodic {
                period_ns: self.period_ns,
                deadline_ns: self.deadline_ns,
            },
            records => Pace::Sporadic {
                records,
                per_ns: self.period_ns,
            },
        };
        pace.is_sound().then_some(pace)
    }
}

/// Whether a reader believes the writer's clock.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
#[expect(dead_code, reason = "named by C alone")]
pub enum cordon_trust {
    /// The writer may be an attacker: age is counted on the reader's clock alone.
    CORDON_UNTRUSTED = 0,
    /// The writer is honest, though it may crash: age is counted from the time
    /// a record carries.
    CORDON_TRUSTED = 1,
}

/// Any other number of a C caller: not to be believed.
pub(crate) fn trust(word: u32) -> Trust {
    if word == cordon_trust::CORDON_TRUSTED as u32 {
        Trust::Trusted
    } else {
        Trust::Untrusted
    }
}

/// What holds now. Handle each: `switch` without `default` (-Wswitch).
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum cordon_now {
    /// There is no value, and no telling when one comes: cordon_reader_why().
    CORDON_LOST = 0,
    /// Sensor silent: the writer lives, its newest record is past the deadline.
    CORDON_STALE = 1,
    /// The newest record, within its deadline.
    CORDON_FRESH = 2,
}

/// Why there is no value.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum cordon_why {
    /// There is one, or it is only stale.
    CORDON_WHY_NONE = 0,
    /// The channel was not handed out, or refused: cordon_reader_refusal().
    CORDON_WHY_ABSENT = 1,
    /// The channel has just come; no record yet.
    CORDON_WHY_NOT_YET = 2,
    /// Process dead: no heartbeat, or it said that it ends.
    CORDON_WHY_DEAD = 3,
    /// The writer broke the channel's rules and is not believed any more.
    CORDON_WHY_POISONED = 4,
    /// The ends declare different records: cordon_reader_refusal() names fields.
    CORDON_WHY_SCHEMA = 5,
}

impl From<Why<'_>> for cordon_why {
    fn from(why: Why<'_>) -> Self {
        match why {
            Why::Absent => Self::CORDON_WHY_ABSENT,
            Why::NotYet => Self::CORDON_WHY_NOT_YET,
            Why::Dead => Self::CORDON_WHY_DEAD,
            Why::Poisoned => Self::CORDON_WHY_POISONED,
            Why::Schema(_) => Self::CORDON_WHY_SCHEMA,
        }
    }
}

/// How a call went.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum cordon_status {
    /// Done.
    CORDON_OK = 0,
    /// The channel is not attached (yet): nothing was published.
    CORDON_ABSENT = -1,
    /// A value is outside its range: nothing was published.
    CORDON_RANGE = -2,
    /// A pointer is NULL, or the size is not that of the record.
    CORDON_INVALID = -3,
}

/// What is known of a record that was read.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub struct cordon_sample {
    /// Its number in the epoch, from 1.
    pub number: u64,
    /// The writer's life it belongs to.
    pub epoch: u64,
    /// When it was published, ns of CLOCK_MONOTONIC as the writer says.
    pub time_ns: u64,
    /// Its age in ns; with CORDON_STALE the age of the newest one.
    pub age_ns: u64,
    /// Records that are gone between it and the one before.
    pub lost: u64,
    /// Whether it follows the one before without a hole: only then may a line
    /// be drawn from one to the other.
    pub joins: bool,
}
