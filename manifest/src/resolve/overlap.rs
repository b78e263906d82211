//! Grants side by side: what one component could do to another through a path.

use super::paths::inside;
use crate::diagnostic::{Diagnostic, Position, Sink};
use crate::model::Manifest;
use crate::plan::{Access, Component, FileGrant, Purpose};

/// What is only seen when all grants stand side by side, links resolved.
pub(super) fn across(manifest: &Manifest, components: &[Component], sink: &mut Sink) {
    let at = |component: &Component, grant: &FileGrant| place(manifest, component, grant);
    for (index, one) in components.iter().enumerate() {
        for other in &components[index..] {
            for (a, b) in pairs(one, other) {
                if a.quota.is_some()
                    && b.quota.is_some()
                    && (a.quota, &a.source) != (b.quota, &b.source)
                {
                    sink.push(
                        Diagnostic::error("size", format!("`{}` would be held to two sizes at once", b.source))
                            .at(at(other, b))
                            .label("one size here")
                            .related(at(one, a), "another here")
                            .help("a directory has one size, and none of its own within another's: leave the size out here, or choose a directory beside"),
                    );
                }
                let (writer, reader, grant, seen) = match (a.access, b.access) {
                    (Access::Write, _) => (one, other, a, b),
                    (_, Access::Write) => (other, one, b, a),
                    _ => continue,
                };
                if seen.access == Access::Execute {
                    sink.push(
                        Diagnostic::error(
                            "writable-program",
                            format!(
                                "`{}` could change what `{}` executes: `{}`",
                                writer.name, reader.name, seen.source
                            ),
                        )
                        .at(at(writer, grant))
                        .label("written here")
                        .related(at(reader, seen), "executed here")
                        .help("keep programs where no component writes"),
                    );
                } else if one.name != other.name {
                    sink.push(
                        Diagnostic::warning("shared-path", format!("`{}` and `{}` share `{}`, beside the channels", writer.name, reader.name, seen.source))
                            .at(at(writer, grant))
                            .label("written here")
                            .related(at(reader, seen), "and seen here")
                            .subject(&writer.name)
                            .help("use a channel; if it is meant, `accept: [{warning: shared-path, because: ...}]`"),
                    );
                }
            }
        }
    }
}

/// Every two grants that overlap on the device, each pair once; a tmpfs overlaps nothing.
fn pairs<'a>(one: &'a Component, other: &'a Component) -> Vec<(&'a FileGrant, &'a FileGrant)> {
    let same = std::ptr::eq(one, other);
    let mut pairs = Vec::new();
    for (i, a) in one
        .files
        .iter()
        .enumerate()
        .filter(|(_, grant)| grant.size.is_none())
    {
        let rest = if same {
            &other.files[i + 1..]
        } else {
            &other.files[..]
        };
        for b in rest.iter().filter(|grant| grant.size.is_none()) {
            if inside(&a.source, &b.source) || inside(&b.source, &a.source) {
                pairs.push((a, b));
            }
        }
    }
    pairs
}

/// Where in the manifest a grant was asked for.
fn place(manifest: &Manifest, component: &Component, grant: &FileGrant) -> Position {
    let Some(written) = manifest
        .components
        .iter()
        .find(|written| written.name.value == component.name)
    else {
        return manifest.device.at;
    };
    if grant.purpose == Purpose::Declared
        && let Some(file) = written
            .files
            .iter()
            .find(|file| file.path.value == grant.path)
    {
        return file.path.at;
    }
    written.exec.first().map_or(written.name.at, |at| at.at)
}
