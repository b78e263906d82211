//! When a component is started again: its own budget, in a pure state machine.
//!
//! Each end soon after a start doubles the delay; a limit of the manifest ends
//! it. A component without a limit is never given up on, only slowed down.

use cordon_manifest::plan::{Restart, RestartPolicy};
use std::collections::VecDeque;

/// A life this long in ms is a good one: the next delay is the plain one.
const GOOD_LIFE: u64 = 10_000;
/// The delay grows to at most this many times what the manifest says...
const MAX_FACTOR: u32 = 5;
/// ...and to at most this many ms, unless the manifest itself says more.
const MAX_DELAY: u64 = 10_000;

/// What follows the end of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Start it again at this time in ms.
    StartAt(u64),
    /// It is done, as its policy allows.
    Finished,
    /// It was started too often.
    GivenUp,
}

/// The starts of one component.
#[derive(Debug)]
pub struct Budget {
    restart: Restart,
    starts: VecDeque<u64>,
    short_lives: u32,
}

impl Budget {
    /// A component that was never started.
    pub fn new(restart: Restart) -> Self {
        Self {
            restart,
            starts: VecDeque::new(),
            short_lives: 0,
        }
    }

    /// Notes a start at `now` in ms, also one that failed.
    pub fn started(&mut self, now: u64) {
        self.starts.push_back(now);
        // Without a limit only the last start matters.
        let keep = self.restart.limit.map_or(1, |limit| limit.starts as usize);
        while self.starts.len() > keep.max(1) {
            self.starts.pop_front();
        }
    }

    /// What follows an end at `now`; `clean` is an exit with status 0.
    pub fn ended(&mut self, now: u64, clean: bool) -> Next {
        let again = match self.restart.policy {
            RestartPolicy::Always => true,
            RestartPolicy::OnFailure => !clean,
            RestartPolicy::Never => false,
        };
        if !again {
            return if clean { Next::Finished } else { Next::GivenUp };
        }
        let lived = self
            .starts
            .back()
            .map_or(0, |start| now.saturating_sub(*start));
        if lived >= GOOD_LIFE {
            self.short_lives = 0;
        }
        let at = now.saturating_add(self.delay());
        self.short_lives = self.short_lives.saturating_add(1);
        if let Some(limit) = self.restart.limit {
            let within = |start: &&u64| start.saturating_add(limit.window) > at;
            if self.starts.iter().filter(within).count() >= limit.starts as usize {
                return Next::GivenUp;
            }
        }
        Next::StartAt(at)
    }

    fn delay(&self) -> u64 {
        let plain = self.restart.delay;
        let grown = plain.saturating_mul(1 << self.short_lives.min(MAX_FACTOR));
        grown.min(MAX_DELAY.max(plain))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cordon_manifest::plan::RestartLimit;

    fn budget(policy: RestartPolicy, delay: u64, limit: Option<(u32, u64)>) -> Budget {
        Budget::new(Restart {
            policy,
            delay,
            limit: limit.map(|(starts, window)| RestartLimit { starts, window }),
        })
    }

    #[test]
    fn the_delay_doubles_while_lives_are_short_and_is_bounded() {
        let mut budget = budget(RestartPolicy::Always, 50, None);
        let mut now = 0;
        let mut delays = Vec::new();
        for _ in 0..8 {
            budget.started(now);
            let Next::StartAt(at) = budget.ended(now + 1, false) else {
                panic!("given up");
            };
            delays.push(at - now - 1);
            now = at;
        }
        assert_eq!(delays, [50, 100, 200, 400, 800, 1600, 1600, 1600]);
        budget.started(now);
        assert_eq!(
            budget.ended(now + GOOD_LIFE, false),
            Next::StartAt(now + GOOD_LIFE + 50)
        );
    }

    #[test]
    fn without_a_limit_it_is_never_given_up() {
        let mut budget = budget(RestartPolicy::Always, 0, None);
        for now in 0..100_000 {
            budget.started(now);
            assert_eq!(budget.ended(now, false), Next::StartAt(now));
        }
    }

    #[test]
    fn a_limit_counts_the_starts_of_its_window_only() {
        let mut quick = budget(RestartPolicy::Always, 0, Some((3, 1000)));
        for now in [0, 10] {
            quick.started(now);
            assert_eq!(quick.ended(now, false), Next::StartAt(now));
        }
        quick.started(20);
        assert_eq!(quick.ended(20, false), Next::GivenUp);

        let mut slow = budget(RestartPolicy::Always, 0, Some((3, 1000)));
        for now in (0..10_000).step_by(400) {
            slow.started(now);
            assert_eq!(
                slow.ended(now + 300, false),
                Next::StartAt(now + 300),
                "{now}"
            );
        }
    }

    #[test]
    fn the_policy_says_which_ends_count() {
        let mut on_failure = budget(RestartPolicy::OnFailure, 5, None);
        on_failure.started(0);
        assert_eq!(on_failure.ended(1, true), Next::Finished);
        assert_eq!(on_failure.ended(1, false), Next::StartAt(6));
        let mut never = budget(RestartPolicy::Never, 5, None);
        never.started(0);
        assert_eq!(never.ended(1, true), Next::Finished);
        assert_eq!(never.ended(1, false), Next::GivenUp);
    }

    #[test]
    fn a_long_delay_of_the_manifest_is_kept() {
        let mut budget = budget(RestartPolicy::Always, 60_000, None);
        budget.started(0);
        assert_eq!(budget.ended(1, false), Next::StartAt(60_001));
        assert_eq!(budget.ended(2, false), Next::StartAt(60_002));
    }
}
