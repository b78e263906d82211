//! A Plan as text for people: every decision with who asked for it.

use crate::check::size;
use crate::plan::{
    Access, Channel, Component, DeviceGrant, FileGrant, Granted, Linkage, Missing, Network,
    OnDifference, Origin, Pace, PathKind, Plan, Purpose, RealtimePolicy, Restart, RestartPolicy,
};
use crate::render::plain;
use std::fmt::{Display, Write as _};

/// Widest column of decisions; a wider one pushes its origin to the right.
const WIDTH: usize = 76;

/// Everything decided, grouped by component, each line with its origin.
#[must_use]
pub fn show(plan: &Plan) -> String {
    let mut out = format!("device {}\n", plan.device);
    for component in &plan.components {
        out.push('\n');
        let mut page = Page::default();
        self::component(&mut page, component);
        for note in plan
            .residual
            .iter()
            .filter(|note| note.component == component.name)
        {
            page.row("still open", &note.text, &note.origin);
        }
        page.write(&mut out);
    }
    for channel in &plan.channels {
        out.push('\n');
        let mut page = Page::default();
        self::channel(&mut page, channel);
        page.write(&mut out);
    }
    out
}

/// Rows of one component, aligned when all are known.
#[derive(Default)]
struct Page {
    title: String,
    rows: Vec<(String, String, String)>,
}

impl Page {
    fn row(&mut self, key: &str, text: impl Into<String>, origin: &Origin) {
        self.rows.push((
            key.to_owned(),
            plain(&text.into()),
            plain(&origin.to_string()),
        ));
    }

    fn granted<T: Display>(&mut self, key: &str, granted: &Granted<T>) {
        self.row(key, granted.value.to_string(), &granted.origin);
    }

    fn write(&self, out: &mut String) {
        let _ = writeln!(out, "{}", self.title);
        let keys = self
            .rows
            .iter()
            .map(|row| row.0.chars().count())
            .max()
            .unwrap_or(0);
        let texts = self
            .rows
            .iter()
            .map(|row| row.1.chars().count())
            .filter(|width| *width <= WIDTH)
            .max()
            .unwrap_or(0);
        let mut last = "";
        for (key, text, origin) in &self.rows {
            let shown = if key == last { "" } else { key };
            last = key;
            let _ = writeln!(out, "  {shown:keys$}  {text:texts$}  [{origin}]");
        }
    }
}

fn component(page: &mut Page, component: &Component) {
    page.title = format!("component {} (line {})", component.name, component.line);
    page.granted("role", &component.role);
    let line = Origin::Manifest {
        line: component.program.line,
    };
    let linkage = match component.program.linkage {
        Linkage::Static => "statically linked",
        Linkage::Dynamic => "dynamically linked",
    };
    page.row(
        "program",
        format!("{} ({linkage})", component.program.path),
        &line,
    );
    page.row("arguments", quoted(&component.program.argv), &line);
    let user = &component.user;
    page.row(
        "user",
        format!(
            "{} (uid {}, gid {})",
            user.value.name, user.value.uid, user.value.gid
        ),
        &user.origin,
    );
    for file in &component.files {
        page.row("files", self::file(file), &file.origin);
    }
    for device in &component.devices {
        page.row("devices", self::device(device), &device.origin);
    }
    network(page, component);
    for variable in &component.environment {
        let (name, value) = &variable.value;
        page.row("environment", format!("{name}={value:?}"), &variable.origin);
    }
    settings(page, component);
    for layer in &component.allow_missing {
        page.row("may lack", layer.value.to_string(), &layer.origin);
    }
}

fn quoted(argv: &[String]) -> String {
    let word = |argument: &String| {
        let plain = !argument.is_empty()
            && argument
                .chars()
                .all(|c| c.is_ascii_graphic() && !"\"'\\".contains(c));
        if plain {
            argument.clone()
        } else {
            format!("{argument:?}")
        }
    };
    argv.iter().map(word).collect::<Vec<_>>().join(" ")
}

const fn access(access: Access) -> &'static str {
    match access {
        Access::Read => "read",
        Access::Write => "write",
        Access::Execute => "execute",
    }
}

fn file(file: &FileGrant) -> String {
    let mut text = format!("{:7} {}", access(file.access), file.path);
    if file.kind == PathKind::Directory {
        text.push('/');
    }
    if file.source != file.path {
        let _ = write!(text, " -> {}", file.source);
    }
    let purpose = match file.purpose {
        Purpose::Program => "program",
        Purpose::Script => "script",
        Purpose::Interpreter => "ELF interpreter",
        Purpose::Library => "library",
        Purpose::Declared => "",
    };
    let mut notes: Vec<String> = Vec::new();
    if !purpose.is_empty() {
        notes.push(purpose.to_owned());
    }
    if let Some(bytes) = file.size {
        notes.push(format!("tmpfs of {}", size(bytes)));
    }
    if let Some(bytes) = file.quota {
        notes.push(format!("project quota of {}", size(bytes)));
    }
    if file.size.is_none() {
        notes.extend(missing(file.missing, file.kind == PathKind::Absent));
    }
    notes.extend(passed(file.pass.as_deref()));
    with(text, &notes)
}

fn missing(missing: Missing, absent: bool) -> Option<String> {
    match (missing, absent) {
        (Missing::Error, _) => None,
        (Missing::Skip, true) => Some("not there: skipped".to_owned()),
        (Missing::Skip, false) => Some("skipped when missing".to_owned()),
        (Missing::Create, true) => Some("not there: created empty".to_owned()),
        (Missing::Create, false) => Some("created when missing".to_owned()),
    }
}

fn passed(name: Option<&str>) -> Option<String> {
    name.map(|name| format!("inherited as `{name}`, no path"))
}

fn with(text: String, notes: &[String]) -> String {
    if notes.is_empty() {
        text
    } else {
        format!("{text} ({})", notes.join("; "))
    }
}

fn device(device: &DeviceGrant) -> String {
    let mut text = format!("{:7} {}", access(device.access), device.path);
    if device.source != device.path {
        let _ = write!(text, " -> {}", device.source);
    }
    let mut notes = Vec::new();
    if let Some(node) = device.node {
        notes.push(format!(
            "{} {}:{}",
            if node.block { "block" } else { "char" },
            node.major,
            node.minor
        ));
    }
    if !device.ioctl.is_empty() {
        let requests: Vec<String> = device
            .ioctl
            .iter()
            .map(|request| format!("{request:#x}"))
            .collect();
        notes.push(format!("ioctl {}", requests.join(" ")));
    }
    notes.extend(missing(device.missing, device.node.is_none()));
    notes.extend(passed(device.pass.as_deref()));
    with(text, &notes)
}

fn network(page: &mut Page, component: &Component) {
    for listen in &component.listen {
        page.row(
            "listen",
            format!("tcp {} inherited as `{}`", listen.tcp, listen.name),
            &listen.origin,
        );
    }
    match &component.network {
        Network::None => page.row(
            "network",
            "none: an empty namespace, no socket of its own",
            &Origin::Language,
        ),
        Network::Host { bind, connect } => {
            for port in bind {
                page.row(
                    "network",
                    format!("bind    tcp/{}", port.value),
                    &port.origin,
                );
            }
            for port in connect {
                page.row(
                    "network",
                    format!("connect tcp/{}", port.value),
                    &port.origin,
                );
            }
        }
    }
}

fn settings(page: &mut Page, component: &Component) {
    if let Some(realtime) = &component.realtime {
        let policy = match realtime.value.policy {
            RealtimePolicy::Fifo => "fifo",
            RealtimePolicy::Rr => "rr",
        };
        let lock = if realtime.value.lock_memory {
            ", may lock its memory"
        } else {
            ""
        };
        page.row(
            "real time",
            format!("{policy} {}{lock}", realtime.value.priority),
            &realtime.origin,
        );
    }
    let limits = &component.limits;
    if let Some(memory) = &limits.memory {
        page.row(
            "limits",
            format!("memory {}", size(memory.value)),
            &memory.origin,
        );
    }
    if let Some(tasks) = &limits.tasks {
        page.row("limits", format!("tasks {}", tasks.value), &tasks.origin);
    }
    if let Some(cpu) = &limits.cpu {
        page.row("limits", format!("cpu {}%", cpu.value), &cpu.origin);
    }
    page.row(
        "limits",
        format!("descriptors {}", limits.descriptors.value),
        &limits.descriptors.origin,
    );
    if let Some(watchdog) = &component.watchdog {
        page.row("watchdog", time(watchdog.value), &watchdog.origin);
    }
    page.row(
        "restart",
        restart(&component.restart.value),
        &component.restart.origin,
    );
    page.row(
        "stop timeout",
        time(component.stop_timeout.value),
        &component.stop_timeout.origin,
    );
    for (key, flag) in [
        ("required", &component.required),
        ("notify", &component.notify),
        ("proc", &component.proc),
        ("fork", &component.fork),
    ] {
        page.row(key, if flag.value { "yes" } else { "no" }, &flag.origin);
    }
    let difference = match component.on_difference.value {
        OnDifference::Stop => "stop",
        OnDifference::Restart => "restart",
        OnDifference::Alarm => "alarm",
    };
    page.row("on difference", difference, &component.on_difference.origin);
}

fn restart(restart: &Restart) -> String {
    let policy = match restart.policy {
        RestartPolicy::Always => "always",
        RestartPolicy::OnFailure => "on failure",
        RestartPolicy::Never => return "never".to_owned(),
    };
    let limit = match restart.limit {
        Some(limit) => format!("at most {} in {}", limit.starts, time(limit.window)),
        None => "never given up on".to_owned(),
    };
    format!("{policy}, after {}, {limit}", time(restart.delay))
}

/// Milliseconds as the language writes them.
fn time(ms: u64) -> String {
    match ms {
        ms if ms > 0 && ms.is_multiple_of(3_600_000) => format!("{}h", ms / 3_600_000),
        ms if ms > 0 && ms.is_multiple_of(60_000) => format!("{}min", ms / 60_000),
        ms if ms > 0 && ms.is_multiple_of(1000) => format!("{}s", ms / 1000),
        ms => format!("{ms}ms"),
    }
}

/// Nanoseconds as the language writes them.
fn short_time(ns: u64) -> String {
    if ns.is_multiple_of(1_000_000) {
        time(ns / 1_000_000)
    } else {
        format!("{}us", ns / 1000)
    }
}

fn channel(page: &mut Page, channel: &Channel) {
    page.title = format!("channel {} (line {})", channel.name, channel.line);
    page.granted("from", &channel.from);
    for to in &channel.to {
        page.granted("to", to);
    }
    let pace = match channel.pace.value {
        Pace::Periodic { period, deadline } => {
            format!(
                "a record every {}, no value any more after {}",
                short_time(period),
                short_time(deadline)
            )
        }
        Pace::Sporadic { records, per } => format!("at most {records} in {}", short_time(per)),
    };
    page.row("pace", pace, &channel.pace.origin);
    let schema = channel.schema();
    for (field, line) in channel.record.iter().zip(schema.lines()) {
        page.row("record", line, &Origin::Manifest { line: field.line });
    }
}
