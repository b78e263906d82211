//! How often the same thing was refused: said at first, and then at each power of
//! ten, so that a component that tries a thing a million times fills no screen.

use super::Denial;
use std::time::{Duration, Instant};

/// Different refusals that are told apart; the oldest make room.
const MOST: usize = 2048;
/// New refusals said in one second; a component that thinks of a new path each
/// time fills no screen either.
const A_SECOND: u32 = 50;

/// What there is to say of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Saying {
    /// This, the first time or with a count.
    Say(Box<Denial>),
    /// Nothing: it has just been said.
    Nothing,
    /// Nothing: too much is being said.
    TooMuch,
}

/// Refusals with their counts, in the order of their first time.
#[derive(Debug, Default)]
pub struct Tally {
    denials: Vec<Denial>,
    second: Option<(Instant, u32)>,
    forgotten: u64,
}

impl Tally {
    /// Counts, and gives the refusal with its count so far.
    pub fn add(&mut self, denial: Denial) -> &Denial {
        let place = match self.denials.iter().position(|known| known.is_like(&denial)) {
            Some(place) => {
                self.denials[place].count += 1;
                place
            }
            None => {
                if self.denials.len() == MOST {
                    self.denials.remove(0);
                    self.forgotten += 1;
                }
                self.denials.push(denial);
                self.denials.len() - 1
            }
        };
        &self.denials[place]
    }

    /// Counts, and says whether it is to be said at `now`.
    pub fn say(&mut self, denial: Denial, now: Instant) -> Saying {
        let (at_ms, event) = (denial.at_ms, denial.event);
        let mut known = self.add(denial).clone();
        if known.count.ilog10() == 0 && known.count > 1
            || !known.count.is_multiple_of(10u64.pow(known.count.ilog10()))
            || known.count / 10u64.pow(known.count.ilog10()) != 1
        {
            return Saying::Nothing;
        }
        let (since, said) = match self.second {
            Some((since, said))
                if now.saturating_duration_since(since) < Duration::from_secs(1) =>
            {
                (since, said)
            }
            _ => (now, 0),
        };
        self.second = Some((since, said + 1));
        if said >= A_SECOND {
            return Saying::TooMuch;
        }
        (known.at_ms, known.event) = (at_ms, event);
        Saying::Say(Box::new(known))
    }

    /// All of them, and how many different ones found no room.
    pub fn into_parts(self) -> (Vec<Denial>, u64) {
        (self.denials, self.forgotten)
    }
}

#[cfg(test)]
mod tests {
    use super::super::refusal::tests::event;
    use super::super::{Explainer, testing};
    use super::*;

    fn denial(serial: u64, path: &str) -> Denial {
        let plan = testing::plan();
        let user = plan.components[1].user.value.uid;
        let line = format!(
            "1300 audit(1.002:{serial}): arch=c000003e syscall=2 pid=9 uid={user} comm=\"x\""
        );
        let access =
            format!("1423 audit(1.002:{serial}): domain=1 blockers=fs.read_file path=\"{path}\"");
        let event = event(&[&access, &line]);
        Explainer::new(&plan, "/".as_ref())
            .explain(&event)
            .remove(0)
    }

    #[test]
    fn the_same_is_said_at_powers_of_ten() {
        let now = Instant::now();
        let mut tally = Tally::default();
        let one = denial(1, "/etc/hosts");
        let mut said = Vec::new();
        for _ in 0..1234 {
            if let Saying::Say(denial) = tally.say(one.clone(), now) {
                said.push(denial.count);
            }
        }
        assert_eq!(said, [1, 10, 100, 1000]);
    }

    #[test]
    fn always_something_new_is_too_much_and_takes_bounded_memory() {
        let now = Instant::now();
        let mut tally = Tally::default();
        let mut one = denial(1, "/etc/hosts");
        let mut said = 0;
        for number in 0..5000 {
            one.tried = format!("to read /etc/{number}");
            match tally.say(one.clone(), now) {
                Saying::Say(_) => said += 1,
                other => assert_eq!(other, Saying::TooMuch),
            }
        }
        assert_eq!(said, A_SECOND);
        one.tried = "to read /etc/other".into();
        let later = now + Duration::from_secs(2);
        assert!(matches!(tally.say(one, later), Saying::Say(_)));
        let (denials, forgotten) = tally.into_parts();
        assert_eq!(denials.len(), MOST);
        assert_eq!(forgotten, 5001 - MOST as u64);
    }
}
