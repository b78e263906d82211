//! Refusals as they happen.

use super::source::{Enabled, Live, Read, Watch};
use super::{Assembly, Denial, Explainer, Record};
use nix::errno::Errno;
use std::time::{Duration, Instant};

/// What to have the kernel do meanwhile.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Switch its auditing on, where it is off.
    pub auditing: bool,
    /// Write down failed calls of these users, so that what is not in a
    /// compartment is seen, too.
    pub failures_of: Vec<u32>,
}

/// Listens to the kernel. What was asked of it is taken back when this goes.
pub struct Listener<'a> {
    explainer: Explainer<'a>,
    live: Live,
    assembly: Assembly,
    watch: Watch,
    enabled: Option<Enabled>,
    auditing: bool,
    looked: Instant,
    looked_at_rules: Instant,
}

/// How often it is looked whether auditing is still on.
const LOOK: Duration = Duration::from_secs(1);
/// How often for rules that are another listener's; each try is a record.
const LOOK_AT_RULES: Duration = Duration::from_secs(5);

/// What came in one turn.
#[derive(Debug, Default)]
pub struct Turn {
    /// The device's refusals.
    pub denials: Vec<Denial>,
    /// Times at which the kernel had dropped records before they were read.
    pub dropped: u64,
    /// Texts that were no records.
    pub unreadable: u64,
    /// Refusals of Landlock domains whose process no record tells.
    pub unknown: u64,
}

impl<'a> Listener<'a> {
    /// Begins to listen; says which step the kernel refused.
    pub fn start(explainer: Explainer<'a>, asked: &Asked) -> Result<Self, (&'static str, Errno)> {
        let failed = |step: &'static str| move |errno| (step, errno);
        let live = Live::open().map_err(failed("joining the readers of audit records"))?;
        let enabled = match asked.auditing {
            true => Enabled::now().map_err(failed("switching auditing on"))?,
            false => None,
        };
        let watch = Watch::failures_of(&asked.failures_of)
            .map_err(failed("having failed calls written down"))?;
        Ok(Self {
            explainer,
            live,
            assembly: Assembly::default(),
            watch,
            enabled,
            auditing: asked.auditing,
            looked: Instant::now(),
            looked_at_rules: Instant::now(),
        })
    }

    /// Users whose failed calls are written down because somebody else asked.
    pub fn watched_by_others(&self) -> &[u32] {
        self.watch.of_others()
    }

    /// Learns from the past whose the Landlock domains are.
    pub fn learn(&mut self, past: Vec<Record>) {
        for event in super::assembled(past) {
            self.explainer.learn(&event);
        }
    }

    /// Waits at most `patience` for something, and gives what is complete.
    pub fn turn(&mut self, patience: Duration) -> Result<Turn, Errno> {
        let Read {
            records,
            unreadable,
            dropped,
        } = self.live.wait(patience)?;
        let now = Instant::now();
        if self.auditing && now.saturating_duration_since(self.looked) >= LOOK {
            self.looked = now;
            // Another listener that had switched it on has ended: now it is ours.
            if let Some(again) = Enabled::now()? {
                // One of the two is enough, and the end of either switches it off.
                std::mem::forget(self.enabled.replace(again));
            }
        }
        if now.saturating_duration_since(self.looked_at_rules) >= LOOK_AT_RULES {
            self.looked_at_rules = now;
            self.watch.look()?;
        }
        for record in records {
            self.assembly.take(record, now);
        }
        let events = self.assembly.ready(now);
        for event in &events {
            self.explainer.learn(event);
        }
        let mut turn = Turn {
            dropped,
            unreadable,
            ..Turn::default()
        };
        for event in &events {
            turn.unknown += self.explainer.unknown(event);
            turn.denials.extend(self.explainer.explain(event));
        }
        Ok(turn)
    }
}
