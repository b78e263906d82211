//! Resolution: a manifest and the facts of a target into a Plan. Pure.

mod devices;
mod files;
mod overlap;
mod paths;
mod program;
mod residual;
mod settings;

pub(crate) use paths::inside;

use crate::accept;
use crate::diagnostic::{At, Diagnostic, Report, Sink};
use crate::facts::Facts;
use crate::model::{self, Manifest};
use crate::nearest::nearest;
use crate::plan::{Channel, Component, Field, Granted, Listen, Network, Origin, Pace, Plan, User};
use crate::roles::{self, Role};

/// The dynamic loader's cache; granted to dynamic programs where it is there.
pub(crate) const LOADER_CACHE: &str = "/etc/ld.so.cache";

/// What resolution gives.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// Everything decided.
    pub plan: Plan,
    /// What is legal but unwise on this target, and not accepted.
    pub warnings: Vec<Diagnostic>,
}

/// Decides everything.
///
/// # Errors
/// Every way in which the target does not fit the manifest, all at once.
pub fn resolve(manifest: &Manifest, facts: &Facts) -> Result<Resolved, Report> {
    let mut sink = Sink::default();
    let mut components = Vec::new();
    let mut residual = Vec::new();
    for written in &manifest.components {
        let Some(role) = roles::role(&written.role.value) else {
            continue;
        };
        if let Some(component) = component(written, role, facts, &mut sink) {
            residual::of(&component, written, &mut residual);
            components.push(component);
        }
    }
    users(manifest, facts, &mut sink);
    overlap::across(manifest, &components, &mut sink);
    let diagnostics = sink.finish();
    if diagnostics
        .iter()
        .any(|d| d.severity == crate::diagnostic::Severity::Error)
    {
        return Err(Report {
            file: manifest.file.clone(),
            diagnostics,
        });
    }
    let warnings = accept::filter(manifest, diagnostics, accept::Stage::Resolve);
    let channels = manifest.planned_channels();
    let plan = Plan {
        cordon: 1,
        device: manifest.device.value.clone(),
        components,
        channels,
        residual,
    };
    Ok(Resolved { plan, warnings })
}

pub(crate) const fn origin<T>(at: &At<T>) -> Origin {
    Origin::Manifest { line: at.at.line }
}

pub(crate) fn of_role(role: &Role, key: &str) -> Origin {
    Origin::Role {
        role: role.name.clone(),
        key: key.to_owned(),
    }
}

fn component(
    written: &model::Component,
    role: &Role,
    facts: &Facts,
    sink: &mut Sink,
) -> Option<Component> {
    let program = program::program(written, facts, sink);
    let user = user(written, facts, sink);
    let mut files = Vec::new();
    if let Some(program) = &program {
        files.extend(program.files.iter().cloned());
    }
    files.extend(files::files(
        written,
        role,
        facts,
        user.as_ref(),
        &files,
        sink,
    ));
    let devices = devices::devices(written, role, facts, sink);
    let network = network(written, facts, sink);
    let program = program?;
    let proc = settings::proc(written, role, program.origin_of_proc.as_deref());
    Some(Component {
        name: written.name.value.clone(),
        line: written.name.at.line,
        role: Granted {
            value: role.name.clone(),
            origin: origin(&written.role),
        },
        program: program.program,
        user: Granted {
            value: user?,
            origin: origin(&written.user),
        },
        files,
        devices,
        listen: written
            .listen
            .iter()
            .map(|listen| Listen {
                name: listen.name.value.clone(),
                tcp: listen.tcp.value,
                origin: origin(&listen.tcp),
            })
            .collect(),
        network,
        realtime: settings::realtime(written),
        limits: settings::limits(written, role),
        watchdog: settings::watchdog(written, role),
        restart: settings::restart(written, role),
        stop_timeout: settings::choice(
            written.stop_timeout.as_ref(),
            role.stop_timeout,
            role,
            "stop-timeout",
        ),
        required: settings::choice(written.required.as_ref(), role.required, role, "required"),
        notify: settings::choice(written.notify.as_ref(), role.notify, role, "notify"),
        on_difference: settings::choice(
            written.on_difference.as_ref(),
            role.on_difference,
            role,
            "on-difference",
        ),
        environment: written
            .environment
            .iter()
            .map(|(name, value)| Granted {
                value: (name.value.clone(), value.value.clone()),
                origin: origin(name),
            })
            .collect(),
        proc,
        fork: settings::choice(written.fork.as_ref(), role.fork, role, "fork"),
        allow_missing: written
            .allow_missing
            .iter()
            .map(|layer| Granted {
                value: layer.value,
                origin: origin(layer),
            })
            .collect(),
    })
}

/// The user, from the facts; a number that belongs to nobody is its own group.
fn user(written: &model::Component, facts: &Facts, sink: &mut Sink) -> Option<User> {
    let name = &written.user;
    let fact = facts.users.get(&name.value).copied();
    let number = name.value.parse::<u32>().ok();
    let (uid, gid) = match (fact, number) {
        (Some(fact), _) => (fact.uid, fact.gid),
        (None, Some(number)) => (number, number),
        (None, None) => {
            let known = facts
                .users
                .keys()
                .map(String::as_str)
                .filter(|known| known.parse::<u32>().is_err());
            let help = match nearest(&name.value, known) {
                Some(meant) => {
                    format!("did you mean `{meant}`? The package creates its users by sysusers.d")
                }
                None => format!(
                    "create it, for example by sysusers.d: `u {} - \"{}\"`",
                    name.value, written.name.value
                ),
            };
            sink.push(
                Diagnostic::error(
                    "unknown-user",
                    format!("there is no user `{}` on this device", name.value),
                )
                .at(name.at)
                .label("unknown user")
                .help(help),
            );
            return None;
        }
    };
    for (what, id) in [("user", uid), ("group", gid)] {
        let why = match id {
            0 => "root's",
            u32::MAX => "-1 to the kernel",
            _ => continue,
        };
        sink.push(
            Diagnostic::error(
                "user",
                format!("`{}` has {what} id {id}, which is {why}", name.value),
            )
            .at(name.at)
            .label(format!("{what} id {id}"))
            .help("a component has a user and a group of its own"),
        );
        return None;
    }
    Some(User {
        name: name.value.clone(),
        uid,
        gid,
    })
}

/// Two names may be one user, which only the target knows.
fn users(manifest: &Manifest, facts: &Facts, sink: &mut Sink) {
    let uid = |component: &model::Component| {
        let name = &component.user.value;
        facts
            .users
            .get(name)
            .map(|fact| fact.uid)
            .or_else(|| name.parse().ok())
    };
    for (index, second) in manifest.components.iter().enumerate() {
        let Some(id) = uid(second) else { continue };
        let Some(first) = manifest.components[..index]
            .iter()
            .find(|first| uid(first) == Some(id))
        else {
            continue;
        };
        sink.push(
            Diagnostic::error(
                "shared-user",
                format!(
                    "`{}` and `{}` run as one user (uid {id})",
                    first.name.value, second.name.value
                ),
            )
            .at(second.user.at)
            .label("the same user")
            .related(first.user.at, "the other one")
            .help("a user of its own keeps a component from signalling and reading another"),
        );
    }
}

fn network(written: &model::Component, facts: &Facts, sink: &mut Sink) -> Network {
    let Some(network) = &written.network else {
        return Network::None;
    };
    for port in network
        .bind
        .iter()
        .filter(|port| port.value < facts.unprivileged_port_start)
    {
        sink.push(
            Diagnostic::error(
                "privileged-port",
                format!("port {} is below {}, and no capability exists here that would allow it", port.value, facts.unprivileged_port_start),
            )
            .at(port.at)
            .label("needs a privilege")
            .help(format!("let the supervisor hold it: `listen: [{{name: NAME, tcp: \"0.0.0.0:{}\"}}]`, or take a higher port", port.value)),
        );
    }
    let ports = |ports: &[At<u16>]| {
        ports
            .iter()
            .map(|port| Granted {
                value: port.value,
                origin: origin(port),
            })
            .collect::<Vec<_>>()
    };
    Network::Host {
        bind: ports(&network.bind),
        connect: ports(&network.connect),
    }
}

impl Manifest {
    /// The channels as the Plan has them: nothing of the target is asked for that.
    #[must_use]
    pub fn planned_channels(&self) -> Vec<Channel> {
        self.channels.iter().filter_map(channel).collect()
    }
}

fn channel(written: &model::Channel) -> Option<Channel> {
    let pace = match (&written.period, &written.deadline, &written.rate) {
        (Some(period), Some(deadline), None) => Granted {
            value: Pace::Periodic {
                period: period.value,
                deadline: deadline.value,
            },
            origin: origin(period),
        },
        (None, None, Some(rate)) => Granted {
            value: Pace::Sporadic {
                records: rate.value.0,
                per: rate.value.1,
            },
            origin: origin(rate),
        },
        // Refused by `check`.
        _ => return None,
    };
    Some(Channel {
        name: written.name.value.clone(),
        line: written.name.at.line,
        from: Granted {
            value: written.from.value.clone(),
            origin: origin(&written.from),
        },
        to: written
            .to
            .iter()
            .map(|to| Granted {
                value: to.value.clone(),
                origin: origin(to),
            })
            .collect(),
        pace,
        record: written.record.iter().map(field).collect(),
    })
}

fn field(written: &model::Field) -> Field {
    Field {
        name: written.name.value.clone(),
        scalar: written.kind.value.0,
        array: written.kind.value.1,
        unit: written.unit.as_ref().map(|unit| unit.value.clone()),
        range: written.range.as_ref().map(|range| range.value),
        values: written
            .values
            .iter()
            .map(|value| value.value.clone())
            .collect(),
        doc: written.doc.as_ref().map(|doc| doc.value.clone()),
        line: written.name.at.line,
    }
}
