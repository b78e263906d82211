//! Pid 1 of a compartment: the pid namespace's reaper, see sys/reaper.rs.

use super::error::Failure;
use super::report::{self, Writing};
use super::{cgroup, credentials, label, namespaces, root};
use crate::layers::Layers;
use crate::sys::clone::{Side, clone3};
use crate::sys::descriptor::{close_on_exec_from, memfd_create, move_above, pidfd_send_signal};
use crate::sys::{exec, prctl, signal};
use cordon_manifest::plan::{Layer, User};
use cordon_seccomp::Filter;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid};
use std::fs::File;
use std::io::Write;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

static PROGRAM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/reaper"));

/// First user id of the reapers; systemd and Debian give none of this range away
/// (it is above every container range and below the sign bit). Each component's
/// reaper has one of its own, so that no component and no other reaper shares it.
const FIRST_USER: u32 = 0x7e00_0000;

/// How long, in ms, a killed namespace may take to empty.
const ENDING: u16 = 5000;

/// User of the reaper of the `index`th component.
pub fn user(index: usize) -> u32 {
    FIRST_USER + index as u32
}

/// A running reaper. Dropping it kills its pid namespace.
#[derive(Debug)]
pub struct Reaper {
    pid: libc::pid_t,
    pidfd: OwnedFd,
}

impl Reaper {
    /// Starts the reaper of the `index`th component, in its cgroup.
    pub fn start(
        index: usize,
        layers: &Layers,
        cgroup: Option<BorrowedFd<'_>>,
    ) -> Result<Self, Failure> {
        let failed = |step: &'static str| move |errno| Failure::new(Layer::Namespaces, step, errno);
        let program = program()?;
        if layers.labels() {
            label::mark_reaper(program.as_fd())?;
        }
        let filter = cordon_seccomp::reaper().map_err(|error| {
            Failure::found(
                Layer::Seccomp,
                "compiling the filter of pid 1:",
                error.to_string(),
            )
        })?;
        let id = user(index);
        let user = User {
            name: id.to_string(),
            uid: id,
            gid: id,
        };
        let (reading, mut writing) = report::pipe().map_err(failed("making a pipe"))?;
        match clone3(namespaces::OF_REAPER, cgroup)
            .map_err(failed("cloning pid 1 of the compartment"))?
        {
            Side::Child => {
                let failure = become_reaper(&program, &user, &filter, layers);
                fail(&mut writing, &failure)
            }
            Side::Parent { pid, pidfd } => {
                drop(writing);
                let reaper = Self { pid, pidfd };
                match reading.read().failure {
                    Some(failure) => Err(failure),
                    // A child killed before exec closes the pipe as well.
                    None if reaper.alive() => Ok(reaper),
                    None => Err(Failure::found(
                        Layer::Namespaces,
                        "pid 1 of the compartment ended at once",
                        "",
                    )),
                }
            }
        }
    }

    /// Its pid as the supervisor sees it.
    pub const fn pid(&self) -> libc::pid_t {
        self.pid
    }

    /// Whether it runs.
    pub fn alive(&self) -> bool {
        let flags = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        matches!(
            waitid(Id::PIDFd(self.pidfd.as_fd()), flags),
            Ok(WaitStatus::StillAlive)
        )
    }
}

impl AsFd for Reaper {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

impl Drop for Reaper {
    fn drop(&mut self) {
        // Already gone is as good. Pid 1 ends when its namespace is empty; one that
        // does not empty must not hold up the supervisor.
        let _ = pidfd_send_signal(self.pidfd.as_fd(), libc::SIGKILL);
        let _ = poll(
            &mut [PollFd::new(self.pidfd.as_fd(), PollFlags::POLLIN)],
            ENDING,
        );
        let _ = waitid(
            Id::PIDFd(self.pidfd.as_fd()),
            WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG,
        );
    }
}

/// The reaper's program in a sealed memfd: nothing can be written into what runs.
fn program() -> Result<OwnedFd, Failure> {
    let failed = |errno| Failure::new(Layer::Namespaces, "making the program of pid 1", errno);
    let flags = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
    // Kernels before 6.3 know no MFD_EXEC and need none.
    let fd = memfd_create(c"cordon-reaper", flags | libc::MFD_EXEC)
        .or_else(|errno| {
            if errno == Errno::EINVAL {
                memfd_create(c"cordon-reaper", flags)
            } else {
                Err(errno)
            }
        })
        .map_err(failed)?;
    let mut file = File::from(fd);
    file.write_all(PROGRAM)
        .map_err(|error| failed(Errno::from_raw(error.raw_os_error().unwrap_or(0))))?;
    use nix::fcntl::{FcntlArg, SealFlag, fcntl};
    let seals = SealFlag::F_SEAL_SEAL
        | SealFlag::F_SEAL_SHRINK
        | SealFlag::F_SEAL_GROW
        | SealFlag::F_SEAL_WRITE;
    fcntl(&file, FcntlArg::F_ADD_SEALS(seals)).map_err(failed)?;
    Ok(file.into())
}

fn become_reaper(program: &OwnedFd, user: &User, filter: &Filter, layers: &Layers) -> Failure {
    let steps = || -> Result<OwnedFd, Failure> {
        let failed = |step: &'static str| move |errno| Failure::new(Layer::Namespaces, step, errno);
        prctl::set_undumpable().map_err(failed("making pid 1 undumpable"))?;
        signal::reset().map_err(failed("resetting signals"))?;
        nix::unistd::setsid().map_err(failed("leaving the session"))?;
        if layers.applied(Layer::MemfdNoexec) {
            // The value belongs to the writer's pid namespace.
            cgroup::set("/proc/sys/vm/memfd_noexec".as_ref(), "2").map_err(|error| {
                let errno = Errno::from_raw(error.raw_os_error().unwrap_or(0));
                Failure::new(Layer::MemfdNoexec, "setting vm.memfd_noexec", errno)
            })?;
        }
        root::enter_empty()?;
        let program =
            move_above(program.as_fd(), report::PRIVATE).map_err(failed("keeping the program"))?;
        close_on_exec_from(0).map_err(failed("closing descriptors"))?;
        credentials::drop_all(user, |_| true)?;
        prctl::set_no_new_privs().map_err(failed("setting no_new_privs"))?;
        crate::sys::seccomp::install(&filter.0)
            .map_err(|errno| Failure::new(Layer::Seccomp, "filtering pid 1", errno))?;
        Ok(program)
    };
    match steps() {
        Err(failure) => failure,
        Ok(program) => {
            let errno = exec::execveat(program.as_fd(), &[c"cordon-reaper".into()], &[]);
            Failure::new(Layer::Namespaces, "executing pid 1", errno)
        }
    }
}

/// Tells the supervisor and ends the child.
pub fn fail(writing: &mut Writing, failure: &Failure) -> ! {
    writing.say(&failure.encode());
    exec::exit(255)
}
