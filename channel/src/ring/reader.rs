//! The reader's side of the ring.
//!
//! Whatever the memory answers, a look makes at most
//! `2 + 4 * (3 + record words)` loads and one allocation, and indexes only by
//! numbers the reader counted itself.

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
}

enum Copy {
    Record(Vec<u64>),
    Torn,
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
            lost: 0,
            poisoned,
            looked: now,
            unseen: now,
            born: now,
            beat,
            alive,
            layout,
        }
    }

    /// The life of the writer it is attached to.
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// One look at time `now` (ns of CLOCK_MONOTONIC): at most one record.
    pub fn poll(&mut self, now: u64) -> Reading {
        let now = now.max(self.looked);
        let elapsed = now - self.looked;
        self.jump.refill(elapsed);
        if let Some(tokens) = &mut self.tokens {
            tokens.refill(elapsed);
        }
        self.listen(now);
        let before = self.looked;
        self.looked = now;
        if self.poisoned {
            return Reading::Poisoned;
        }
        for _ in 0..ATTEMPTS {
            if !self.advance(before) {
                self.poisoned = true;
                return Reading::Poisoned;
            }
            if self.next > self.head || self.tokens.as_ref().is_some_and(TokenBucket::is_empty) {
                return self.without_record(now, Reading::Nothing);
            }
            match self.copy(self.next) {
                Copy::Torn => {}
                Copy::Record(words) => {
                    if let Some(reading) = self.judge(words, now) {
                        return reading;
                    }
                }
            }
        }
        self.without_record(now, Reading::Busy)
    }

    /// Hears the heartbeat. That it changed is what counts, not what it says.
    fn listen(&mut self, now: u64) {
        let beat = self.words.load(HEARTBEAT);
        if beat != self.beat {
            self.beat = beat;
            self.alive = now;
        }
    }

    /// Reads the head. False when it broke a rule.
    fn advance(&mut self, before: u64) -> bool {
        let head = self.words.load(HEAD);
        self.words.acquire_fence();
        if head > LAST_NUMBER || head < self.head || !self.jump.take(head - self.head) {
            return false;
        }
        if head > self.head {
            // Records still unread keep their earlier bound.
            if self.next > self.head {
                self.unseen = before;
            }
            self.head = head;
        }
        // The slot after the head may be being written, so one record fewer
        // than there are slots can still be read.
        let oldest = (self.head + 2).saturating_sub(self.layout.slots() as u64);
        self.skip_to(oldest);
        true
    }

    fn skip_to(&mut self, number: u64) {
        if self.next < number {
            self.lost = self.lost.saturating_add(number - self.next);
            self.next = number;
        }
    }

    /// Copies record `number` into private memory, once.
    fn copy(&self, number: u64) -> Copy {
        let slot = self.layout.slot(number);
        let sequence = self.words.load(slot);
        self.words.acquire_fence();
        if sequence != 2 * number {
            return Copy::Torn;
        }
        let words = (1..self.layout.record_words())
            .map(|index| self.words.load(slot + index))
            .collect();
        self.words.acquire_fence();
        if self.words.load(slot) == sequence {
            Copy::Record(words)
        } else {
            Copy::Torn
        }
    }

    /// Judges the private copy. None when it is too old and a newer one is
    /// there to be read in its place.
    fn judge(&mut self, mut words: Vec<u64>, now: u64) -> Option<Reading> {
        let number = self.next;
        let crc = words.pop();
        let computed = checksum::append_all(self.seed, &words);
        let intact = crc == Some(checksum::to_word(computed))
            && words.first() == Some(&number)
            && words.get(2) == Some(&self.layout.kind_and_length());
        let (Some(&time), Some(&validity)) = (words.get(1), words.get(3)) else {
            return Some(Reading::Corrupt);
        };
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
        let payload = words.split_off(SLOT_HEAD_WORDS - 1);
        let record = match Record::from_words(self.layout.schema(), validity, payload) {
            Ok(record) => record,
            Err(error) => return Some(Reading::Schema(Violation::Value(error))),
        };
        self.born = born;
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
