//! The child between clone and exec: an ordered list of steps, each with its own
//! error. Everything was decided before; here it is only done.

use super::error::Failure;
use super::report::{PRIVATE, Writing};
use super::{Setup, credentials, label, landlock, limits, reaper, root, trial};
use crate::sys::descriptor::{close_on_exec_from, openat2, place};
use crate::sys::{exec, keyring, prctl, seccomp, signal};
use cordon_manifest::plan::{Layer, Purpose};
use nix::errno::Errno;
use nix::fcntl::AT_FDCWD;
use nix::sched::{CloneFlags, unshare};
use nix::sys::personality::{self, Persona};
use nix::sys::stat::{Mode, fstat, umask};
use std::ffi::CString;
use std::os::fd::{AsFd, OwnedFd};

/// Runs the steps and the program; comes back only to say what failed.
pub fn run(setup: &Setup<'_>, gate: &OwnedFd, mut writing: Writing) -> ! {
    let _never_back = NeverBack;
    let failure = match steps(setup, gate, &mut writing) {
        Ok(program) => execute(setup, &program),
        Err(failure) => failure,
    };
    reaper::fail(&mut writing, &failure)
}

/// Ends the child where a panic would unwind it into the supervisor's frames,
/// to go on there as a second supervisor.
struct NeverBack;

impl Drop for NeverBack {
    fn drop(&mut self) {
        exec::exit(254);
    }
}

/// The order matters; each line says why its step stands where it does.
fn steps(setup: &Setup<'_>, gate: &OwnedFd, writing: &mut Writing) -> Result<OwnedFd, Failure> {
    let (component, layers) = (setup.component, setup.layers);
    // Nobody may look into a half-built compartment.
    prctl::set_undumpable().map_err(|e| Failure::new(Layer::Root, "becoming undumpable", e))?;
    // Nothing happens before the supervisor holds the child.
    wait_for(gate)?;
    // An ignored signal or a blocked mask would survive exec.
    if layers.taken("signals") {
        signal::reset().map_err(|e| Failure::new(Layer::Root, "resetting signals", e))?;
    }
    let mask = if layers.taken("umask") { 0o022 } else { 0 };
    umask(Mode::from_bits_truncate(mask));
    // The view of cgroups begins at the own one: it was entered by the clone.
    if layers.applied(Layer::Namespaces) {
        unshare(CloneFlags::CLONE_NEWCGROUP)
            .map_err(|e| Failure::new(Layer::Namespaces, "unsharing the cgroup namespace", e))?;
    }
    // By a path of /proc, so before the old root goes.
    limits::unprotect()?;
    // libselinux works by path, so before the old root goes.
    if let Some(context) = &setup.context {
        label::set_for_exec(context)?;
    }
    if layers.applied(Layer::Root) {
        root::enter(
            &setup.mounts,
            (component.user.value.uid, component.user.value.gid),
            match layers.taken("mount-attributes") {
                true => root::ROOT_ATTRIBUTES,
                false => 0,
            },
        )?;
    }
    if layers.applied(Layer::Namespaces) {
        // A neutral name: the device's own tells an attacker where he is.
        nix::unistd::sethostname(&component.name)
            .map_err(|e| Failure::new(Layer::Namespaces, "setting the host name", e))?;
    }
    // A session without a terminal: nothing to inject input into (CVE-2017-5226).
    if layers.taken("session") {
        nix::unistd::setsid()
            .map_err(|e| Failure::new(Layer::Namespaces, "making a session", e))?;
    }
    // The supervisor's keys stay with the supervisor.
    keyring::join_new_session()
        .map_err(|e| Failure::new(Layer::Namespaces, "leaving the session keyring", e))?;
    // Flags of whoever started the supervisor (no randomised addresses, say) end here.
    let persona = match layers.taken("personality") {
        true => Persona::empty(),
        false => Persona::ADDR_NO_RANDOMIZE,
    };
    personality::set(persona)
        .map_err(|e| Failure::new(Layer::Root, "resetting the personality", e))?;
    // Needs CAP_SYS_NICE, so before the capabilities go.
    if layers.taken("scheduler") {
        limits::schedule(component)?;
    }
    // The declared descriptors take their places; all else closes at exec.
    inherit(setup)?;
    // Raising a hard limit needs CAP_SYS_RESOURCE, so before the capabilities go.
    if layers.taken("limits-of-process") {
        limits::set(component)?;
    }
    if layers.applied(Layer::Capabilities) {
        credentials::drop_all(&component.user.value, |step| layers.taken(step))?;
        // The change of user made the process dumpable again.
        prctl::set_undumpable().map_err(|e| Failure::new(Layer::Root, "becoming undumpable", e))?;
    }
    if layers.applied(Layer::NoNewPrivs) {
        prctl::set_no_new_privs()
            .map_err(|e| Failure::new(Layer::NoNewPrivs, "setting no_new_privs", e))?;
    }
    if layers.applied(Layer::Mdwe) {
        prctl::set_mdwe().map_err(|e| Failure::new(Layer::Mdwe, "setting MDWE", e))?;
    }
    // Opened inside the new root: through an outer descriptor it would run from
    // the device's own mount, which is neither read-only nor nosuid.
    let program = open_program(setup)?;
    // Rules are made here because they must name this root's own file systems.
    let bait = trial::bait(layers)?;
    landlock::restrict(component, &setup.mounts, layers)?;
    // What nothing shows from outside is tried, while system calls are still free.
    for tried in trial::all(component, layers, &bait)? {
        writing.say(&tried.encode());
    }
    // Last: the filter refuses most of what stands above.
    if layers.applied(Layer::Seccomp) {
        seccomp::install(&setup.filter.0)
            .map_err(|e| Failure::new(Layer::Seccomp, "installing the filter", e))?;
    }
    Ok(program)
}

fn wait_for(gate: &OwnedFd) -> Result<(), Failure> {
    let mut byte = [0];
    match nix::unistd::read(gate, &mut byte) {
        Ok(1) => Ok(()),
        Ok(_) => Err(Failure::found(
            Layer::Namespaces,
            "the supervisor went away",
            "",
        )),
        Err(errno) => Err(Failure::new(Layer::Namespaces, "waiting to be held", errno)),
    }
}

fn inherit(setup: &Setup<'_>) -> Result<(), Failure> {
    let failed = |errno| Failure::new(Layer::Root, "placing a descriptor", errno);
    for (number, fd) in setup.standard.iter().chain(&setup.descriptors).enumerate() {
        place(fd.as_fd(), number as i32).map_err(failed)?;
    }
    let mut first_undeclared = (setup.standard.len() + setup.descriptors.len()) as i32;
    if !setup.layers.taken("descriptors") {
        place(setup.standard[0].as_fd(), first_undeclared).map_err(failed)?;
        first_undeclared += 1;
    }
    debug_assert!(first_undeclared < PRIVATE);
    close_on_exec_from(first_undeclared)
        .map_err(|e| Failure::new(Layer::Root, "closing descriptors", e))
}

fn open_program(setup: &Setup<'_>) -> Result<OwnedFd, Failure> {
    let program = &setup.component.program;
    let at = |failure: Failure| {
        let mut failure = failure.of(&program.path);
        failure.line = Some(program.line);
        failure
    };
    let path = CString::new(program.path.as_str())
        .map_err(|_| at(Failure::new(Layer::Root, "executing", Errno::EINVAL)))?;
    let opened = openat2(AT_FDCWD, &path, libc::O_PATH | libc::O_CLOEXEC, 0).map_err(|errno| {
        at(Failure::new(
            Layer::Root,
            "opening the program inside the compartment:",
            errno,
        ))
    })?;
    let found = fstat(&opened)
        .map_err(|errno| at(Failure::new(Layer::Root, "reading the program", errno)))?;
    if (found.st_dev, found.st_ino) != setup.program {
        return Err(at(Failure::found(
            Layer::Root,
            "not the program that was planned:",
            "",
        )));
    }
    Ok(opened)
}

fn execute(setup: &Setup<'_>, program: &OwnedFd) -> Failure {
    let component = setup.component;
    let text = |string: &String| CString::new(string.as_str()).unwrap_or_default();
    let argv: Vec<CString> = component.program.argv.iter().map(text).collect();
    let mut environment: Vec<CString> = setup
        .environment(nix::unistd::getpid())
        .iter()
        .map(text)
        .collect();
    if !setup.layers.taken("environment") {
        environment.push(c"LD_PRELOAD=/tmp/x.so".into());
    }
    let errno = exec::execveat(program.as_fd(), &argv, &environment);
    let mut failure = Failure::new(Layer::Root, "executing", errno).of(&component.program.path);
    failure.line = Some(component.program.line);
    failure
}

/// The file the program is executed from, in the Plan.
pub fn program_source(component: &cordon_manifest::plan::Component) -> &str {
    component
        .files
        .iter()
        .find(|file| file.purpose == Purpose::Program)
        .map_or(&component.program.path, |file| &file.source)
}
