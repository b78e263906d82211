//! One component under supervision, from one of its lives to the next.

use super::listen::Sockets;
use super::notify::{NotifySocket, Said};
use super::output::Output;
use super::poll::{Life, Poll, Token};
use super::restart::Budget;
use crate::compartment::Running;
use cordon_manifest::plan::Component;

/// Wake-ups for one component's words that are served at once, and in a second.
const WORDS: (u64, u64) = (400, 200);
/// Time in ms a descriptor that brings too much is left alone.
const PAUSE: u64 = 200;

/// Where a component stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It will be started at this time.
    Waiting {
        /// Time in ms.
        at: u64,
    },
    /// It runs.
    Running,
    /// It was asked to end, and is killed at this time.
    Stopping {
        /// Time in ms.
        at: u64,
    },
    /// It ended, and its policy lets it rest.
    Finished,
    /// It ended too often, or its start failed for good.
    GivenUp,
    /// It was ended because what was in force differed from the plan.
    Held,
}

impl State {
    /// The word of `status`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting { .. } => "waiting",
            Self::Running => "running",
            Self::Stopping { .. } => "stopping",
            Self::Finished => "finished",
            Self::GivenUp => "given-up",
            Self::Held => "held",
        }
    }

    /// Whether nothing more will happen to it by itself.
    pub const fn is_at_rest(self) -> bool {
        matches!(self, Self::Finished | Self::GivenUp | Self::Held)
    }
}

/// What only a life that runs has.
#[derive(Debug)]
pub struct Alive {
    /// The compartment.
    pub running: Running,
    /// Its notify socket, where it has one.
    pub notify: Option<NotifySocket>,
    /// Its standard output and error, where the journal does not take them.
    pub outputs: [Option<Output>; 2],
    /// When it started, in ms.
    pub since: u64,
    /// When it last said WATCHDOG=1, in ms; its start counts.
    pub heard: u64,
    /// Whether it said READY=1.
    pub said_ready: bool,
    /// What it says of itself.
    pub says: Option<String>,
    /// What the last read-back found that is not as planned, in words.
    pub differs: Option<String>,
    /// When it was last proved, in ms; its start counts.
    pub proved: u64,
}

/// Time in ms after which what runs is proved again.
const AGAIN: u64 = 60_000;

/// A component under supervision.
#[derive(Debug)]
pub struct Member {
    /// Its part of the plan.
    pub component: Component,
    /// Where it stands.
    pub state: State,
    /// Its starts.
    pub budget: Budget,
    /// Number of its present or last life, from 1.
    pub life: u32,
    /// Its sockets.
    pub sockets: Sockets,
    /// The present life.
    pub alive: Option<Alive>,
    /// How the last life ended, or why the last start failed.
    pub last_end: Option<String>,
    /// Whether any of its lives was ready.
    pub ever_ready: bool,
    words: super::throttle::Throttle,
    paused: Vec<(Token, u64)>,
}

impl Member {
    /// A component that is to be started at `now` in ms.
    pub fn new(component: Component, sockets: Sockets, now: u64) -> Self {
        Self {
            budget: Budget::new(component.restart.value),
            component,
            state: State::Waiting { at: now },
            life: 0,
            sockets,
            alive: None,
            last_end: None,
            ever_ready: false,
            words: super::throttle::Throttle::new(WORDS.0, WORDS.1, now),
            paused: Vec::new(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.component.name
    }

    /// Whether it is what READY waits for: proved, and ready by its own word
    /// where the manifest says that it gives one.
    pub fn is_ready(&self) -> bool {
        let said = |alive: &Alive| alive.said_ready || !self.component.notify.value;
        self.state == State::Running && self.alive.as_ref().is_some_and(said)
    }

    /// Whether READY need not wait for it any more: it is ready, or did its
    /// work and ended well.
    pub fn was_ready(&self) -> bool {
        self.is_ready() || (self.ever_ready && self.state == State::Finished)
    }

    /// Whether it inherits a notify socket.
    pub fn notifies(&self) -> bool {
        self.component.notify.value || self.component.watchdog.is_some()
    }

    /// When it is overdue by its watchdog. One that has to say READY=1 first
    /// is given ten times as long for it.
    pub fn watchdog_at(&self) -> Option<u64> {
        let alive = self.alive.as_ref()?;
        if self.state != State::Running {
            return None;
        }
        let time = self.component.watchdog.as_ref()?.value;
        let starting = self.component.notify.value && !alive.said_ready;
        Some(alive.heard.saturating_add(if starting {
            time.saturating_mul(10)
        } else {
            time
        }))
    }

    /// When it is to be proved again, while it runs.
    pub fn prove_at(&self) -> Option<u64> {
        let alive = self.alive.as_ref()?;
        (self.state == State::Running).then(|| alive.proved.saturating_add(AGAIN))
    }

    /// The next time something is due for it.
    pub fn next_deadline(&self) -> Option<u64> {
        let state = match self.state {
            State::Waiting { at } | State::Stopping { at } => Some(at),
            _ => None,
        };
        let paused = self.paused.iter().map(|(_, until)| *until).min();
        [state, self.watchdog_at(), self.prove_at(), paused]
            .into_iter()
            .flatten()
            .min()
    }

    /// Takes what it says; gives what is news.
    pub fn hear(&mut self, poll: &Poll, life: Life, now: u64) -> Vec<Said> {
        let Some(alive) = &mut self.alive else {
            return Vec::new();
        };
        let Some(socket) = &alive.notify else {
            return Vec::new();
        };
        let (said, taken) = socket.take();
        if !self.words.spend(taken as u64, now) {
            self.pause(poll, Token::Notify(life), now);
        }
        let mut news = Vec::new();
        let Some(alive) = &mut self.alive else {
            return news;
        };
        for one in said {
            match one {
                Said::Alive => alive.heard = now,
                Said::Ready if !alive.said_ready => {
                    alive.said_ready = true;
                    self.ever_ready = true;
                    alive.heard = now;
                    news.push(Said::Ready);
                }
                Said::Ready => {}
                Said::Status(text) => alive.says = Some(text),
                Said::Trigger | Said::Stopping => news.push(one),
            }
        }
        news
    }

    /// Leaves a descriptor alone for a while.
    pub fn pause(&mut self, poll: &Poll, token: Token, now: u64) {
        let Some(alive) = &self.alive else { return };
        match token {
            Token::Notify(_) => alive.notify.as_ref().map(|socket| poll.forget(socket)),
            Token::Stdout(_) => alive.outputs[0].as_ref().map(|pipe| poll.forget(pipe)),
            Token::Stderr(_) => alive.outputs[1].as_ref().map(|pipe| poll.forget(pipe)),
            _ => return,
        };
        self.paused.push((token, now + PAUSE));
    }

    /// Watches again what was left alone long enough.
    pub fn resume(&mut self, poll: &Poll, now: u64) {
        let Some(alive) = &self.alive else {
            self.paused.clear();
            return;
        };
        self.paused.retain(|(token, until)| {
            if *until > now {
                return true;
            }
            let watched = match token {
                Token::Notify(_) => alive
                    .notify
                    .as_ref()
                    .map(|socket| poll.watch(socket, *token)),
                Token::Stdout(_) => alive.outputs[0]
                    .as_ref()
                    .map(|pipe| poll.watch(pipe, *token)),
                Token::Stderr(_) => alive.outputs[1]
                    .as_ref()
                    .map(|pipe| poll.watch(pipe, *token)),
                _ => None,
            };
            // Out of kernel memory: tried again at the next round.
            watched.is_some_and(|result| result.is_err())
        });
    }
}
