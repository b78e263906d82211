//! The ring under loom: every interleaving of a writer and a reader, and every
//! value that the memory model lets a load see, exhaustively. No record is torn,
//! and an honest writer is never called anything else.
//!
//! The CRC would turn a torn record into `Corrupt`; here `Corrupt` is a failure,
//! so it is the ring that is judged, not the CRC. That the model sees what it is
//! for is shown by mutants: each leaves one thing out and must be caught.

use super::memory::{CHANNEL, EPOCH};
use super::reader::RingReader;
use super::words::{Load, Store};
use super::writer::RingWriter;
use crate::layout::{HEAD, HEARTBEAT, Layout, STATE};
use crate::pace::Pace;
use crate::reading::{Reading, Trust};
use crate::record::Record;
use crate::schema::Schema;
use loom::sync::atomic::{AtomicU64, Ordering, fence};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

/// The smallest ring: 4 slots, at any speed.
const PACE: Pace = Pace::Sporadic {
    records: 2,
    per_ns: 1,
};
/// Published before the reader looks: every slot is filled.
const BEFORE: u64 = 4;

/// What is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mutant {
    Nothing,
    ReleaseFence,
    FenceBeforeCopy,
    FenceAfterCopy,
    OddMark,
    ReleaseOfBoth,
    SecondLook,
}

#[derive(Clone)]
struct Memory {
    words: Arc<BTreeMap<usize, AtomicU64>>,
    layout: Layout,
    mutant: Mutant,
    /// How often this reader looked at a slot's sequence, and what it saw.
    sequence: std::cell::Cell<Option<u64>>,
}

impl Memory {
    fn new(layout: &Layout, mutant: Mutant) -> Self {
        let slots = (0..layout.slots() as u64).flat_map(|number| {
            let slot = layout.slot(number);
            slot..slot + layout.record_words()
        });
        let all = [HEAD, HEARTBEAT, STATE].into_iter().chain(slots);
        let words = all.map(|index| (index, AtomicU64::new(0))).collect();
        Self {
            words: Arc::new(words),
            layout: layout.clone(),
            mutant,
            sequence: std::cell::Cell::new(None),
        }
    }

    fn is_sequence(&self, index: usize) -> bool {
        (0..self.layout.slots() as u64).any(|number| self.layout.slot(number) == index)
    }
}

impl Load for Memory {
    fn load(&self, index: usize) -> u64 {
        if self.mutant == Mutant::SecondLook && self.is_sequence(index) {
            // Twice the same answer, whatever is there the second time.
            if let Some(seen) = self.sequence.take() {
                return seen;
            }
            let seen = self.words[&index].load(Ordering::Relaxed);
            self.sequence.set(Some(seen));
            return seen;
        }
        self.words[&index].load(Ordering::Relaxed)
    }

    fn fence_before_copy(&self) {
        if self.mutant != Mutant::FenceBeforeCopy {
            fence(Ordering::Acquire);
        }
    }

    fn fence_after_copy(&self) {
        if self.mutant != Mutant::FenceAfterCopy {
            fence(Ordering::Acquire);
        }
    }
}

impl Store for Memory {
    fn store(&self, index: usize, value: u64) {
        if self.mutant == Mutant::OddMark && self.is_sequence(index) && value % 2 == 1 {
            return;
        }
        self.words[&index].store(value, Ordering::Relaxed);
    }

    fn store_release(&self, index: usize, value: u64) {
        let order = match self.mutant {
            Mutant::ReleaseOfBoth => Ordering::Relaxed,
            _ => Ordering::Release,
        };
        self.words[&index].store(value, order);
    }

    fn release_fence(&self) {
        if self.mutant != Mutant::ReleaseFence {
            fence(Ordering::Release);
        }
    }
}

/// How the reader looks.
#[derive(Clone, Copy, Debug)]
enum Look {
    /// One copy of this record.
    Copy(u64),
    /// A whole look, with its head, heartbeat and attempts.
    Whole(Trust),
}

/// A reader that is at record 1 while the writer, who has filled the ring,
/// writes record 5 into its slot. Explores every execution, or those in which a
/// thread is interrupted so often at most, and says how many there were.
fn explore(mutant: Mutant, look: Look, interruptions: Option<usize>) -> usize {
    let executions = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&executions);
    let schema = Schema::parse("count u64\n").expect("schema");
    let layout = Layout::new(&schema, PACE);
    assert_eq!(layout.slots() as u64, BEFORE);
    let mut model = loom::model::Builder::new();
    model.preemption_bound = interruptions;
    model.check(move || {
        count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let memory = Memory::new(&layout, mutant);
        let trust = match look {
            Look::Copy(_) => Trust::Trusted,
            Look::Whole(trust) => trust,
        };
        let (reading, schema) = (memory.clone(), schema.clone());
        let mut reader = RingReader::new(reading, layout.clone(), trust, CHANNEL, EPOCH, 0);
        let mut writer = RingWriter::new(memory, layout.clone(), CHANNEL, EPOCH, 1);
        let id = schema.field("count").expect("field");
        let mut record = Record::new(&schema);
        let mut publish = move |number: u64| {
            record.set(id, number.into()).expect("set");
            writer.publish(&record, 1);
        };
        (1..=BEFORE).for_each(&mut publish);
        let thread = loom::thread::spawn(move || publish(BEFORE + 1));
        let reading = match look {
            Look::Copy(number) => reader.attempt(number),
            Look::Whole(_) => Some(reader.poll(1)),
        };
        match reading {
            Some(Reading::Fresh(record) | Reading::Gap { record, .. }) => {
                assert_eq!(record.get(id), Some(record.number.into()), "whole");
            }
            None | Some(Reading::Nothing | Reading::Busy) => {}
            Some(other) => panic!("of an honest writer: {other:?}"),
        }
        thread.join().expect("writer");
    });
    executions.load(std::sync::atomic::Ordering::Relaxed)
}

#[test]
fn no_record_is_torn_in_any_execution() {
    for number in [1, BEFORE + 1] {
        let executions = explore(Mutant::Nothing, Look::Copy(number), None);
        println!("record {number}: {executions} executions");
        assert!(executions > 1, "{executions}");
    }
}

#[test]
fn no_whole_look_tears_a_record_where_threads_are_interrupted_once() {
    for trust in [Trust::Trusted, Trust::Untrusted] {
        let executions = explore(Mutant::Nothing, Look::Whole(trust), Some(1));
        println!("{trust:?}: {executions} executions");
        assert!(executions > 1, "{executions}");
    }
}

#[test]
fn every_mutant_is_caught() {
    // Some tear the record that is overwritten, some the one that is written.
    for (mutant, number) in [
        (Mutant::ReleaseFence, 1),
        (Mutant::OddMark, 1),
        (Mutant::FenceAfterCopy, 1),
        (Mutant::SecondLook, 1),
        (Mutant::FenceBeforeCopy, BEFORE + 1),
        (Mutant::ReleaseOfBoth, BEFORE + 1),
    ] {
        let run = || explore(mutant, Look::Copy(number), None);
        let caught = catch_unwind(AssertUnwindSafe(run));
        assert!(caught.is_err(), "{mutant:?} is not caught: {caught:?}");
    }
}
