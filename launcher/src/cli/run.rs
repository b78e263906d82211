//! `cordon run`: a device, from its manifest to its end.

use super::arguments::RunOptions;
use super::source::Source;
use super::{Exit, Failure, target};
use crate::layers::Layers;
use crate::policy::{self, Wanted};
use crate::supervisor::systemd::Manager;
use crate::supervisor::{self, Order};
use cordon_manifest::plan::{Layer, Plan};
use std::path::Path;

/// Runs the device until it is stopped; what was refused is also what
/// `systemctl status` says.
pub fn run(options: &RunOptions) -> Result<Exit, Failure> {
    let ended = device(options);
    if let Err(failure) = &ended {
        Manager::from_environment().status(&failure.sentence());
    }
    ended
}

fn device(options: &RunOptions) -> Result<Exit, Failure> {
    let source = Source::read(&options.manifest)?;
    let resolved = source.resolve_to_run(Path::new("/"));
    let (resolved, policy_plan) = resolved.map_err(|failure| unlabelled(&source, failure))?;
    source.warn(&resolved.warnings);
    let runtime_dir = std::path::absolute(&options.runtime_dir).map_err(|error| {
        let path = options.runtime_dir.display();
        Failure::new(
            Exit::Internal,
            format!("the runtime directory {path}: {error}"),
        )
    })?;
    let layers = layers(options);
    let policy = wanted(&policy_plan, &layers, options)?;
    supervisor::run(Order {
        manifest: std::path::absolute(&source.path).unwrap_or(source.path),
        plan: resolved.plan,
        without: options.without.clone(),
        runtime_dir,
        layers,
        policy,
    })
}

/// A program that may not be looked at for its label is not said to be none.
fn unlabelled(source: &Source, failure: Failure) -> Failure {
    let readable = !matches!(
        failure.exit,
        Exit::ExecutableWrong | Exit::ExecutableMissing
    );
    if readable || !policy::is_enforcing() {
        return failure;
    }
    let Ok(checked) = source.check() else {
        return failure;
    };
    Failure::mislabelled(&policy::unreadable(&checked.manifest)).unwrap_or(failure)
}

/// The policy that this manifest gives, where there is a kernel to compare it with.
fn wanted(plan: &Plan, layers: &Layers, options: &RunOptions) -> Result<Option<Wanted>, Failure> {
    if !policy::is_loaded(layers) {
        return Ok(None);
    }
    let target = target::of(Path::new("/"), options.target.as_deref())?;
    match cordon_policygen::generate(plan, &target) {
        Ok(policy) => Ok(Some(Wanted::of(plan, &target, policy))),
        // Without the layer there is nothing to compare; the supervisor refuses
        // its absence where nobody allowed it.
        Err(_) if !layers.on(Layer::Selinux) => Ok(None),
        Err(errors) => {
            let lines: Vec<String> = errors.iter().map(ToString::to_string).collect();
            let text = format!(
                "there is no SELinux policy of this manifest for {}: {}",
                target.name(),
                lines.join("; ")
            );
            Err(Failure::new(Exit::PolicyRejected, text))
        }
    }
}

#[cfg(not(feature = "weaken"))]
fn layers(_: &RunOptions) -> Layers {
    Layers::probe()
}

/// A test build can switch layers off, to show which one refuses an attack.
#[cfg(feature = "weaken")]
fn layers(options: &RunOptions) -> Layers {
    let mut layers = Layers::probe();
    for layer in &options.weaken {
        layers.weaken(*layer);
    }
    for step in &options.leave_out {
        layers.leave_out(step.clone());
    }
    layers
}
