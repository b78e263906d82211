//! The event stream.

use crate::clients::{ask, curl};
use crate::display::{Mode, patient};
use crate::process::{Process, within};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// One event: kind, id, data.
#[derive(Debug)]
pub struct Event {
    pub kind: String,
    pub id: String,
    pub data: Value,
}

/// A curl on `/events`.
pub struct Listener {
    child: Child,
    events: Receiver<Event>,
}

impl Listener {
    pub fn new(service: &Process, more: &[&str]) -> Self {
        let mut child = curl(service, "nurse")
            .arg("--no-buffer")
            .args(more)
            .arg(service.url("/events"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (say, events) = channel();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            let (mut kind, mut id) = (String::new(), String::new());
            for line in stdout.lines().map_while(Result::ok) {
                match line.split_once(": ") {
                    Some(("event", text)) => kind = text.into(),
                    Some(("id", text)) => id = text.into(),
                    Some(("data", text)) => {
                        let data = serde_json::from_str(text).unwrap();
                        let (kind, id) = (std::mem::take(&mut kind), std::mem::take(&mut id));
                        if say.send(Event { kind, id, data }).is_err() {
                            return;
                        }
                    }
                    _ => {}
                }
            }
        });
        Self { child, events }
    }

    pub fn next(&self) -> Event {
        self.events
            .recv_timeout(Duration::from_secs(5))
            .expect("an event")
    }

    /// The next event of this kind.
    pub fn next_of(&self, kind: &str) -> Event {
        loop {
            let event = self.next();
            if event.kind == kind {
                return event;
            }
        }
    }

    /// Whether the stream has ended.
    pub fn ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn records_come_in_order_and_in_time_with_numerics_and_waves() {
    let service = Process::serving(patient());
    let listener = Listener::new(&service, &[]);
    assert_eq!(listener.next().data["state"], "current");
    let first = listener.next_of("vitals");
    let began = Instant::now();
    assert_eq!(first.data["numerics"]["heart-rate"], 122);
    assert_eq!(first.data["numerics"]["pulse-rate"], Value::Null);
    assert_eq!(first.data["waves"]["ecg"].as_array().unwrap().len(), 20);
    assert_eq!(first.data["waves"]["abp"].as_array().unwrap().len(), 5);
    assert_eq!(first.data["test"], true);
    assert_eq!(first.data["alarms"][0]["text"], "HR HIGH");
    assert_eq!(first.data["alarms"][0]["priority"], "medium");
    let mut number = first.data["number"].as_u64().unwrap();
    for _ in 0..50 {
        let event = listener.next_of("vitals");
        number += 1;
        assert_eq!(event.data["number"], number);
        assert_eq!(event.id, format!("1-{number}"));
    }
    let took = began.elapsed();
    assert!(took > Duration::from_millis(1500), "{took:?}");
    println!("50 records, two seconds' worth, in {took:?}");
}

#[test]
fn a_silent_display_is_said_at_once_and_again() {
    let service = Process::serving(patient());
    let listener = Listener::new(&service, &[]);
    listener.next_of("vitals");
    service.display.script().mode = Mode::Beating;
    let stopped = Instant::now();
    loop {
        let event = listener.next();
        match event.kind.as_str() {
            "state" => {
                assert_eq!(event.data["state"], "stale");
                assert!(event.data["age-ms"].as_u64().unwrap() >= 1000);
                break;
            }
            _ => assert!(stopped.elapsed() < Duration::from_millis(900)),
        }
    }
    println!("silence was said after {:?}", stopped.elapsed());
    assert!(stopped.elapsed() < Duration::from_secs(3));
    for _ in 0..3 {
        assert_eq!(listener.next().data["state"], "stale");
    }
    service.display.script().mode = Mode::Publishing;
    assert_eq!(
        listener.next_of("vitals").data["numerics"]["heart-rate"],
        122
    );
}

#[test]
fn a_listener_that_returns_is_told_what_it_missed() {
    let service = Process::serving(patient());
    let first = Listener::new(&service, &[]);
    let last = first.next_of("vitals").id;
    drop(first);
    std::thread::sleep(Duration::from_millis(600));
    let again = Listener::new(&service, &["-H", &format!("Last-Event-ID: {last}")]);
    let gap = again.next_of("gap").data["lost"].as_u64().unwrap();
    assert!(gap >= 10, "{gap}");
    service.display.script().mode = Mode::Restart;
    service.wait_for_log("channel vitals: attached, epoch 2");
    // Until the new display's first record there is none to compare with.
    let first = Listener::new(&service, &[]);
    first.next_of("vitals");
    drop(first);
    let after = Listener::new(&service, &["-H", &format!("Last-Event-ID: {last}")]);
    assert!(after.next_of("gap").data["lost"].is_null());
}

/// A display that starts again at once is never stale, and yet its waves do not join.
#[test]
fn a_restarted_display_is_a_gap_for_who_listens() {
    let service = Process::serving(patient());
    let listener = Listener::new(&service, &[]);
    let before = listener.next_of("vitals").id;
    assert!(before.starts_with("1-"), "{before}");
    service.display.script().mode = Mode::Restart;
    let gap = listener.next_of("gap");
    assert!(gap.data["lost"].is_null(), "{:?}", gap.data);
    let after = listener.next_of("vitals").id;
    assert!(after.starts_with("2-"), "{after}");
}

#[test]
fn streams_are_counted_and_their_places_come_back() {
    let service = Process::serving(patient());
    let mut held: Vec<_> = (0..4).map(|_| Listener::new(&service, &[])).collect();
    for listener in &held {
        listener.next();
    }
    let refused = ask(&service, "/events", &[]);
    assert_eq!(refused.status, 429);
    assert_eq!(refused.json()["issue"][0]["code"], "throttled");
    assert!(held.iter_mut().all(|listener| !listener.ended()));
    held.pop();
    let came_back = within(Duration::from_secs(3), || {
        let status = ask(&service, "/events", &["--max-time", "0.3"]).status;
        status == 200
    });
    assert!(came_back);
}
