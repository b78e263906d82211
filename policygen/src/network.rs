//! TCP: listening sockets of the supervisor's, ports of a program's own.

use crate::labels::{Label, Labels};
use crate::names::SUPERVISOR;
use crate::writer::Writer;
use cordon_manifest::plan::{Component, Granted, Network};

/// Declares the device's own port types.
pub(crate) fn declare(writer: &mut Writer<'_>, labels: &Labels) {
    if labels.ports.is_empty() {
        return;
    }
    writer.heading("ports");
    for (port, (label, origin)) in &labels.ports {
        match label {
            Label::Own(name) => {
                writer.group(
                    &format!("TCP port {port} carries a type of its own."),
                    origin,
                );
                writer.declare(name, "object_r", &format!("TCP port {port}"));
                writer.join(name, &["port_type"]);
                writer.statement(&format!(
                    "(portcon tcp {port} (system_u object_r {name} ((s0) (s0))))"
                ));
            }
            Label::Base(name) => {
                writer.group(
                    &format!(
                        "TCP port {port} keeps the label {name} of the base policy, and shares it with \
                         that label's other ports, between which Landlock and the supervisor tell."
                    ),
                    origin,
                );
                writer.base(name);
            }
        }
    }
}

/// Grants a component its sockets.
pub(crate) fn write(writer: &mut Writer<'_>, labels: &Labels, component: &Component, domain: &str) {
    for listen in &component.listen {
        let Some((label, _)) = labels.ports.get(&listen.tcp.port()) else {
            continue;
        };
        writer.group(
            &format!(
                "It accepts on the socket {}, which the supervisor bound and which keeps the supervisor's \
                 label, as accepted ones do; it can bind, listen and connect none.",
                listen.name
            ),
            &listen.origin,
        );
        let node = writer.base("node_t").to_owned();
        writer.allow(
            SUPERVISOR,
            "self",
            "tcp_socket",
            // Reading and writing is what taking a copy back, for the proof, asks for.
            &[
                "bind", "create", "getattr", "getopt", "listen", "read", "setopt", "write",
            ],
        );
        writer.allow(SUPERVISOR, &node, "tcp_socket", &["node_bind"]);
        writer.allow(SUPERVISOR, label.name(), "tcp_socket", &["name_bind"]);
        writer.allow(
            domain,
            SUPERVISOR,
            "tcp_socket",
            &[
                "accept", "getattr", "getopt", "read", "setopt", "shutdown", "write",
            ],
        );
    }
    if let Network::Host { bind, connect } = &component.network {
        own(writer, labels, domain, bind, true);
        own(writer, labels, domain, connect, false);
    }
}

/// Sockets the program makes itself, held to the ports that it names.
fn own(writer: &mut Writer<'_>, labels: &Labels, domain: &str, ports: &[Granted<u16>], bind: bool) {
    for port in ports {
        let Some((label, _)) = labels.ports.get(&port.value) else {
            continue;
        };
        let number = port.value;
        let common = [
            "create", "getattr", "getopt", "read", "setopt", "shutdown", "write",
        ];
        if bind {
            writer.group(
                &format!("It binds and listens on TCP port {number}."),
                &port.origin,
            );
            let node = writer.base("node_t").to_owned();
            writer.allow(domain, "self", "tcp_socket", &common);
            writer.allow(domain, "self", "tcp_socket", &["accept", "bind", "listen"]);
            writer.allow(domain, &node, "tcp_socket", &["node_bind"]);
            writer.allow(domain, label.name(), "tcp_socket", &["name_bind"]);
        } else {
            writer.group(&format!("It connects to TCP port {number}."), &port.origin);
            writer.allow(domain, "self", "tcp_socket", &common);
            writer.allow(domain, "self", "tcp_socket", &["connect"]);
            writer.allow(domain, label.name(), "tcp_socket", &["name_connect"]);
        }
    }
}
