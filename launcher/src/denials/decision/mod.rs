//! What decides about a refusal: the manifest's line, the line that is missing,
//! or why no manifest can grant it.
//!
//! Paths, ports and requests in a record are of the component's choosing, and it
//! may be the attacker's. So a suggestion is the smallest one, it is a complete
//! line that a person has to paste, and what would open more than the manifest's
//! own rules allow is never suggested.

mod call;
mod path;
mod port;
mod selinux;
#[cfg(test)]
mod tests;

use super::refusal::Attempt;
use cordon_manifest::plan::{Component, Origin, Plan};
pub use path::{Need, UNGRANTED, shared};
use serde::{Deserialize, Serialize};

/// Of what kind a decision is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A line of the manifest grants less; another text in its place would grant it.
    Line,
    /// No line grants it; a new one would.
    Missing,
    /// The manifest grants it, so something else than the manifest has to change.
    Granted,
    /// No manifest can grant it.
    Never,
    /// The program goes on without it, as on an older kernel.
    Harmless,
    /// The record does not say enough to name a line.
    Unclear,
}

/// What decides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Of what kind it is.
    pub kind: Kind,
    /// Line of the manifest: the one that decides, or the component's own, below
    /// which a new one goes.
    pub line: Option<u32>,
    /// What would be written, as keys of the component.
    pub paste: Option<String>,
    /// Why, and what to think of before.
    pub why: String,
}

impl Decision {
    fn never(why: impl Into<String>) -> Self {
        Self {
            kind: Kind::Never,
            line: None,
            paste: None,
            why: why.into(),
        }
    }

    fn unclear(why: impl Into<String>) -> Self {
        Self {
            kind: Kind::Unclear,
            ..Self::never(why)
        }
    }

    fn missing(component: &Component, paste: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            kind: Kind::Missing,
            line: Some(component.line),
            paste: Some(paste.into()),
            why: why.into(),
        }
    }

    /// A value that is the role's or the language's has no line yet.
    fn instead(
        component: &Component,
        origin: &Origin,
        paste: impl Into<String>,
        why: impl Into<String>,
    ) -> Self {
        let missing = Self::missing(component, paste, why);
        match line(origin) {
            Some(line) => Self {
                kind: Kind::Line,
                line: Some(line),
                ..missing
            },
            None => missing,
        }
    }

    fn granted(origin: &Origin, why: impl Into<String>) -> Self {
        Self {
            kind: Kind::Granted,
            line: line(origin),
            paste: None,
            why: why.into(),
        }
    }

    fn at(mut self, line: Option<u32>) -> Self {
        self.line = line;
        self
    }
}

/// Decides about what a component was refused.
pub fn decide(plan: &Plan, component: &Component, what: &Attempt) -> Decision {
    match what {
        Attempt::Absent { path, need, .. } => path::decide(plan, component, path, *need),
        Attempt::Call { call, .. } => call::decide(plan, component, *call),
        Attempt::Landlock { rights, object } => {
            let has = |right: &str| rights.iter().any(|one| one == right);
            let Some(first) = rights.first() else {
                return Decision::unclear("the record names no right");
            };
            match (first.as_str(), object.port) {
                ("net.bind_tcp" | "net.connect_tcp", Some(port)) => {
                    let bind = first == "net.bind_tcp";
                    return port::decide(plan, component, port, object.address, bind);
                }
                ("scope.signal", _) => {
                    return Decision::never("a component signals its own processes and no others");
                }
                ("scope.abstract_unix_socket", _) => {
                    return Decision::never(
                        "components are linked by `channels`, and with the rest of the system \
                         by what is granted under `files`",
                    );
                }
                ("ptrace" | "fs.change_topology", _) => {
                    return Decision::never("no process has a hold on another, or on its own root");
                }
                _ => {}
            }
            let Some(path) = &object.path else {
                return Decision::unclear("the record names no path");
            };
            let need = if let ("fs.ioctl_dev", Some(request)) = (first.as_str(), object.request) {
                Need::Request(request)
            } else if [
                "fs.make_char",
                "fs.make_block",
                "fs.make_sock",
                "fs.make_fifo",
            ]
            .into_iter()
            .any(has)
            {
                Need::Node
            } else if has("fs.execute") {
                Need::Execute
            } else if rights.iter().all(|right| right.starts_with("fs.read_")) {
                Need::Read
            } else {
                Need::Write
            };
            path::decide(plan, component, path, need)
        }
        Attempt::Selinux {
            permissions,
            class,
            target,
            object,
            ..
        } => selinux::decide(plan, component, permissions, class, target, object),
    }
}

/// About what a part of Cordon itself was refused.
pub fn of_cordon() -> Decision {
    Decision::never(
        "it is a part of Cordon and no component: either the base policy lacks a rule, or \
         somebody has a hold on it. Please report it with the record",
    )
}

/// The manifest's line, where the manifest asked.
pub fn line(origin: &Origin) -> Option<u32> {
    match origin {
        Origin::Manifest { line } => Some(*line),
        _ => None,
    }
}

/// Whether the component's role has a filter made for `what`.
fn may(component: &Component, what: &str) -> bool {
    let role = cordon_manifest::role(&component.role.value);
    role.is_some_and(|role| role.may.iter().any(|may| may == what))
}

/// Another role, when this one has no filter for `what`.
fn other_role(component: &Component, what: &str, then: &str) -> Decision {
    let able: Vec<&str> = cordon_manifest::roles()
        .iter()
        .filter(|role| role.may.iter().any(|may| may == what))
        .map(|role| role.name.as_str())
        .collect();
    let role = &component.role;
    let Some(first) = able.first() else {
        return Decision::never(format!("no role has `{what}`"));
    };
    let why = format!(
        "role {} has no `{what}`; it takes a role that has it ({}), then {then}",
        role.value,
        able.join(", ")
    );
    Decision::instead(component, &role.origin, format!("role: {first}"), why)
}
