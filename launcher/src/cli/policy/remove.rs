//! `cordon policy remove`: a device's policy out of the store and off the files.

use super::in_use::users;
use super::install::is_running;
use super::labels::{places, relabel};
use super::memory::Memory;
use super::store::{BASE, Store};
use super::tools::Tools;
use crate::cli::arguments::{PolicyRemoveOptions, RUNTIME_DIR, usage};
use crate::cli::{Exit, Failure, print};
use cordon_policygen::names;
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
    let memory = Memory::of(&tools, device);
    let running = is_running(&tools);
    let name = names::module(device);
    // Of what a run that was interrupted removed, the labels alone may be left.
    let mut named = memory.unlabelled()?;
    let Some(module) = store.text(&name)? else {
        print(&format!("{name} is not installed\n"))?;
        memory.unproved()?;
        if options.relabel && !named.is_empty() && relabel(&tools, &store, &named, running)? {
            memory.labelled()?;
        }
        return Ok(Exit::Success);
    };
    // Without their types, domains and channels in use would become nobody's.
    if !tools.is_tree() {
        refuse_in_use(Path::new(RUNTIME_DIR), device, &module)?;
    }
    named.extend(places(&module));
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
    // They stand nowhere else once the modules are gone.
    if options.relabel {
        memory.note_unlabelled(&named)?;
    }
    memory.unproved()?;
    store.remove(&leaving, running)?;
    print(&format!("removed {}\n", leaving.join(" and ")))?;
    if options.relabel && relabel(&tools, &store, &named, running)? {
        memory.labelled()?;
    }
    Ok(Exit::Success)
}

fn refuse_in_use(runtime: &Path, device: &str, module: &str) -> Result<(), Failure> {
    let users = users(runtime, device, module);
    let Some(first) = users.first() else {
        return Ok(());
    };
    let texts: Vec<String> = users.iter().map(ToString::to_string).collect();
    let failure = Failure::new(
        Exit::AlreadyRunning,
        format!("{device} is running: {}", texts.join("; ")),
    );
    Err(failure.help(match &first.unit {
        Some(unit) if unit.starts_with("cordon@") => format!("systemctl stop {unit}"),
        _ => format!("cordon stop {device}"),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::Scratch;
    use crate::supervisor::runtime::control_socket;
    use std::os::unix::net::UnixListener;

    #[test]
    fn a_device_that_runs_is_named_with_its_process_and_how_to_stop_it() {
        let scratch = Scratch::new();
        refuse_in_use(scratch.path(), "monitor", "").unwrap();
        std::fs::create_dir(scratch.path().join("monitor")).unwrap();
        let _listener = UnixListener::bind(control_socket(scratch.path(), "monitor")).unwrap();
        let failure = refuse_in_use(scratch.path(), "monitor", "").unwrap_err();
        assert_eq!(failure.exit, Exit::AlreadyRunning);
        let own = format!(
            "monitor is running: the supervisor is process {}",
            std::process::id()
        );
        assert!(failure.message.starts_with(&own), "{}", failure.message);
        assert_eq!(failure.help.as_deref(), Some("cordon stop monitor"));
    }
}
