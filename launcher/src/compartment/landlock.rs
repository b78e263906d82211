//! Landlock, to the ABI the kernel has: files, TCP, device ioctls, scopes, audit.

use super::error::Failure;
use super::root::Mount;
use crate::layers::Layers;
use crate::sys::mount::attribute;
use cordon_manifest::plan::{Access as Granted, Component, Layer, Network};
use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, NetPort, PathBeneath,
    PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus, Scope,
};
use nix::errno::Errno;

/// Restricts this process. Runs inside the new root: rules made on the
/// supervisor's /proc and tmpfs would not match the child's.
pub fn restrict(component: &Component, mounts: &[Mount], layers: &Layers) -> Result<(), Failure> {
    let on = |layer| layers.applied(layer);
    if ![Layer::LandlockFs, Layer::LandlockTcp, Layer::LandlockScope]
        .into_iter()
        .any(on)
    {
        return Ok(());
    }
    let abi = ABI::from(layers.landlock_abi() as i32);
    let failed = |layer, step: &'static str| {
        move |error: landlock::RulesetError| {
            Failure::new(layer, step, Errno::last()).of(error.to_string())
        }
    };
    let handling = failed(Layer::LandlockFs, "creating the Landlock ruleset:");
    // A right the kernel lacks is an error here: the ABI was asked for, nothing is best effort.
    let mut ruleset = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    if on(Layer::LandlockFs) {
        ruleset = ruleset
            .handle_access(handled(abi, layers))
            .map_err(&handling)?;
    }
    if on(Layer::LandlockTcp) {
        ruleset = ruleset
            .handle_access(AccessNet::from_all(ABI::V4))
            .map_err(&handling)?;
    }
    if on(Layer::LandlockScope) {
        ruleset = ruleset
            .scope(Scope::AbstractUnixSocket | Scope::Signal)
            .map_err(&handling)?;
    }
    let mut ruleset = ruleset.create().map_err(&handling)?;
    for mount in mounts.iter().filter(|_| on(Layer::LandlockFs)) {
        let path = PathFd::new(&mount.path).map_err(|error| {
            Failure::new(Layer::LandlockFs, "opening for Landlock", Errno::last())
                .of(format!("{}: {error}", mount.path))
                .asked_by(&mount.origin)
        })?;
        let rights = rights(component, mount, abi) & handled(abi, layers);
        ruleset = ruleset
            .add_rule(PathBeneath::new(path, rights))
            .map_err(|error| {
                failed(Layer::LandlockFs, "allowing a path:")(error)
                    .of(&mount.path)
                    .asked_by(&mount.origin)
            })?;
    }
    if on(Layer::LandlockTcp)
        && let Network::Host { bind, connect } = &component.network
    {
        let ports = bind.iter().map(|port| (port, AccessNet::BindTcp));
        for (port, access) in ports.chain(connect.iter().map(|port| (port, AccessNet::ConnectTcp)))
        {
            ruleset = ruleset
                .add_rule(NetPort::new(port.value, access))
                .map_err(|error| {
                    failed(Layer::LandlockTcp, "allowing a port:")(error).asked_by(&port.origin)
                })?;
        }
    }
    if on(Layer::LandlockAudit) {
        // The trials before exec are refused by design, and no denials.
        ruleset = ruleset
            .log_same_exec(false)
            .and_then(|ruleset| ruleset.log_new_exec(true))
            .map_err(failed(Layer::LandlockAudit, "switching on audit records:"))?;
    }
    let status = ruleset
        // Its own step, and one that is proved.
        .no_new_privs(false)
        .restrict_self()
        .map_err(failed(Layer::LandlockFs, "restricting the process:"))?;
    if status.ruleset != RulesetStatus::FullyEnforced {
        let found = format!("{:?}", status.ruleset);
        return Err(Failure::found(
            Layer::LandlockFs,
            "the kernel did not enforce all:",
            found,
        ));
    }
    Ok(())
}

/// File rights the ruleset handles, so that they are refused where no rule allows them.
fn handled(abi: ABI, layers: &Layers) -> BitFlags<AccessFs> {
    let all = AccessFs::from_all(abi);
    if layers.applied(Layer::LandlockIoctl) {
        all
    } else {
        all & !BitFlags::from(AccessFs::IoctlDev)
    }
}

fn rights(component: &Component, mount: &Mount, abi: ABI) -> BitFlags<AccessFs> {
    if let Some(device) = component
        .devices
        .iter()
        .find(|device| device.path == mount.path)
    {
        let mut rights = BitFlags::from(AccessFs::ReadFile);
        if device.access == Granted::Write {
            rights |= AccessFs::WriteFile;
        }
        if !device.ioctl.is_empty() {
            rights |= AccessFs::IoctlDev;
        }
        return rights & AccessFs::from_file(abi);
    }
    let mut rights = AccessFs::ReadFile | AccessFs::ReadDir;
    if mount.attributes & attribute::NOEXEC == 0 {
        rights |= AccessFs::Execute;
    }
    if mount.attributes & attribute::RDONLY == 0 {
        // Regular files, directories and links; no nodes, sockets or FIFOs.
        rights |= AccessFs::WriteFile
            | AccessFs::RemoveDir
            | AccessFs::RemoveFile
            | AccessFs::MakeDir
            | AccessFs::MakeReg
            | AccessFs::MakeSym
            | AccessFs::Refer
            | AccessFs::Truncate;
    }
    let directory = !matches!(
        mount.source,
        super::root::Source::Tree {
            directory: false,
            ..
        }
    );
    if directory {
        rights
    } else {
        rights & AccessFs::from_file(abi)
    }
}
