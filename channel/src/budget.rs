//! How much a writer may do in a span of the reader's own time.

#![forbid(unsafe_code)]

use crate::pace::Pace;

/// How far back unused allowance counts, in ns. A writer that was frozen may
/// catch up; one that saved for a day may not spend it at once.
const MEMORY_NS: u128 = 60_000_000_000;

/// How far a head may move: twice the declared rate, plus the slots.
///
/// Twice, because two crystals differ and a periodic writer catches up after a
/// pause; a reader that was itself held up for an hour must not take an honest
/// writer for a broken one.
#[derive(Debug)]
pub(crate) struct Allowance {
    credit: u128,
    most: u128,
    cost: u128,
}

impl Allowance {
    pub(crate) fn new(pace: Pace, slots: u64) -> Self {
        let spacing = u128::from(pace.spacing_ns());
        // In half ns, so that half a spacing of one ns is not nothing.
        let slots = u128::from(slots) * spacing;
        Self {
            credit: slots,
            most: slots + 2 * MEMORY_NS,
            cost: spacing,
        }
    }

    pub(crate) fn refill(&mut self, elapsed: u64) {
        // What was left over is capped, what just passed is not: the reader
        // itself may have slept for long.
        self.credit = self.credit.min(self.most) + 2 * u128::from(elapsed);
    }

    pub(crate) fn take(&mut self, records: u64) -> bool {
        let cost = u128::from(records) * self.cost;
        match self.credit.checked_sub(cost) {
            Some(left) => {
                self.credit = left;
                true
            }
            None => false,
        }
    }
}

/// How many records of a sporadic channel are delivered: the declared number
/// at once, refilled at the declared rate. What is above waits in the ring.
#[derive(Debug)]
pub(crate) struct TokenBucket {
    credit: u128,
    records: u128,
    per: u128,
}

impl TokenBucket {
    /// A full bucket; none for a periodic channel.
    pub(crate) fn new(pace: Pace) -> Option<Self> {
        let Pace::Sporadic { records, per_ns } = pace else {
            return None;
        };
        let (records, per) = (u128::from(records), u128::from(per_ns));
        // A record costs `per`, and each ns brings `records`.
        Some(Self {
            credit: records * per,
            records,
            per,
        })
    }

    pub(crate) fn refill(&mut self, elapsed: u64) {
        let most = self.records * self.per;
        self.credit = most.min(self.credit + u128::from(elapsed) * self.records);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.credit < self.per
    }

    pub(crate) fn take(&mut self) {
        self.credit = self.credit.saturating_sub(self.per);
    }
}
