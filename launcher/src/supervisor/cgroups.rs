//! Where the cgroups of a device are made, and that they are gone at the end.

use crate::compartment::set_kernel_file;
use crate::layers::Layers;
use cordon_manifest::plan::Layer;
use nix::fcntl::{Flock, FlockArg};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Where the supervisor itself stands: processes and controllers for children
/// cannot be in one cgroup (cgroups(7), "no internal processes").
const OWN: &str = "supervisor";
/// Below the mount, where nobody delegated a cgroup to this process.
const UNDELEGATED: &str = "cordon";

/// The cgroup below which DEVICE/COMPONENT is made. Dropping it removes the
/// device's.
#[derive(Debug)]
pub struct Cgroups {
    root: Option<PathBuf>,
    device: String,
    undelegated: bool,
    /// Kept for as long as the device runs.
    _lock: Option<Flock<File>>,
}

impl Cgroups {
    /// Finds the place; a cgroup of this process's own (a delegated unit) is
    /// taken before one below the mount.
    pub fn find(layers: &Layers, device: &str) -> io::Result<Self> {
        let mut cgroups = Self {
            root: None,
            device: device.to_owned(),
            undelegated: false,
            _lock: None,
        };
        let Some(mount) = layers.cgroup_mount() else {
            return Ok(cgroups);
        };
        if !layers.present(Layer::Cgroup) {
            return Ok(cgroups);
        }
        let own = own(&fs::read_to_string("/proc/self/cgroup")?);
        let delegated = own.filter(|own| own != "/").and_then(|own| {
            let path = mount.join(own.trim_start_matches('/'));
            let procs = fs::read_to_string(path.join("cgroup.procs")).ok()?;
            (procs.trim() == std::process::id().to_string()).then_some(path)
        });
        let root = match delegated {
            Some(path) if path.ends_with(OWN) => path
                .parent()
                .map_or_else(|| path.clone(), Path::to_path_buf),
            Some(path) => {
                let leaf = path.join(OWN);
                fs::create_dir_all(&leaf)?;
                set_kernel_file(&leaf.join("cgroup.procs"), &std::process::id().to_string())?;
                path
            }
            None => {
                let path = mount.join(UNDELEGATED);
                if layers.present(Layer::Limits) {
                    // Children have controllers only where every one above enables them.
                    set_kernel_file(&mount.join("cgroup.subtree_control"), "+memory +pids +cpu")?;
                }
                cgroups.undelegated = true;
                path
            }
        };
        cgroups._lock = Some(lock(&root.join(device))?);
        // Last: with the root, dropping this ends what is in the device's cgroup.
        cgroups.root = Some(root);
        Ok(cgroups)
    }

    /// The place, where there is one.
    pub fn root(&self) -> Option<PathBuf> {
        self.root.clone()
    }
}

impl Drop for Cgroups {
    fn drop(&mut self) {
        let Some(root) = &self.root else { return };
        // Empty by now; one that is not is found by the next start.
        crate::compartment::release_cgroup(&root.join(&self.device));
        if self.undelegated {
            // Other devices may be in it; then it stays.
            let _ = fs::remove_dir(root);
        }
    }
}

/// Claims the device's cgroup. The runtime directory's lock is no help where
/// another supervisor has another runtime directory: each would end what the
/// other runs. `WouldBlock` when it is taken.
fn lock(path: &Path) -> io::Result<Flock<File>> {
    fs::create_dir_all(path)?;
    Flock::lock(File::open(path)?, FlockArg::LockExclusiveNonblock).map_err(|(_, e)| e.into())
}

/// The line of the unified hierarchy, `0::PATH`.
fn own(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.strip_prefix("0::"))?;
    Some(line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unified_hierarchy_is_found_among_the_old_ones() {
        let text = "4:memory:/old\n0::/system.slice/cordon.service\n";
        assert_eq!(own(text).as_deref(), Some("/system.slice/cordon.service"));
        assert_eq!(own("1:cpu:/\n"), None);
    }
}
