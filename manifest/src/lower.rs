//! From typed keys to the model.
//!
//! [`crate::read`] has typed every value and reported what is missing or wrong. So
//! that one wrong key does not hide what else is to be said of a component, its
//! value is left empty here; a manifest with an error goes no farther than the checks.

use crate::diagnostic::{At, Diagnostic, Position, Sink};
use crate::model::{
    Accept, Channel, Component, Device, Field, File, Limits, Listen, Manifest, Network, Realtime,
    Restart,
};
use crate::plan::{Access, Layer, Missing, OnDifference, RealtimePolicy, RestartPolicy};
use crate::value::{Fields, Value};

/// What could be understood of a manifest, for the checks that follow.
pub(crate) fn manifest(fields: &Fields, file: &str) -> Manifest {
    let written = |(_, fields): &&(At<String>, Fields)| fields.at.is_some();
    Manifest {
        file: file.to_owned(),
        device: text(fields, "device"),
        components: fields
            .named("components")
            .iter()
            .filter(written)
            .map(|(name, fields)| component(name, fields))
            .collect(),
        channels: fields
            .named("channels")
            .iter()
            .filter(written)
            .map(|(name, fields)| channel(name, fields))
            .collect(),
        accept: accept(fields),
    }
}

/// A required text; empty where it was missing or wrong, which has been said.
fn text(fields: &Fields, name: &str) -> At<String> {
    let nowhere = fields.at.unwrap_or(Position::new(1, 1, 1));
    fields.text(name).unwrap_or(At::new(String::new(), nowhere))
}

fn component(name: &At<String>, fields: &Fields) -> Component {
    Component {
        name: name.clone(),
        role: text(fields, "role"),
        exec: fields.texts("exec"),
        user: text(fields, "user"),
        devices: devices(fields),
        files: files(fields),
        listen: fields
            .tables("listen")
            .filter_map(|(fields, _)| listen(fields))
            .collect(),
        network: fields.get("network").and_then(|at| {
            Some(network(
                fields.table("network")?,
                fields.key("network").unwrap_or(at.at),
            ))
        }),
        realtime: fields
            .table("realtime")
            .and_then(|inner| realtime(inner, fields.key("realtime")?)),
        limits: fields.table("limits").map(limits).unwrap_or_default(),
        watchdog: fields.millis("watchdog"),
        restart: fields
            .table("restart")
            .and_then(|inner| Some(restart(inner, fields.key("restart")?))),
        stop_timeout: fields.millis("stop-timeout"),
        required: fields.bool("required"),
        notify: fields.bool("notify"),
        on_difference: on_difference(fields),
        environment: match fields.get("environment").map(|at| &at.value) {
            Some(Value::Pairs(pairs)) => pairs.clone(),
            _ => Vec::new(),
        },
        proc: fields.bool("proc"),
        fork: fields.bool("fork"),
        allow_missing: layers(fields),
        accept: accept(fields),
    }
}

/// A word of a closed list into its value.
fn word<T>(fields: &Fields, name: &str, f: impl Fn(&str) -> Option<T>) -> Option<At<T>> {
    let text = fields.text(name)?;
    Some(At::new(f(&text.value)?, text.at))
}

fn access(fields: &Fields) -> Option<At<Access>> {
    word(fields, "access", |word| match word {
        "read" => Some(Access::Read),
        "write" => Some(Access::Write),
        "execute" => Some(Access::Execute),
        _ => None,
    })
}

fn missing(fields: &Fields) -> Option<At<Missing>> {
    word(fields, "missing", |word| match word {
        "error" => Some(Missing::Error),
        "skip" => Some(Missing::Skip),
        "create" => Some(Missing::Create),
        _ => None,
    })
}

pub(crate) fn on_difference(fields: &Fields) -> Option<At<OnDifference>> {
    word(fields, "on-difference", |word| match word {
        "stop" => Some(OnDifference::Stop),
        "restart" => Some(OnDifference::Restart),
        "alarm" => Some(OnDifference::Alarm),
        _ => None,
    })
}

pub(crate) fn devices(fields: &Fields) -> Vec<Device> {
    let device = |(fields, at): (&Fields, Position)| {
        Some(Device {
            at,
            path: fields.text("path")?,
            access: access(fields)?,
            ioctl: fields
                .list("ioctl")
                .iter()
                .filter_map(|item| match &item.value {
                    Value::Integer(n) => Some(At::new(u32::try_from(*n).ok()?, item.at)),
                    _ => None,
                })
                .collect(),
            pass: fields.text("pass"),
            missing: missing(fields),
        })
    };
    fields.tables("devices").filter_map(device).collect()
}

pub(crate) fn files(fields: &Fields) -> Vec<File> {
    let file = |(fields, at): (&Fields, Position)| {
        Some(File {
            at,
            path: fields.text("path")?,
            access: access(fields)?,
            pass: fields.text("pass"),
            missing: missing(fields),
            size: fields.integer("size"),
        })
    };
    fields.tables("files").filter_map(file).collect()
}

fn listen(fields: &Fields) -> Option<Listen> {
    let tcp = fields.get("tcp")?;
    let Value::Socket(socket) = tcp.value else {
        return None;
    };
    Some(Listen {
        name: fields.text("name")?,
        tcp: At::new(socket, tcp.at),
    })
}

fn network(fields: &Fields, at: Position) -> Network {
    let ports = |name: &str| {
        fields
            .list(name)
            .iter()
            .filter_map(|item| match &item.value {
                Value::Integer(n) => Some(At::new(u16::try_from(*n).ok()?, item.at)),
                _ => None,
            })
            .collect()
    };
    Network {
        at,
        bind: ports("bind"),
        connect: ports("connect"),
    }
}

fn realtime(fields: &Fields, at: Position) -> Option<At<Realtime>> {
    let policy = word(fields, "policy", |word| match word {
        "fifo" => Some(RealtimePolicy::Fifo),
        "rr" => Some(RealtimePolicy::Rr),
        _ => None,
    })?;
    let priority = fields.integer::<u8>("priority")?;
    let lock_memory = fields.bool("lock-memory").is_some_and(|at| at.value);
    let value = Realtime {
        policy: policy.value,
        priority: priority.value,
        priority_at: priority.at,
        lock_memory,
    };
    Some(At::new(value, at))
}

pub(crate) fn limits(fields: &Fields) -> Limits {
    Limits {
        memory: fields.integer("memory"),
        tasks: fields.integer("tasks"),
        cpu: fields.integer("cpu"),
        descriptors: fields.integer("descriptors"),
    }
}

pub(crate) fn restart(fields: &Fields, at: Position) -> Restart {
    Restart {
        at,
        policy: word(fields, "policy", |word| match word {
            "always" => Some(RestartPolicy::Always),
            "on-failure" => Some(RestartPolicy::OnFailure),
            "never" => Some(RestartPolicy::Never),
            _ => None,
        }),
        delay: fields.millis("delay"),
        limit: fields
            .rate("limit")
            .map(|at| At::new((at.value.0, at.value.1 / 1_000_000), at.at)),
    }
}

fn layers(fields: &Fields) -> Vec<At<Layer>> {
    fields
        .list("allow-missing")
        .iter()
        .filter_map(|item| match &item.value {
            Value::Layer(layer) => Some(At::new(*layer, item.at)),
            _ => None,
        })
        .collect()
}

fn accept(fields: &Fields) -> Vec<Accept> {
    fields
        .tables("accept")
        .filter_map(|(fields, at)| {
            Some(Accept {
                at,
                warning: fields.text("warning")?,
                because: fields.text("because")?,
            })
        })
        .collect()
}

fn channel(name: &At<String>, fields: &Fields) -> Channel {
    Channel {
        name: name.clone(),
        from: text(fields, "from"),
        to: fields.texts("to"),
        period: fields.duration("period"),
        deadline: fields.duration("deadline"),
        rate: fields.rate("rate"),
        record: fields
            .named("record")
            .iter()
            .filter_map(|(name, fields)| field(name, fields))
            .collect(),
        accept: accept(fields),
    }
}

fn field(name: &At<String>, fields: &Fields) -> Option<Field> {
    let kind = fields.get("type")?;
    let Value::Field { scalar, array } = kind.value else {
        return None;
    };
    let range = fields.get("range").and_then(|at| match at.value {
        Value::Range(low, high) => Some(At::new((low, high), at.at)),
        _ => None,
    });
    Some(Field {
        name: name.clone(),
        kind: At::new((scalar, array), kind.at),
        unit: fields.text("unit"),
        range,
        values: fields.texts("enum"),
        doc: fields.text("doc"),
    })
}

/// Keys that belong together or exclude each other; needs what was written, not what was right.
pub(crate) fn pace(fields: &Fields, sink: &mut Sink) {
    for (name, channel) in fields
        .named("channels")
        .iter()
        .filter(|(_, channel)| channel.at.is_some())
    {
        let (period, deadline, rate) = (
            channel.wrote("period"),
            channel.wrote("deadline"),
            channel.wrote("rate"),
        );
        let help = "`period` with `deadline` for records that come regularly, or `rate` for those that do not";
        let problem = match (period, deadline, rate) {
            (true, true, false) | (false, false, true) => continue,
            (false, false, false) => format!(
                "channel `{}` does not say how often a record comes",
                name.value
            ),
            (true, false, false) => format!(
                "channel `{}` has a `period` without a `deadline`",
                name.value
            ),
            (false, true, false) => format!(
                "channel `{}` has a `deadline` without a `period`",
                name.value
            ),
            (_, _, true) => format!(
                "channel `{}` has a `rate` beside a `period` or `deadline`",
                name.value
            ),
        };
        let at = channel
            .key("rate")
            .filter(|_| rate)
            .or(channel.key("period"))
            .or(channel.key("deadline"))
            .unwrap_or(name.at);
        sink.push(Diagnostic::error("pace", problem).at(at).help(help));
    }
}
