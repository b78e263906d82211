//! `cordon run`: a device, from its manifest to its end.

use super::arguments::RunOptions;
use super::source::Source;
use super::{Exit, Failure};
use crate::layers::Layers;
use crate::supervisor::{self, Order};
use std::path::Path;

/// Runs the device until it is stopped.
pub fn run(options: &RunOptions) -> Result<Exit, Failure> {
    let source = Source::read(&options.manifest)?;
    let resolved = source.resolve(Path::new("/"))?;
    source.warn(&resolved.warnings);
    let runtime_dir = std::path::absolute(&options.runtime_dir).map_err(|error| {
        let path = options.runtime_dir.display();
        Failure::new(
            Exit::Internal,
            format!("the runtime directory {path}: {error}"),
        )
    })?;
    supervisor::run(Order {
        plan: resolved.plan,
        without: options.without.clone(),
        runtime_dir,
        layers: layers(options),
    })
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
    layers
}
