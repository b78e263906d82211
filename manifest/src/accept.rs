//! Warnings that are meant: `accept: [{warning: NAME, because: text}]`.

use crate::diagnostic::{Diagnostic, Sink};
use crate::model::{Accept, Manifest};
use crate::nearest::nearest;
use crate::scalar::short;

/// When a warning can be found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    /// From the manifest alone.
    Check,
    /// With the facts of the target.
    Resolve,
}

/// Every warning there is, and when it is found.
const WARNINGS: &[(&str, Stage)] = &[
    ("broad-path", Stage::Check),
    ("layer-allowed-missing", Stage::Check),
    ("difference-only-reported", Stage::Check),
    ("never-restarted", Stage::Check),
    ("realtime-priority", Stage::Check),
    ("realtime-without-watchdog", Stage::Check),
    ("literal-dollar", Stage::Check),
    ("loader-environment", Stage::Check),
    ("redundant-grant", Stage::Check),
    ("long-deadline", Stage::Check),
    ("short-watchdog", Stage::Check),
    ("mode", Stage::Resolve),
    ("block-device", Stage::Resolve),
    ("shared-path", Stage::Resolve),
    ("shared-device", Stage::Check),
];

/// All acceptances with the component or channel they stand in.
fn all(manifest: &Manifest) -> impl Iterator<Item = (&Accept, Option<&str>)> {
    let components = manifest.components.iter().flat_map(|component| {
        component
            .accept
            .iter()
            .map(|accept| (accept, Some(component.name.value.as_str())))
    });
    let channels = manifest.channels.iter().flat_map(|channel| {
        channel
            .accept
            .iter()
            .map(|accept| (accept, Some(channel.name.value.as_str())))
    });
    manifest
        .accept
        .iter()
        .map(|accept| (accept, None))
        .chain(components)
        .chain(channels)
}

/// Errors: acceptances of warnings that do not exist, or without a reason.
pub(crate) fn names(manifest: &Manifest, sink: &mut Sink) {
    for (accept, _) in all(manifest) {
        let known = WARNINGS.iter().map(|(name, _)| *name);
        if !known.clone().any(|name| name == accept.warning.value) {
            let help = match nearest(&accept.warning.value, known.clone()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!(
                    "the warnings are {}",
                    crate::read::listed(&known.collect::<Vec<_>>())
                ),
            };
            sink.push(
                Diagnostic::error(
                    "unknown-warning",
                    format!("there is no warning `{}`", short(&accept.warning.value)),
                )
                .at(accept.warning.at)
                .label("unknown warning")
                .help(help),
            );
        }
        if accept.because.value.trim().chars().count() < 3 {
            sink.push(
                Diagnostic::error("acceptance", "an acceptance without a reason")
                    .at(accept.because.at)
                    .label("no reason")
                    .help("say why, for whoever has to judge it"),
            );
        }
    }
}

/// Drops what is accepted; an acceptance of nothing is a warning itself.
pub(crate) fn filter(
    manifest: &Manifest,
    warnings: Vec<Diagnostic>,
    stage: Stage,
) -> Vec<Diagnostic> {
    let meant = |accept: &Accept, subject: Option<&str>, warning: &Diagnostic| {
        accept.warning.value == warning.code
            && (subject.is_none() || warning.subject.as_deref() == subject)
    };
    let mut left: Vec<Diagnostic> = Vec::new();
    for (accept, subject) in all(manifest) {
        let here = WARNINGS
            .iter()
            .any(|(name, at)| *name == accept.warning.value && *at == stage);
        if here
            && !warnings
                .iter()
                .any(|warning| meant(accept, subject, warning))
        {
            left.push(
                Diagnostic::warning(
                    "unused-acceptance",
                    format!(
                        "there is no warning `{}` here to accept",
                        accept.warning.value
                    ),
                )
                .at(accept.warning.at)
                .label("accepts nothing")
                .help("remove it"),
            );
        }
    }
    left.extend(
        warnings.into_iter().filter(|warning| {
            !all(manifest).any(|(accept, subject)| meant(accept, subject, warning))
        }),
    );
    left.sort_by_key(|diagnostic| diagnostic.span);
    left
}
