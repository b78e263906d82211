//! A component that runs, or has just ended.

use super::cgroup::{self, Cgroup};
use super::reaper::Reaper;
use crate::compartment::Host;
use crate::proof::{self, Manner, Proof, Subject};
use crate::sys::descriptor::pidfd_send_signal;
use cordon_manifest::plan::Component;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use nix::unistd::Pid;
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

/// A confined component. Dropping it kills all of its compartment and removes its cgroup.
#[derive(Debug)]
pub struct Running {
    component: Component,
    pid: Pid,
    pidfd: OwnedFd,
    ended: Option<Ended>,
    reaper: Option<Reaper>,
    cgroup: Option<Cgroup>,
    subject: Option<Subject>,
    proof: Proof,
}

/// How long, in ms, a killed program may take to be gone.
const ENDING: u16 = 5000;

/// How a component's program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this status.
    Exited(i32),
    /// By this signal; SIGSYS says that a system-call filter killed it.
    Killed(i32),
}

impl Ended {
    /// Whether it ended as a program that succeeded ends.
    #[must_use]
    pub fn success(self) -> bool {
        self == Self::Exited(0)
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(status) => write!(f, "exited with status {status}"),
            Self::Killed(signal) => match nix::sys::signal::Signal::try_from(*signal) {
                Ok(name) => write!(f, "killed by {name}"),
                Err(_) => write!(f, "killed by signal {signal}"),
            },
        }
    }
}

impl Running {
    pub(super) fn new(
        component: &Component,
        pid: Pid,
        pidfd: OwnedFd,
        reaper: Option<Reaper>,
        cgroup: Option<Cgroup>,
    ) -> Self {
        let (ended, subject, proof) = (None, None, Proof::default());
        Self {
            component: component.clone(),
            pid,
            pidfd,
            ended,
            reaper,
            cgroup,
            subject,
            proof,
        }
    }

    pub(super) fn proved(&mut self, subject: Subject, proof: Proof) {
        self.subject = Some(subject);
        self.proof = proof;
    }

    /// Readable when the program has ended.
    #[must_use]
    pub fn pidfd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }

    /// Process id in the supervisor's pid namespace.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    /// Process id of the compartment's pid 1, where it has one.
    #[must_use]
    pub fn reaper_pid(&self) -> Option<i32> {
        self.reaper.as_ref().map(Reaper::pid)
    }

    /// Its cgroup, where it has one.
    #[must_use]
    pub fn cgroup(&self) -> Option<&Path> {
        self.cgroup.as_ref().map(Cgroup::path)
    }

    /// What its limits had to do with its end, in words.
    #[must_use]
    pub fn limits_reached(&self) -> Option<String> {
        cgroup::limits_reached(self.cgroup()?, &self.component)
    }

    /// What was proved before the first instruction.
    #[must_use]
    pub const fn proof(&self) -> &Proof {
        &self.proof
    }

    /// Reads back what is in force now; none once it has ended.
    #[must_use]
    pub fn verify(&mut self, host: &Host<'_>, manner: Manner) -> Option<Proof> {
        let subject = self.subject.as_ref()?;
        let proof = proof::running(self, &self.component, host, subject, manner);
        // What ended while it was read is no difference.
        if self.ended().is_some() {
            None
        } else {
            Some(proof)
        }
    }

    /// Asks the program to end (SIGTERM). ESRCH where it already has.
    pub fn terminate(&self) -> Result<(), Errno> {
        pidfd_send_signal(self.pidfd.as_fd(), libc::SIGTERM)
    }

    /// How the program ended; none while it runs.
    pub fn ended(&mut self) -> Option<Ended> {
        self.wait(WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG)
    }

    /// Kills everything in the compartment, waits for it, removes its cgroup.
    pub fn kill(mut self) -> Ended {
        self.end();
        self.ended.unwrap_or(Ended::Killed(libc::SIGKILL))
    }

    fn wait(&mut self, flags: WaitPidFlag) -> Option<Ended> {
        if self.ended.is_none() {
            self.ended = match waitid(Id::PIDFd(self.pidfd.as_fd()), flags | WaitPidFlag::__WALL) {
                Ok(WaitStatus::Exited(_, status)) => Some(Ended::Exited(status)),
                Ok(WaitStatus::Signaled(_, signal, _)) => Some(Ended::Killed(signal as i32)),
                // Reaped elsewhere: the hold saw its end.
                Err(Errno::ECHILD) => Some(Ended::Killed(libc::SIGKILL)),
                _ => None,
            };
        }
        self.ended
    }

    fn end(&mut self) {
        if let Some(cgroup) = &self.cgroup {
            // The namespace below is killed too, so a failure here leaves nothing alive.
            let _ = cgroup.kill();
        }
        let _ = pidfd_send_signal(self.pidfd.as_fd(), libc::SIGKILL);
        // A process the kernel cannot end (a driver that never answers) must not
        // hold up the supervisor, and with it the other components.
        let mut ends = [PollFd::new(self.pidfd.as_fd(), PollFlags::POLLIN)];
        let _ = poll(&mut ends, ENDING);
        self.wait(WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG);
        // Kills and awaits what else is in the pid namespace.
        self.reaper = None;
        self.cgroup = None;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}
