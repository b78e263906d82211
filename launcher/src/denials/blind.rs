//! What this kernel, as it stands, does not write down: said with every report,
//! because a list that is silently short is worse than none.

use super::source::{Auditing, actions_logged};
use crate::layers::Layers;
use cordon_manifest::plan::Layer;
use serde::{Deserialize, Serialize};

/// Something that is not seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blind {
    /// The layer whose refusals are not seen, or not all.
    pub layer: String,
    /// What, and why.
    pub why: String,
    /// What would mend it; none where nothing would.
    pub mend: Option<String>,
}

impl Blind {
    fn of(layer: &str, why: impl Into<String>, mend: Option<&str>) -> Self {
        Self {
            layer: layer.to_owned(),
            why: why.into(),
            mend: mend.map(str::to_owned),
        }
    }
}

/// What the running kernel does not show. `live` is whether records are read as
/// they are made.
pub fn blind(live: bool) -> Vec<Blind> {
    let auditing = Auditing::ask().ok();
    let landlock = Layers::probe().present(Layer::LandlockAudit);
    of(auditing, landlock, actions_logged(), live)
}

fn of(
    auditing: Option<Auditing>,
    landlock: bool,
    actions: Option<Vec<String>>,
    live: bool,
) -> Vec<Blind> {
    let mut blind = Vec::new();
    match auditing {
        None => blind.push(Blind::of(
            "all",
            "the kernel does not say how its auditing stands",
            Some("a kernel with CONFIG_AUDIT, without audit=0; and root"),
        )),
        Some(auditing) => {
            if landlock && !auditing.enabled {
                blind.push(Blind::of(
                    "landlock",
                    "auditing is off, and Landlock's refusals are written only while it is on",
                    Some("audit=1 on the kernel's command line, or --enable-audit with --follow"),
                ));
            }
            if auditing.lost > 0 {
                blind.push(Blind::of(
                    "all",
                    format!(
                        "{} records were lost since the system started",
                        auditing.lost
                    ),
                    Some("audit_backlog_limit=8192 on the kernel's command line"),
                ));
            }
        }
    }
    if !live {
        blind.push(Blind::of(
            "all",
            "of the past there is what the kernel's log and auditd's still hold; the kernel's \
             log takes a few records a second and drops the rest",
            Some("--follow, which sees every record"),
        ));
    }
    if !landlock {
        blind.push(Blind::of(
            "landlock",
            "this kernel writes nothing of what Landlock refuses",
            Some("Linux 6.15 or newer"),
        ));
    }
    let errno = |actions: &Vec<String>| actions.iter().any(|action| action == "errno");
    if !actions.as_ref().is_some_and(errno) {
        blind.push(Blind::of(
            "seccomp",
            "calls that filters refuse with an error are not written",
            Some("`errno` and `trace` in the sysctl kernel.seccomp.actions_logged"),
        ));
    }
    blind.extend(never_written());
    blind
}

/// What a log of auditd does not show, of this system or another.
pub fn blind_of_log() -> Vec<Blind> {
    let mut blind = vec![
        Blind::of(
            "all",
            "a log holds what auditd was given while it ran, and of a long one the last 32 MiB are \
             read; it does not say what the kernel had lost",
            Some("--follow on the system itself, which sees every record"),
        ),
        Blind::of(
            "landlock",
            "a log does not say whether its system writes what Landlock refuses",
            Some("Linux 6.15 or newer there, with auditing on"),
        ),
        Blind::of(
            "seccomp",
            "a log does not say whether its system writes calls that filters refuse with an error",
            Some("`errno` and `trace` in the sysctl kernel.seccomp.actions_logged there"),
        ),
    ];
    blind.extend(never_written());
    blind
}

/// What no kernel writes by itself.
fn never_written() -> [Blind; 2] {
    let root = Blind::of(
        "root",
        "what is not in a compartment is not there (ENOENT), and what is read-only in it says \
         so (EROFS): no kernel writes that down",
        None,
    );
    let limits = Blind::of(
        "limits",
        "modes of files (EACCES), capabilities (EPERM) and limits (EAGAIN, ENOMEM) refuse without \
         a record",
        None,
    );
    [root, limits]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_said_with_what_mends_it() {
        let on = Auditing {
            enabled: true,
            locked: false,
            daemon: 0,
            lost: 0,
        };
        let all = || Some(["errno", "trace"].map(str::to_owned).to_vec());
        let layers = |blind: Vec<Blind>| -> Vec<String> {
            let mendable = blind.into_iter().filter(|one| one.mend.is_some());
            mendable.map(|one| one.layer).collect()
        };
        assert!(layers(of(Some(on), true, all(), true)).is_empty());
        assert_eq!(layers(of(Some(on), true, all(), false)), ["all"]);
        let off = Auditing {
            enabled: false,
            ..on
        };
        assert_eq!(layers(of(Some(off), true, all(), true)), ["landlock"]);
        assert_eq!(
            layers(of(Some(on), false, None, true)),
            ["landlock", "seccomp"]
        );
        assert_eq!(layers(of(None, true, all(), true)), ["all"]);
        // What nothing mends is said in any case.
        assert_eq!(of(Some(on), true, all(), true).len(), 2);
    }
}
