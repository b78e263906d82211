//! `cordon policy install`: a device's policy in the module store, in the kernel
//! and on the files it names.

use super::Generated;
use super::labels::{places, relabel};
use super::prove::prove;
use super::store::{BASE, Store};
use super::tools::Tools;
use crate::cli::arguments::PolicyInstallOptions;
use crate::cli::{Exit, Failure, print};
use crate::policy::are_loaded;
use cordon_policygen::{base_module, names};
use selinux::{KernelSupport, kernel_support};
use std::path::Path;

/// Installs what differs. Where nothing does, no tool that takes long is run.
pub fn run(options: &PolicyInstallOptions) -> Result<Exit, Failure> {
    let root = options.root.as_deref();
    let generated = Generated::new(
        &options.manifest,
        root.unwrap_or(Path::new("/")),
        options.target.as_deref(),
    )?;
    let tools = Tools::of(root);
    let store = Store::open(&tools)?;
    let running = is_running(&tools);
    let name = names::module(generated.device());
    let module = &generated.policy.module;
    let wanted = [(BASE, base_module()), (name.as_str(), module.as_str())];
    for (name, _) in wanted {
        store.unhidden(name)?;
    }

    let mut differing = Vec::new();
    // What the old modules named and the new ones do not goes back to the
    // label it has without Cordon.
    let mut named = places(base_module());
    named.extend(places(module));
    for (name, text) in wanted {
        let installed = store.text(name)?;
        if installed.as_deref() != Some(text) {
            differing.push((name, text));
        }
        named.extend(installed.iter().flat_map(|text| places(text)));
    }

    if differing.is_empty() {
        print(&format!("{name} is installed already\n"))?;
        if running && !is_loaded(&generated) {
            store.reload()?;
            print("loaded: the kernel had another policy\n")?;
        }
    } else {
        prove(&tools, &store, &generated)?;
        let list: Vec<&str> = differing.iter().map(|(name, _)| *name).collect();
        let list = list.join(" and ");
        print(&format!(
            "installing {list}, up to a minute on a small machine\n"
        ))?;
        store.install(&differing, running)?;
        print(&format!("installed {list}\n"))?;
    }
    if running && !is_loaded(&generated) {
        return Err(Failure::new(
            Exit::PolicyStore,
            "the module is in the store, but the kernel's policy is another one",
        )
        .help("is this the store that the kernel's policy comes from? /etc/selinux/config says"));
    }
    if options.relabel {
        relabel(&tools, &store, &named, running)?;
    }
    Ok(Exit::Success)
}

/// Whether the kernel that runs here enforces or would enforce the tree's policy.
pub fn is_running(tools: &Tools) -> bool {
    !tools.is_tree() && kernel_support() != KernelSupport::Unsupported
}

/// Whether the kernel's policy has these very modules, the base module included.
fn is_loaded(generated: &Generated) -> bool {
    are_loaded(generated.device(), &generated.policy.fingerprint)
}
