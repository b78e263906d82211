//! Checks of sockets: those the supervisor holds, and those a program makes itself.

use super::paths::duplicate;
use crate::diagnostic::{At, Diagnostic, Position, Sink};
use crate::model::{Component, Manifest};
use crate::plan::Layer;
use std::net::{IpAddr, SocketAddr};

pub(super) fn check(component: &Component, sink: &mut Sink) {
    let Some(network) = &component.network else {
        return;
    };
    if network.bind.is_empty() && network.connect.is_empty() {
        sink.push(
            Diagnostic::error(
                "network",
                "`network` grants nothing and still shares the device's network",
            )
            .at(network.at)
            .label("no port in it")
            .help("remove it, or name ports: `network: {bind: [tcp/11112]}`"),
        );
    }
    if let Some(listen) = component.listen.first() {
        sink.push(
            Diagnostic::error("listen-and-network", "`listen` gives an empty network, `network` the device's: one component has one of them")
                .at(network.at)
                .label("shares the device's network")
                .related(listen.name.at, "held by the supervisor")
                .help("let the supervisor hold every socket it can, and leave what connects out to another component"),
        );
    }
    for ports in [&network.bind, &network.connect] {
        for (index, port) in ports.iter().enumerate() {
            if let Some(first) = ports[..index]
                .iter()
                .find(|first| first.value == port.value)
            {
                duplicate(
                    format!("tcp/{} stands twice", port.value),
                    port.at,
                    first.at,
                    sink,
                );
            }
        }
    }
    let without = |layer| component.allow_missing.iter().find(|at| at.value == layer);
    if let (Some(landlock), Some(selinux)) = (without(Layer::LandlockTcp), without(Layer::Selinux))
    {
        sink.push(
            Diagnostic::error(
                "network",
                "without landlock-tcp and without selinux nothing holds the program to its ports",
            )
            .at(network.at)
            .label("would be open to every port")
            .related(landlock.at, "one may be missing")
            .related(selinux.at, "and so may the other")
            .help("require one of the two, or use `listen`"),
        );
    }
}

/// An address of the device that a component takes.
struct Taken<'m> {
    component: &'m str,
    /// None for every address.
    ip: Option<IpAddr>,
    port: u16,
    at: Position,
}

/// One port is held once.
pub(super) fn across(manifest: &Manifest, sink: &mut Sink) {
    let mut taken: Vec<Taken<'_>> = Vec::new();
    for component in &manifest.components {
        let name = component.name.value.as_str();
        let listened = component
            .listen
            .iter()
            .map(|listen| held(name, &listen.tcp));
        let bound = component.network.iter().flat_map(|network| &network.bind);
        let bound = bound.map(|port| Taken {
            component: name,
            ip: None,
            port: port.value,
            at: port.at,
        });
        for one in listened.chain(bound) {
            if let Some(first) = taken.iter().find(|first| first.clashes(&one)) {
                // Twice in one list of ports is said already.
                if first.component != one.component
                    || first.ip.is_some()
                    || one.ip.is_some()
                    || component.network.is_none()
                {
                    sink.push(
                        Diagnostic::error(
                            "port-taken",
                            format!("port {} is taken by `{}`", one.port, first.component),
                        )
                        .at(one.at)
                        .label("taken already")
                        .related(first.at, "taken here")
                        .help("give one of them another port or another address"),
                    );
                }
            }
            taken.push(one);
        }
    }
}

fn held<'m>(component: &'m str, tcp: &At<SocketAddr>) -> Taken<'m> {
    let ip = tcp.value.ip();
    Taken {
        component,
        ip: (!ip.is_unspecified()).then_some(ip),
        port: tcp.value.port(),
        at: tcp.at,
    }
}

impl Taken<'_> {
    fn clashes(&self, other: &Self) -> bool {
        self.port == other.port
            && match (self.ip, other.ip) {
                (Some(a), Some(b)) => a == b,
                _ => true,
            }
    }
}
