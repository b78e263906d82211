//! The event stream: what the display publishes, as server-sent events
//! (WHATWG HTML, section 9.2), the same bytes for every listener.
//!
//! - `vitals`, with an id `EPOCH-NUMBER`: one record, numerics and waves.
//! - `gap`: records that did not come, or that this listener was too slow for.
//! - `state`: every half second while there is nothing new, and why.
//!
//! Nothing is replayed. A listener that comes back with Last-Event-ID is told how much it
//! missed; an event that waited longer than [`EVENT_AGE`] is dropped and counted as missed,
//! because a value that arrives late must not pass for a current one.

use crate::feed::Absence;
use crate::limits::{EVENT_AGE, EVENTS};
use crate::snapshot::{Numeric, Snapshot, Wave};
use crate::timestamp::unix_ms;
use hyper::body::Bytes;
use serde_json::{Map, Value, json};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::{Instant, SystemTime};

/// What was said last, shared by all listeners.
#[derive(Clone, Default)]
pub struct Events(Rc<RefCell<Ring>>);

#[derive(Default)]
struct Ring {
    next: u64,
    events: VecDeque<(Instant, Bytes)>,
    waiting: Vec<Waker>,
}

/// One listener's place in the stream.
pub struct Listener {
    events: Events,
    next: u64,
    first: Option<Bytes>,
}

impl Events {
    /// Says `event` to everybody who listens.
    pub fn say(&self, event: String) {
        let waiting = {
            let mut ring = self.0.borrow_mut();
            if ring.events.len() == EVENTS {
                ring.events.pop_front();
            }
            ring.events.push_back((Instant::now(), Bytes::from(event)));
            ring.next += 1;
            std::mem::take(&mut ring.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// A new listener, who hears `first` and then what is said from now on.
    pub fn listen(&self, first: String) -> Listener {
        Listener {
            events: self.clone(),
            next: self.0.borrow().next,
            first: Some(Bytes::from(first)),
        }
    }
}

impl Listener {
    /// The next event, or a `gap` for those that were missed or are too old.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Bytes> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(first);
        }
        let mut ring = self.events.0.borrow_mut();
        let oldest = ring.next - ring.events.len() as u64;
        let mut at = self.next.max(oldest);
        while let Some((said, _)) = ring.events.get((at - oldest) as usize)
            && said.elapsed() > EVENT_AGE
        {
            at += 1;
        }
        let missed = at - self.next;
        self.next = at;
        if missed > 0 {
            return Poll::Ready(Bytes::from(gap(missed, "this listener was too slow")));
        }
        if let Some((_, event)) = ring.events.get((at - oldest) as usize) {
            self.next += 1;
            return Poll::Ready(event.clone());
        }
        // A connection may ask again before anything is said: it waits once all the same.
        let waker = context.waker();
        if !ring.waiting.iter().any(|waiting| waiting.will_wake(waker)) {
            ring.waiting.push(waker.clone());
        }
        Poll::Pending
    }
}

/// The event for one record.
pub fn vitals(snapshot: &Snapshot) -> String {
    let id = format!("{}-{}", snapshot.epoch, snapshot.number);
    event("vitals", Some(&id), &data(snapshot))
}

/// The event for records that are missing.
pub fn gap(lost: u64, why: &str) -> String {
    event("gap", None, &json!({"lost": lost, "why": why}))
}

/// The event for a display that has started again: nobody knows how much is missing.
pub fn restarted() -> String {
    let data = json!({"lost": null, "why": "the display was restarted"});
    event("gap", None, &data)
}

/// The event for "there is nothing new", with the reason.
pub fn state(absence: Option<Absence>) -> String {
    let at = unix_ms(SystemTime::now());
    let data = match absence {
        None => json!({"state": "current", "at": at}),
        Some(absence) => json!({
            "state": absence.word(),
            "why": absence.to_string(),
            "age-ms": absence.age().map(|age| age.as_millis() as u64),
            "at": at,
        }),
    };
    event("state", None, &data)
}

/// What a listener that heard `last` (an event id) has missed when `current` is now.
pub fn missed(last: &str, current: Option<(u64, u64)>) -> Option<String> {
    let (epoch, number) = last.split_once('-')?;
    let (epoch, number): (u64, u64) = (epoch.parse().ok()?, number.parse().ok()?);
    match current {
        Some((now_epoch, now)) if now_epoch == epoch && now > number.saturating_add(1) => {
            Some(gap(now - number - 1, "the connection was lost"))
        }
        Some((now_epoch, _)) if now_epoch != epoch => Some(restarted()),
        _ => None,
    }
}

fn event(kind: &str, id: Option<&str>, data: &Value) -> String {
    let id = id.map_or(String::new(), |id| format!("id: {id}\n"));
    format!("event: {kind}\n{id}data: {data}\n\n")
}

fn data(snapshot: &Snapshot) -> Value {
    let numerics: Map<_, _> = Numeric::ALL
        .iter()
        .map(|n| (n.field().to_owned(), json!(snapshot.numeric(*n))))
        .collect();
    let waves: Map<_, _> = (Wave::ALL.iter().zip(&snapshot.waves))
        .map(|(wave, samples)| (wave.field().to_owned(), json!(samples)))
        .collect();
    let alarms: Vec<_> = (snapshot.alarms.iter())
        .map(|a| {
            let kind = if a.technical {
                "technical"
            } else {
                "physiological"
            };
            json!({"id": a.id, "priority": a.priority.word(), "kind": kind, "text": a.text})
        })
        .collect();
    json!({
        "epoch": snapshot.epoch,
        "number": snapshot.number,
        "at": unix_ms(snapshot.at),
        "source": snapshot.source.word(),
        "speed": snapshot.speed,
        "test": snapshot.is_test(),
        "samples": snapshot.samples,
        "beat": snapshot.beat,
        "numerics": numerics,
        "waves": waves,
        "priority": snapshot.priority.word(),
        "alarms": alarms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(listener: &mut Listener) -> Option<String> {
        match listener.poll_next(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(bytes) => Some(String::from_utf8(bytes.to_vec()).unwrap()),
            Poll::Pending => None,
        }
    }

    #[test]
    fn a_listener_hears_what_is_said_after_it_came() {
        let events = Events::default();
        events.say("before".into());
        let mut listener = events.listen("hello".into());
        events.say("after".into());
        assert_eq!(heard(&mut listener).as_deref(), Some("hello"));
        assert_eq!(heard(&mut listener).as_deref(), Some("after"));
        assert_eq!(heard(&mut listener), None);
    }

    #[test]
    fn a_slow_listener_is_told_what_it_missed() {
        let events = Events::default();
        let mut listener = events.listen("hello".into());
        heard(&mut listener);
        for n in 0..EVENTS + 7 {
            events.say(n.to_string());
        }
        let gap = heard(&mut listener).unwrap();
        assert!(
            gap.starts_with("event: gap\n") && gap.contains("\"lost\":7"),
            "{gap}"
        );
        assert_eq!(heard(&mut listener).as_deref(), Some("7"));
    }

    #[test]
    fn an_event_that_waited_too_long_is_a_gap() {
        let events = Events::default();
        let mut listener = events.listen("hello".into());
        heard(&mut listener);
        events.say("old".into());
        events.0.borrow_mut().events[0].0 -= 2 * EVENT_AGE;
        events.say("new".into());
        assert!(heard(&mut listener).unwrap().starts_with("event: gap\n"));
        assert_eq!(heard(&mut listener).as_deref(), Some("new"));
    }

    #[test]
    fn a_listener_that_comes_back_is_told_the_gap() {
        assert!(
            missed("3-10", Some((3, 15)))
                .unwrap()
                .contains("\"lost\":4")
        );
        assert!(missed("3-10", Some((4, 1))).unwrap().contains("restarted"));
        assert_eq!(missed("3-10", Some((3, 11))), None);
        assert_eq!(missed("nonsense", Some((3, 11))), None);
        assert_eq!(missed("3-18446744073709551615", Some((3, 11))), None);
    }
}
