//! Checks of one component: program, environment, limits, restart, real time.

use crate::diagnostic::{At, Diagnostic, Position, Sink};
use crate::model::Component;
use crate::plan::{OnDifference, RestartPolicy};
use crate::roles::Role;
use crate::scalar;

/// Priority of the kernel's own interrupt threads.
const IRQ_THREADS: u8 = 50;
/// ms; a shorter watchdog fires on a busy machine.
const SHORT_WATCHDOG: u64 = 100;

pub(super) fn check(component: &Component, sink: &mut Sink) {
    let warn = |code, message: String, at: Position, label: &str, help: &str, sink: &mut Sink| {
        let accept =
            format!("{help}; if it is meant, `accept: [{{warning: {code}, because: ...}}]`");
        sink.push(
            Diagnostic::warning(code, message)
                .at(at)
                .label(label)
                .subject(&component.name.value)
                .help(accept),
        );
    };
    let name = &component.name.value;
    if let Some(program) = component.exec.first()
        && let Err(wrong) = scalar::path(&program.value)
    {
        sink.push(
            Diagnostic::error(wrong.code, wrong.message)
                .at(program.at)
                .label("the program, by its absolute path")
                .help(wrong.help),
        );
    }
    let arguments = component
        .exec
        .iter()
        .skip(1)
        .chain(component.environment.iter().map(|(_, value)| value));
    for text in arguments.filter(|text| text.value.contains("${")) {
        warn(
            "literal-dollar",
            "`${` stays as it is: substitution does not exist".to_owned(),
            text.at,
            "not substituted",
            "write the value out",
            sink,
        );
    }
    for (variable, _) in component
        .environment
        .iter()
        .filter(|(variable, _)| variable.value.starts_with("LD_"))
    {
        let message = format!(
            "`{}` changes which code the dynamic loader puts into `{name}`",
            variable.value
        );
        warn(
            "loader-environment",
            message,
            variable.at,
            "read by the loader",
            "link the program against what it needs",
            sink,
        );
    }
    for (index, layer) in component.allow_missing.iter().enumerate() {
        if let Some(first) = component.allow_missing[..index]
            .iter()
            .find(|first| first.value == layer.value)
        {
            sink.push(
                Diagnostic::error(
                    "duplicate",
                    format!("`{}` stands twice in the list", layer.value),
                )
                .at(layer.at)
                .label("second time")
                .related(first.at, "first time")
                .help("keep one"),
            );
            continue;
        }
        let message = format!(
            "on a kernel without `{0}`, `{name}` runs without `{0}`",
            layer.value
        );
        warn(
            "layer-allowed-missing",
            message,
            layer.at,
            "one layer less",
            "remove it where every kernel has the layer",
            sink,
        );
    }
    if let Some(at) = component
        .on_difference
        .as_ref()
        .filter(|at| at.value == OnDifference::Alarm)
    {
        let message =
            format!("`{name}` goes on running when its confinement is no longer what was proved");
        warn(
            "difference-only-reported",
            message,
            at.at,
            "reported only",
            "say `stop` or `restart`",
            sink,
        );
    }
    if let Some(watchdog) = component
        .watchdog
        .as_ref()
        .filter(|at| at.value < SHORT_WATCHDOG)
    {
        let message = format!(
            "a watchdog of {} ms restarts a program that a busy machine merely delayed",
            watchdog.value
        );
        warn(
            "short-watchdog",
            message,
            watchdog.at,
            "very short",
            "100ms or more",
            sink,
        );
    }
    if let Some(realtime) = &component.realtime {
        if realtime.value.priority >= IRQ_THREADS {
            let message = format!(
                "priority {} stands above the kernel's interrupt threads ({IRQ_THREADS})",
                realtime.value.priority
            );
            warn(
                "realtime-priority",
                message,
                realtime.value.priority_at,
                "can hold up drivers",
                "1 to 49",
                sink,
            );
        }
        if component.watchdog.is_none() {
            let message = format!(
                "`{name}` is real-time and has no watchdog: a busy loop in it stops the device"
            );
            warn(
                "realtime-without-watchdog",
                message,
                realtime.at,
                "real-time",
                "add `watchdog: 2s`",
                sink,
            );
        }
    }
    restart(component, sink);
}

fn restart(component: &Component, sink: &mut Sink) {
    let Some(restart) = &component.restart else {
        return;
    };
    let Some(never) = restart
        .policy
        .as_ref()
        .filter(|at| at.value == RestartPolicy::Never)
    else {
        return;
    };
    for at in [
        restart.delay.as_ref().map(|at| at.at),
        restart.limit.as_ref().map(|at| at.at),
    ]
    .into_iter()
    .flatten()
    {
        sink.push(
            Diagnostic::error(
                "restart",
                "what is never restarted has no delay and no limit of restarts",
            )
            .at(at)
            .label("has no effect")
            .related(never.at, "never restarted")
            .help("remove it, or say `policy: on-failure`"),
        );
    }
    if component.required.as_ref().is_none_or(|at| at.value) {
        sink.push(
            Diagnostic::warning("never-restarted", format!("`{}` is required and never restarted: once it ends, the device stays without it", component.name.value))
                .at(never.at)
                .label("never")
                .subject(&component.name.value)
                .help("say `policy: on-failure`, or `required: false`; if it is meant, `accept: [{warning: never-restarted, because: ...}]`"),
        );
    }
}

/// What the role's system-call filter and the role's programs make possible.
pub(super) fn against_role(component: &Component, role: &Role, sink: &mut Sink) {
    let sockets = !component.listen.is_empty() || component.network.is_some();
    let wanted = [
        // A device beside sockets is refused whatever the role.
        (
            "devices",
            component
                .devices
                .first()
                .map(|device| device.at)
                .filter(|_| !sockets),
        ),
        (
            "listen",
            component.listen.first().map(|listen| listen.name.at),
        ),
        (
            "network",
            component.network.as_ref().map(|network| network.at),
        ),
        ("realtime", component.realtime.as_ref().map(|at| at.at)),
        (
            "fork",
            component
                .fork
                .as_ref()
                .filter(|at| at.value)
                .map(|at| at.at),
        ),
        (
            "proc",
            component
                .proc
                .as_ref()
                .filter(|at| at.value)
                .map(|at| at.at),
        ),
    ];
    for (word, at) in wanted {
        let Some(at) = at.filter(|_| !role.may.iter().any(|may| may == word)) else {
            continue;
        };
        let able: Vec<&str> = crate::roles::roles()
            .iter()
            .filter(|other| other.may.iter().any(|may| may == word))
            .map(|other| other.name.as_str())
            .collect();
        sink.push(
            Diagnostic::error(
                "role",
                format!(
                    "role `{}` has no `{word}`: its system-call filter is not made for it",
                    role.name
                ),
            )
            .at(at)
            .label(format!("not for `{}`", role.name))
            .related(component.role.at, "because of this role")
            .help(format!(
                "remove it, or take a role that has it: {}",
                crate::read::listed(&able)
            )),
        );
    }
    limits(component, role, sink);
}

fn limits(component: &Component, role: &Role, sink: &mut Sink) {
    let (own, least) = (&component.limits, &role.minimum);
    below(
        "memory",
        own.memory.as_ref(),
        least.memory.as_ref().map(|at| at.value),
        size,
        role,
        sink,
    );
    below(
        "tasks",
        own.tasks.as_ref(),
        least.tasks.as_ref().map(|at| at.value),
        |n| n.to_string(),
        role,
        sink,
    );
    below(
        "cpu",
        own.cpu.as_ref(),
        least.cpu.as_ref().map(|at| at.value),
        |n| format!("{n}%"),
        role,
        sink,
    );
    below(
        "descriptors",
        own.descriptors.as_ref(),
        least.descriptors.as_ref().map(|at| at.value),
        |n| n.to_string(),
        role,
        sink,
    );
}

fn below<T: PartialOrd + Copy>(
    name: &str,
    own: Option<&At<T>>,
    least: Option<T>,
    show: impl Fn(T) -> String,
    role: &Role,
    sink: &mut Sink,
) {
    let (Some(own), Some(least)) = (own, least) else {
        return;
    };
    if own.value < least {
        sink.push(
            Diagnostic::error(
                "limit",
                format!(
                    "`{name}: {}` is below what role `{}` needs",
                    show(own.value),
                    role.name
                ),
            )
            .at(own.at)
            .label("too low")
            .help(format!("at least `{name}: {}`", show(least))),
        );
    }
}

/// Bytes as the language writes them.
pub(crate) fn size(bytes: u64) -> String {
    [(30, 'G'), (20, 'M'), (10, 'K')]
        .into_iter()
        .find(|(shift, _)| bytes.trailing_zeros() >= *shift)
        .map_or_else(
            || format!("{bytes} bytes"),
            |(shift, unit)| format!("{}{unit}", bytes >> shift),
        )
}
