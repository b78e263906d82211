//! One component, confined: from the Plan to a program held before its first
//! instruction, proved, and let go.
//!
//! The supervisor's side of the clone stands here, the child's in [`child`]; each
//! layer is a file named for its mechanism.

#![forbid(unsafe_code)]

mod cgroup;
mod child;
mod credentials;
mod error;
mod hold;
mod label;
mod landlock;
mod limits;
mod namespaces;
mod quota;
mod reaper;
mod report;
mod root;
mod running;
mod trial;

pub use cgroup::{
    release as release_cgroup, remove as remove_cgroup, set as set_kernel_file,
    values as cgroup_values,
};
pub use error::{Failure, StartError};
pub use hold::while_stopped;
pub use limits::values as process_limits;
pub use namespaces::own as own_namespaces;
pub use quota::{found as quota_found, wanted as quota_wanted};
pub use reaper::user as reaper_user;
pub use root::{Mount, NOTIFY, ROOT_ATTRIBUTES, check_node, open_source};
pub use running::Running;
pub use trial::Trial;

use crate::layers::Layers;
use crate::proof::{self, Behind, Identity, Planned, Subject};
use crate::sys::clone::{Side, clone3};
use crate::sys::descriptor::{move_above, pidfd_send_signal};
use cgroup::Cgroup;
use cordon_manifest::plan::{Component, Layer, Plan};
use cordon_seccomp::Filter;
use nix::errno::Errno;
use nix::sched::{CloneFlags, setns};
use nix::sys::stat::fstat;
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use reaper::Reaper;
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;

/// What a component gets from the supervisor besides its Plan.
#[derive(Debug)]
pub struct Inherited {
    /// Descriptors from number 3 on, with their LISTEN_FDNAMES names.
    pub descriptors: Vec<(String, OwnedFd)>,
    /// Descriptor 0.
    pub stdin: OwnedFd,
    /// Descriptor 1.
    pub stdout: OwnedFd,
    /// Descriptor 2.
    pub stderr: OwnedFd,
    /// SELinux domain to start in; must be given where SELinux is in force.
    pub context: Option<String>,
    /// Path of a bound Unix datagram socket for sd_notify(3), shown inside as [`NOTIFY`].
    pub notify_socket: Option<PathBuf>,
}

/// What a component gets from the device it runs on.
#[derive(Clone, Debug)]
pub struct Host<'a> {
    /// Layers of the kernel.
    pub layers: &'a Layers,
    /// Where cgroups are made, below a cgroup v2 mount; none without the layer.
    pub cgroup_root: Option<PathBuf>,
    /// First processes of the other compartments, by the components' names.
    pub others: Vec<(String, i32)>,
}

/// All that is decided before the clone.
#[derive(Debug)]
struct Setup<'a> {
    component: &'a Component,
    layers: &'a Layers,
    mounts: Vec<Mount>,
    filter: Filter,
    context: Option<String>,
    program: (libc::dev_t, libc::ino_t),
    standard: [OwnedFd; 3],
    descriptors: Vec<OwnedFd>,
    names: Vec<String>,
    notify: bool,
}

impl Setup<'_> {
    /// The whole environment: what Cordon sets, and what the manifest names.
    fn environment(&self, pid: Pid) -> Vec<String> {
        let mut environment = Vec::new();
        if !self.names.is_empty() {
            environment.push(format!("LISTEN_FDS={}", self.names.len()));
            environment.push(format!("LISTEN_FDNAMES={}", self.names.join(":")));
            environment.push(format!("LISTEN_PID={pid}"));
        }
        if self.notify {
            environment.push(format!("NOTIFY_SOCKET={NOTIFY}"));
        }
        if let Some(watchdog) = &self.component.watchdog {
            environment.push(format!("WATCHDOG_USEC={}", watchdog.value * 1000));
        }
        for named in &self.component.environment {
            let (name, value) = &named.value;
            environment.push(format!("{name}={value}"));
        }
        environment
    }
}

/// Starts `component` and returns once it is proved and about to run its first instruction.
///
/// On an error nothing of the component is left: no process, no mount, no cgroup.
pub fn start(
    plan: &Plan,
    component: &Component,
    inherited: Inherited,
    host: &Host<'_>,
) -> Result<Running, StartError> {
    confined(plan, component, inherited, host).map_err(|mut failure| {
        // A step that no single line asked for is the component's own.
        failure.line.get_or_insert(component.line);
        StartError {
            component: component.name.clone(),
            failure,
        }
    })
}

fn confined(
    plan: &Plan,
    component: &Component,
    inherited: Inherited,
    host: &Host<'_>,
) -> Result<Running, Failure> {
    let layers = host.layers;
    let setup = prepare(plan, component, inherited, layers)?;
    let identities = identities(&setup)?;
    let cgroup = match &host.cgroup_root {
        Some(root) if layers.applied(Layer::Cgroup) => Some(Cgroup::create(
            root,
            &plan.device,
            component,
            layers.applied(Layer::Limits),
        )?),
        _ => None,
    };
    let index = plan
        .components
        .iter()
        .position(|other| other.name == component.name)
        .unwrap_or(0);
    let reaper = if layers.applied(Layer::Namespaces) {
        Some(Reaper::start(
            index,
            layers,
            cgroup.as_ref().map(AsFd::as_fd),
        )?)
    } else {
        None
    };
    let failed = |step: &'static str| move |errno| Failure::new(Layer::Namespaces, step, errno);
    let (reading, writing) = report::pipe().map_err(failed("making a pipe"))?;
    let (gate, opener) = report::gate().map_err(failed("making a pipe"))?;
    let flags = namespaces::of_component(component, layers);
    let cgroup_fd = cgroup.as_ref().map(AsFd::as_fd);
    let side = within(reaper.as_ref(), || clone3(flags, cgroup_fd))
        .map_err(failed("cloning the component"))?;
    let (pid, pidfd) = match side {
        Side::Child => {
            drop(opener);
            child::run(&setup, &gate, writing)
        }
        Side::Parent { pid, pidfd } => (Pid::from_raw(pid), pidfd),
    };
    drop(writing);
    drop(gate);
    // From here on the component is killed, and its cgroup removed, by dropping this.
    let mut running = Running::new(component, pid, pidfd, reaper, cgroup);
    hold::seize(pid)?;
    nix::unistd::write(&opener, &[1]).map_err(failed("letting the child begin"))?;
    drop(opener);
    match hold::until_exec(pid) {
        Ok(()) => {}
        Err(Some(failure)) => return Err(failure),
        Err(None) => {
            return Err(reading.read().failure.unwrap_or_else(|| {
                Failure::found(
                    Layer::Seccomp,
                    "the child ended before its program ran,",
                    "without a word",
                )
            }));
        }
    }
    let trials = reading.read().trials;
    let mut subject = Subject::new(
        setup.mounts_as_planned(),
        setup.context.clone(),
        identities,
        trials,
        setup.filter.clone(),
        proof::Program {
            inode: setup.program,
            arguments: component.program.argv.clone(),
            environment: setup.environment(Pid::from_raw(if running.reaper_pid().is_some() {
                // The second of its pid namespace, whose first is the reaper.
                2
            } else {
                running.pid()
            })),
        },
    );
    let proof = proof::held(&running, component, host, &subject);
    if let Some(item) = proof.differences().next() {
        let text = format!(
            "{}: expected {}, found {}",
            item.name, item.expected, item.found
        );
        return Err(Failure::found(
            item.layer,
            "the proof differs from the plan:",
            text,
        ));
    }
    subject.proved(&running);
    hold::release(pid)?;
    running.proved(subject, proof);
    Ok(running)
}

fn prepare<'a>(
    plan: &Plan,
    component: &'a Component,
    inherited: Inherited,
    layers: &'a Layers,
) -> Result<Setup<'a>, Failure> {
    let filter = cordon_seccomp::filter(plan, component).map_err(|error| {
        Failure::found(Layer::Seccomp, "compiling the filter:", error.to_string())
    })?;
    let notify = inherited.notify_socket.as_deref();
    let labelled = layers.labels().then_some(plan.device.as_str());
    let mounts = root::prepare(component, notify, labelled, layers)?;
    let program = open_source(child::program_source(component)).and_then(|program| {
        fstat(&program).map_err(|errno| Failure::new(Layer::Root, "reading the program", errno))
    });
    let program = program.map_err(|mut failure| {
        failure.line = Some(component.program.line);
        failure
    })?;
    // Out of the way of the numbers they are to take in the child.
    let moved = |fd: &OwnedFd| {
        move_above(fd.as_fd(), report::PRIVATE)
            .map_err(|errno: Errno| Failure::new(Layer::Root, "keeping a descriptor", errno))
    };
    let standard = [
        moved(&inherited.stdin)?,
        moved(&inherited.stdout)?,
        moved(&inherited.stderr)?,
    ];
    let descriptors = inherited
        .descriptors
        .iter()
        .map(|(_, fd)| moved(fd))
        .collect::<Result<_, _>>()?;
    let context = inherited.context.filter(|_| layers.labels());
    if layers.labels() && context.is_none() {
        return Err(Failure::found(Layer::Selinux, "no domain was given", ""));
    }
    Ok(Setup {
        component,
        layers,
        mounts,
        filter,
        context,
        program: (program.st_dev, program.st_ino),
        standard,
        descriptors,
        names: inherited
            .descriptors
            .into_iter()
            .map(|(name, _)| name)
            .collect(),
        notify: inherited.notify_socket.is_some(),
    })
}

impl Setup<'_> {
    fn mounts_as_planned(&self) -> Vec<Planned> {
        let mut mounts = vec![Planned {
            path: "/".to_owned(),
            attributes: ROOT_ATTRIBUTES,
            behind: Behind::tmpfs(root::ROOT_SIZE),
        }];
        mounts.extend(self.mounts.iter().map(|mount| Planned {
            path: mount.path.clone(),
            attributes: mount.attributes,
            behind: mount.behind.clone(),
        }));
        mounts
    }
}

/// What each inherited descriptor is, taken before the clone from the supervisor's own.
fn identities(setup: &Setup<'_>) -> Result<Vec<(String, Identity)>, Failure> {
    let names = ["stdin", "stdout", "stderr"].into_iter().map(str::to_owned);
    names
        .chain(setup.names.iter().cloned())
        .zip(setup.standard.iter().chain(&setup.descriptors))
        .map(|(name, fd)| {
            let identity = Identity::of(fd.as_fd())
                .map_err(|errno| Failure::new(Layer::Root, "reading a descriptor", errno))?;
            Ok((name, identity))
        })
        .collect()
}

/// Clones with the child going into the reaper's pid namespace.
fn within(
    reaper: Option<&Reaper>,
    clone: impl FnOnce() -> Result<Side, Errno>,
) -> Result<Side, Errno> {
    let Some(reaper) = reaper else { return clone() };
    let own = std::fs::File::open("/proc/self/ns/pid").map_err(|_| Errno::ENOENT)?;
    setns(reaper, CloneFlags::CLONE_NEWPID)?;
    let side = clone();
    // The child must not come back from here with an error: it would go on as a
    // second supervisor.
    if matches!(side, Ok(Side::Child)) {
        return side;
    }
    let back = setns(&own, CloneFlags::CLONE_NEWPID);
    match (back, side) {
        (Ok(()), side) => side,
        (Err(errno), Ok(Side::Parent { pidfd, .. })) => {
            // Nobody would wait for it any more.
            let _ = pidfd_send_signal(pidfd.as_fd(), libc::SIGKILL);
            let _ = waitid(Id::PIDFd(pidfd.as_fd()), WaitPidFlag::WEXITED);
            Err(errno)
        }
        (Err(errno), _) => Err(errno),
    }
}
