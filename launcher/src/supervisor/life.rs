//! The end of a life, however it came, and what follows it.

use super::event::{Event, Kind};
use super::member::State;
use super::poll::Life;
use super::restart::Next;
use super::{Phase, Supervisor};
use cordon_manifest::plan::OnDifference;

impl Supervisor {
    /// The member of a life that is still the present one.
    pub(super) fn current(&self, life: Life) -> Option<usize> {
        let index = usize::from(life.member);
        let member = self.members.get(index)?;
        (member.life == life.number && member.alive.is_some()).then_some(index)
    }

    pub(super) fn exited(&mut self, life: Life) {
        let Some(index) = self.current(life) else {
            return;
        };
        let Some(alive) = &mut self.members[index].alive else {
            return;
        };
        if let Some(ended) = alive.running.ended() {
            let how = match alive.running.limits_reached() {
                Some(limits) => format!("{ended}: {limits}"),
                None => ended.to_string(),
            };
            self.ended(index, &how, ended.success());
        }
    }

    /// A program ended by itself: its whole compartment goes, and what follows
    /// is its restart policy's to say.
    pub(super) fn ended(&mut self, index: usize, how: &str, clean: bool) {
        let stopping = self.phase == Phase::Stopping;
        let name = self.members[index].name().to_owned();
        self.say(Event::of(&name, Kind::Exited, how));
        self.members[index].last_end = Some(how.to_owned());
        self.end(index, State::Finished);
        if !stopping {
            self.what_next(index, clean);
        }
    }

    /// Ends a life, whatever is left of it.
    pub(super) fn end(&mut self, index: usize, state: State) {
        let now = self.now();
        let member = &mut self.members[index];
        member.state = state;
        let name = member.component.name.clone();
        if let Some(alive) = member.alive.take() {
            let mut outputs = alive.outputs;
            let ended = alive.running.kill();
            member.last_end.get_or_insert_with(|| ended.to_string());
            // Nobody writes any more: what is in the pipes is all there is.
            for output in outputs.iter_mut().flatten() {
                let portion = output.rest(now);
                portion
                    .lines
                    .iter()
                    .for_each(|line| self.herald.output(&name, line));
            }
        }
        self.hub.stop(&name);
        let _ = std::fs::remove_file(self.runtime.members().join(&name));
    }

    pub(super) fn what_next(&mut self, index: usize, clean: bool) {
        let now = self.now();
        let member = &mut self.members[index];
        let (state, event) = match member.budget.ended(now, clean) {
            Next::StartAt(at) => {
                let text = format!("starts again in {} ms", at - now);
                (State::Waiting { at }, Some((Kind::Restarting, text)))
            }
            Next::Finished => (State::Finished, None),
            Next::GivenUp => {
                let text = "given up: it may not be started again".to_owned();
                (State::GivenUp, Some((Kind::GivenUp, text)))
            }
        };
        member.state = state;
        if let Some((kind, text)) = event {
            let event = Event::of(member.name(), kind, text);
            self.say(event);
        }
    }

    /// Its watchdog time is over. What it said while this process was late itself
    /// still waits to be heard, and counts.
    pub(super) fn overdue(&mut self, index: usize, now: u64) {
        let life = Life {
            member: u16::try_from(index).unwrap_or(u16::MAX),
            number: self.members[index].life,
        };
        self.hear(life, now);
        if self.members[index]
            .watchdog_at()
            .is_some_and(|at| at <= now)
        {
            self.silent(index, "was silent past its watchdog time: killed");
        }
    }

    /// A component that does not say that it lives is ended and counts as failed.
    pub(super) fn silent(&mut self, index: usize, text: &str) {
        let event = Event::of(self.members[index].name(), Kind::WatchdogExpired, text);
        self.say(event);
        self.members[index].last_end = Some(text.to_owned());
        self.end(index, State::Finished);
        self.what_next(index, false);
    }

    /// What the manifest says about a component that differs from the plan.
    ///
    /// What another start cannot mend (a kernel that has become permissive)
    /// restarts nobody: it would darken a screen for nothing. What is known already
    /// is not told again.
    pub(super) fn differs(&mut self, index: usize, what: &str, curable: bool, known: bool) {
        let component = &self.members[index].component;
        let name = component.name.clone();
        let on_difference = match component.on_difference.value {
            OnDifference::Restart if !curable => OnDifference::Alarm,
            other => other,
        };
        let consequence = match on_difference {
            OnDifference::Stop => "stopped",
            OnDifference::Restart => "restarted",
            OnDifference::Alarm => "left running",
        };
        let text = format!("differs from the plan and is {consequence}: {what}");
        if !known || on_difference != OnDifference::Alarm {
            self.say(Event::of(&name, Kind::Different, &text));
        }
        match on_difference {
            OnDifference::Alarm => {}
            OnDifference::Stop => {
                self.members[index].last_end = Some(text);
                self.end(index, State::Held);
            }
            OnDifference::Restart => {
                self.members[index].last_end = Some(text);
                self.end(index, State::Finished);
                if self.phase != Phase::Stopping {
                    self.what_next(index, false);
                }
            }
        }
    }
}
