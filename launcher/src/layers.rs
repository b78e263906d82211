//! Which layers the running kernel has. Nothing is assumed: each is asked for.

#![forbid(unsafe_code)]

use crate::sys;
use cordon_manifest::plan::{Component, Layer};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The layers of the running kernel.
#[derive(Clone, Debug)]
pub struct Layers {
    absent: BTreeMap<Layer, String>,
    landlock_abi: u32,
    cgroup: Option<PathBuf>,
    off: Vec<Layer>,
    labels: bool,
    left_out: Vec<String>,
}

/// Highest Landlock ABI whose rights are handled; a newer kernel is used up to here.
const LANDLOCK_KNOWN: u32 = 7;

impl Layers {
    /// Asks the kernel for every layer.
    #[must_use]
    pub fn probe() -> Self {
        let mut absent = BTreeMap::new();
        let landlock_abi = match sys::landlock::abi() {
            Ok(abi) => abi.min(LANDLOCK_KNOWN),
            Err(errno) => {
                absent.insert(
                    Layer::LandlockFs,
                    format!("the kernel has no Landlock: {}", errno.desc()),
                );
                0
            }
        };
        for (layer, abi, since) in [
            (Layer::LandlockFs, 1, "5.13"),
            (Layer::LandlockTcp, 4, "6.7"),
            (Layer::LandlockIoctl, 5, "6.10"),
            (Layer::LandlockScope, 6, "6.12"),
            (Layer::LandlockAudit, 7, "6.15"),
        ] {
            if landlock_abi < abi {
                absent.entry(layer).or_insert_with(|| {
                    format!(
                        "needs Landlock ABI {abi} (Linux {since}); this kernel has {landlock_abi}"
                    )
                });
            }
        }
        if sys::prctl::mdwe().is_err() {
            absent.insert(Layer::Mdwe, "needs Linux 6.3 (PR_SET_MDWE)".into());
        }
        if let Err(errno) =
            sys::descriptor::memfd_create(c"probe", libc::MFD_CLOEXEC | libc::MFD_NOEXEC_SEAL)
        {
            absent.insert(
                Layer::NoexecSeal,
                format!("needs Linux 6.3 (MFD_NOEXEC_SEAL): {}", errno.desc()),
            );
        }
        if !Path::new("/proc/sys/vm/memfd_noexec").exists() {
            absent.insert(
                Layer::MemfdNoexec,
                "needs Linux 6.3 (vm.memfd_noexec)".into(),
            );
        }
        let cgroup = cgroup2_mount();
        match &cgroup {
            None => {
                absent.insert(Layer::Cgroup, "no cgroup v2 file system is mounted".into());
                absent.insert(Layer::Limits, "no cgroup v2 file system is mounted".into());
            }
            Some(mount) => {
                let controllers =
                    std::fs::read_to_string(mount.join("cgroup.controllers")).unwrap_or_default();
                let lacking: Vec<&str> = ["memory", "pids", "cpu"]
                    .into_iter()
                    .filter(|wanted| !controllers.split_whitespace().any(|has| has == *wanted))
                    .collect();
                if !lacking.is_empty() {
                    let text = format!(
                        "cgroup v2 at {} lacks the controllers {}",
                        mount.display(),
                        lacking.join(", ")
                    );
                    absent.insert(Layer::Limits, text);
                }
            }
        }
        if selinux::kernel_support() == selinux::KernelSupport::Unsupported {
            absent.insert(
                Layer::Selinux,
                "SELinux is not enabled in this kernel".into(),
            );
        } else if selinux::current_mode() != selinux::SELinuxMode::Enforcing {
            absent.insert(
                Layer::Selinux,
                "SELinux is permissive: it logs and refuses nothing".into(),
            );
        }
        Self {
            absent,
            landlock_abi,
            cgroup,
            off: Vec::new(),
            labels: false,
            left_out: Vec::new(),
        }
    }

    /// Whether the kernel has `layer`.
    #[must_use]
    pub fn present(&self, layer: Layer) -> bool {
        !self.absent.contains_key(&layer)
    }

    /// Why `layer` is absent, in words.
    #[must_use]
    pub fn why_absent(&self, layer: Layer) -> Option<&str> {
        self.absent.get(&layer).map(String::as_str)
    }

    /// Absent layers of `component` that neither its `allow-missing` nor `without` names.
    #[must_use]
    pub fn missing_for(&self, component: &Component, without: &[Layer]) -> Vec<Layer> {
        Layer::ALL
            .into_iter()
            .filter(|layer| !self.present(*layer) && self.needed(*layer, component))
            .filter(|layer| !without.contains(layer))
            .filter(|layer| {
                !component
                    .allow_missing
                    .iter()
                    .any(|allowed| allowed.value == *layer)
            })
            .collect()
    }

    /// Limits are a layer only of a component that has some.
    fn needed(&self, layer: Layer, component: &Component) -> bool {
        let limits = &component.limits;
        layer != Layer::Limits
            || limits.memory.is_some()
            || limits.tasks.is_some()
            || limits.cpu.is_some()
    }

    /// Whether `layer` is there and to be put in force.
    #[must_use]
    pub fn on(&self, layer: Layer) -> bool {
        self.present(layer) && !self.off.contains(&layer)
    }

    /// Says that a layer the kernel has is of no use here, and why.
    pub fn lack(&mut self, layer: Layer, why: String) {
        self.absent.insert(layer, why);
    }

    /// Whether everything gets its SELinux label: also on a permissive kernel,
    /// where labels refuse nothing, but say what would be refused.
    #[must_use]
    pub const fn labels(&self) -> bool {
        self.labels
    }

    /// Labels everything from now on: the policy in force knows the labels.
    pub fn set_labels(&mut self) {
        self.labels = true;
    }

    /// Landlock ABI to use, 0 for none.
    #[must_use]
    pub const fn landlock_abi(&self) -> u32 {
        self.landlock_abi
    }

    /// Where cgroup v2 is mounted.
    #[must_use]
    pub fn cgroup_mount(&self) -> Option<&Path> {
        self.cgroup.as_deref()
    }

    /// Whether `layer` is put in force: where it is on, but for a test build that
    /// leaves it out behind the proof's back.
    #[must_use]
    pub fn applied(&self, layer: Layer) -> bool {
        self.on(layer) && self.taken(layer.name())
    }

    /// Whether a step of the set-up is taken: always, but for a test build.
    #[must_use]
    pub fn taken(&self, step: &str) -> bool {
        !self.left_out.iter().any(|left_out| left_out == step)
    }

    /// Leaves a layer or a step out while the proof still asks for it, so that a
    /// test can show that the proof notices. A shipped build has no such call.
    #[cfg(feature = "weaken")]
    pub fn leave_out(&mut self, step: String) {
        self.left_out.push(step);
    }

    /// Switches a layer off, so that a test can show that it is this layer that
    /// refuses an attack. A shipped build has no such call.
    #[cfg(feature = "weaken")]
    pub fn weaken(&mut self, layer: Layer) {
        self.off.push(layer);
    }

    /// The layers a test build switched off.
    #[must_use]
    pub fn weakened(&self) -> &[Layer] {
        &self.off
    }
}

/// The mount point of cgroup v2, found in mountinfo: it is not at one place everywhere.
fn cgroup2_mount() -> Option<PathBuf> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").ok()?;
    mounts.lines().find_map(|line| {
        let (before, after) = line.split_once(" - ")?;
        let kind = after.split(' ').next()?;
        let options = before.split(' ').nth(5)?;
        let writable = options.split(',').any(|option| option == "rw");
        (kind == "cgroup2" && writable).then(|| before.split(' ').nth(4).map(PathBuf::from))?
    })
}
