//! Records put together again: those of one event come one after the other, and
//! those of several events mixed.

use super::record::{Kind, Record, Stamp};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long an event is waited for whose end was not said. Without
/// system-call auditing the kernel says none.
const PATIENCE: Duration = Duration::from_millis(150);
/// Events that wait at once; a flood makes the oldest go early.
const MOST_EVENTS: usize = 1024;
/// Records of one event; the kernel writes a handful.
const MOST_RECORDS: usize = 16;

/// Events that wait for the rest of their records.
#[derive(Debug, Default)]
pub struct Assembly {
    waiting: BTreeMap<Stamp, Waiting>,
}

#[derive(Debug)]
struct Waiting {
    records: Vec<Record>,
    since: Instant,
    complete: bool,
}

impl Assembly {
    /// Takes a record that came at `now`.
    pub fn take(&mut self, record: Record, now: Instant) {
        let event = self.waiting.entry(record.stamp).or_insert(Waiting {
            records: Vec::new(),
            since: now,
            complete: false,
        });
        if record.kind == Kind::End {
            event.complete = true;
        } else if event.records.len() < MOST_RECORDS {
            event.records.push(record);
        }
    }

    /// The events that wait no longer, in the kernel's order.
    pub fn ready(&mut self, now: Instant) -> Vec<Vec<Record>> {
        let mut excess = self.waiting.len().saturating_sub(MOST_EVENTS);
        let mut ready = Vec::new();
        self.waiting.retain(|_, event| {
            let late = now.saturating_duration_since(event.since) >= PATIENCE;
            let goes = event.complete || late || excess > 0;
            if goes {
                excess = excess.saturating_sub(1);
                ready.push(std::mem::take(&mut event.records));
            }
            !goes
        });
        ready
    }

    /// All events, in the kernel's order.
    pub fn rest(self) -> Vec<Vec<Record>> {
        self.waiting
            .into_values()
            .map(|event| event.records)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::refusal::tests::event;
    use super::*;

    #[test]
    fn an_event_goes_when_its_end_is_said_and_otherwise_after_a_while() {
        let start = Instant::now();
        let mut assembly = Assembly::default();
        for record in event(&[
            "1326 audit(1.002:3): pid=1",
            "1300 audit(1.002:4): pid=2",
            "1423 audit(1.002:4): domain=1",
            "1320 audit(1.002:4): ",
        ]) {
            assembly.take(record, start);
        }
        let first = assembly.ready(start);
        assert_eq!(first.len(), 1);
        assert_eq!(first[0].len(), 2);
        assert!(assembly.ready(start).is_empty());
        assert_eq!(assembly.ready(start + PATIENCE).len(), 1);
        assert!(assembly.waiting.is_empty());
    }

    #[test]
    fn a_flood_takes_bounded_memory() {
        let now = Instant::now();
        let mut assembly = Assembly::default();
        let mut gone = 0;
        for serial in 0..10_000 {
            let line = format!("1326 audit(1.002:{serial}): pid=1");
            assembly.take(event(&[&line]).remove(0), now);
            gone += assembly.ready(now).len();
            assert!(assembly.waiting.len() <= MOST_EVENTS);
        }
        assert_eq!(gone, 10_000 - MOST_EVENTS);
        for _ in 0..100 {
            assembly.take(event(&["1423 audit(1.002:9999): domain=1"]).remove(0), now);
        }
        let rest = assembly.rest();
        assert!(rest.iter().all(|records| records.len() <= MOST_RECORDS));
    }
}
