//! Memory that answers anything: each load takes the next eight bytes of the
//! input. No panic, a bounded number of loads, nothing outside the layout.
#![no_main]

use cordon_channel::layout::Layout;
use cordon_channel::ring::reader::RingReader;
use cordon_channel::ring::words::Load;
use cordon_channel::{Pace, Reading, Schema, Trust};
use libfuzzer_sys::fuzz_target;
use std::cell::Cell;

struct Answers<'a> {
    bytes: Cell<&'a [u8]>,
    loads: Cell<usize>,
    words: usize,
}

impl Load for &Answers<'_> {
    fn load(&self, index: usize) -> u64 {
        assert!(index < self.words);
        self.loads.set(self.loads.get() + 1);
        match self.bytes.get().split_first_chunk() {
            Some((word, rest)) => {
                self.bytes.set(rest);
                u64::from_le_bytes(*word)
            }
            None => 0,
        }
    }
}

fuzz_target!(|input: (bool, bool, Vec<u32>, &[u8])| {
    let (periodic, trusted, times, bytes) = input;
    let pace = match periodic {
        true => Pace::Periodic { period_ns: 10_000_000, deadline_ns: 100_000_000 },
        false => Pace::Sporadic { records: 5, per_ns: 1_000_000_000 },
    };
    let trust = if trusted { Trust::Trusted } else { Trust::Untrusted };
    let schema = Schema::parse("count u32\nspo2 u16 unit=% range=0..100\n").expect("schema");
    let layout = Layout::new(&schema, pace);
    let answers = Answers { bytes: Cell::new(bytes), loads: Cell::new(0), words: layout.size() / 8 };
    let most = 5 + 5 * (3 + layout.record_words());
    let mut reader = RingReader::new(&answers, layout, trust, 1, 1, 0);
    let (mut now, mut last) = (0u64, 0);
    for time in times.into_iter().take(64) {
        now += u64::from(time);
        answers.loads.set(0);
        if let Reading::Fresh(record) | Reading::Gap { record, .. } = reader.poll(now) {
            assert!(record.number > last);
            last = record.number;
        }
        assert!(answers.loads.get() <= most);
    }
});
