//! What decides about a denial of SELinux: its types are made from the manifest,
//! and lead back to it.

use super::path::{self, Need};
use super::{Decision, line, port};
use crate::denials::refusal::Object;
use cordon_manifest::plan::{Component, Plan};
use cordon_policygen::names;

pub fn decide(
    plan: &Plan,
    component: &Component,
    permissions: &[String],
    class: &str,
    target: &str,
    object: &Object,
) -> Decision {
    let has = |permission: &str| permissions.iter().any(|one| one == permission);
    if class.starts_with("capability") || class.starts_with("cap_") {
        return Decision::never("a component has no capability, and no program it runs gains one");
    }
    if let Some(decision) = channel(plan, component, permissions, target) {
        return decision;
    }
    let other = plan.components.iter().find(|other| {
        names::domain_type(&plan.device, &other.name) == target && other.name != component.name
    });
    if let Some(other) = other {
        return Decision::never(format!(
            "it is of {}, and components are linked by `channels` alone",
            other.name
        ));
    }
    if class == "process" || class == "process2" {
        return itself(component, permissions);
    }
    if let (true, Some(number)) = (has("name_bind") || has("name_connect"), object.port) {
        return port::decide(plan, component, number, object.address, has("name_bind"));
    }
    let on_path = [
        "file",
        "dir",
        "lnk_file",
        "chr_file",
        "blk_file",
        "fifo_file",
        "sock_file",
    ];
    if on_path.contains(&class) {
        let found = object
            .path
            .clone()
            .filter(|path| path.starts_with('/'))
            .or_else(|| by_type(plan, component, target));
        if let Some(found) = found {
            let mut decision = path::decide(plan, component, &found, need(permissions, object));
            if decision.kind == super::Kind::Granted {
                decision.why = format!(
                    "the manifest grants it: what {found} is labelled ({target}) or the policy \
                     in force is not what the manifest gives (`cordon policy install`, \
                     `restorecon -v {found}`)"
                );
            }
            return decision;
        }
        return Decision::unclear(
            "the record has only the last part of the path; the label is the base policy's",
        );
    }
    Decision::never(format!(
        "no key of the manifest gives anything on a {class} of type {target}; what the \
         component has, `cordon policy explain --component {}` says",
        component.name
    ))
}

fn need(permissions: &[String], object: &Object) -> Need {
    let has = |names: &[&str]| {
        permissions
            .iter()
            .any(|permission| names.contains(&permission.as_str()))
    };
    if let (true, Some(request)) = (has(&["ioctl"]), object.request) {
        Need::Request(request)
    } else if has(&["execute", "execute_no_trans", "entrypoint"]) {
        Need::Execute
    } else if permissions.iter().all(|permission| {
        [
            "read", "open", "getattr", "search", "map", "ioctl", "lock", "watch",
        ]
        .contains(&permission.as_str())
    }) {
        Need::Read
    } else {
        Need::Write
    }
}

/// Reading a channel, as one of its readers, is all there is.
fn channel(
    plan: &Plan,
    component: &Component,
    permissions: &[String],
    target: &str,
) -> Option<Decision> {
    let channel = plan
        .channels
        .iter()
        .find(|channel| names::channel_type(&plan.device, &channel.name) == target)?;
    let name = &channel.name;
    let reads = |permission: &String| ["read", "getattr", "map"].contains(&permission.as_str());
    Some(if permissions.iter().any(|one| one == "execute") {
        Decision::never(format!("nothing in channel {name} is executed")).at(Some(channel.line))
    } else if channel.from.value == component.name {
        Decision::never(format!(
            "the component writes channel {name}, and has no more of it than that takes"
        ))
        .at(line(&channel.from.origin))
    } else if !permissions.iter().all(reads) {
        Decision::never(format!(
            "channel {name} goes one way: {} writes it and nobody else",
            channel.from.value
        ))
        .at(line(&channel.from.origin))
    } else if let Some(to) = channel.to.iter().find(|to| to.value == component.name) {
        Decision::granted(
            &to.origin,
            "the component reads this channel: the policy in force is not what the manifest \
             gives (`cordon policy install`)",
        )
    } else {
        let mut readers: Vec<&str> = channel.to.iter().map(|to| to.value.as_str()).collect();
        readers.push(&component.name);
        Decision {
            kind: super::Kind::Line,
            line: channel
                .to
                .first()
                .and_then(|to| line(&to.origin))
                .or(Some(channel.line)),
            paste: Some(format!("to: [{}]", readers.join(", "))),
            why: format!("the component is no reader of channel {name}"),
        }
    })
}

/// What a process is denied on itself or its like.
fn itself(component: &Component, permissions: &[String]) -> Decision {
    let has = |names: &[&str]| {
        permissions
            .iter()
            .any(|permission| names.contains(&permission.as_str()))
    };
    if has(&["execmem", "execstack", "execheap", "execmod"]) {
        return Decision::never(
            "no memory is both written and executed; a program that compiles as it runs has an \
             option to interpret instead",
        );
    }
    if has(&["fork"]) {
        return if super::may(component, "fork") {
            Decision::missing(component, "fork: true", "processes of its own")
        } else {
            super::other_role(component, "fork", "`fork: true`")
        };
    }
    Decision::never("no key of the manifest gives a process more of itself or of others")
}

/// The granted path whose type it is.
fn by_type(plan: &Plan, component: &Component, target: &str) -> Option<String> {
    let device = &plan.device;
    let files = component.files.iter().find(|grant| {
        names::file_type(device, &grant.source) == target
            || names::tmpfs_type(device, &component.name, &grant.path) == target
    });
    let nodes = || {
        let mut nodes = component.devices.iter();
        nodes.find(|grant| names::node_type(device, &grant.source) == target)
    };
    files
        .map(|grant| grant.path.clone())
        .or_else(|| nodes().map(|grant| grant.path.clone()))
}
