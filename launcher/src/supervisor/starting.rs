//! Components, from what they inherit to what they are watched by.

use super::event::{Event, Kind};
use super::handover::{self, Passed};
use super::herald::Herald;
use super::leftovers::Note;
use super::member::{Alive, Member, State};
use super::notify::NotifySocket;
use super::output::{self, Output};
use super::poll::{Life, Token};
use super::preparing::internal;
use super::{Phase, Supervisor};
use crate::cli::{Exit, Failure};
use crate::compartment::{self, Host, Inherited};
use cordon_manifest::plan::{Layer, Origin};
use cordon_policygen::names;
use std::fs::File;
use std::os::fd::OwnedFd;

/// The name under which channels' control sockets are inherited.
const CONTROL: &str = "cordon-control";

impl Supervisor {
    /// Starts every component in the manifest's order. One that READY waits
    /// for and that cannot be started ends it all.
    pub(super) fn start_all(&mut self) -> Result<(), Failure> {
        for layer in self.absent_layers() {
            let text = format!("layer {} is absent: {}", layer.layer, layer.why);
            self.say(Event::device(Kind::LayerAbsent, text));
        }
        for index in 0..self.members.len() {
            if let Err(failure) = self.start(index) {
                if self.members[index].component.required.value {
                    return Err(failure);
                }
                self.not_started(index, &failure);
            }
            self.settle()?;
        }
        Ok(())
    }

    /// Starts a component whose time has come.
    pub(super) fn start_again(&mut self, index: usize) {
        if let Err(failure) = self.start(index) {
            self.not_started(index, &failure);
        }
    }

    fn not_started(&mut self, index: usize, failure: &Failure) {
        let member = &mut self.members[index];
        member.last_end = Some(failure.message.clone());
        let event = Event::of(member.name(), Kind::StartFailed, failure.sentence());
        self.say(event);
        self.what_next(index, false);
    }

    fn start(&mut self, index: usize) -> Result<(), Failure> {
        let now = self.now();
        let member = &mut self.members[index];
        member.budget.started(now);
        member.life += 1;
        let name = member.component.name.clone();
        let started = self.start_life(index, now);
        if started.is_err() {
            self.hub.stop(&name);
            self.members[index].alive = None;
        }
        started
    }

    fn start_life(&mut self, index: usize, now: u64) -> Result<(), Failure> {
        let component = self.members[index].component.clone();
        let name = component.name.clone();
        let differs = self.check_enforcement(&component)?;
        self.enforcement.check_labels(&component, &self.layers)?;
        let member = &mut self.members[index];
        let life = Life {
            member: u16::try_from(index).map_err(|_| internal("too many components"))?,
            number: member.life,
        };
        let failed = |what: &str| {
            let what = format!("component {name}: {what}");
            move |error: &dyn std::fmt::Display| {
                Failure::new(Exit::StartFailed, format!("{what}: {error}"))
            }
        };
        let mut descriptors = inherited(member)?;
        if self.hub.concerns(&name) {
            let control = self
                .hub
                .start(&name)
                .map_err(|error| failed("its channels")(&error))?;
            if let Some(ours) = self.hub.fd(&name) {
                crate::sys::socket::refuse_descriptors(ours)
                    .map_err(|errno| failed("its channels")(&errno.desc()))?;
            }
            descriptors.push((CONTROL.to_owned(), control));
        }
        let notify = if member.notifies() {
            let user = &component.user.value;
            let path = self.runtime.notify().join(&name);
            let (uid, gid) = match self.layers.on(Layer::Capabilities) {
                true => (user.uid, user.gid),
                // A test build leaves the component user 0.
                false => (0, 0),
            };
            let socket = NotifySocket::bind(&path, uid, gid)
                .map_err(|error| failed("its notify socket")(&error))?;
            Some(socket)
        } else {
            None
        };
        let (stdout, out) =
            standard(&self.herald, &name, 6, now).map_err(|e| failed("its standard output")(&e))?;
        let (stderr, err) =
            standard(&self.herald, &name, 3, now).map_err(|e| failed("its standard error")(&e))?;
        let stdin = File::open("/dev/null").map_err(|error| failed("/dev/null")(&error))?;
        let selinux = self.layers.labels();
        let inherited = Inherited {
            descriptors,
            stdin: stdin.into(),
            stdout,
            stderr,
            context: selinux.then(|| names::domain_context(&self.plan.device, &name)),
            notify_socket: notify.as_ref().map(|socket| socket.path().to_path_buf()),
        };
        let host = Host {
            layers: &self.layers,
            cgroup_root: self.cgroups.root(),
            others: self.first_processes(),
        };
        let running = compartment::start(&self.plan, &component, inherited, &host)
            .map_err(|error| Failure::new(Exit::StartFailed, error.to_string()))?;
        let pid = running.pid();
        let compared = running.proof().items.len();
        // The end of pid 1 ends the compartment, also after this process's own.
        let first = running.reaper_pid().unwrap_or(pid);
        if let Some(note) = Note::of(first, running.cgroup()) {
            let path = self.runtime.members().join(&name);
            note.write(&path)
                .map_err(|error| failed("noting that it runs")(&error))?;
        }
        let watched = || -> nix::Result<()> {
            self.poll.watch(running.pidfd(), Token::Exit(life))?;
            if let Some(socket) = &notify {
                self.poll.watch(socket, Token::Notify(life))?;
            }
            if let Some(socket) = self.hub.fd(&name) {
                self.poll.watch(socket, Token::Channels(life))?;
            }
            if let Some(pipe) = &out {
                self.poll.watch(pipe, Token::Stdout(life))?;
            }
            if let Some(pipe) = &err {
                self.poll.watch(pipe, Token::Stderr(life))?;
            }
            Ok(())
        };
        watched().map_err(|errno| failed("watching it")(&errno.desc()))?;
        let member = &mut self.members[index];
        member.alive = Some(Alive {
            running,
            notify,
            outputs: [out, err],
            since: now,
            heard: now,
            said_ready: false,
            says: None,
            differs,
            proved: now,
        });
        member.state = State::Running;
        member.ever_ready |= !member.component.notify.value;
        let text =
            format!("runs as pid {pid}; {compared} things proved before its first instruction");
        self.say(Event::of(&name, Kind::Started, text));
        Ok(())
    }

    /// Says READY once it is true, and STATUS when it changes. A required
    /// component that is given up before ends the start.
    pub(super) fn settle(&mut self) -> Result<(), Failure> {
        if self.phase == Phase::Starting {
            let required = |member: &&Member| member.component.required.value;
            let lost = self.members.iter().filter(required);
            if let Some(member) = lost
                .clone()
                .find(|member| member.state.is_at_rest() && !member.was_ready())
            {
                let why = member.last_end.clone().unwrap_or_default();
                let text = format!(
                    "component {}: ended before it was ready: {why}",
                    member.name()
                );
                return Err(Failure::new(Exit::StartFailed, text));
            }
            if self.members.iter().filter(required).all(Member::was_ready) {
                self.phase = Phase::Ready;
                let text = format!("{} is ready: {}", self.plan.device, self.status_text());
                self.manager.ready();
                self.say(Event::device(Kind::DeviceReady, text));
            }
        }
        let text = self.status_text();
        if text != self.told {
            self.manager.status(&text);
            self.told = text;
        }
        Ok(())
    }
}

/// Sockets, devices and files in the order of the manifest's lines.
fn inherited(member: &mut Member) -> Result<Vec<(String, OwnedFd)>, Failure> {
    let name = member.component.name.clone();
    let sockets = member
        .sockets
        .hand_over(&name)
        .map_err(|error| Failure::new(Exit::Socket, error.to_string()))?;
    let mut passed = handover::open_all(&member.component)
        .map_err(|error| Failure::new(Exit::Handover, error.to_string()))?;
    passed.extend(sockets.into_iter().map(|(listen, fd)| Passed {
        name: listen.name,
        line: match listen.origin {
            Origin::Manifest { line } => line,
            _ => 0,
        },
        fd,
    }));
    passed.sort_by_key(|one| one.line);
    Ok(passed.into_iter().map(|one| (one.name, one.fd)).collect())
}

/// Where a standard stream goes: the journal, or a pipe and its other end.
fn standard(
    herald: &Herald,
    name: &str,
    priority: u8,
    now: u64,
) -> nix::Result<(OwnedFd, Option<Output>)> {
    if herald.has_journal()
        && let Ok(stream) = output::journal_stream(name, priority)
    {
        return Ok((stream, None));
    }
    let (output, pipe) = Output::pipe(now)?;
    Ok((pipe, Some(output)))
}
