//! The SELinux policy: whether the one the kernel has in force is the one this
//! manifest gives, and what that one says of the device's files.
//!
//! The kernel is asked, not a store on disk: what is loaded counts.

#![forbid(unsafe_code)]

mod files;
mod kernel;
mod news;
mod permissive;

pub use files::{Mislabelled, mislabelled, unreadable};
pub use news::News;
pub use permissive::Permissive;

use crate::layers::Layers;
use crate::proof::{Item, Verdict};
use cordon_manifest::plan::{Component, Layer, Plan};
use cordon_policygen::{Policy, Target, base_fingerprint, names};
use std::collections::BTreeMap;
use std::fmt;

/// The policy of a manifest, regenerated: what has to be in force.
#[derive(Clone, Debug)]
pub struct Wanted {
    device: String,
    fingerprint: String,
    target: String,
    /// Type of each path of the device.
    labels: BTreeMap<String, String>,
    /// Contexts that are valid in any version of the device's module.
    own: Vec<String>,
}

/// Why the policy in force is not the manifest's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotInForce {
    /// Nothing of Cordon is loaded.
    NoBase,
    /// Nothing of this device is loaded.
    NoModule {
        /// The device.
        device: String,
    },
    /// The device's module may be right, the base module beside it is another one.
    AnotherBase {
        /// Fingerprint of the base module of this program.
        fingerprint: String,
    },
    /// Something of this device is loaded, of other inputs.
    Another {
        /// The device.
        device: String,
        /// Fingerprint that this manifest gives.
        fingerprint: String,
        /// Target that it was generated for.
        target: String,
    },
}

impl fmt::Display for NotInForce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoBase => write!(
                f,
                "the SELinux policy in force has no module of Cordon at all"
            ),
            Self::NoModule { device } => {
                write!(f, "the SELinux policy in force has no module of {device}")
            }
            Self::AnotherBase { fingerprint } => write!(
                f,
                "the SELinux policy in force has another base module of Cordon's (the module \
                 cordon) than this program: this program's is {fingerprint}"
            ),
            Self::Another {
                device,
                fingerprint,
                target,
            } => write!(
                f,
                "the SELinux policy in force is not this manifest's: its module of {device} comes \
                 from another version of the manifest or of the target \
                 (this manifest gives {fingerprint} for {target})"
            ),
        }
    }
}

impl std::error::Error for NotInForce {}

impl Wanted {
    /// What `policy`, generated from `plan` for `target`, wants.
    #[must_use]
    pub fn of(plan: &Plan, target: &Target, policy: Policy) -> Self {
        let components = plan.components.iter();
        let domains = components.map(|one| names::domain_context(&plan.device, &one.name));
        let channels = plan.channels.iter();
        let memories = channels.map(|one| names::channel_context(&plan.device, &one.name));
        Self {
            device: plan.device.clone(),
            fingerprint: policy.fingerprint,
            target: target.name().to_owned(),
            labels: policy.labels,
            own: domains.chain(memories).collect(),
        }
    }

    /// The type a path must carry; none where it has none of its own.
    #[must_use]
    pub fn label(&self, path: &str) -> Option<&str> {
        self.labels.get(path).map(String::as_str)
    }

    /// Whether a type is one of the device's module.
    fn is_own(&self, label: &str) -> bool {
        label.starts_with(&names::prefix(&self.device))
    }

    /// Asks the kernel whether this policy is in force: the base module of this
    /// program and the device's module that this manifest gives, both by their
    /// fingerprints. Nothing is learned of the other modules loaded with them,
    /// which `cordon policy install` proves.
    pub fn check(&self) -> Result<(), NotInForce> {
        self.check_by(kernel::known)
    }

    /// The same of whatever answers whether it knows a context.
    fn check_by(&self, known: impl Fn(&str) -> bool) -> Result<(), NotInForce> {
        let own = names::fingerprint_context(&self.device, &self.fingerprint);
        let (own, base) = (known(&own), is_base_known(&known));
        if own && base {
            return Ok(());
        }
        let device = self.device.clone();
        Err(if !known(&names::object_context(names::ROOT)) {
            NotInForce::NoBase
        } else if !own && !self.own.iter().any(|context| known(context)) {
            NotInForce::NoModule { device }
        } else if !base {
            NotInForce::AnotherBase {
                fingerprint: base_fingerprint().to_owned(),
            }
        } else {
            NotInForce::Another {
                device,
                fingerprint: self.fingerprint.clone(),
                target: self.target.clone(),
            }
        })
    }

    /// How SELinux stands for a component, now, as items of a proof.
    #[must_use]
    pub fn proof(&self, component: &Component, without: &[Layer]) -> Vec<Item> {
        let context = names::domain_context(&self.device, &component.name);
        let item = |name: &str, expected: &str, found: &str| Item {
            layer: Layer::Selinux,
            name: name.to_owned(),
            expected: expected.to_owned(),
            found: found.to_owned(),
            verdict: if expected == found {
                Verdict::Same
            } else {
                Verdict::Different
            },
        };
        let policy = format!("sha256 {}", self.fingerprint);
        let found = match self.check() {
            Ok(()) => policy.as_str(),
            Err(NotInForce::Another { .. }) => "another version",
            Err(NotInForce::AnotherBase { .. }) => "another base module",
            Err(_) => "none",
        };
        let mode = |permissive| {
            if permissive {
                "permissive"
            } else {
                "enforcing"
            }
        };
        let domain = |name: &str, context: &str| {
            let is_permissive = kernel::permissive(context);
            let mut domain = item(name, "enforcing", mode(is_permissive));
            if is_permissive && may_be_absent(component, without) {
                domain.verdict = Verdict::Absent;
            }
            domain
        };
        vec![
            item("mode", "enforcing", mode(!kernel::enforcing())),
            item("policy", &policy, found),
            domain(DOMAIN, &context),
            domain(REAPERS_DOMAIN, &names::reaper_context()),
            domain(SUPERVISORS_DOMAIN, &names::supervisor_context()),
        ]
    }

    /// Domains of the device that refuse nothing.
    #[must_use]
    pub fn permissive<'a>(&self, plan: &'a Plan) -> Vec<Permissive<'a>> {
        Permissive::of(plan, kernel::permissive)
    }
}

/// Names of a proof's items about domains that refuse nothing.
const DOMAIN: &str = "domain";
const REAPERS_DOMAIN: &str = "domain of pid 1";
const SUPERVISORS_DOMAIN: &str = "domain of the supervisor";

/// Items of [`Wanted::proof`]: of the kernel and its policy, none of the process.
pub const OF_THE_KERNEL: [&str; 5] = ["mode", "policy", DOMAIN, REAPERS_DOMAIN, SUPERVISORS_DOMAIN];

/// Whether the kernel has the base module of this program.
fn is_base_known(known: impl Fn(&str) -> bool) -> bool {
    known(&names::base_fingerprint_context(base_fingerprint()))
}

/// Whether the kernel has these very modules: the base module of this program
/// and the device's with this fingerprint.
#[must_use]
pub fn are_loaded(device: &str, fingerprint: &str) -> bool {
    are_known(device, fingerprint, kernel::known)
}

fn are_known(device: &str, fingerprint: &str, known: impl Fn(&str) -> bool) -> bool {
    known(&names::fingerprint_context(device, fingerprint)) && is_base_known(known)
}

/// Whether SELinux may be absent for a component, by the manifest or for a try-out.
#[must_use]
pub fn may_be_absent(component: &Component, without: &[Layer]) -> bool {
    without.contains(&Layer::Selinux)
        || component
            .allow_missing
            .iter()
            .any(|allowed| allowed.value == Layer::Selinux)
}

/// The domain this process runs in, where it is not the supervisor's.
#[must_use]
pub fn another_domain() -> Option<String> {
    let found = kernel::own_domain().unwrap_or_else(|| "no domain".to_owned());
    (found != names::SUPERVISOR).then_some(found)
}

/// Whether the kernel refuses what the policy does not allow, now.
#[must_use]
pub fn is_enforcing() -> bool {
    kernel::enforcing()
}

/// Whether there is a kernel to ask: a policy is loaded and no test build left it out.
#[must_use]
pub fn is_loaded(layers: &Layers) -> bool {
    kernel::enabled() && !layers.weakened().contains(&Layer::Selinux)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_says_what_is_loaded_instead() {
        let device = || "bedside-monitor".to_owned();
        let another = NotInForce::Another {
            device: device(),
            fingerprint: "ab12".to_owned(),
            target: "debian-13".to_owned(),
        };
        let text = another.to_string();
        assert!(text.contains("not this manifest's"), "{text}");
        assert!(text.contains("ab12 for debian-13"), "{text}");
        let none = NotInForce::NoModule { device: device() }.to_string();
        assert!(none.ends_with("no module of bedside-monitor"), "{none}");
        let base = NotInForce::AnotherBase {
            fingerprint: "cd34".to_owned(),
        };
        let text = base.to_string();
        assert!(text.contains("another base module"), "{text}");
        assert!(text.contains("cd34"), "{text}");
    }

    fn wanted() -> Wanted {
        Wanted {
            device: "monitor".to_owned(),
            fingerprint: "ab12".to_owned(),
            target: "debian-13".to_owned(),
            labels: BTreeMap::new(),
            own: vec![names::domain_context("monitor", "display")],
        }
    }

    /// Both must be known: an exchanged base module leaves the device's as it was.
    #[test]
    fn a_policy_is_in_force_by_both_fingerprints_and_not_by_one() {
        let own = names::fingerprint_context("monitor", "ab12");
        let base = names::base_fingerprint_context(base_fingerprint());
        let (root, part) = (
            names::object_context(names::ROOT),
            names::domain_context("monitor", "display"),
        );
        let check = |known: &[&String]| {
            let known: Vec<&str> = known.iter().map(|one| one.as_str()).collect();
            let found = wanted().check_by(|context| known.contains(&context));
            let loaded = are_known("monitor", "ab12", |context| known.contains(&context));
            assert_eq!(found.is_ok(), loaded, "{known:?}");
            found
        };
        assert_eq!(check(&[&own, &base, &root, &part]), Ok(()));
        let fingerprint = base_fingerprint().to_owned();
        assert_eq!(
            check(&[&own, &root, &part]),
            Err(NotInForce::AnotherBase { fingerprint })
        );
        let other = check(&[&base, &root, &part]);
        assert!(
            matches!(other, Err(NotInForce::Another { .. })),
            "{other:?}"
        );
        let none = check(&[&base, &root]);
        assert!(matches!(none, Err(NotInForce::NoModule { .. })), "{none:?}");
        assert_eq!(check(&[&own]), Err(NotInForce::NoBase));
    }
}
