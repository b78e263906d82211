//! Every refusal explained: from the kernel's audit records to the component,
//! what it tried, in words, which layer refused it, and the line of the manifest
//! that decides.
//!
//! ```text
//! source ──Record──▶ Assembly ──event──▶ Refusal ──▶ Attribution ──▶ Decision
//! ```
//!
//! Records hold texts of the attacker's choosing. None of them is believed beyond
//! what it is: see [`record`] for how a text is kept a text, and [`attribution`]
//! for what tells whose a refusal is.

#![forbid(unsafe_code)]

mod attribution;
mod blind;
mod calls;
mod decision;
mod event;
mod failure;
mod listener;
mod proposal;
mod record;
mod refusal;
pub mod source;
mod tally;
#[cfg(test)]
pub mod testing;
mod words;

pub use attribution::By;
pub use blind::{Blind, blind, blind_of_log};
pub use decision::{Decision, Kind, shared};
use event::Assembly;
pub use listener::{Asked, Listener, Turn};
pub use proposal::{Entry, Proposal, Refused};
pub use record::Record;
pub use tally::{Saying, Tally};

use attribution::{Attributor, Part};
use cordon_manifest::plan::Plan;
use decision::Need;
use refusal::Attempt;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::time::Instant;

/// One refusal, explained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denial {
    /// When, in ms since 1970; the first time, where `count` is above 1.
    pub at_ms: u64,
    /// The kernel's number of the event since its start.
    pub event: u64,
    /// The device.
    pub device: String,
    /// The component; none where it is a part of Cordon that belongs to none.
    pub component: Option<String>,
    /// `program`, `pid-1` or `supervisor`.
    pub process: String,
    /// By what it is known to be the component's.
    pub attributed_by: By,
    /// Process number, as the host sees it.
    pub pid: Option<i32>,
    /// What the thread called itself: the component's word, of no weight.
    pub command: Option<String>,
    /// Name of the layer that refused.
    pub layer: String,
    /// What was tried, in words.
    pub tried: String,
    /// What the program saw: an errno, or how it was ended.
    pub answer: String,
    /// What decides.
    pub decision: Decision,
    /// How often so far.
    pub count: u64,
}

impl Denial {
    /// Whether it is the same refusal once more.
    pub fn is_like(&self, other: &Self) -> bool {
        self.component == other.component
            && self.process == other.process
            && self.layer == other.layer
            && self.tried == other.tried
            && self.answer == other.answer
    }
}

/// Explains the refusals of one device.
pub struct Explainer<'a> {
    plan: &'a Plan,
    root: PathBuf,
    attributor: Attributor<'a>,
}

impl<'a> Explainer<'a> {
    /// Of a device with this plan, whose files are below `root`.
    pub fn new(plan: &'a Plan, root: &Path) -> Self {
        Self {
            plan,
            root: root.to_path_buf(),
            attributor: Attributor::new(plan),
        }
    }

    /// What was tried, where the device has it: programs look for many paths that
    /// nobody has. What would be made is made in the directory there is.
    fn there(&self, what: Attempt) -> Option<Attempt> {
        let Attempt::Absent {
            path,
            need,
            read_only,
        } = what
        else {
            return Some(what);
        };
        let there = |path: &str| {
            let below = path.trim_start_matches('/');
            !below.is_empty() && self.root.join(below).symlink_metadata().is_ok()
        };
        let parent = path.rsplit_once('/').map(|(parent, _)| parent.to_owned());
        let path = if there(&path) {
            path
        } else {
            parent.filter(|parent| need == Need::Write && there(parent))?
        };
        Some(Attempt::Absent {
            path,
            need,
            read_only,
        })
    }

    /// Remembers whose a Landlock domain is, where the event says it.
    pub fn learn(&mut self, event: &[Record]) {
        self.attributor.learn(event);
    }

    /// How many refusals of an event are of a Landlock domain that no record has
    /// yet told the process of; they may be this device's.
    pub fn unknown(&self, event: &[Record]) -> u64 {
        let refusals = refusal::refusals(event);
        let unknown = refusals.iter().filter(|refusal| {
            let who = &refusal.who;
            let nameless = who.domain.is_none() && who.user.is_none();
            nameless && self.attributor.of(who).is_none()
        });
        unknown.count() as u64
    }

    /// The device's refusals in one event.
    pub fn explain(&self, event: &[Record]) -> Vec<Denial> {
        let explained = |refusal: refusal::Refusal| {
            let found = self.attributor.of(&refusal.who)?;
            let what = self.there(refusal.what)?;
            let (component, process) = match found.part {
                Part::Component(index) => (Some(&self.plan.components[index]), "program"),
                Part::Reaper(index) => (index.map(|index| &self.plan.components[index]), "pid-1"),
                Part::Supervisor => (None, "supervisor"),
            };
            let decision = match (component, process) {
                (Some(component), "program") => decision::decide(self.plan, component, &what),
                _ => decision::of_cordon(),
            };
            // It is there for the component, so it was wanted in another way.
            if matches!(what, Attempt::Absent { .. }) && decision.kind == Kind::Granted {
                return None;
            }
            let absent = what.is_answered_as_absent();
            let seconds = refusal.stamp.seconds.saturating_mul(1000);
            Some(Denial {
                at_ms: seconds.saturating_add(refusal.stamp.milliseconds.into()),
                event: refusal.stamp.serial,
                device: self.plan.device.clone(),
                component: component.map(|component| component.name.clone()),
                process: process.to_owned(),
                attributed_by: found.by,
                pid: refusal.who.pid,
                command: refusal.who.command.clone(),
                layer: what.layer().name().to_owned(),
                tried: words::tried(&what),
                answer: what.answer(absent).to_owned(),
                decision,
                count: 1,
            })
        };
        let refusals = refusal::refusals(event).into_iter();
        refusals.filter_map(explained).collect()
    }
}

/// Records as events, in the kernel's order.
pub fn assembled(records: Vec<Record>) -> Vec<Vec<Record>> {
    let mut assembly = Assembly::default();
    let now = Instant::now();
    for record in records {
        assembly.take(record, now);
    }
    assembly.rest()
}
