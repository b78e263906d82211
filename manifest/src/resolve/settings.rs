//! Settings: what the manifest says, else the role's default.

use super::{of_role, origin};
use crate::diagnostic::At;
use crate::model;
use crate::plan::{Granted, Limits, Origin, Realtime, Restart, RestartLimit, RestartPolicy};
use crate::roles::Role;

/// The manifest's value, else the role's.
pub(super) fn choice<T: Copy>(
    written: Option<&At<T>>,
    default: T,
    role: &Role,
    key: &str,
) -> Granted<T> {
    match written {
        Some(at) => Granted {
            value: at.value,
            origin: origin(at),
        },
        None => Granted {
            value: default,
            origin: of_role(role, key),
        },
    }
}

fn either<T: Copy>(
    written: Option<&At<T>>,
    default: Option<&At<T>>,
    role: &Role,
    key: &str,
) -> Option<Granted<T>> {
    match (written, default) {
        (Some(at), _) => Some(Granted {
            value: at.value,
            origin: origin(at),
        }),
        (None, Some(at)) => Some(Granted {
            value: at.value,
            origin: of_role(role, key),
        }),
        (None, None) => None,
    }
}

pub(super) fn limits(written: &model::Component, role: &Role) -> Limits {
    let (own, default) = (&written.limits, &role.limits);
    Limits {
        memory: either(
            own.memory.as_ref(),
            default.memory.as_ref(),
            role,
            "limits.memory",
        ),
        tasks: either(
            own.tasks.as_ref(),
            default.tasks.as_ref(),
            role,
            "limits.tasks",
        ),
        cpu: either(own.cpu.as_ref(), default.cpu.as_ref(), role, "limits.cpu"),
        descriptors: either(
            own.descriptors.as_ref(),
            default.descriptors.as_ref(),
            role,
            "limits.descriptors",
        )
        .unwrap_or(Granted {
            value: 256,
            origin: Origin::Language,
        }),
    }
}

pub(super) fn restart(written: &model::Component, role: &Role) -> Granted<Restart> {
    let (own, default) = (written.restart.as_ref(), &role.restart);
    let policy = own
        .and_then(|own| own.policy.as_ref())
        .or(default.policy.as_ref());
    let delay = own
        .and_then(|own| own.delay.as_ref())
        .or(default.delay.as_ref());
    let limit = own
        .and_then(|own| own.limit.as_ref())
        .or(default.limit.as_ref());
    let value = Restart {
        policy: policy.map_or(RestartPolicy::Always, |at| at.value),
        delay: delay.map_or(200, |at| at.value),
        limit: limit.map(|at| RestartLimit {
            starts: at.value.0,
            window: at.value.1,
        }),
    };
    let origin = match own {
        Some(own) => Origin::Manifest { line: own.at.line },
        None => of_role(role, "restart"),
    };
    Granted { value, origin }
}

pub(super) fn watchdog(written: &model::Component, role: &Role) -> Option<Granted<u64>> {
    match (&written.watchdog, role.watchdog) {
        (Some(at), _) => Some(Granted {
            value: at.value,
            origin: origin(at),
        }),
        (None, Some(ms)) => Some(Granted {
            value: ms,
            origin: of_role(role, "watchdog"),
        }),
        (None, None) => None,
    }
}

pub(super) fn realtime(written: &model::Component) -> Option<Granted<Realtime>> {
    written.realtime.as_ref().map(|at| {
        let asked = &at.value;
        let value = Realtime {
            policy: asked.policy,
            priority: asked.priority,
            lock_memory: asked.lock_memory,
        };
        Granted {
            value,
            origin: origin(at),
        }
    })
}

/// /proc: as written; where it is not, a program whose loader reads /proc/self/exe gets it.
pub(super) fn proc(
    written: &model::Component,
    role: &Role,
    needed_by: Option<&str>,
) -> Granted<bool> {
    match (&written.proc, needed_by) {
        (Some(at), None) => Granted {
            value: at.value,
            origin: origin(at),
        },
        (Some(at), Some(_)) if at.value => Granted {
            value: true,
            origin: origin(at),
        },
        (_, Some(program)) => Granted {
            value: true,
            origin: Origin::Derived {
                from: format!("$ORIGIN in the run path of {program}"),
            },
        },
        (None, None) => Granted {
            value: role.proc,
            origin: of_role(role, "proc"),
        },
    }
}
