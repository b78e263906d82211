//! A writer that is killed between any two of its stores: what is committed is
//! delivered, once, in time; what is not is never seen; and soon it is lost.
//!
//! A store is the smallest step that another process can see, so every
//! instruction at which the kernel may end the writer is one of these cuts.

use super::memory::{CHANNEL, EPOCH, MS, Memory, PERIODIC, schema};
use super::reader::RingReader;
use super::words::Store;
use super::writer::RingWriter;
use crate::layout::Layout;
use crate::pace::Pace;
use crate::reading::{LOST_AFTER_NS, Reading, Trust};
use crate::record::Record;
use std::cell::RefCell;

const RECORDS: u64 = 20;

/// What the writer stored, and which number each store committed.
#[derive(Default)]
struct Log(RefCell<Vec<(usize, u64)>>);

impl Store for &Log {
    fn store(&self, index: usize, value: u64) {
        self.0.borrow_mut().push((index, value));
    }

    fn store_release(&self, index: usize, value: u64) {
        self.store(index, value);
    }
}

/// The stores of a writer that publishes its number each ms, with after which
/// of them each record is committed.
fn life(layout: &Layout) -> (Vec<(usize, u64)>, Vec<usize>) {
    let log = Log::default();
    let mut writer = RingWriter::new(&log, layout.clone(), CHANNEL, EPOCH, MS);
    let id = schema().field("count").expect("field");
    let mut record = Record::new(&schema());
    let mut committed = Vec::new();
    for number in 1..=RECORDS {
        record.set(id, number.into()).expect("set");
        writer.publish(&record, number * MS);
        let slot = layout.slot(number);
        let stores = log.0.borrow();
        let last = stores
            .iter()
            .rposition(|store| *store == (slot, 2 * number));
        committed.push(last.expect("its sequence was stored"));
    }
    writer.stop();
    (log.0.take(), committed)
}

/// Polls until nothing comes; the numbers that came.
fn drain(reader: &mut RingReader<Memory>, now: u64) -> Vec<u64> {
    let id = schema().field("count").expect("field");
    let mut numbers = Vec::new();
    loop {
        match reader.poll(now) {
            Reading::Fresh(record) | Reading::Gap { record, .. } => {
                assert_eq!(record.get(id), Some(record.number.into()), "whole");
                assert!(numbers.last().is_none_or(|last| *last < record.number));
                numbers.push(record.number);
            }
            Reading::Nothing | Reading::Stale { .. } | Reading::Lost => return numbers,
            other => panic!("of an honest writer: {other:?}"),
        }
    }
}

fn killed(pace: Pace, trust: Trust) {
    let layout = Layout::new(&schema(), pace);
    let (stores, committed) = life(&layout);
    for cut in 0..=stores.len() {
        let memory = Memory::new(&layout);
        let attach = |now| {
            let (memory, layout) = (memory.clone(), layout.clone());
            RingReader::new(memory, layout, trust, CHANNEL, EPOCH, now)
        };
        let mut early = attach(0);
        for (index, value) in &stores[..cut] {
            memory.set(*index, *value);
        }
        let newest = committed.iter().filter(|at| **at < cut).count() as u64;
        let now = 21 * MS;
        let mut late = attach(now);
        for (reader, from_start) in [(&mut early, true), (&mut late, false)] {
            let numbers = drain(reader, now);
            assert!(numbers.iter().all(|number| *number <= newest), "cut {cut}");
            if from_start && matches!(pace, Pace::Periodic { .. }) && newest > 0 {
                // The head follows the record by one store; a reader that goes
                // by the head alone learns of it only then.
                let seen = numbers.last().copied().unwrap_or(0);
                assert!(seen + 1 >= newest, "cut {cut}: {seen} of {newest}");
            }
            // Nothing more ever comes, neither again nor late.
            for ms in [22, 50, 119, 200, 1000] {
                assert_eq!(drain(reader, ms * MS), Vec::<u64>::new(), "cut {cut}");
            }
            let reading = reader.poll(now + LOST_AFTER_NS + 1);
            assert_eq!(reading, Reading::Lost, "cut {cut}");
        }
    }
}

#[test]
fn a_writer_killed_between_any_two_stores_leaves_no_record_torn_old_or_twice() {
    for trust in [Trust::Trusted, Trust::Untrusted] {
        killed(PERIODIC, trust);
    }
}

#[test]
fn of_a_killed_sporadic_writer_what_is_committed_stays_and_is_lost_soon() {
    // So many at once that the readers' budget lets all of them through.
    let pace = Pace::Sporadic {
        records: 32,
        per_ns: 1000 * MS,
    };
    for trust in [Trust::Trusted, Trust::Untrusted] {
        killed(pace, trust);
    }
}
