//! What is known of the patient *now*.
//!
//! One rule: a record is a value only while it is younger than the channel's deadline, by
//! this process's own monotonic clock. Whatever asks for the current record asks with the
//! moment it asks at, so no path leads from an old record to an answer.

use crate::snapshot::Snapshot;
use std::fmt;
use std::time::{Duration, Instant};

/// Why there is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absence {
    /// No channel: the display has not started, or the supervisor gave none.
    Absent,
    /// The channel is there, and no record has come yet.
    Waiting,
    /// The last record is older than the deadline; the display still lives.
    Stale(Duration),
    /// The display has stopped: no sign of life from it.
    Lost(Option<Duration>),
    /// The channel carries what it must not, and is not believed any more.
    Corrupt(&'static str),
}

impl Absence {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Waiting => "waiting",
            Self::Stale(_) => "stale",
            Self::Lost(_) => "lost",
            Self::Corrupt(_) => "corrupt",
        }
    }

    /// Age of the last record, where there was one.
    pub const fn age(self) -> Option<Duration> {
        match self {
            Self::Stale(age) => Some(age),
            Self::Lost(age) => age,
            Self::Absent | Self::Waiting | Self::Corrupt(_) => None,
        }
    }
}

impl fmt::Display for Absence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("no channel from the bedside display"),
            Self::Waiting => f.write_str("no record from the bedside display yet"),
            Self::Stale(age) => write!(
                f,
                "last record from the bedside display is {:.1} s old",
                age.as_secs_f64()
            ),
            Self::Lost(Some(age)) => write!(
                f,
                "the bedside display has stopped; its last record is {:.1} s old",
                age.as_secs_f64()
            ),
            Self::Lost(None) => f.write_str("the bedside display has stopped"),
            Self::Corrupt(why) => write!(f, "the channel from the bedside display is {why}"),
        }
    }
}

/// What the channel itself says, apart from records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// There is no channel.
    Absent,
    /// It is there and its writer lives.
    Alive,
    /// Its writer shows no sign of life.
    Lost,
    /// It is not believed any more.
    Corrupt(&'static str),
}

/// The last record and the channel's condition.
#[derive(Debug)]
pub struct Feed {
    last: Option<Snapshot>,
    link: Link,
    deadline: Duration,
}

impl Feed {
    /// Nothing known yet; records are values for `deadline`.
    pub fn new(deadline: Duration) -> Self {
        Self {
            last: None,
            link: Link::Absent,
            deadline,
        }
    }

    /// A record came.
    pub fn take(&mut self, snapshot: Snapshot) {
        self.link = Link::Alive;
        self.last = Some(snapshot);
    }

    /// The channel said something of itself. A channel that is gone or not believed takes
    /// its last record with it at once, however young that is.
    pub fn link(&mut self, link: Link) {
        self.link = link;
    }

    /// The record that is current at `now`, or why there is none.
    pub fn current(&self, now: Instant) -> Result<&Snapshot, Absence> {
        let aged = self
            .last
            .as_ref()
            .map(|last| (last, now.saturating_duration_since(last.received)));
        match (self.link, aged) {
            (Link::Absent, _) => Err(Absence::Absent),
            (Link::Corrupt(why), _) => Err(Absence::Corrupt(why)),
            (Link::Lost, aged) => Err(Absence::Lost(aged.map(|(_, age)| age))),
            (Link::Alive, None) => Err(Absence::Waiting),
            (Link::Alive, Some((_, age))) if age > self.deadline => Err(Absence::Stale(age)),
            (Link::Alive, Some((last, _))) => Ok(last),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::{Numeric, Priority, Source, Wave};
    use std::time::SystemTime;

    const DEADLINE: Duration = Duration::from_secs(1);

    fn record(received: Instant) -> Snapshot {
        Snapshot {
            epoch: 1,
            number: 7,
            received,
            at: SystemTime::now(),
            source: Source::Record,
            speed: 1,
            samples: 35,
            beat: false,
            numerics: [Some(60); Numeric::ALL.len()],
            waves: [const { None }; Wave::ALL.len()],
            priority: Priority::None,
            alarms: Vec::new(),
        }
    }

    #[test]
    fn a_record_is_current_until_the_deadline_and_not_after() {
        let came = Instant::now();
        let mut feed = Feed::new(DEADLINE);
        assert_eq!(feed.current(came), Err(Absence::Absent));
        feed.link(Link::Alive);
        assert_eq!(feed.current(came), Err(Absence::Waiting));
        feed.take(record(came));
        assert_eq!(feed.current(came + DEADLINE).unwrap().number, 7);
        let late = DEADLINE + Duration::from_nanos(1);
        assert_eq!(feed.current(came + late), Err(Absence::Stale(late)));
    }

    #[test]
    fn a_channel_that_is_gone_takes_its_youngest_record_with_it() {
        let came = Instant::now();
        let mut feed = Feed::new(DEADLINE);
        for (link, absence) in [
            (Link::Absent, Absence::Absent),
            (Link::Lost, Absence::Lost(Some(Duration::ZERO))),
            (Link::Corrupt("x"), Absence::Corrupt("x")),
        ] {
            feed.take(record(came));
            assert!(feed.current(came).is_ok());
            feed.link(link);
            assert_eq!(feed.current(came), Err(absence));
        }
    }
}
