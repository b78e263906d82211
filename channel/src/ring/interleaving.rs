//! No torn read, whatever the writer does between two loads of a look.
//!
//! The writer's stores are recorded, then played to a reader: some before it
//! attaches, some between two of its loads; every such pair of cuts is tried.
//! The order within a processor is taken as written; what a weaker memory
//! makes of it is for a model checker.

use super::memory::{CHANNEL, EPOCH, Memory, schema};
use super::reader::RingReader;
use super::words::{Load, Store};
use super::writer::RingWriter;
use crate::layout::{HEAD, Layout};
use crate::pace::Pace;
use crate::reading::{Reading, Trust};
use crate::record::Record;
use std::cell::{Cell, RefCell};

/// The smallest ring: 4 slots, at any speed.
const PACE: Pace = Pace::Sporadic {
    records: 2,
    per_ns: 1,
};
const RECORDS: u64 = 9;

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

struct Played<'a> {
    memory: Memory,
    rest: RefCell<&'a [(usize, u64)]>,
    /// Before this load of the look, that many stores happen.
    pause: Cell<Option<(usize, usize)>>,
}

impl Played<'_> {
    fn play(&self, stores: usize) {
        let mut rest = self.rest.borrow_mut();
        let (now, later) = rest.split_at(stores.min(rest.len()));
        for (index, value) in now {
            self.memory.set(*index, *value);
        }
        *rest = later;
    }
}

impl Load for &Played<'_> {
    fn load(&self, index: usize) -> u64 {
        match self.pause.get() {
            Some((0, stores)) => {
                self.pause.set(None);
                self.play(stores);
            }
            Some((loads, stores)) => self.pause.set(Some((loads - 1, stores))),
            None => {}
        }
        self.memory.load(index)
    }
}

/// All stores of a writer that publishes records filled with their number.
fn stores(layout: &Layout) -> Vec<(usize, u64)> {
    let log = Log::default();
    let mut writer = RingWriter::new(&log, layout.clone(), CHANNEL, EPOCH, 1);
    let (count, ecg) = (schema().field("count"), schema().field("ecg"));
    for number in 1..=RECORDS {
        let mut record = Record::new(&schema());
        record.set(count.unwrap(), number.into()).unwrap();
        let number = i64::try_from(number).unwrap();
        record.set_array(ecg.unwrap(), &[number; 20]).unwrap();
        writer.publish(&record, 1);
    }
    log.0.take()
}

#[test]
fn no_pause_between_two_loads_tears_a_record() {
    let layout = Layout::new(&schema(), PACE);
    assert_eq!(layout.slots(), 4);
    let stores = stores(&layout);
    let per_record = stores.len() / RECORDS as usize;
    let (count, ecg) = (schema().field("count"), schema().field("ecg"));
    let (mut whole, mut busy) = (0, 0);
    for before in 0..stores.len() {
        for at in 0..layout.record_words() + 6 {
            for pause in 0..=5 * per_record {
                let played = Played {
                    memory: Memory::new(&layout),
                    rest: RefCell::new(&stores),
                    pause: Cell::new(None),
                };
                played.play(before);
                let mut reader =
                    RingReader::new(&played, layout.clone(), Trust::Untrusted, CHANNEL, EPOCH, 1);
                played.pause.set(Some((at, pause)));
                let head = played.memory.load(HEAD);
                match reader.poll(2) {
                    Reading::Fresh(record) | Reading::Gap { record, .. } => {
                        assert!(record.number + 2 >= head.max(1), "older than the ring");
                        assert_eq!(record.get(count.unwrap()), Some(record.number.into()));
                        let number = i64::try_from(record.number).unwrap();
                        assert_eq!(record.get_array(ecg.unwrap()), Some(vec![number; 20]));
                        whole += 1;
                    }
                    Reading::Nothing => {}
                    Reading::Busy => busy += 1,
                    other => panic!("{before} stores, {pause} before load {at}: {other:?}"),
                }
            }
        }
    }
    println!("{whole} whole, {busy} busy");
    assert!(whole > 0);
}
