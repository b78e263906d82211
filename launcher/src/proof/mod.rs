//! The read-back: what is in force for a component, seen from outside, compared
//! with the Plan item by item.
//!
//! [`held`] runs between exec and the program's first instruction; [`running`] every
//! minute, and on demand, when the program's first thread is stopped for the moment
//! in which its filter is read. What cannot be seen is not called proved:
//! it is [`Verdict::NotShown`], and a layer that is switched off or absent is
//! [`Verdict::Absent`].

#![forbid(unsafe_code)]

mod behind;
mod descriptors;
mod filter;
mod kernel;
mod mountinfo;
mod mounts;
mod process;
mod quota;
mod status;

pub use behind::Behind;
pub use descriptors::Identity;
pub use mounts::Planned;
pub use process::Program;

use crate::compartment::{
    Host, Running, Trial, cgroup_values, own_namespaces, process_limits, while_stopped,
};
use crate::layers::Layers;
use cordon_manifest::plan::{Component, Layer};
use cordon_policygen::names;
use cordon_seccomp::Filter;
use nix::unistd::Pid;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proof {
    /// One line each, in the order of the layers.
    pub items: Vec<Item>,
}

/// One thing that was compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The layer it belongs to.
    pub layer: Layer,
    /// What was looked at.
    pub name: String,
    /// What the Plan says.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// How they compare.
    pub verdict: Verdict,
}

/// How what was found compares with the Plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// As planned.
    Same,
    /// Not as planned: the component must not run.
    Different,
    /// The layer is absent, and its absence was allowed by name.
    Absent,
    /// Nothing outside the program shows it while it runs; proved at its start.
    NotShown,
}

impl Item {
    /// What is not as planned, in words.
    pub fn difference(&self) -> String {
        format!(
            "layer {}: {}: expected {}, found {}",
            self.layer, self.name, self.expected, self.found
        )
    }
}

impl Proof {
    /// The items that are not as planned.
    pub fn differences(&self) -> impl Iterator<Item = &Item> {
        self.items
            .iter()
            .filter(|item| item.verdict == Verdict::Different)
    }

    pub(super) fn compare(
        &mut self,
        layer: Layer,
        name: &str,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) {
        let (expected, found) = (expected.into(), found.into());
        let verdict = if expected == found {
            Verdict::Same
        } else {
            Verdict::Different
        };
        self.items.push(Item {
            layer,
            name: name.into(),
            expected,
            found,
            verdict,
        });
    }

    fn note(&mut self, layer: Layer, name: &str, found: impl Into<String>, verdict: Verdict) {
        self.items.push(Item {
            layer,
            name: name.into(),
            expected: String::new(),
            found: found.into(),
            verdict,
        });
    }
}

/// What a component is compared with.
#[derive(Clone, Debug)]
pub struct Subject {
    mounts: Vec<Planned>,
    context: Option<String>,
    descriptors: Vec<(String, Identity)>,
    trials: Vec<Trial>,
    filter: Filter,
    program: Program,
}

impl Subject {
    /// Collects what was decided before the clone, and what the child tried.
    #[must_use]
    pub fn new(
        mounts: Vec<Planned>,
        context: Option<String>,
        descriptors: Vec<(String, Identity)>,
        trials: Vec<Trial>,
        filter: Filter,
        program: Program,
    ) -> Self {
        Self {
            mounts,
            context,
            descriptors,
            trials,
            filter,
            program,
        }
    }
}

/// The proof while the program is held before its first instruction.
#[must_use]
pub fn held(running: &Running, component: &Component, host: &Host<'_>, subject: &Subject) -> Proof {
    let layers = host.layers;
    let mut proof = common(running, component, host, subject);
    process::untouched(&mut proof, running.pid(), &subject.program);
    descriptors::exact(&mut proof, running, &subject.descriptors);
    if layers.on(Layer::Seccomp) {
        filter::compare(&mut proof, running.pid(), &subject.filter);
    }
    for trial in &subject.trials {
        proof.note(trial.layer, "tried", trial.found.clone(), Verdict::Same);
    }
    for layer in TRIED {
        if layers.on(layer) && !subject.trials.iter().any(|trial| trial.layer == layer) {
            proof.compare(layer, "tried", "refused", "the child did not try it");
        }
    }
    finish(proof, layers)
}

impl Subject {
    /// Notes what could not be known before the child made it, once it is proved.
    pub fn proved(&mut self, running: &Running) {
        mounts::remember(running.pid(), &mut self.mounts);
    }
}

/// Layers only the child can prove, by trying.
const TRIED: [Layer; 5] = [
    Layer::Capabilities,
    Layer::LandlockFs,
    Layer::LandlockTcp,
    Layer::LandlockScope,
    Layer::Mdwe,
];

/// Whether a running program may be stopped for a moment to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// Its first thread may: its filter is read.
    Stopping,
    /// It goes on undisturbed.
    Passing,
}

/// The proof of a running program, from outside.
#[must_use]
pub fn running(
    running: &Running,
    component: &Component,
    host: &Host<'_>,
    subject: &Subject,
    manner: Manner,
) -> Proof {
    let layers = host.layers;
    let mut proof = common(running, component, host, subject);
    if layers.on(Layer::Seccomp) && manner == Manner::Passing {
        // The kernel takes no filter away, and Seccomp_filters says that there is one.
        let why = "compared at its start, and there is no second";
        proof.note(Layer::Seccomp, "filter", why, Verdict::NotShown);
    } else if layers.on(Layer::Seccomp) {
        let pid = Pid::from_raw(running.pid());
        let read = while_stopped(pid, || {
            filter::compare(&mut proof, running.pid(), &subject.filter);
        });
        if let Err(failure) = read {
            proof.compare(Layer::Seccomp, "filter", "read", failure.to_string());
        }
    }
    descriptors::still(&mut proof, running, &subject.descriptors);
    for trial in &subject.trials {
        proof.note(
            trial.layer,
            "tried at start",
            trial.found.clone(),
            Verdict::NotShown,
        );
    }
    finish(proof, layers)
}

fn common(running: &Running, component: &Component, host: &Host<'_>, subject: &Subject) -> Proof {
    let layers = host.layers;
    let mut proof = Proof::default();
    let pid = running.pid();
    status::compare(&mut proof, pid, component, layers);
    let own = own_namespaces(component, layers);
    kernel::namespaces(&mut proof, running, &own, &host.others);
    if let Some(reaper) = running.reaper_pid() {
        status::compare_reaper(&mut proof, reaper);
    }
    if layers.on(Layer::Root) {
        mounts::compare(&mut proof, pid, &subject.mounts);
        quota::compare(&mut proof, component);
    }
    kernel::limits(&mut proof, pid, &process_limits(component));
    kernel::oom_score(&mut proof, pid);
    process::schedule(&mut proof, pid, component);
    if layers.on(Layer::Cgroup) && host.cgroup_root.is_some() && running.cgroup().is_none() {
        proof.compare(Layer::Cgroup, "member of", "its own cgroup", "none");
    }
    if let Some(path) = running.cgroup() {
        let values = if layers.on(Layer::Limits) {
            cgroup_values(component)
        } else {
            Vec::new()
        };
        kernel::cgroup(&mut proof, pid, path, &values);
    }
    if let Some(context) = &subject.context {
        kernel::label(&mut proof, "label", pid, context);
        if let Some(reaper) = running.reaper_pid() {
            let context = names::reaper_context();
            kernel::label(&mut proof, "pid 1 label", reaper, &context);
        }
    }
    proof
}

fn finish(mut proof: Proof, layers: &Layers) -> Proof {
    for layer in Layer::ALL {
        if let Some(why) = layers.why_absent(layer) {
            proof.note(layer, "layer", why, Verdict::Absent);
        } else if layers.weakened().contains(&layer) {
            proof.note(
                layer,
                "layer",
                "switched off by a test build",
                Verdict::Absent,
            );
        }
    }
    proof.items.sort_by_key(|item| item.layer);
    proof
}
