//! Holding the child by ptrace from before its first step until it is proved.

use super::error::Failure;
use crate::sys::ptrace::seccomp_stop;
use cordon_manifest::plan::Layer;
use nix::errno::Errno;
use nix::sys::ptrace::{self, Event, Options};
use nix::sys::signal::Signal;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::Pid;
use std::time::{Duration, Instant};

/// How long a child may take from clone to exec before it is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// Seizes the child, so that it is killed should the supervisor end before the proof.
pub fn seize(pid: Pid) -> Result<(), Failure> {
    let options =
        Options::PTRACE_O_TRACEEXEC | Options::PTRACE_O_TRACESECCOMP | Options::PTRACE_O_EXITKILL;
    ptrace::seize(pid, options)
        .map_err(|errno| Failure::new(Layer::Seccomp, "holding the child", errno))
}

/// Lets the child run until it has executed its program and stands before the
/// first instruction. One execveat passes, no second one.
///
/// `Err(None)`: the child ended; what it said on its pipe tells why.
pub fn until_exec(pid: Pid) -> Result<(), Option<Failure>> {
    let failed = |step: &'static str| move |errno| Some(Failure::new(Layer::Seccomp, step, errno));
    let started = Instant::now();
    let mut passed = false;
    loop {
        let flags = WaitPidFlag::WNOHANG | WaitPidFlag::__WALL;
        match waitpid(pid, Some(flags)).map_err(failed("waiting for the child"))? {
            WaitStatus::StillAlive if started.elapsed() > PATIENCE => {
                return Err(Some(Failure::new(
                    Layer::Root,
                    "starting the program",
                    Errno::ETIMEDOUT,
                )));
            }
            WaitStatus::StillAlive => std::thread::sleep(Duration::from_micros(100)),
            WaitStatus::PtraceEvent(_, _, event) if event == Event::PTRACE_EVENT_EXEC as i32 => {
                return Ok(());
            }
            WaitStatus::PtraceEvent(_, _, event) if event == Event::PTRACE_EVENT_SECCOMP as i32 => {
                let (call, _) =
                    seccomp_stop(pid).map_err(failed("reading the call of the child"))?;
                if call != libc::SYS_execveat as u64 || passed {
                    let found = format!("system call {call}");
                    return Err(Some(Failure::found(
                        Layer::Seccomp,
                        "not the one exec:",
                        found,
                    )));
                }
                passed = true;
                resume(pid, None)?;
            }
            WaitStatus::PtraceEvent(..) => resume(pid, None)?,
            WaitStatus::Stopped(_, signal) => resume(pid, Some(signal))?,
            WaitStatus::Exited(..) | WaitStatus::Signaled(..) => return Err(None),
            _ => {}
        }
    }
}

fn resume(pid: Pid, signal: Option<Signal>) -> Result<(), Option<Failure>> {
    ptrace::cont(pid, signal)
        .map_err(|errno| Some(Failure::new(Layer::Seccomp, "resuming the child", errno)))
}

/// Lets the proved program run. From here on an execveat is answered ENOSYS.
pub fn release(pid: Pid) -> Result<(), Failure> {
    ptrace::detach(pid, None)
        .map_err(|errno| Failure::new(Layer::Seccomp, "letting the program go", errno))
}

/// How long a running program may take to stop.
const STOPPING: Duration = Duration::from_secs(1);

/// Stops the first thread of a running program for as long as `read` takes.
///
/// Only stops are waited for, so that an end stays to be seen by whoever waits for
/// it. A program that cannot be stopped is an error; it stays seized, for a wait
/// without end would hold up the supervisor and with it the other components.
pub fn while_stopped(pid: Pid, read: impl FnOnce()) -> Result<(), Failure> {
    let failed = |step: &'static str| move |errno| Failure::new(Layer::Seccomp, step, errno);
    ptrace::seize(pid, Options::empty()).map_err(failed("holding the program"))?;
    ptrace::interrupt(pid).map_err(failed("stopping the program"))?;
    let started = Instant::now();
    loop {
        let flags = WaitPidFlag::WSTOPPED | WaitPidFlag::WNOHANG | WaitPidFlag::__WALL;
        match waitid(Id::Pid(pid), flags) {
            Ok(WaitStatus::StillAlive) if started.elapsed() > STOPPING => {
                return Err(failed("stopping the program")(Errno::ETIMEDOUT));
            }
            Ok(WaitStatus::StillAlive) => std::thread::sleep(Duration::from_micros(50)),
            Ok(WaitStatus::Stopped(_, signal) | WaitStatus::PtraceEvent(_, signal, 0)) => {
                // A signal came first: it is delivered as the program goes on.
                read();
                return ptrace::detach(pid, signal).map_err(failed("letting the program go on"));
            }
            Ok(_) => {
                read();
                return ptrace::detach(pid, None).map_err(failed("letting the program go on"));
            }
            Err(errno) => return Err(failed("waiting for the program")(errno)),
        }
    }
}
