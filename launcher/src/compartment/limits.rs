//! Resource limits and scheduling of the process itself; those of its cgroup are in cgroup.rs.

use super::cgroup;
use super::error::Failure;
use crate::sys::signal::set_scheduler;
use cordon_manifest::plan::{Component, Layer, RealtimePolicy};
use nix::errno::Errno;
use nix::sys::resource::{Resource, setrlimit};
use std::path::Path;
use std::{fs, io};

/// What is set, by its name in /proc/PID/limits, soft and hard alike.
pub fn values(component: &Component) -> Vec<(&'static str, Resource, u64)> {
    let locked = component
        .realtime
        .as_ref()
        .is_some_and(|realtime| realtime.value.lock_memory);
    let mut values = vec![
        // A core holds a patient's data and keys. One byte, not none: it forbids a
        // file as well, and 1 is the value for which the kernel does not start a
        // core_pattern's program either (core(5)).
        ("Max core file size", Resource::RLIMIT_CORE, 1),
        (
            "Max open files",
            Resource::RLIMIT_NOFILE,
            component.limits.descriptors.value.into(),
        ),
        (
            "Max locked memory",
            Resource::RLIMIT_MEMLOCK,
            if locked { libc::RLIM_INFINITY } else { MEMLOCK },
        ),
        ("Max msgqueue size", Resource::RLIMIT_MSGQUEUE, 0),
        ("Max pending signals", Resource::RLIMIT_SIGPENDING, 128),
        // What the Plan gives of the processor is given before the program runs.
        ("Max nice priority", Resource::RLIMIT_NICE, 0),
        ("Max realtime priority", Resource::RLIMIT_RTPRIO, 0),
    ];
    if let Some(tasks) = &component.limits.tasks {
        // Per user, and no two components share one: holds where pids.max is missing.
        values.push(("Max processes", Resource::RLIMIT_NPROC, tasks.value.into()));
    }
    values
}

/// Enough for the mapping of a channel, which its writer locks.
const MEMLOCK: u64 = 1 << 20;

/// Sets the limits.
pub fn set(component: &Component) -> Result<(), Failure> {
    for (name, resource, value) in values(component) {
        setrlimit(resource, value, value)
            .map_err(|errno| Failure::new(Layer::Root, "setting the limit", errno).of(name))?;
    }
    Ok(())
}

/// Takes back what the supervisor's unit may have given itself (OOMScoreAdjust=):
/// it is inherited, and a component that uses up the memory is to go first.
/// Asking for more than there is takes no privilege; less is left as it is.
pub fn unprotect() -> Result<(), Failure> {
    let file = Path::new("/proc/self/oom_score_adj");
    let failed = |error: io::Error| {
        let errno = Errno::from_raw(error.raw_os_error().unwrap_or(0));
        Failure::new(Layer::Root, "setting oom_score_adj", errno)
    };
    let protected = fs::read_to_string(file).map_err(failed)?.starts_with('-');
    if protected {
        cgroup::set(file, "0").map_err(failed)?;
    }
    Ok(())
}

/// Enters the real-time class where the manifest asks for it.
pub fn schedule(component: &Component) -> Result<(), Failure> {
    let Some(realtime) = &component.realtime else {
        return Ok(());
    };
    let policy = match realtime.value.policy {
        RealtimePolicy::Fifo => libc::SCHED_FIFO,
        RealtimePolicy::Rr => libc::SCHED_RR,
    };
    set_scheduler(policy, realtime.value.priority).map_err(|errno| {
        Failure::new(Layer::Root, "entering the real-time class", errno).asked_by(&realtime.origin)
    })
}
