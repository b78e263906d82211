//! Memory of this process, for tests that play both ends and the clock.

use super::reader::RingReader;
use super::words::{Load, Store};
use super::writer::RingWriter;
use crate::layout::Layout;
use crate::pace::Pace;
use crate::reading::Trust;
use crate::record::Record;
use crate::schema::Schema;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub const CHANNEL: u64 = 77;
pub const EPOCH: u64 = 5;
pub const MS: u64 = 1_000_000;
/// A record each 10 ms, stale after 100: 32 slots.
pub const PERIODIC: Pace = Pace::Periodic {
    period_ns: 10 * MS,
    deadline_ns: 100 * MS,
};
/// Five a second: 16 slots.
pub const SPORADIC: Pace = Pace::Sporadic {
    records: 5,
    per_ns: 1000 * MS,
};

/// Plain memory, shared by cloning.
#[derive(Clone, Debug)]
pub struct Memory(pub Arc<Vec<AtomicU64>>);

impl Memory {
    pub fn new(layout: &Layout) -> Self {
        let words = (0..layout.size() / 8).map(|_| AtomicU64::new(0));
        Self(Arc::new(words.collect()))
    }

    pub fn set(&self, index: usize, value: u64) {
        self.0[index].store(value, Ordering::Relaxed);
    }
}

impl Load for Memory {
    fn load(&self, index: usize) -> u64 {
        self.0[index].load(Ordering::Relaxed)
    }
}

impl Store for Memory {
    fn store(&self, index: usize, value: u64) {
        self.set(index, value);
    }

    fn store_release(&self, index: usize, value: u64) {
        self.0[index].store(value, Ordering::Release);
    }
}

pub fn schema() -> Schema {
    Schema::parse("count u32\nspo2 u16 unit=% range=0..100\necg i16[20]\n").unwrap()
}

/// Both ends of a channel, attached at time 0.
pub struct Bench {
    pub layout: Layout,
    pub memory: Memory,
    pub writer: RingWriter<Memory>,
    pub reader: RingReader<Memory>,
}

impl Bench {
    pub fn new(pace: Pace, trust: Trust) -> Self {
        let layout = Layout::new(&schema(), pace);
        let memory = Memory::new(&layout);
        let writer = RingWriter::new(memory.clone(), layout.clone(), CHANNEL, EPOCH, 1);
        let mut bench = Self {
            reader: reader(&memory, &layout, trust, 0),
            layout,
            memory,
            writer,
        };
        bench.attach(trust, 0);
        bench
    }

    /// Attaches the reader anew.
    pub fn attach(&mut self, trust: Trust, now: u64) {
        self.reader = reader(&self.memory, &self.layout, trust, now);
    }

    /// Publishes a record with this count.
    pub fn publish(&mut self, count: u32, now: u64) -> u64 {
        let schema = self.layout.schema().clone();
        let mut record = Record::new(&schema);
        let id = schema.field("count").unwrap();
        record.set(id, count.into()).unwrap();
        self.writer.publish(&record, now)
    }
}

fn reader(memory: &Memory, layout: &Layout, trust: Trust, now: u64) -> RingReader<Memory> {
    RingReader::new(memory.clone(), layout.clone(), trust, CHANNEL, EPOCH, now)
}
