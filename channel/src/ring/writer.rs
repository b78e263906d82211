//! The writer's side of the ring.

use super::words::Store;
use crate::checksum;
use crate::layout::{HEAD, HEARTBEAT, Layout, RUNNING, SLOT_HEAD_WORDS, STATE, STOPPED};
use crate::record::Record;

/// The writer's state: all of it private, nothing is read back.
#[derive(Debug)]
pub struct RingWriter<S> {
    words: S,
    layout: Layout,
    seed: u32,
    number: u64,
}

impl<S: Store> RingWriter<S> {
    /// A writer at the start of an epoch, and its first heartbeat.
    pub fn new(words: S, layout: Layout, channel: u64, epoch: u64, now: u64) -> Self {
        let seed = layout.crc_seed(channel, epoch);
        let writer = Self {
            words,
            layout,
            seed,
            number: 0,
        };
        writer.words.store(HEARTBEAT, now);
        writer.words.store(STATE, RUNNING);
        writer
    }

    /// Writes the next record and commits it. Returns its number, from 1.
    /// The record must be of the layout's schema.
    pub fn publish(&mut self, record: &Record, now: u64) -> u64 {
        let number = self.number + 1;
        self.number = number;
        let slot = self.layout.slot(number);
        let head = [
            number,
            now,
            self.layout.kind_and_length(),
            record.validity(),
        ];
        let payload = record.payload();

        self.words.store(slot, 2 * number - 1);
        self.words.release_fence();
        for (index, word) in head.into_iter().enumerate() {
            self.words.store(slot + 1 + index, word);
        }
        let body = slot + SLOT_HEAD_WORDS;
        let checksum = self.layout.checksum();
        let crc = self.words.put(body, payload, checksum, self.seed, head);
        let end = slot + self.layout.record_words() - 1;
        self.words.store(end, checksum::to_word(crc));
        self.words.store_release(slot, 2 * number);
        // The head's line last: its words reach a reader together.
        self.words.store(HEARTBEAT, now);
        self.words.store_release(HEAD, number);
        number
    }

    /// Says that the writer lives although it has no data.
    pub fn heartbeat(&self, now: u64) {
        self.words.store(HEARTBEAT, now);
    }

    /// Says that the writer ends in good order.
    pub fn stop(&self) {
        self.words.store(STATE, STOPPED);
    }

    /// The layout it writes by.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }
}
