//! The supervisor: one thread, one epoll loop, every component of a device.
//!
//! Everything a component can make it do is bounded: what it says is read in
//! portions, what it says too often is left unread for a while, and nothing is
//! ever waited for but the loop's own wake-up.

#![forbid(unsafe_code)]

mod cgroups;
pub mod channels;
mod control;
mod enforcement;
mod event;
mod handover;
mod herald;
pub mod leftovers;
mod life;
mod lines;
mod listen;
mod member;
mod notify;
mod output;
mod poll;
mod preparing;
mod proving;
pub mod report;
mod reporting;
mod restart;
pub mod runtime;
mod starting;
pub mod systemd;
mod throttle;
pub mod varlink;
mod words;

use crate::cli::{Exit, Failure};
use crate::layers::Layers;
use crate::policy::Wanted;
use cgroups::Cgroups;
use control::{Asked, Control, Question};
use cordon_channel::Hub;
use cordon_manifest::plan::{Layer, Plan};
use enforcement::Enforcement;
use event::{Event, Kind};
use herald::Herald;
use member::{Member, State};
use nix::sys::signal::Signal;
use nix::sys::signalfd::SignalFd;
use poll::{Poll, Token};
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
    /// Where the manifest was read from, for advice.
    pub manifest: PathBuf,
    /// The SELinux policy it gives, where the kernel has one loaded.
    pub policy: Option<Wanted>,
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
    manifest: PathBuf,
    layers: Layers,
    enforcement: Enforcement,
    without: Vec<Layer>,
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
            Token::Policy => self.enforcement_changed(),
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
                    self.overdue(index, now);
                }
                State::Running if member.prove_at().is_some_and(|at| at <= now) => {
                    self.prove_again(index);
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
}
