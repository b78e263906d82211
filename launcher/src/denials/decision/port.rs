//! What decides about a TCP port.

use super::{Decision, line, may, other_role};
use cordon_manifest::plan::{Component, Granted, Network, Plan};
use std::net::IpAddr;

/// Ports below are bound by the supervisor alone (ip_unprivileged_port_start's default).
const PRIVILEGED: u16 = 1024;

pub fn decide(
    plan: &Plan,
    component: &Component,
    port: u16,
    address: Option<IpAddr>,
    bind: bool,
) -> Decision {
    if let Some(listen) = component.listen.first() {
        return Decision::never(
            "a component that inherits its sockets reaches nobody else; what connects out is \
             another component, with `network`",
        )
        .at(line(&listen.origin));
    }
    let here = address.is_some_and(|address| address.is_loopback() || address.is_unspecified());
    let served = serves(plan, component, port);
    if let (false, true, Some(name)) = (bind, here, served) {
        return Decision::never(format!(
            "{name} serves it, and components of one device are linked by `channels` alone"
        ));
    }
    if bind && let Some(name) = served {
        return Decision::never(format!("port {port} is {name}'s"));
    }
    if bind && port < PRIVILEGED {
        return Decision::never(
            "no component has the capability to bind it; the supervisor can, and the program \
             inherits the socket: `listen` instead of `network`",
        );
    }
    if !may(component, "network") {
        return other_role(component, "network", "`network` with its ports");
    }
    let (bound, connected) = match &component.network {
        Network::None => (&[][..], &[][..]),
        Network::Host { bind, connect } => (&bind[..], &connect[..]),
    };
    let wanted = if bind { bound } else { connected };
    if let Some(granted) = wanted.iter().find(|granted| granted.value == port) {
        return Decision::granted(
            &granted.origin,
            "the manifest grants it. It was refused before the manifest did, or the component \
             has not been started again since",
        );
    }
    let list = |ports: &[Granted<u16>], more: bool| {
        let ports = ports.iter().map(|granted| granted.value);
        let all = ports.chain(more.then_some(port));
        all.map(|port| format!("tcp/{port}"))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let lists = [
        ("bind", list(bound, bind)),
        ("connect", list(connected, !bind)),
    ];
    let filled = lists.iter().filter(|(_, ports)| !ports.is_empty());
    let keys: Vec<String> = filled
        .map(|(key, ports)| format!("{key}: [{ports}]"))
        .collect();
    let paste = format!("network: {{{}}}", keys.join(", "));
    let mut why = if bind {
        "from any address that reaches the device".to_owned()
    } else {
        "to any address: a port is held, an address is not".to_owned()
    };
    if let Some(name) = served {
        why.push_str(&format!("; on this device {name} serves it, too"));
    }
    match bound.iter().chain(connected).next() {
        Some(granted) => Decision::instead(component, &granted.origin, paste, why),
        None => Decision::missing(component, paste, why),
    }
}

/// Another component of the device that serves the port.
fn serves<'a>(plan: &'a Plan, component: &Component, port: u16) -> Option<&'a str> {
    let others = plan.components.iter();
    let mut others = others.filter(|other| other.name != component.name);
    let found = others.find(|other| {
        let inherits = other.listen.iter().any(|listen| listen.tcp.port() == port);
        let binds = match &other.network {
            Network::None => false,
            Network::Host { bind, .. } => bind.iter().any(|granted| granted.value == port),
        };
        inherits || binds
    })?;
    Some(&found.name)
}
