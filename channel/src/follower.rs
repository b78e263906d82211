//! A reader that knows what holds: the newest record and whether it is one.
//!
//! [`Reader::poll`] tells one thing after the other. What a screen needs is
//! less: each record once for a curve, and what holds now for a number.

#![forbid(unsafe_code)]

use crate::clock::now;
use crate::pace::Pace;
use crate::port::Reader;
use crate::reading::{Reading, Received, Violation};
use crate::record::Record;
use std::fmt;

/// Records read in one look at most, however many a writer makes: as many as
/// the largest ring holds.
const MOST: usize = 1024;

/// A record as it was taken from a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample<T> {
    /// The record.
    pub value: T,
    /// Its number in the epoch, from 1.
    pub number: u64,
    /// The writer's life it belongs to.
    pub epoch: u64,
    /// When it was published, ns of CLOCK_MONOTONIC as the writer says.
    pub time: u64,
    /// Age in ns when it was taken.
    pub age: u64,
    /// Records that are gone between it and the one before.
    pub lost: u64,
    /// Whether it follows the sample before without a hole: only then may a
    /// line be drawn from one to the other.
    pub joins: bool,
}

/// What holds now. There is no other way to a value than the arm that says it
/// is fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "a value that nobody asked about may be stale"]
pub enum Now<'a, T> {
    /// The newest record, within its deadline.
    Fresh {
        /// The record.
        sample: &'a Sample<T>,
        /// Its age now, in ns.
        age: u64,
    },
    /// Sensor silent: the writer lives, its newest record is past the deadline.
    Stale {
        /// Age in ns of the newest record, or time since the channel came.
        age: u64,
    },
    /// There is no value, and no telling when one comes.
    Lost(Why<'a>),
}

/// Why there is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why<'a> {
    /// The channel was not handed out, or what was handed out was refused.
    Absent,
    /// The channel has just come; no record yet, and its deadline runs.
    NotYet,
    /// Process dead: no heartbeat, or it said that it ends.
    Dead,
    /// The writer broke the channel's rules and is not believed any more.
    Poisoned,
    /// The two ends declare different records; each difference names its field.
    Schema(&'a [String]),
}

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("no channel"),
            Self::NotYet => f.write_str("no record yet"),
            Self::Dead => f.write_str("the writer has stopped"),
            Self::Poisoned => f.write_str("the writer is not believed any more"),
            Self::Schema(differences) => {
                write!(f, "the ends differ: {}", differences.join("; "))
            }
        }
    }
}

#[derive(Debug)]
enum State {
    Current,
    Stale { age: u64 },
    Absent,
    Dead,
    Poisoned,
    Schema(Vec<String>),
}

/// A reading end with its newest record.
#[derive(Debug)]
pub struct Follower<T> {
    reader: Reader,
    deadline: Option<u64>,
    last: Option<Sample<T>>,
    /// When the last sample was taken.
    taken: u64,
    epoch: Option<u64>,
    state: State,
}

impl<T> Follower<T> {
    /// Follows an end that was asked for with this pace.
    #[must_use]
    pub fn new(reader: Reader, pace: Pace) -> Self {
        Self {
            reader,
            deadline: pace.deadline_ns(),
            last: None,
            taken: 0,
            epoch: None,
            state: State::Absent,
        }
    }

    /// The next record as `read` makes it, each once; none when there is no new
    /// one. What was damaged, broke the schema, or `read` has no value for is
    /// left out, and the one after it does not join.
    #[must_use]
    pub fn take(&mut self, read: impl Fn(&Record) -> Option<T>) -> Option<&Sample<T>> {
        for _ in 0..MOST {
            let (lost, received) = match self.reader.poll() {
                Reading::Fresh(received) => (0, received),
                Reading::Gap { lost, record } => (lost, record),
                Reading::Corrupt | Reading::Schema(Violation::Value(_)) => continue,
                Reading::Schema(Violation::Mismatch(differences)) => {
                    return self.without(State::Schema(differences));
                }
                Reading::Nothing | Reading::Busy => return self.without(State::Current),
                Reading::Stale { age } => return self.without(State::Stale { age }),
                Reading::Poisoned => return self.without(State::Poisoned),
                Reading::Lost => return self.without(State::Dead),
                Reading::Absent => return self.without(State::Absent),
            };
            if let Some(value) = read(&received) {
                return Some(self.keep(value, lost, &received));
            }
        }
        self.without(State::Current)
    }

    /// What holds now: reads what has come since, and keeps the newest.
    pub fn now(&mut self, read: impl Fn(&Record) -> Option<T>) -> Now<'_, T> {
        for _ in 0..MOST {
            if self.take(&read).is_none() {
                break;
            }
        }
        match &self.state {
            State::Stale { age } => Now::Stale { age: *age },
            State::Absent => Now::Lost(Why::Absent),
            State::Dead => Now::Lost(Why::Dead),
            State::Poisoned => Now::Lost(Why::Poisoned),
            State::Schema(differences) => Now::Lost(Why::Schema(differences)),
            State::Current => {
                let Some(sample) = &self.last else {
                    return Now::Lost(Why::NotYet);
                };
                let age = sample.age.saturating_add(now().saturating_sub(self.taken));
                match self.deadline {
                    Some(deadline) if age > deadline => Now::Stale { age },
                    _ => Now::Fresh { sample, age },
                }
            }
        }
    }

    /// The end itself: its epoch, why it was refused.
    #[must_use]
    pub fn reader(&mut self) -> &mut Reader {
        &mut self.reader
    }

    fn without(&mut self, state: State) -> Option<&Sample<T>> {
        self.state = state;
        // A record of an earlier life is not this one's, however young it is.
        let epoch = self.reader.epoch();
        if epoch.is_some() && epoch != self.epoch {
            self.epoch = epoch;
            self.last = None;
        }
        None
    }

    fn keep(&mut self, value: T, lost: u64, received: &Received) -> &Sample<T> {
        let before = self.last.as_ref();
        let before = before.filter(|last| last.epoch == received.epoch);
        let joins = before.is_some_and(|last| last.number + 1 == received.number);
        // What was left out counts too, and the number says it whatever it was.
        let between = |last: &Sample<T>| received.number.saturating_sub(last.number + 1);
        let lost = before.map_or(lost, between);
        self.state = State::Current;
        self.taken = now();
        self.epoch = Some(received.epoch);
        self.last.insert(Sample {
            value,
            number: received.number,
            epoch: received.epoch,
            time: received.time,
            age: received.age,
            lost,
            joins,
        })
    }
}
