//! `cordon policy install`: a device's policy in the module store, in the kernel
//! and on the files it names.

use super::Generated;
use super::agree::agree;
use super::declared::undeclared;
use super::labels::{places, relabel};
use super::memory::Memory;
use super::prove::Proof;
use super::store::{BASE, Store};
use super::tools::Tools;
use crate::cli::arguments::PolicyInstallOptions;
use crate::cli::{Exit, Failure, print};
use crate::policy::are_loaded;
use cordon_policygen::{base_module, names};
use selinux::{KernelSupport, kernel_support};
use std::path::Path;

/// Installs what differs, after proving it where it has not been proved on what
/// the store has now. Where nothing changed, no tool that takes long is run.
pub fn run(options: &PolicyInstallOptions) -> Result<Exit, Failure> {
    let root = options.root.as_deref();
    let generated = Generated::new(
        &options.manifest,
        root.unwrap_or(Path::new("/")),
        options.target.as_deref(),
    )?;
    let tools = Tools::of(root);
    let store = Store::open(&tools)?;
    let memory = Memory::of(&tools, generated.device());
    let running = is_running(&tools);
    let name = names::module(generated.device());
    let module = &generated.policy.module;
    let wanted = [(BASE, base_module()), (name.as_str(), module.as_str())];
    for (name, _) in wanted {
        store.unhidden(name)?;
    }
    undeclared(&store, &[BASE, &name], &[base_module(), module])?;

    let mut differing = Vec::new();
    // What the old modules named and the new ones do not goes back to the
    // label it has without Cordon; so does what an interrupted run had left.
    let mut named = memory.unlabelled()?;
    named.extend(places(base_module()));
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
    }
    let rest = store.rest(&[BASE, &name])?;
    let proof = Proof {
        tools: &tools,
        generated: &generated,
        rest: &rest,
        may_be_missing: options.unproved,
    };
    prove(&proof, &memory)?;

    if differing.is_empty() {
        if running && !is_loaded(&generated) {
            store.reload()?;
            print("loaded: the kernel had another policy\n")?;
        }
    } else {
        let list: Vec<&str> = differing.iter().map(|(name, _)| *name).collect();
        let list = list.join(" and ");
        print(&format!(
            "installing {list}, up to a minute on a small machine\n"
        ))?;
        // The old modules' places stand nowhere else once the new ones are there.
        if options.relabel {
            memory.note_unlabelled(&named)?;
        }
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
    agree(&store, &generated)?;
    if options.relabel && relabel(&tools, &store, &named, running)? {
        memory.labelled()?;
    }
    Ok(Exit::Success)
}

/// Proves, unless that was done with everything as it is now.
fn prove(proof: &Proof<'_>, memory: &Memory) -> Result<(), Failure> {
    let digest = proof.digest();
    if memory.proved()?.as_deref() == Some(&digest) {
        return print("proved before, and nothing of the store has changed since\n").map(drop);
    }
    if !proof.check()? {
        return Ok(());
    }
    // What cannot be noted is proved again the next time: that is no failure.
    match memory.note_proof(&digest) {
        Ok(()) => Ok(()),
        Err(error) => print(&format!("the proof is not remembered: {error}\n")).map(drop),
    }
}

/// Whether the kernel that runs here enforces or would enforce the tree's policy.
pub fn is_running(tools: &Tools) -> bool {
    !tools.is_tree() && kernel_support() != KernelSupport::Unsupported
}

/// Whether the kernel's policy has these very modules, the base module included.
fn is_loaded(generated: &Generated) -> bool {
    are_loaded(generated.device(), &generated.policy.fingerprint)
}
