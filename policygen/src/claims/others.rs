//! What is claimed of everybody else: the system's own domains that the target's
//! profile lists may act on a device's processes and files, and nobody besides.
//! A module that somebody adds to the store breaks these claims when it gives
//! another domain such access, or makes one more domain a trusted one.

use super::Assertions;
use crate::names::{self, MANIFEST, POLICY, POLICY_STATE, REAPER, SUPERVISOR, SUPERVISOR_EXEC};
use crate::trusted::Act;
use cordon_manifest::plan::{Origin, Plan};

/// The claims, in the order of [`Act::ALL`].
const CLAIMS: [(&str, &str); 6] = [
    (
        "OT-1",
        "traces a component, its pid 1, the supervisor or the oneshot, or writes its memory",
    ),
    ("OT-2", "signals one of them or changes its scheduling"),
    (
        "OT-3",
        "changes its programs, its paths, the manifest, Cordon's program or its notes",
    ),
    ("OT-4", "uses or replaces its device nodes"),
    ("OT-5", "gives or takes the label of any of these"),
    ("OT-6", "mounts over any of these"),
];

impl Assertions<'_> {
    /// `own`: the set of the device's types that are no domains.
    pub(super) fn others(&mut self, plan: &Plan, own: &str) {
        if !self.target.says_who_is_trusted() {
            return;
        }
        let components = plan.components.iter();
        let domains: Vec<String> = components
            .map(|component| names::domain_type(&plan.device, &component.name))
            .chain([SUPERVISOR, REAPER, POLICY].map(str::to_owned))
            .collect();
        // Of what these do to each other their own claims speak.
        let domains = self.set(&format!("({})", domains.join(" ")));
        let objects = self.set(&format!(
            "({own} {SUPERVISOR_EXEC} {MANIFEST} {POLICY_STATE})"
        ));
        let origin = Origin::Derived {
            from: format!("the base policy of {}", self.target.name()),
        };
        for (act, (id, does)) in Act::ALL.into_iter().zip(CLAIMS) {
            let text = format!(
                "outside of Cordon nobody but the domains that the target's profile lists for it {does}"
            );
            self.claim(id, &plan.device, &text, &origin);
            let trusted = format!("{}_may_{}", self.prefix, act.word().replace('-', "_"));
            self.line(&format!("(typeattribute {trusted})"));
            let names = self.target.trusted.get(&act).into_iter().flatten();
            for name in names {
                // A type of a module that this store may not have.
                self.line(&format!(
                    "(optional {trusted}_{name} (typeattributeset {trusted} ({name})))"
                ));
            }
            let others = self.set(&format!("(not ({trusted} {domains}))"));
            let objects = if act.is_on_processes() {
                &domains
            } else {
                &objects
            };
            for (class, permissions) in act.accesses() {
                self.never(&others, objects, class, permissions);
            }
        }
    }
}
