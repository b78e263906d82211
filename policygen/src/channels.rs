//! Channels: memory that the supervisor makes, one component writes and
//! others read.

use crate::error::Error;
use crate::names::{self, SUPERVISOR};
use crate::writer::Writer;
use cordon_manifest::plan::{Channel, Granted, Origin, Plan};

/// Writes every channel of a Plan.
pub(crate) fn write(writer: &mut Writer<'_>, plan: &Plan) {
    for channel in &plan.channels {
        writer.heading(&format!("channel {}", channel.name));
        let label = names::channel_type(&plan.device, &channel.name);
        memory(writer, channel, &label);
        for (end, writes) in ends(channel) {
            if !plan.components.iter().any(|c| c.name == end.value) {
                writer.errors.push(Error::NoSuchComponent {
                    channel: channel.name.clone(),
                    component: end.value.clone(),
                    origin: end.origin.to_string(),
                });
                continue;
            }
            let domain = names::domain_type(&plan.device, &end.value);
            let (sentence, permissions): (_, &[&str]) = if writes {
                (
                    format!(
                        "{} writes it: it can map it, and not open or execute it.",
                        end.value
                    ),
                    &["getattr", "map", "read", "write"],
                )
            } else {
                (
                    format!(
                        "{} reads it: it can map it read-only, and not open it again.",
                        end.value
                    ),
                    &["getattr", "map", "read"],
                )
            };
            writer.group(&sentence, &end.origin);
            both_classes(writer, &[(&domain, &label, permissions)]);
            writer.group(
                "It receives the channel over the control socket it inherits, a socket of the supervisor's \
                 (SOCK_SEQPACKET is of class unix_stream_socket).",
                &end.origin,
            );
            writer.allow(
                &domain,
                SUPERVISOR,
                "unix_stream_socket",
                &["getattr", "getopt", "read", "write"],
            );
        }
    }
}

/// Both ends of a channel; true for the writer.
pub(crate) fn ends(channel: &Channel) -> impl Iterator<Item = (&Granted<String>, bool)> {
    std::iter::once((&channel.from, true)).chain(channel.to.iter().map(|end| (end, false)))
}

fn memory(writer: &mut Writer<'_>, channel: &Channel, label: &str) {
    let origin = Origin::Manifest { line: channel.line };
    writer.group(
        "Its memory has a type that joins no attribute of the base policy: in file_type, package \
         managers, administrators and every unconfined domain could write it.",
        &origin,
    );
    writer.declare(label, "object_r", &format!("channel {}", channel.name));
    let tmpfs = writer.base("tmpfs_t").to_owned();
    writer.allow(label, &tmpfs, "filesystem", &["associate"]);
    writer.group(
        "The supervisor labels a new memfd as this channel, sizes and seals it, and opens it again \
         read-only for the readers.",
        &origin,
    );
    both_classes(
        writer,
        &[(
            SUPERVISOR,
            label,
            &[
                "getattr",
                "map",
                "open",
                "read",
                "relabelto",
                "setattr",
                "write",
            ],
        )],
    );
}

/// Rules on a channel's memory. A memfd is of class `file`; kernels from 6.19,
/// under a policy with the capability `memfd_class`, say `memfd_file`. That
/// class alone stands in an `optional`: a base policy without it cannot mean it.
fn both_classes(writer: &mut Writer<'_>, rules: &[(&str, &str, &[&'static str])]) {
    for (source, target, permissions) in rules {
        writer.allow(source, target, "file", permissions);
        writer.statement(&format!(
            "(optional {source}_{target}_memfd\n    (allow {source} {target} (memfd_file ({}))))",
            permissions.join(" ")
        ));
    }
}
