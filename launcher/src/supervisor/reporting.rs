//! How the device is.

use super::member::{Member, State};
use super::report::{AbsentLayer, ChannelStatus, ComponentStatus, Status};
use super::{Phase, Supervisor};
use cordon_channel::hub;
use cordon_manifest::plan::Layer;

impl Supervisor {
    /// Layers that are absent by leave, or switched off in a test build.
    pub(super) fn absent_layers(&self) -> Vec<AbsentLayer> {
        let absent = Layer::ALL
            .into_iter()
            .filter_map(|layer| Some(AbsentLayer::of(layer, self.layers.why_absent(layer)?)));
        let off = self.layers.weakened().iter();
        let gone = self.enforcement.gone().iter();
        absent
            .chain(gone.map(|why| AbsentLayer::of(Layer::Selinux, why)))
            .chain(off.map(|layer| AbsentLayer::of(*layer, "switched off by a test build")))
            .collect()
    }

    fn word(&self) -> &'static str {
        let lost = |member: &Member| {
            matches!(member.state, State::GivenUp | State::Held)
                || differs(member)
                || (member.component.required.value
                    && !member.is_ready()
                    && member.state != State::Finished)
        };
        match self.phase {
            Phase::Starting => "starting",
            Phase::Stopping => "stopping",
            Phase::Ready if self.members.iter().any(lost) => "degraded",
            Phase::Ready if self.enforcement.is_degraded(&self.layers) => "degraded",
            Phase::Ready => "ready",
        }
    }

    /// The state in words: who does not run, and what is absent.
    pub(super) fn status_text(&self) -> String {
        let running = self
            .members
            .iter()
            .filter(|m| m.state == State::Running)
            .count();
        let mut text = format!("{running} of {} components run", self.members.len());
        for member in &self.members {
            match member.state {
                State::Running if !member.is_ready() => {
                    text.push_str(&format!("; {} is not ready yet", member.name()));
                }
                State::Running if differs(member) => {
                    text.push_str(&format!("; {} differs from the plan", member.name()));
                }
                State::Running | State::Finished => {}
                state => text.push_str(&format!("; {} is {}", member.name(), state.word())),
            }
        }
        let absent = self.absent_layers();
        if !absent.is_empty() {
            let mut names: Vec<&str> = absent.iter().map(|layer| layer.layer.as_str()).collect();
            names.dedup();
            text.push_str(&format!("; without {}", names.join(", ")));
        }
        for why in self.enforcement.gone() {
            text.push_str(&format!("; {why}"));
        }
        text
    }

    pub(super) fn status(&self) -> Status {
        let now = self.now();
        let components = self.members.iter().map(|member| {
            let alive = member.alive.as_ref();
            ComponentStatus {
                name: member.name().to_owned(),
                role: member.component.role.value.clone(),
                state: member.state.word().to_owned(),
                required: member.component.required.value,
                ready: member.is_ready(),
                differs: differs(member),
                pid: alive.map(|alive| alive.running.pid()),
                restarts: member.life.saturating_sub(1),
                since_ms: alive.map(|alive| now.saturating_sub(alive.since)),
                says: alive.and_then(|alive| alive.says.clone()),
                last_end: member.last_end.clone(),
            }
        });
        let channels = self.hub.states().map(|(link, state)| {
            let (state, epoch) = match state {
                hub::State::Absent => ("absent", None),
                hub::State::Offered { epoch, .. } => ("offered", Some(epoch)),
                hub::State::Open { epoch, .. } => ("open", Some(epoch)),
            };
            ChannelStatus {
                name: link.name.clone(),
                from: link.from.clone(),
                to: link.to.clone(),
                state: state.to_owned(),
                epoch,
            }
        });
        Status {
            device: self.plan.device.clone(),
            manifest: self.manifest.display().to_string(),
            state: self.word().to_owned(),
            text: self.status_text(),
            pid: std::process::id(),
            since_ms: now,
            absent_layers: self.absent_layers(),
            components: components.collect(),
            channels: channels.collect(),
        }
    }

    /// First processes of the compartments and of their pid namespaces, by component.
    pub(super) fn first_processes(&self) -> Vec<(String, i32)> {
        let alive = self.members.iter().filter_map(|member| {
            let running = &member.alive.as_ref()?.running;
            let pids = [Some(running.pid()), running.reaper_pid()];
            Some(pids.map(|pid| pid.map(|pid| (member.name().to_owned(), pid))))
        });
        alive.flatten().flatten().collect()
    }
}

/// Whether it runs on although it is not as planned any more.
fn differs(member: &Member) -> bool {
    member
        .alive
        .as_ref()
        .is_some_and(|alive| alive.differs.is_some())
}
