//! What all connections share. One thread, so `Rc` and `RefCell`; no borrow is held across
//! an await, because none of these methods is asynchronous.

use crate::admission::Admission;
use crate::events::{self, Events};
use crate::feed::Feed;
use crate::seen::Ration;
use crate::snapshot::Snapshot;
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The service's state.
pub struct Service {
    /// What is known of the patient.
    pub feed: RefCell<Feed>,
    /// What is said to listeners.
    pub events: Events,
    /// Who may come in.
    pub admission: Admission,
    /// Who may say 'seen'.
    pub ration: RefCell<Ration>,
    /// Alarms seen, on their way to the display. The ration bounds its length.
    pub seen: RefCell<VecDeque<u32>>,
    /// Whether there is a channel to say it on.
    pub seen_open: Cell<bool>,
}

impl Service {
    /// Nothing known, nobody inside; records are values for `deadline`.
    pub fn new(deadline: Duration) -> Self {
        Self {
            feed: RefCell::new(Feed::new(deadline)),
            events: Events::default(),
            admission: Admission::default(),
            ration: RefCell::new(Ration::new(Instant::now())),
            seen: RefCell::default(),
            seen_open: Cell::new(false),
        }
    }

    /// A record came: it is what is known now, and everybody who listens hears it.
    pub fn publish(&self, snapshot: Snapshot) {
        self.events.say(events::vitals(&snapshot));
        self.feed.borrow_mut().take(snapshot);
    }
}
