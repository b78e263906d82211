//! A reader of memory that answers anything at all: every load may give any
//! word, two loads of one place two different ones. That is every attacker,
//! every double fetch, every torn record.

use super::memory::{Bench, CHANNEL, EPOCH, MS, PERIODIC, SPORADIC};
use super::reader::RingReader;
use super::words::Load;
use crate::layout::{HEAD, Layout};
use crate::pace::Pace;
use crate::reading::{Reading, Trust};
use proptest::prelude::*;
use std::cell::{Cell, RefCell};

/// Answers from a list, then from what an honest writer wrote; counts loads
/// and refuses an index outside.
struct Havoc {
    answers: RefCell<Vec<u64>>,
    honest: Bench,
    loads: Cell<usize>,
}

impl Load for &Havoc {
    fn load(&self, index: usize) -> u64 {
        assert!(index < self.honest.layout.size() / 8, "index {index}");
        self.loads.set(self.loads.get() + 1);
        let answer = self.answers.borrow_mut().pop();
        match answer {
            // As good as true: the honest word, or one near it.
            Some(0) | None => self.honest.memory.load(index),
            Some(small @ 1..=64) => self.honest.memory.load(index).wrapping_add(small),
            Some(any) => any,
        }
    }
}

fn pace() -> impl Strategy<Value = Pace> {
    prop_oneof![
        Just(PERIODIC),
        Just(SPORADIC),
        (any::<u64>(), any::<u64>()).prop_map(|(period, deadline)| Pace::Periodic {
            period_ns: period.max(1),
            deadline_ns: deadline.max(1),
        }),
        (any::<u32>(), any::<u64>()).prop_map(|(records, per)| Pace::Sporadic {
            records: records.max(1),
            per_ns: per.max(1),
        }),
    ]
}

fn word() -> impl Strategy<Value = u64> {
    prop_oneof![
        6 => Just(0),
        2 => 1..=64u64,
        1 => any::<u64>(),
        1 => prop::sample::select(vec![u64::MAX, 1 << 62, (1 << 62) + 1, 1 << 63]),
    ]
}

fn trust() -> impl Strategy<Value = Trust> {
    prop_oneof![Just(Trust::Trusted), Just(Trust::Untrusted)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_memory_is_read_without_panic_in_bounded_loads(
        pace in pace(),
        trust in trust(),
        answers in prop::collection::vec(word(), 0..400),
        times in prop::collection::vec(prop_oneof![0..1000 * MS, any::<u64>()], 1..20),
        published in 0..40u32,
    ) {
        let mut honest = Bench::new(pace, trust);
        for number in 0..published {
            honest.publish(number, MS);
        }
        let layout: Layout = honest.layout.clone();
        let havoc = Havoc { answers: RefCell::new(answers), honest, loads: Cell::new(0) };
        let mut reader = RingReader::new(&havoc, layout.clone(), trust, CHANNEL, EPOCH, 0);
        let most = 5 + 5 * (3 + layout.record_words());
        let mut poisoned = false;
        let mut last = 0;
        for time in times {
            havoc.loads.set(0);
            let reading = reader.poll(time);
            prop_assert!(havoc.loads.get() <= most, "{} loads", havoc.loads.get());
            prop_assert!(!poisoned || reading == Reading::Poisoned, "latched");
            poisoned = reading == Reading::Poisoned;
            if let Reading::Fresh(record) | Reading::Gap { record, .. } = reading {
                // What comes through is checked and newer than all before.
                prop_assert!(record.number > last);
                last = record.number;
                if let Some(deadline) = pace.deadline_ns() {
                    prop_assert!(record.age <= deadline);
                }
                let spo2 = layout.schema().field("spo2").expect("field");
                if let Some(value) = record.get(spo2) {
                    prop_assert!((0..=100).contains(&value));
                }
            }
        }
    }
}

/// Each of the first loads of a look answered by each of the telling words,
/// two at a time: bounded, but complete.
#[test]
fn every_pair_of_odd_answers_is_survived() {
    let odd = [
        1,
        2,
        63,
        1 << 31,
        1 << 62,
        (1 << 62) + 1,
        u64::MAX - 1,
        u64::MAX,
    ];
    let mut honest = Bench::new(PERIODIC, Trust::Trusted);
    honest.publish(1, MS);
    let layout = honest.layout.clone();
    let havoc = Havoc {
        answers: RefCell::new(Vec::new()),
        honest,
        loads: Cell::new(0),
    };
    let loads = layout.record_words() + 6;
    let mut delivered = 0;
    for first in 0..loads {
        for second in first + 1..loads {
            for (a, b) in odd.iter().flat_map(|a| odd.iter().map(move |b| (*a, *b))) {
                let mut answers = vec![0; loads];
                answers[loads - 1 - first] = a;
                answers[loads - 1 - second] = b;
                *havoc.answers.borrow_mut() = answers;
                let mut reader =
                    RingReader::new(&havoc, layout.clone(), Trust::Trusted, CHANNEL, EPOCH, 0);
                if matches!(reader.poll(2 * MS), Reading::Fresh(_) | Reading::Gap { .. }) {
                    delivered += 1;
                }
            }
        }
    }
    assert!(delivered > 0, "odd heartbeats do not keep records back");
    assert!(havoc.honest.memory.load(HEAD) == 1);
}
