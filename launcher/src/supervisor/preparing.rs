//! Everything that can be refused, refused before the first component starts.

use super::cgroups::Cgroups;
use super::control::Control;
use super::enforcement::Enforcement;
use super::event::{Event, Kind};
use super::herald::Herald;
use super::leftovers;
use super::listen::Sockets;
use super::member::Member;
use super::poll::{Poll, Token};
use super::runtime::{RuntimeDir, RuntimeError, control_socket};
use super::systemd::Manager;
use super::{Order, Phase, Supervisor, channels};
use crate::cli::{Exit, Failure};
use crate::layers::Layers;
use cordon_channel::Hub;
use cordon_manifest::plan::{Layer, Plan};
use cordon_policygen::names;
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::io;
use std::time::Instant;

impl Supervisor {
    /// Claims, cleans and binds what the device needs. On an error nothing stays.
    pub(super) fn prepare(order: Order) -> Result<Self, Failure> {
        if !nix::unistd::geteuid().is_root() {
            let failure = Failure::new(Exit::NotPermitted, "running a device needs root");
            return Err(
                failure.help("confinement is made with privileges the components never get")
            );
        }
        let Order {
            plan,
            without,
            runtime_dir,
            mut layers,
            manifest,
            policy,
        } = order;
        lacking(&plan, &layers, &without)?;
        if !plan.channels.is_empty() {
            channels::tried()?;
        }
        let mut enforcement = Enforcement::begin(&plan, &mut layers, &without, policy, &manifest)?;
        let began = Instant::now();
        let herald = Herald::new(&plan.device);
        // Before anything exists that a signal could leave behind.
        let signals = signals()?;
        let runtime = RuntimeDir::claim(&runtime_dir, &plan.device).map_err(claimed)?;
        for name in leftovers::clean(&runtime.members()) {
            let text = "of a supervisor that was killed: ended";
            herald.say(&Event::of(&name, Kind::Leftover, text));
        }
        let cgroups = Cgroups::find(&layers, &plan.device)
            .map_err(|error| of_cgroups(&plan.device, &error))?;
        let poll = Poll::new().map_err(|errno| internal(errno.desc()))?;
        poll.watch(&signals, Token::Signal)
            .map_err(|errno| internal(errno.desc()))?;
        let members = plan.components.iter().map(|component| {
            let sockets = Sockets::bind(component).map_err(|error| {
                let failure = Failure::new(Exit::Socket, error.to_string());
                match error.help() {
                    Some(help) => failure.help(help),
                    None => failure,
                }
            })?;
            Ok(Member::new(component.clone(), sockets, 0))
        });
        let members = members.collect::<Result<Vec<_>, Failure>>()?;
        let links = channels::links(&plan.channels)
            .map_err(|error| Failure::new(Exit::ManifestInvalid, error.to_string()))?;
        let mut hub = Hub::new(links)
            .map_err(|error| Failure::new(Exit::ManifestInvalid, error.to_string()))?;
        if layers.labels() {
            for channel in &plan.channels {
                let context = names::channel_context(&plan.device, &channel.name);
                hub.set_label(&channel.name, &context);
            }
        }
        if !enforcement.listen(&poll) {
            let text = "a change of SELinux's mode is noticed by `cordon verify` alone";
            herald.say(&Event::device(Kind::LayerAbsent, text));
        }
        let path = control_socket(&runtime_dir, &plan.device);
        let control = Control::bind(&path, &poll)
            .map_err(|error| internal(format!("control socket {}: {error}", path.display())))?;
        Ok(Self {
            members,
            hub,
            cgroups,
            poll,
            signals,
            herald,
            manager: Manager::from_environment(),
            phase: Phase::Starting,
            told: String::new(),
            signs_of_life: 0,
            began,
            plan,
            manifest,
            layers,
            enforcement,
            without,
            runtime,
            control,
        })
    }
}

/// A kernel without a layer that nobody allowed to be absent runs nothing.
fn lacking(plan: &Plan, layers: &Layers, without: &[Layer]) -> Result<(), Failure> {
    let mut lines = Vec::new();
    let mut names = Vec::new();
    for layer in Layer::ALL {
        let needs = |component: &&cordon_manifest::plan::Component| {
            layers.missing_for(component, without).contains(&layer)
        };
        let who: Vec<&str> = plan
            .components
            .iter()
            .filter(needs)
            .map(|c| c.name.as_str())
            .collect();
        if !who.is_empty() {
            let why = layers.why_absent(layer).unwrap_or("absent");
            lines.push(format!("{layer} ({why}), for {}", who.join(", ")));
            names.push(layer);
        }
    }
    if lines.is_empty() {
        return Ok(());
    }
    let flags: Vec<String> = names
        .iter()
        .filter(|layer| layer.may_be_absent())
        .map(|layer| format!("--without {layer}"))
        .collect();
    let failure = Failure::new(
        Exit::LayerMissing,
        format!("the kernel lacks a layer: {}", lines.join("; ")),
    );
    Err(if flags.len() == names.len() {
        failure.help(format!(
            "allow it by name, with allow-missing in the manifest, or for a try-out with {}",
            flags.join(" ")
        ))
    } else {
        failure
    })
}

fn signals() -> Result<SignalFd, Failure> {
    crate::sys::signal::keep_children().map_err(|errno| internal(errno.desc()))?;
    let mut set = SigSet::empty();
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP] {
        set.add(signal);
    }
    set.thread_block().map_err(|errno| internal(errno.desc()))?;
    SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)
        .map_err(|errno| internal(errno.desc()))
}

fn of_cgroups(device: &str, error: &io::Error) -> Failure {
    if error.kind() == io::ErrorKind::WouldBlock {
        let text =
            format!("the device {device} is already running, with another runtime directory");
        return Failure::new(Exit::AlreadyRunning, text);
    }
    internal(format!("preparing cgroups: {error}"))
}

fn claimed(error: RuntimeError) -> Failure {
    let text = error.to_string();
    match error {
        RuntimeError::InUse { .. } => Failure::new(Exit::AlreadyRunning, text)
            .help("cordon status shows it, cordon stop ends it"),
        RuntimeError::Open { .. } => Failure::new(Exit::NotPermitted, text)
            .help("its owner must be root, its mode 0755 or less"),
        RuntimeError::System { .. } => internal(text),
    }
}

pub(super) fn internal(text: impl Into<String>) -> Failure {
    Failure::new(Exit::Internal, text)
}
