//! The supervisor: one thread, one epoll loop, every component of a device.
//!
//! Everything a component can make it do is bounded: what it says is read in
//! portions, what it says too often is left unread for a while, and nothing is
//! ever waited for but the loop's own wake-up.

#![forbid(unsafe_code)]

mod cgroups;
mod channels;
mod control;
mod event;
mod handover;
mod herald;
mod leftovers;
mod lines;
mod listen;
mod member;
mod notify;
mod output;
mod poll;
pub mod report;
mod reporting;
mod restart;
pub mod runtime;
mod starting;
mod systemd;
mod throttle;
pub mod varlink;

use crate::cli::{Exit, Failure};
use crate::layers::Layers;
use cgroups::Cgroups;
use control::{Asked, Control, Question};
use cordon_channel::endpoint::Fault;
use cordon_channel::{Hub, hub};
use cordon_manifest::plan::{Layer, OnDifference, Plan};
use event::{Event, Kind};
use herald::Herald;
use member::{Member, State};
use nix::sys::signal::Signal;
use nix::sys::signalfd::SignalFd;
use notify::Said;
use poll::{Life, Poll, Token};
use restart::Next;
use runtime::RuntimeDir;
use std::path::PathBuf;
use std::time::Instant;
use systemd::Manager;
use varlink::Reply;

/// How a device is to be run.
#[derive(Debug)]
pub struct Order {
    /// Everything decided.
    pub plan: Plan,
    /// Layers that may be absent.
    pub without: Vec<Layer>,
    /// Directory of sockets and locks.
    pub runtime_dir: PathBuf,
    /// Layers of the running kernel.
    pub layers: Layers,
}

/// Where the device stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Starting,
    Ready,
    Stopping,
}

/// A running device. The order of the fields is the order in which they go:
/// compartments first, the connections of those who wait for the end last.
#[derive(Debug)]
struct Supervisor {
    members: Vec<Member>,
    hub: Hub,
    cgroups: Cgroups,
    poll: Poll,
    signals: SignalFd,
    herald: Herald,
    manager: Manager,
    phase: Phase,
    told: String,
    signs_of_life: u64,
    began: Instant,
    plan: Plan,
    layers: Layers,
    runtime: RuntimeDir,
    control: Control,
}

/// Runs the device until it is stopped or nothing of it is left to run.
pub fn run(order: Order) -> Result<Exit, Failure> {
    let mut supervisor = Supervisor::prepare(order)?;
    supervisor.start_all()?;
    let exit = supervisor.watch()?;
    supervisor.say(Event::device(
        Kind::Stopped,
        format!("{} has ended", supervisor.plan.device),
    ));
    Ok(exit)
}

impl Supervisor {
    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn say(&self, event: Event) {
        self.herald.say(&event);
    }

    /// The loop.
    fn watch(&mut self) -> Result<Exit, Failure> {
        loop {
            self.settle()?;
            if let Some(exit) = self.outcome() {
                return Ok(exit);
            }
            let now = self.now();
            let timeout = self.next_deadline().map(|at| at.saturating_sub(now));
            let tokens = self.poll.wait(timeout).map_err(|errno| {
                Failure::new(
                    Exit::Internal,
                    format!("waiting for events: {}", errno.desc()),
                )
            })?;
            for token in tokens {
                self.handle(token);
            }
            self.tick();
        }
    }

    /// How it ended, once nothing is left that runs or will.
    fn outcome(&self) -> Option<Exit> {
        if !self.members.iter().all(|member| member.state.is_at_rest()) {
            return None;
        }
        let well = |member: &Member| member.state == State::Finished;
        if self.phase == Phase::Stopping || self.members.iter().all(well) {
            Some(Exit::Success)
        } else {
            Some(Exit::GivenUp)
        }
    }

    fn next_deadline(&self) -> Option<u64> {
        let members = self.members.iter().filter_map(Member::next_deadline);
        let alive = self
            .manager
            .watchdog()
            .map(|every| self.signs_of_life + every);
        members
            .chain(self.control.next_deadline())
            .chain(alive)
            .min()
    }

    fn handle(&mut self, token: Token) {
        let now = self.now();
        match token {
            Token::Signal => self.signal(),
            Token::Control => self.control.accept(&self.poll, now),
            Token::Connection(number) => {
                for asked in self.control.serve(number, &self.poll, now) {
                    self.answer(asked);
                }
            }
            Token::Exit(life) => self.exited(life),
            Token::Notify(life) => self.hear(life, now),
            Token::Channels(life) => self.channels(life),
            Token::Stdout(life) => self.output(life, 0, token, now),
            Token::Stderr(life) => self.output(life, 1, token, now),
        }
    }

    /// What is due by time.
    fn tick(&mut self) {
        let now = self.now();
        self.control.close_idle(now);
        if let Some(every) = self.manager.watchdog()
            && now >= self.signs_of_life + every
        {
            self.manager.alive();
            self.signs_of_life = now;
        }
        for index in 0..self.members.len() {
            let member = &mut self.members[index];
            member.resume(&self.poll, now);
            match member.state {
                State::Waiting { at } if at <= now => self.start_again(index),
                State::Stopping { at } if at <= now => {
                    let text = "did not end in time after SIGTERM: killed";
                    self.say(Event::of(self.members[index].name(), Kind::Exited, text));
                    self.end(index, State::Finished);
                }
                State::Running if member.watchdog_at().is_some_and(|at| at <= now) => {
                    self.silent(index, "was silent past its watchdog time: killed");
                }
                _ => {}
            }
        }
    }

    fn signal(&mut self) {
        while let Ok(Some(signal)) = self.signals.read_signal() {
            let again = self.phase == Phase::Stopping;
            let interrupt = signal.ssi_signo == Signal::SIGINT as u32;
            self.stop();
            if again && interrupt {
                // Asked twice at a keyboard: the stop-timeouts are waived.
                for member in &mut self.members {
                    if matches!(member.state, State::Stopping { .. }) {
                        member.state = State::Stopping { at: 0 };
                    }
                }
            }
        }
    }

    fn answer(&mut self, asked: Asked) {
        let reply = match asked.question {
            Question::Status => Reply::of(&self.status()),
            Question::Verify => Reply::of(&self.verify()),
            Question::Stop => {
                self.stop();
                Reply::default()
            }
        };
        self.control.reply(asked, &reply, &self.poll);
    }

    /// Asks every component to end.
    fn stop(&mut self) {
        if self.phase == Phase::Stopping {
            return;
        }
        self.phase = Phase::Stopping;
        self.manager.stopping();
        self.say(Event::device(
            Kind::Stopping,
            format!("stopping {}", self.plan.device),
        ));
        let now = self.now();
        for member in &mut self.members {
            match (&member.state, &member.alive) {
                (State::Running, Some(alive)) => {
                    // Gone already: its pidfd says so next.
                    let _ = alive.running.terminate();
                    let at = now.saturating_add(member.component.stop_timeout.value);
                    member.state = State::Stopping { at };
                }
                (State::Waiting { .. }, _) => member.state = State::Finished,
                _ => {}
            }
        }
    }

    /// The member of a life that is still the present one.
    fn current(&self, life: Life) -> Option<usize> {
        let index = usize::from(life.member);
        let member = self.members.get(index)?;
        (member.life == life.number && member.alive.is_some()).then_some(index)
    }

    fn exited(&mut self, life: Life) {
        let Some(index) = self.current(life) else {
            return;
        };
        let Some(alive) = &mut self.members[index].alive else {
            return;
        };
        if let Some(ended) = alive.running.ended() {
            self.ended(index, &ended.to_string(), ended.success());
        }
    }

    /// A program ended by itself: its whole compartment goes, and what follows
    /// is its restart policy's to say.
    fn ended(&mut self, index: usize, how: &str, clean: bool) {
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
    fn end(&mut self, index: usize, state: State) {
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

    fn what_next(&mut self, index: usize, clean: bool) {
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

    /// A component that does not say that it lives is ended and counts as failed.
    fn silent(&mut self, index: usize, text: &str) {
        let event = Event::of(self.members[index].name(), Kind::WatchdogExpired, text);
        self.say(event);
        self.members[index].last_end = Some(text.to_owned());
        self.end(index, State::Finished);
        self.what_next(index, false);
    }

    fn hear(&mut self, life: Life, now: u64) {
        let Some(index) = self.current(life) else {
            return;
        };
        for said in self.members[index].hear(&self.poll, life, now) {
            let name = self.members[index].name().to_owned();
            match said {
                Said::Ready => self.say(Event::of(&name, Kind::Ready, "ready")),
                Said::Trigger if self.members[index].component.watchdog.is_some() => {
                    self.silent(index, "asked to be restarted (WATCHDOG=trigger): killed");
                    return;
                }
                _ => {}
            }
        }
    }

    fn channels(&mut self, life: Life) {
        let Some(index) = self.current(life) else {
            return;
        };
        let name = self.members[index].name().to_owned();
        for event in self.hub.service(&name) {
            let event = match event {
                hub::Event::Opened { channel, epoch } => {
                    let text = format!("channel {channel} is open, epoch {epoch}");
                    Event::of(&name, Kind::ChannelOpened, text)
                }
                hub::Event::Refused { channel, error } => {
                    let text = format!("channel {channel} is refused: {error}");
                    Event::of(&name, Kind::ChannelRefused, text)
                }
                // Closing it is how every component ends; what it means is said by its exit.
                hub::Event::Ended {
                    fault: Fault::Closed,
                    ..
                } => continue,
                hub::Event::Ended { component, fault } => {
                    let text = format!("gets no more channels in this life: {fault}");
                    Event::of(&component, Kind::ChannelRefused, text)
                }
                hub::Event::Taken { .. } => continue,
            };
            self.say(event);
        }
    }

    fn output(&mut self, life: Life, which: usize, token: Token, now: u64) {
        let Some(index) = self.current(life) else {
            return;
        };
        let member = &mut self.members[index];
        let Some(output) = member
            .alive
            .as_mut()
            .and_then(|alive| alive.outputs[which].as_mut())
        else {
            return;
        };
        let portion = output.take(now);
        for line in &portion.lines {
            self.herald.output(&member.component.name, line);
        }
        if portion.dropped > 0 {
            let text = format!("{} lines dropped: it writes too much", portion.dropped);
            self.herald
                .say(&Event::of(&member.component.name, Kind::Suppressed, text));
        }
        if portion.pause {
            member.pause(&self.poll, token, now);
        }
        if portion.closed
            && let Some(alive) = &mut member.alive
        {
            alive.outputs[which] = None;
        }
    }

    /// What the manifest says about a component that differs from the plan.
    fn differs(&mut self, index: usize, what: &str) {
        let component = &self.members[index].component;
        let (on_difference, name) = (component.on_difference.value, component.name.clone());
        let consequence = match on_difference {
            OnDifference::Stop => "stopped",
            OnDifference::Restart => "restarted",
            OnDifference::Alarm => "left running",
        };
        let text = format!("differs from the plan and is {consequence}: {what}");
        self.say(Event::of(&name, Kind::Different, &text));
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
