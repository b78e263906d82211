//! What changes between two Plans, in words: what SELinux holds, and what only
//! other layers do.

use super::{Change, Direction};
use cordon_manifest::plan::{Access, Component, Network, Plan};
use std::collections::{BTreeMap, BTreeSet};

/// Something a component has. More of them is more access.
type Has = BTreeSet<String>;

/// The changes. Renamings (`old -> new`) are no changes.
pub(super) fn words(old: &Plan, new: &Plan, renamed: &[String]) -> BTreeSet<Change> {
    let was: BTreeMap<&str, &str> = renamed
        .iter()
        .filter_map(|line| line.split_once(" -> "))
        .map(|(before, after)| {
            let plain = |name: &'_ str| name.len() - name.trim_start_matches("channel ").len();
            (&after[plain(after)..], &before[plain(before)..])
        })
        .collect();
    let none = BTreeMap::new();
    let (before, after) = (all(old, &none), all(new, &was));
    let mut changes = BTreeSet::new();
    let mut change = |direction, text: String| _ = changes.insert(Change { direction, text });
    let empty = Has::new();
    let everyone: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in everyone {
        let (had, has) = (before.get(name), after.get(name));
        match (had, has) {
            (None, Some(_)) => change(Direction::Wider, format!("{name} is a new component")),
            (Some(_), None) => {
                change(Direction::Narrower, format!("{name} is no longer there"));
                continue;
            }
            _ => {}
        }
        let (had, has) = (had.unwrap_or(&empty), has.unwrap_or(&empty));
        for what in has.difference(had) {
            change(Direction::Wider, format!("{name} may now {what}"));
        }
        for what in had.difference(has) {
            change(Direction::Narrower, format!("{name} may no longer {what}"));
        }
    }
    changes
}

/// What every component has, by its name in the old Plan.
fn all(plan: &Plan, was: &BTreeMap<&str, &str>) -> BTreeMap<String, Has> {
    let called = |name: &str| {
        was.get(name)
            .map_or_else(|| name.to_owned(), |old| (*old).to_owned())
    };
    let mut all: BTreeMap<String, Has> = BTreeMap::new();
    for component in &plan.components {
        all.insert(called(&component.name), of_component(component));
    }
    for channel in &plan.channels {
        let name = called(&channel.name);
        if let Some(has) = all.get_mut(&called(&channel.from.value)) {
            has.insert(format!("write the channel {name}"));
        }
        for end in &channel.to {
            if let Some(has) = all.get_mut(&called(&end.value)) {
                has.insert(format!("read the channel {name}"));
            }
        }
    }
    all
}

fn of_component(component: &Component) -> Has {
    let mut has = Has::new();
    let mut path = |path: &str, access: Access| {
        has.insert(format!("read {path}"));
        match access {
            Access::Read => {}
            Access::Write => _ = has.insert(format!("write {path}")),
            Access::Execute => _ = has.insert(format!("execute {path}")),
        }
    };
    for file in component
        .files
        .iter()
        .filter(|file| crate::labels::is_declared(file))
    {
        path(&file.source, file.access);
    }
    for device in &component.devices {
        path(&device.source, device.access);
    }
    for device in &component.devices {
        for request in &device.ioctl {
            has.insert(format!("send {} the ioctl {request:#x}", device.source));
        }
    }
    for listen in &component.listen {
        has.insert(format!("accept connections on TCP {}", listen.tcp));
    }
    if let Network::Host { bind, connect } = &component.network {
        has.insert("see the device's network".to_owned());
        has.extend(bind.iter().map(|port| format!("bind TCP {}", port.value)));
        has.extend(
            connect
                .iter()
                .map(|port| format!("connect to TCP {}", port.value)),
        );
    }
    for layer in &component.allow_missing {
        has.insert(format!("run where the layer {} is absent", layer.value));
    }
    for (granted, what) in [
        (component.proc.value, "see its own processes in /proc"),
        (component.fork.value, "start processes of its own"),
        (component.realtime.is_some(), "set its own scheduling"),
        (
            component.notify.value || component.watchdog.is_some(),
            "notify the supervisor",
        ),
    ] {
        if granted {
            has.insert(what.to_owned());
        }
    }
    // Another program, user or role is access of another kind, and so is told.
    has.insert(format!("run {}", component.program.path));
    has.insert(format!("run as user {}", component.user.value.name));
    has.insert(format!(
        "make the system calls of the role {}",
        component.role.value
    ));
    has
}
