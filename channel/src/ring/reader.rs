//! The reader's side of the ring.
//!
//! Whatever the memory answers, a look makes at most
//! `5 + 5 * (3 + record words)` loads and two allocations, and indexes only by
//! numbers the reader counted itself.
//!
//! A reader that trusts its writer looks first at the slot the next record will
//! stand in, and only where it is not there at the head. So a record costs the
//! reader its own lines of the cache and no other, and the clock is read when
//! they are there. A reader that does not trust its writer reads the clock
//! first and begins with the head, because when a record was not there yet is
//! the only thing it knows about the record's age.

use super::words::Load;
use crate::budget::{Allowance, TokenBucket};
use crate::checksum;
use crate::layout::{HEAD, HEARTBEAT, Layout, SLOT_HEAD_WORDS, STATE, STOPPED};
use crate::pace::Pace;
use crate::reading::{LOST_AFTER_NS, Reading, Received, Trust, Violation};
use crate::record::Record;

const ATTEMPTS: u32 = 4;
/// No writer gets there: at one record a ns it would take 146 years. Numbers
/// below can be doubled and added to without overflow.
const LAST_NUMBER: u64 = 1 << 62;

/// The reader's state: all of it private.
#[derive(Debug)]
pub struct RingReader<L> {
    words: L,
    layout: Layout,
    trust: Trust,
    epoch: u64,
    seed: u32,
    /// The next record to deliver.
    next: u64,
    /// The highest head seen; it only grows.
    head: u64,
    /// The highest number heard of, by the head or by a record.
    reach: u64,
    /// Records lost since the last one delivered.
    lost: u64,
    poisoned: bool,
    jump: Allowance,
    tokens: Option<TokenBucket>,
    /// When the last look was.
    looked: u64,
    /// A time at which none of the records not yet read was there.
    unseen: u64,
    /// Birth of the newest record read, or the attachment.
    born: u64,
    beat: u64,
    alive: u64,
    /// Room for the next payload.
    spare: Vec<u64>,
}

/// A record as it was copied: nothing of it is believed yet.
struct Copy {
    head: [u64; SLOT_HEAD_WORDS - 1],
    payload: Vec<u64>,
    computed: u32,
    crc: u64,
}

impl Copy {
    const NUMBER: usize = 0;
    const TIME: usize = 1;
    const KIND: usize = 2;
    const VALIDITY: usize = 3;
}

impl<L: Load> RingReader<L> {
    /// A reader at the moment of attaching.
    ///
    /// A periodic channel begins with the newest record, or, where the writer
    /// is untrusted, with the next one: how old the newest is, only the writer
    /// could say. A sporadic channel begins with the oldest record there is.
    pub fn new(words: L, layout: Layout, trust: Trust, channel: u64, epoch: u64, now: u64) -> Self {
        let seed = layout.crc_seed(channel, epoch);
        let head = words.load(HEAD);
        let beat = words.load(HEARTBEAT);
        let poisoned = head > LAST_NUMBER;
        let head = if poisoned { 0 } else { head };
        let slots = layout.slots() as u64;
        let next = match (layout.pace(), trust) {
            (Pace::Periodic { .. }, Trust::Trusted) => head.max(1),
            (Pace::Periodic { .. }, Trust::Untrusted) => head + 1,
            (Pace::Sporadic { .. }, _) => (head + 2).saturating_sub(slots).max(1),
        };
        let alive = match trust {
            Trust::Trusted if beat > 0 => beat.min(now),
            _ => now,
        };
        Self {
            jump: Allowance::new(layout.pace(), slots),
            tokens: TokenBucket::new(layout.pace()),
            words,
            trust,
            epoch,
            seed,
            next,
            head,
            reach: head,
            lost: 0,
            poisoned,
            looked: now,
            unseen: now,
            born: now,
            beat,
            alive,
            spare: Vec::new(),
            layout,
        }
    }

    /// The life of the writer it is attached to.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// One look at time `now` (ns of CLOCK_MONOTONIC): at most one record.
    pub fn poll(&mut self, now: u64) -> Reading {
        self.look(|| now)
    }

    /// One look, at the time that the clock says: at most one record.
    pub fn look(&mut self, clock: impl FnOnce() -> u64) -> Reading {
        let early = self.early();
        let now = clock().max(self.looked);
        let elapsed = now - self.looked;
        self.jump.refill(elapsed);
        if let Some(tokens) = &mut self.tokens {
            tokens.refill(elapsed);
        }
        let before = self.looked;
        self.looked = now;
        if self.poisoned {
            return Reading::Poisoned;
        }
        if let Some(copy) = early.filter(|copy| self.is_timely(copy, now)) {
            if !self.reaches(self.next) {
                return self.poison();
            }
            let delivered = self.tokens.as_ref().is_none_or(|tokens| !tokens.is_empty());
            if delivered && let Some(reading) = self.judge(copy, now) {
                return reading;
            }
        }
        self.listen(now);
        for attempt in 0..ATTEMPTS {
            if !self.advance(before, now, attempt) {
                return self.poison();
            }
            if self.next > self.head || self.tokens.as_ref().is_some_and(TokenBucket::is_empty) {
                return self.without_record(now, Reading::Nothing);
            }
            if let Some(copy) = self.copy(self.next)
                && let Some(reading) = self.judge(copy, now)
            {
                return reading;
            }
        }
        self.without_record(now, Reading::Busy)
    }

    fn poison(&mut self) -> Reading {
        self.poisoned = true;
        Reading::Poisoned
    }

    /// The next record, where the writer is trusted and it is there.
    fn early(&mut self) -> Option<Copy> {
        if self.trust == Trust::Untrusted || self.poisoned || self.next > LAST_NUMBER {
            return None;
        }
        self.copy(self.next)
    }

    /// Whether a trusted writer's record is within its deadline. One that is
    /// not may have newer ones behind it, of which only the head tells.
    fn is_timely(&self, copy: &Copy, now: u64) -> bool {
        let age = now - copy.head[Copy::TIME].min(now);
        self.layout
            .pace()
            .deadline_ns()
            .is_none_or(|deadline| age <= deadline)
    }

    /// Whether the writer may have got as far as this number by now.
    fn reaches(&mut self, number: u64) -> bool {
        let further = number.saturating_sub(self.reach);
        self.reach += further;
        self.jump.take(further)
    }

    /// Hears the heartbeat. Of an untrusted one, that it changed is what
    /// counts, not what it says.
    fn listen(&mut self, now: u64) {
        let beat = self.words.load(HEARTBEAT);
        if beat != self.beat {
            self.beat = beat;
            self.alive = match self.trust {
                Trust::Trusted => self.alive.max(beat.min(now)),
                Trust::Untrusted => now,
            };
        }
    }

    /// Reads the head. False when it broke a rule.
    fn advance(&mut self, before: u64, now: u64, attempt: u32) -> bool {
        let head = self.words.load(HEAD);
        self.words.fence_before_copy();
        if head > LAST_NUMBER || head < self.head || !self.reaches(head) {
            return false;
        }
        if head > self.head {
            // Records still unread keep their earlier bound.
            if self.next > self.head {
                self.unseen = before;
            }
            self.head = head;
            if self.trust == Trust::Untrusted {
                self.alive = now;
            }
        }
        // The slot after the head may be being written, so one record fewer
        // than there are slots can still be read. Who was overtaken while
        // copying would be again: it leaves the writer a part of the ring.
        let slots = self.layout.slots() as u64;
        let margin = slots / ATTEMPTS as u64 * u64::from(attempt);
        let oldest = (self.head + 2 + margin).saturating_sub(slots);
        self.skip_to(oldest.min(self.head));
        true
    }

    fn skip_to(&mut self, number: u64) {
        if self.next < number {
            self.lost = self.lost.saturating_add(number - self.next);
            self.next = number;
        }
    }

    /// One copy of a record, alone, for the model checker: none where the slot
    /// holds another, else what is made of it.
    #[cfg(test)]
    pub(super) fn attempt(&mut self, number: u64) -> Option<Reading> {
        self.next = number;
        let copy = self.copy(self.next)?;
        self.judge(copy, self.looked)
    }

    /// Copies record `number` into private memory, once; none when the slot
    /// holds another, or does at the end.
    fn copy(&mut self, number: u64) -> Option<Copy> {
        let slot = self.layout.slot(number);
        let sequence = self.words.load(slot);
        self.words.fence_before_copy();
        if sequence != 2 * number {
            return None;
        }
        let mut payload = std::mem::take(&mut self.spare);
        payload.resize(self.layout.schema().payload_words(), 0);
        let words = &self.words;
        let head = std::array::from_fn(|index| words.load(slot + 1 + index));
        let body = slot + SLOT_HEAD_WORDS;
        let checksum = self.layout.checksum();
        let computed = words.take(body, &mut payload, checksum, self.seed, head);
        let crc = words.load(body + payload.len());
        words.fence_after_copy();
        if words.load(slot) != sequence {
            self.spare = payload;
            return None;
        }
        Some(Copy {
            head,
            payload,
            computed,
            crc,
        })
    }

    /// Judges the private copy. None when it is too old and a newer one is
    /// there to be read in its place.
    fn judge(&mut self, copy: Copy, now: u64) -> Option<Reading> {
        let number = self.next;
        let intact = copy.crc == checksum::to_word(copy.computed)
            && copy.head[Copy::NUMBER] == number
            && copy.head[Copy::KIND] == self.layout.kind_and_length();
        let (time, validity) = (copy.head[Copy::TIME], copy.head[Copy::VALIDITY]);
        if !intact {
            self.next += 1;
            return Some(Reading::Corrupt);
        }
        let born = match self.trust {
            Trust::Trusted => time.min(now),
            Trust::Untrusted => self.unseen,
        };
        let age = now - born;
        if self.layout.pace().deadline_ns().is_some_and(|d| age > d) {
            if number < self.head {
                self.skip_to(self.head);
                return None;
            }
            self.next += 1;
            self.lost = self.lost.saturating_add(1);
            self.born = born;
            return Some(self.without_record(now, Reading::Stale { age }));
        }
        self.next += 1;
        if let Some(tokens) = &mut self.tokens {
            tokens.take();
        }
        let record = match Record::from_words(self.layout.schema(), validity, copy.payload) {
            Ok(record) => record,
            Err(error) => return Some(Reading::Schema(Violation::Value(error))),
        };
        self.born = born;
        if self.trust == Trust::Trusted {
            // It lived then, whether or not its heartbeat was heard.
            self.alive = self.alive.max(born);
        }
        let record = Received {
            record,
            number,
            epoch: self.epoch,
            time,
            age,
        };
        Some(match std::mem::take(&mut self.lost) {
            0 => Reading::Fresh(record),
            lost => Reading::Gap { lost, record },
        })
    }

    /// What to say when there is no record to deliver: a dead or a silent
    /// writer comes before `otherwise`.
    fn without_record(&self, now: u64, otherwise: Reading) -> Reading {
        if self.words.load(STATE) == STOPPED || now - self.alive > LOST_AFTER_NS {
            return Reading::Lost;
        }
        let age = now - self.born;
        match self.layout.pace().deadline_ns() {
            Some(deadline) if age > deadline => Reading::Stale { age },
            _ => otherwise,
        }
    }
}
