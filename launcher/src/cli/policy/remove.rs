//! `cordon policy remove`: a device's policy out of the store and off the files.

use super::install::is_running;
use super::labels::{places, relabel};
use super::store::{BASE, Store};
use super::tools::Tools;
use crate::cli::arguments::{PolicyRemoveOptions, RUNTIME_DIR, usage};
use crate::cli::{Exit, Failure, print};
use crate::supervisor::runtime::devices;
use cordon_policygen::names;
use std::collections::BTreeSet;
use std::path::Path;

/// Removes the device's module, and with the last device the base module.
/// What is not there need not be removed: no error.
pub fn run(options: &PolicyRemoveOptions) -> Result<Exit, Failure> {
    let device = &options.device;
    if !names::is_name(device) {
        return Err(usage(format!("'{device}' is no name of a device"))
            .help("the name stands in the manifest's line `device:`"));
    }
    let tools = Tools::of(options.root.as_deref());
    let store = Store::open(&tools)?;
    let name = names::module(device);
    let Some(module) = store.text(&name)? else {
        print(&format!("{name} is not installed\n"))?;
        return Ok(Exit::Success);
    };
    // Without their types, domains and channels in use would become nobody's.
    if !tools.is_tree() && devices(Path::new(RUNTIME_DIR)).contains(device) {
        return Err(
            Failure::new(Exit::AlreadyRunning, format!("{device} is running"))
                .help(format!("cordon stop {device}")),
        );
    }
    let running = is_running(&tools);
    let mut named: BTreeSet<String> = places(&module);
    let mut leaving = vec![name.as_str()];
    if store.devices()? == [name.as_str()]
        && let Some(base) = store.text(BASE)?
    {
        named.extend(places(&base));
        leaving.push(BASE);
    }
    print(&format!(
        "removing {}, up to a minute on a small machine\n",
        leaving.join(" and ")
    ))?;
    store.remove(&leaving, running)?;
    print(&format!("removed {}\n", leaving.join(" and ")))?;
    if options.relabel {
        relabel(&tools, &store, &named, running)?;
    }
    Ok(Exit::Success)
}
