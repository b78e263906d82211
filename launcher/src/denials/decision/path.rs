//! What decides about a path or a device node.

use super::{Decision, line, may, other_role};
use cordon_manifest::plan::{Access, Component, DeviceGrant, FileGrant, Missing, Plan, Purpose};

/// What a path was wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Reading, listing.
    Read,
    /// Writing, creating, removing.
    Write,
    /// Executing, or mapping executable.
    Execute,
    /// A request to a device.
    Request(u32),
    /// Making a node, FIFO or socket.
    Node,
}

/// What the manifest's own list of secrets leaves to its author, and nobody should
/// paste because a component asked for it.
const TEMPTING: [&str; 3] = ["/boot", "/etc/ssh", "/root"];

/// Why a new line, where there is nothing to think of before.
pub const UNGRANTED: &str = "no line grants it";

pub fn decide(plan: &Plan, component: &Component, path: &str, need: Need) -> Decision {
    if path == "/" {
        return Decision::never(
            "the root of a compartment holds what is granted and nothing else; nobody lists it",
        );
    }
    if !is_plain(path) {
        return Decision::unclear(
            "the path is not one that a manifest would name as it stands, so none is suggested",
        );
    }
    let device = component
        .devices
        .iter()
        .find(|device| device.path == path && device.pass.is_none());
    if let Some(device) = device {
        return node(device, need);
    }
    if need == Need::Node {
        return Decision::never(
            "what a component makes is regular files, directories and links; nodes are granted \
             under `devices`, sockets under `listen`",
        );
    }
    if let Some(grant) = covering(component, path) {
        return covered(component, grant, path, need);
    }
    if let Need::Request(_) = need {
        return Decision::unclear("the node is not one the manifest grants by its path");
    }
    uncovered(plan, component, path, need)
}

/// A path without anything that means something to YAML or to the manifest.
fn is_plain(path: &str) -> bool {
    let of_path = |c: char| c.is_ascii_alphanumeric() || "/._+@-".contains(c);
    let mut parts = path.split('/').skip(1);
    path.starts_with('/')
        && path.len() <= 255
        && path.chars().all(of_path)
        && parts.all(|part| !matches!(part, "" | "." | ".."))
}

/// Whether `path` is `folder` or below it.
fn inside(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The grant that counts for a path: the longest.
fn covering<'a>(component: &'a Component, path: &str) -> Option<&'a FileGrant> {
    component
        .files
        .iter()
        .filter(|grant| grant.pass.is_none() && inside(path, &grant.path))
        .max_by_key(|grant| grant.path.len())
}

fn word(access: Access) -> &'static str {
    match access {
        Access::Read => "read",
        Access::Write => "write",
        Access::Execute => "execute",
    }
}

/// The line of a device with `access`, and one request more.
pub fn entry(device: &DeviceGrant, access: Access, request: &str) -> String {
    let mut requests: Vec<String> = device.ioctl.iter().map(|one| format!("{one:#x}")).collect();
    if !request.is_empty() {
        requests.push(request.to_owned());
    }
    let mut entry = format!("- {{path: {}, access: {}", device.path, word(access));
    if let Some(name) = &device.pass {
        entry.push_str(&format!(", pass: {name}"));
    }
    if !requests.is_empty() {
        entry.push_str(&format!(", ioctl: [{}]", requests.join(", ")));
    }
    entry + "}"
}

fn node(device: &DeviceGrant, need: Need) -> Decision {
    let change = |paste: String, why: &str| match line(&device.origin) {
        Some(at) => Decision {
            kind: super::Kind::Line,
            line: Some(at),
            paste: Some(paste),
            why: why.to_owned(),
        },
        None => Decision::never(format!(
            "{} comes with the role, which grants no more of it ({})",
            device.path, device.origin
        )),
    };
    match need {
        Need::Request(request) if device.ioctl.contains(&request) => granted(&device.origin),
        Need::Request(request) => change(
            entry(device, device.access, &format!("{request:#x}")),
            "requests to a device are granted one by one; look up what this one does before",
        ),
        Need::Write if device.access == Access::Read => change(
            entry(device, Access::Write, ""),
            "the line grants reading alone",
        ),
        Need::Execute => Decision::never("a device is not executed"),
        Need::Node => Decision::never("nodes are granted, not made"),
        Need::Read | Need::Write => granted(&device.origin),
    }
}

fn granted(origin: &cordon_manifest::plan::Origin) -> Decision {
    Decision::granted(
        origin,
        "the manifest grants it. It was refused before the manifest did, or the component has \
         not been started again since",
    )
}

fn covered(component: &Component, grant: &FileGrant, path: &str, need: Need) -> Decision {
    let program = grant.purpose != Purpose::Declared;
    let change = |path: &str, access: Access, why: &str| {
        let mut entry = format!("- {{path: {path}, access: {}", word(access));
        if path != grant.path || line(&grant.origin).is_none() {
            return Decision::missing(component, format!("files:\n  {entry}}}"), why);
        }
        match grant.missing {
            Missing::Error => {}
            Missing::Skip => entry.push_str(", missing: skip"),
            Missing::Create => entry.push_str(", missing: create"),
        }
        Decision::instead(component, &grant.origin, entry + "}", why)
    };
    match (need, grant.access) {
        (Need::Write, Access::Write) | (Need::Execute, Access::Execute) | (Need::Read, _) => {
            granted(&grant.origin)
        }
        (Need::Write, _) if program || grant.access == Access::Execute => {
            Decision::never("it belongs to a program: who runs it does not write it")
                .at(line(&grant.origin))
        }
        (Need::Write, _) => match secret(path) {
            Some(why) => why,
            None => change(
                path,
                Access::Write,
                "it is granted for reading; only this path of it would be written",
            ),
        },
        (Need::Execute, Access::Write) => Decision::never(
            "nothing is both written and executed; keep what is executed where no component \
             writes, and grant it with `access: execute`",
        )
        .at(line(&grant.origin)),
        (Need::Execute, _) => change(
            path,
            Access::Execute,
            "to map it executable, as plug-ins are; no second program can be started in any case",
        ),
        (Need::Request(_) | Need::Node, _) => Decision::never("no device is granted at this path"),
    }
}

fn secret(path: &str) -> Option<Decision> {
    // A directory, for all that is known: what is below it would come with it.
    if let Some(secret) = cordon_manifest::secret(path, true) {
        return Some(Decision::never(secret.of(path)));
    }
    let of = TEMPTING.iter().find(|tempting| inside(path, tempting))?;
    Some(Decision::never(format!(
        "what is in {of} is the whole device's; a component that asks for it is looking for a \
         way out"
    )))
}

fn uncovered(plan: &Plan, component: &Component, path: &str, need: Need) -> Decision {
    let access = match need {
        Need::Write => Access::Write,
        Need::Execute => Access::Execute,
        _ => Access::Read,
    };
    if inside(path, "/proc") {
        return if component.proc.value || !own_process(path) {
            Decision::never("`proc: true` shows a component its own processes and no more")
        } else if may(component, "proc") {
            Decision::missing(component, "proc: true", "a /proc of its own processes")
        } else {
            other_role(component, "proc", "`proc: true`")
        };
    }
    if let Some(decision) = secret(path).filter(|_| !cordon_manifest::is_broad(path)) {
        return decision;
    }
    if let Some(help) = cordon_manifest::refusal(path, access) {
        return Decision::never(format!("{path} is never granted: {help}"));
    }
    if inside(path, "/dev") {
        return new_node(component, path, access);
    }
    if cordon_manifest::is_broad(path) {
        return Decision::unclear(format!(
            "{path} as a whole is too much for one component; grant the directories below it \
             that the program uses"
        ));
    }
    let others = shared(plan, component, path);
    let why = if others.is_empty() {
        UNGRANTED.to_owned()
    } else {
        format!(
            "it is granted to {}: what two components share should be a channel",
            others.join(", ")
        )
    };
    if !others.is_empty() && access == Access::Write {
        return Decision::never(why);
    }
    let paste = format!("files:\n  - {{path: {path}, access: {}}}", word(access));
    Decision::missing(component, paste, why)
}

/// Other components whose line grants what holds the path or is below it, each
/// with the line.
pub fn shared(plan: &Plan, component: &Component, path: &str) -> Vec<String> {
    plan.components
        .iter()
        .filter(|other| other.name != component.name)
        .flat_map(|other| {
            let grants = other.files.iter();
            let same = grants.filter(|grant| {
                grant.purpose == Purpose::Declared
                    && (inside(path, &grant.path) || inside(&grant.path, path))
            });
            same.map(|grant| format!("{} ({})", other.name, grant.origin))
        })
        .collect()
}

/// Whether a path below /proc may be of the program itself; pid 1 is the reaper.
fn own_process(path: &str) -> bool {
    let process = path.split('/').nth(2).unwrap_or_default();
    let number = process.bytes().all(|byte| byte.is_ascii_digit());
    process != "1" && (number || matches!(process, "self" | "thread-self"))
}

fn new_node(component: &Component, path: &str, access: Access) -> Decision {
    let sockets = component.listen.iter().map(|listen| &listen.origin);
    if let Some(origin) = sockets.map(Some).next() {
        return Decision::never(
            "a component that faces the network holds no device: another component holds it \
             and writes a channel",
        )
        .at(origin.and_then(line));
    }
    if component.network != cordon_manifest::plan::Network::None {
        return Decision::never(
            "a component that has sockets holds no device: another component holds it and \
             writes a channel",
        );
    }
    if !may(component, "devices") {
        return other_role(component, "devices", "the node under `devices`");
    }
    let paste = format!("devices:\n  - {{path: {path}, access: {}}}", word(access));
    Decision::missing(component, paste, UNGRANTED)
}
