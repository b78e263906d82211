//! What decides about a system call that the filters refused.

use super::{Decision, Kind, may, other_role};
use crate::denials::calls::Call;
use crate::denials::words;
use cordon_manifest::plan::{Component, Granted, Network, Plan};
use cordon_seccomp::{Rule, answered_as_absent, given_by, roles_with, rules};

/// Conditions longer than this are left to the profile.
const LONG: usize = 60;

/// The kernel writes a refused call's number, and not its arguments.
const NO_ARGUMENTS: &str = "the kernel does not write down a refused call's arguments";

pub fn decide(plan: &Plan, component: &Component, call: Call) -> Decision {
    let Some(name) = call.name() else {
        return if call.is_native() {
            Decision {
                kind: Kind::Harmless,
                ..Decision::never(
                    "the call is newer than the profiles: it is answered as before it was there",
                )
            }
        } else {
            Decision::never(
                "filters are made for one architecture: a 32-bit call has none, and is refused",
            )
        };
    };
    if let Some(rule) = answered_as_absent(name) {
        let why = format!(
            "it is answered as by a kernel that lacks it: {} ({})",
            rule.reason, rule.place
        );
        return Decision {
            kind: Kind::Harmless,
            ..Decision::never(why)
        };
    }
    if let Some(why) = words::never_granted(name) {
        return Decision::never(why);
    }
    let allowed = rules(plan, component, name);
    if let Some(rule) = allowed.iter().find(|rule| rule.conditions.is_empty()) {
        let why = format!(
            "{} allows it now: it was refused by another version of the filters",
            rule.place
        );
        return Decision::granted(&component.role.origin, why);
    }
    let given = given_by(plan, component, name);
    let other = (!allowed.is_empty()).then(|| with_other_arguments(&allowed));
    if let Some((fragment, rule)) = given.first() {
        let mut decision = by_key(component, fragment, &given, rule);
        if let Some(other) = other {
            decision.why = format!("{}; {other}", decision.why);
        }
        return decision;
    }
    if name == "ioctl" {
        return request(component, &allowed);
    }
    if let Some(other) = other {
        return Decision::unclear(other);
    }
    let uses = uses(component);
    let able: Vec<&str> = roles_with(name)
        .into_iter()
        .filter(|role| {
            let role = cordon_manifest::role(role);
            role.is_some_and(|role| uses.iter().all(|one| role.may.iter().any(|may| may == one)))
        })
        .collect();
    if let Some(first) = able.first() {
        let role = &component.role;
        let why = format!(
            "no key grants it, but role {} does, with more besides: compare `cordon plan` of both",
            able.join(" or ")
        );
        return Decision::instead(component, &role.origin, format!("role: {first}"), why);
    }
    Decision::never(format!(
        "no role's profile and no key grants {name}; for a program that cannot do without, it \
         would be a line of profiles/seccomp with its reason"
    ))
}

/// The key that brings a fragment of the filter with it.
fn by_key(
    component: &Component,
    fragment: &str,
    given: &[(&'static str, Rule)],
    rule: &Rule,
) -> Decision {
    let gives = |name: &str| given.iter().any(|(given, _)| *given == name);
    let why = format!("it is for: {} ({})", rule.reason, rule.place);
    match fragment {
        "fork" if may(component, "fork") => Decision::missing(component, "fork: true", why),
        "fork" => other_role(component, "fork", "`fork: true`"),
        "notify" if !gives("network-sockets") => {
            let why = format!("{why}; for a program that says READY=1 itself");
            Decision::missing(component, "notify: true", why)
        }
        "realtime" if may(component, "realtime") => {
            let paste = "realtime: {policy: fifo, priority: 10, lock-memory: true}";
            Decision::missing(component, paste, why)
        }
        "realtime" => other_role(component, "realtime", "`realtime`"),
        "control" if given.len() == 1 => Decision::unclear(format!(
            "{why}; the component gets it as an end of a channel (`channels`)"
        )),
        _ => sockets(component, fragment, &why),
    }
}

fn sockets(component: &Component, fragment: &str, why: &str) -> Decision {
    if let Some(listen) = component.listen.first() {
        return Decision::never(
            "a component that inherits its sockets makes none: its network is empty, and only \
             so can what it inherited reach nobody; what connects out is another component, \
             with `network`",
        )
        .at(super::line(&listen.origin));
    }
    if let Some(device) = component
        .devices
        .iter()
        .find(|device| super::line(&device.origin).is_some())
    {
        return Decision::never(format!(
            "a component that holds a device ({}) has no sockets: another component serves the \
             network, linked by a channel",
            device.path
        ))
        .at(super::line(&device.origin));
    }
    let (bound, connected) = match &component.network {
        Network::None => (&[][..], &[][..]),
        Network::Host { bind, connect } => (&bind[..], &connect[..]),
    };
    let serves = matches!(fragment, "network-bind" | "listen");
    if serves && bound.is_empty() && connected.is_empty() && may(component, "listen") {
        let paste = "listen:\n  - {name: NAME, tcp: \"0.0.0.0:PORT\"}";
        let why = format!(
            "{why}; best as a socket that the supervisor holds and the program inherits \
             (sd_listen_fds), with the port it serves"
        );
        return Decision::missing(component, paste, why);
    }
    if !may(component, "network") {
        return other_role(component, "network", "`network` with its ports");
    }
    let list = |key: &str, ports: &[Granted<u16>], more: bool| {
        let granted = ports.iter().map(|port| format!("tcp/{}", port.value));
        let all: Vec<String> = granted.chain(more.then(|| "tcp/PORT".to_owned())).collect();
        (!all.is_empty()).then(|| format!("{key}: [{}]", all.join(", ")))
    };
    // What is granted stays.
    let lists = [
        list("bind", bound, serves),
        list("connect", connected, !serves),
    ];
    let lists: Vec<String> = lists.into_iter().flatten().collect();
    let paste = format!("network: {{{}}}", lists.join(", "));
    let why = format!("{why}; with the port it uses, which the record does not say");
    match bound.iter().chain(connected).next() {
        Some(port) => Decision::instead(component, &port.origin, paste, why),
        None => Decision::missing(component, paste, why),
    }
}

/// A device request that no filter lets through: its number is an argument.
fn request(component: &Component, allowed: &[Rule]) -> Decision {
    let with = |paste: String, origin| {
        let why = format!(
            "requests to a device are named by number, and {NO_ARGUMENTS}; strace shows it"
        );
        Decision::instead(component, origin, paste, why)
    };
    let own = component
        .devices
        .iter()
        .find(|device| super::line(&device.origin).is_some());
    match own {
        Some(device) => with(
            super::path::entry(device, device.access, "NUMBER"),
            &device.origin,
        ),
        None => Decision::unclear(with_other_arguments(allowed)),
    }
}

fn with_other_arguments(rules: &[Rule]) -> String {
    let first = rules.iter().take(3).map(|rule| {
        let Rule {
            place,
            conditions,
            reason,
        } = rule;
        match conditions.len() {
            0..=LONG => format!("{conditions} ({reason}, {place})"),
            _ => format!("{reason} ({place})"),
        }
    });
    let mut shown = first.collect::<Vec<_>>().join("; ");
    if rules.len() > 3 {
        shown.push_str(&format!("; and {} more", rules.len() - 3));
    }
    format!("it is allowed with other arguments: {shown}; {NO_ARGUMENTS}")
}

/// What the component has that its role must have a filter for.
fn uses(component: &Component) -> Vec<&'static str> {
    let mut uses = Vec::new();
    if !component.listen.is_empty() {
        uses.push("listen");
    }
    if component.network != Network::None {
        uses.push("network");
    }
    if component
        .devices
        .iter()
        .any(|device| super::line(&device.origin).is_some())
    {
        uses.push("devices");
    }
    if component.realtime.is_some() {
        uses.push("realtime");
    }
    if component.fork.value {
        uses.push("fork");
    }
    if component.proc.value {
        uses.push("proc");
    }
    uses
}

/// What the profiles say of a call is asked of them here alone.
#[cfg(test)]
mod tests {
    use super::*;
    use crate::denials::testing;

    #[test]
    fn what_a_profile_says_of_a_call_is_found_with_its_reason() {
        let plan = testing::plan();
        let service = &plan.components[1];
        let openat = rules(&plan, service, "openat");
        assert_eq!(openat.len(), 2, "{openat:?}");
        assert!(openat[0].conditions.contains("O_CREAT"));
        assert_eq!(openat[0].reason, "files of the compartment's own root");
        assert!(openat[0].place.starts_with("profiles/seccomp/base.policy:"));
        assert_eq!(rules(&plan, service, "ptrace"), []);
        assert!(answered_as_absent("clone3").is_some());
        assert!(answered_as_absent("ptrace").is_none());
    }

    #[test]
    fn the_key_that_would_allow_a_call_is_named() {
        let plan = testing::plan();
        let service = &plan.components[1];
        let by = |call| -> Vec<&str> {
            let given = given_by(&plan, service, call);
            given.into_iter().map(|(name, _)| name).collect()
        };
        assert_eq!(by("vfork"), ["fork"]);
        assert_eq!(by("connect"), ["network-connect"]);
        assert_eq!(by("mlockall"), ["realtime"]);
        assert_eq!(by("ptrace"), Vec::<&str>::new());
        assert!(roles_with("unlinkat").contains(&"network-program"));
        assert!(!roles_with("unlinkat").contains(&"network-service"));
    }
}
