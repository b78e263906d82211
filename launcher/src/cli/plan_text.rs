//! The plan for a person: one block per component, each line with its reason.

use super::Style;
use cordon_manifest::plan::{
    Access, Channel, Component, DeviceGrant, Field, FileGrant, Missing, Network, OnDifference,
    Origin, Pace, PathKind, Plan, Purpose, RestartPolicy, Scalar,
};
use std::fmt::Write as _;

/// Column at which reasons stand, where the line leaves room.
const REASON_COLUMN: usize = 72;

/// The whole plan as text.
pub fn of(plan: &Plan, style: Style) -> String {
    let mut page = Page {
        text: String::new(),
        style,
    };
    page.heading(&format!("device {}", plan.device));
    for component in &plan.components {
        page.component(component);
    }
    for channel in &plan.channels {
        page.channel(channel);
    }
    if !plan.residual.is_empty() {
        page.heading("\nwhat stays open");
        for residual in &plan.residual {
            page.line(
                &format!("{}: {}", residual.component, residual.text),
                &residual.origin,
            );
        }
    }
    page.text
}

struct Page {
    text: String,
    style: Style,
}

impl Page {
    fn heading(&mut self, text: &str) {
        let _ = writeln!(self.text, "{}", self.style.strong(text));
    }

    fn line(&mut self, what: &str, why: &Origin) {
        let room = REASON_COLUMN.saturating_sub(what.chars().count()).max(2);
        let why = self.style.faint(&format!("# {why}"));
        let _ = writeln!(self.text, "  {what}{:room$}{why}", "");
    }

    fn component(&mut self, component: &Component) {
        self.heading(&format!("\ncomponent {}", component.name));
        let here = Origin::Manifest {
            line: component.program.line,
        };
        self.line(
            &format!("role         {}", component.role.value),
            &component.role.origin,
        );
        self.line(&format!("program      {}", component.program.path), &here);
        self.line(
            &format!("arguments    {}", words(&component.program.argv)),
            &here,
        );
        let user = &component.user.value;
        let text = format!(
            "user         {} (uid {}, gid {})",
            user.name, user.uid, user.gid
        );
        self.line(&text, &component.user.origin);
        for file in &component.files {
            self.line(&file_text(file), &file.origin);
        }
        for device in &component.devices {
            self.line(&device_text(device), &device.origin);
        }
        for listen in &component.listen {
            let text = format!("listen       {} on tcp {}", listen.name, listen.tcp);
            self.line(&text, &listen.origin);
        }
        self.network(component);
        self.limits(component);
        self.life(component);
        for variable in &component.environment {
            let (name, value) = &variable.value;
            self.line(&format!("environment  {name}={value}"), &variable.origin);
        }
        for (name, granted) in [("proc", &component.proc), ("fork", &component.fork)] {
            if granted.value {
                self.line(&format!("{name:<12} yes"), &granted.origin);
            }
        }
        for layer in &component.allow_missing {
            let text = format!("may lack     {}", layer.value);
            self.line(&text, &layer.origin);
        }
    }

    fn network(&mut self, component: &Component) {
        let Network::Host { bind, connect } = &component.network else {
            let origin = Origin::Language;
            return self.line("network      none (an empty namespace)", &origin);
        };
        for (word, ports) in [("bind", bind), ("connect", connect)] {
            for port in ports {
                let text = format!("network      the device's: {word} tcp/{}", port.value);
                self.line(&text, &port.origin);
            }
        }
    }

    fn limits(&mut self, component: &Component) {
        let limits = &component.limits;
        if let Some(memory) = &limits.memory {
            self.line(
                &format!("memory       {}", size(memory.value)),
                &memory.origin,
            );
        }
        if let Some(tasks) = &limits.tasks {
            self.line(&format!("tasks        {}", tasks.value), &tasks.origin);
        }
        if let Some(cpu) = &limits.cpu {
            self.line(
                &format!("cpu          {}% of one core", cpu.value),
                &cpu.origin,
            );
        }
        let descriptors = &limits.descriptors;
        self.line(
            &format!("descriptors  {}", descriptors.value),
            &descriptors.origin,
        );
        if let Some(realtime) = &component.realtime {
            let policy = format!("{:?}", realtime.value.policy).to_lowercase();
            let lock = if realtime.value.lock_memory {
                ", may lock memory"
            } else {
                ""
            };
            let priority = realtime.value.priority;
            let text = format!("realtime     {policy}, priority {priority}{lock}");
            self.line(&text, &realtime.origin);
        }
    }

    fn life(&mut self, component: &Component) {
        let restart = &component.restart.value;
        let policy = match restart.policy {
            RestartPolicy::Always => "always",
            RestartPolicy::OnFailure => "on failure",
            RestartPolicy::Never => "never",
        };
        let limit = match restart.limit {
            Some(limit) => format!(", at most {} in {}", limit.starts, time(limit.window)),
            None => ", never given up".to_owned(),
        };
        let text = format!(
            "restart      {policy}, after {}{limit}",
            time(restart.delay)
        );
        self.line(&text, &component.restart.origin);
        let stop = &component.stop_timeout;
        self.line(
            &format!("stop         killed {} after SIGTERM", time(stop.value)),
            &stop.origin,
        );
        if let Some(watchdog) = &component.watchdog {
            let text = format!("watchdog     {}", time(watchdog.value));
            self.line(&text, &watchdog.origin);
        }
        if component.required.value {
            let text = if component.notify.value {
                "required     READY waits for its own READY=1"
            } else {
                "required     READY waits for its proof"
            };
            self.line(text, &component.required.origin);
        }
        let difference = match component.on_difference.value {
            OnDifference::Stop => "stop it",
            OnDifference::Restart => "restart it",
            OnDifference::Alarm => "say so, let it run",
        };
        let text = format!("difference   {difference}");
        self.line(&text, &component.on_difference.origin);
    }

    fn channel(&mut self, channel: &Channel) {
        let readers: Vec<&str> = channel.to.iter().map(|to| to.value.as_str()).collect();
        self.heading(&format!("\nchannel {}", channel.name));
        let text = format!("{} -> {}", channel.from.value, readers.join(", "));
        self.line(&text, &channel.from.origin);
        let pace = match channel.pace.value {
            Pace::Periodic { period, deadline } => format!(
                "every {}, no value any more after {}",
                time(period / 1_000_000),
                time(deadline / 1_000_000)
            ),
            Pace::Sporadic { records, per } => {
                format!("at most {records} in {}", time(per / 1_000_000))
            }
        };
        self.line(&pace, &channel.pace.origin);
        for field in &channel.record {
            let line = Origin::Manifest { line: field.line };
            self.line(&field_text(field), &line);
        }
    }
}

fn file_text(file: &FileGrant) -> String {
    let word = match file.access {
        Access::Read => "read",
        Access::Write => "write",
        Access::Execute => "execute",
    };
    let mut text = format!("{word:<12} {}", file.path);
    if file.source != file.path {
        let _ = write!(text, " = {}", file.source);
    }
    match file.purpose {
        Purpose::Interpreter => text.push_str(" (loader)"),
        Purpose::Library => text.push_str(" (library)"),
        Purpose::Script => text.push_str(" (script)"),
        Purpose::Program | Purpose::Declared => {}
    }
    if let Some(bytes) = file.size {
        let _ = write!(text, " (in memory, {})", size(bytes));
    }
    if let Some(name) = &file.pass {
        let _ = write!(text, " (inherited as {name})");
    }
    if file.kind == PathKind::Absent {
        text.push_str(absent(file.missing));
    }
    text
}

fn device_text(device: &DeviceGrant) -> String {
    let word = match device.access {
        Access::Read => "read",
        Access::Write => "write",
        Access::Execute => "execute",
    };
    let mut text = format!("device       {word} {}", device.path);
    match device.node {
        Some(node) => {
            let kind = if node.block { "block" } else { "character" };
            let _ = write!(text, " ({kind} {}:{})", node.major, node.minor);
        }
        None => text.push_str(absent(device.missing)),
    }
    if let Some(name) = &device.pass {
        let _ = write!(text, " (inherited as {name})");
    }
    if !device.ioctl.is_empty() {
        let requests: Vec<String> = device.ioctl.iter().map(|r| format!("{r:#x}")).collect();
        let _ = write!(text, " ioctl {}", requests.join(" "));
    }
    text
}

fn absent(missing: Missing) -> &'static str {
    match missing {
        Missing::Error => " (absent)",
        Missing::Skip => " (absent: left out)",
        Missing::Create => " (absent: created)",
    }
}

fn field_text(field: &Field) -> String {
    let scalar = match field.scalar {
        Scalar::U8 => "u8",
        Scalar::U16 => "u16",
        Scalar::U32 => "u32",
        Scalar::U64 => "u64",
        Scalar::I8 => "i8",
        Scalar::I16 => "i16",
        Scalar::I32 => "i32",
        Scalar::I64 => "i64",
    };
    let array = field.array.map(|n| format!("[{n}]")).unwrap_or_default();
    let mut text = format!("{:<12} {scalar}{array}", field.name);
    if let Some(unit) = &field.unit {
        let _ = write!(text, " in {unit}");
    }
    if let Some((low, high)) = field.range {
        let _ = write!(text, ", {low} to {high}");
    }
    if !field.values.is_empty() {
        let _ = write!(text, " ({})", field.values.join(", "));
    }
    text
}

/// Arguments as a shell would have to be given them.
fn words(argv: &[String]) -> String {
    let plain = |word: &String| {
        let safe = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
        if !word.is_empty() && word.chars().all(safe) {
            word.clone()
        } else {
            format!("{word:?}")
        }
    };
    argv.iter().map(plain).collect::<Vec<_>>().join(" ")
}

/// Bytes in the manifest's own units.
pub fn size(bytes: u64) -> String {
    for (unit, factor) in [("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10)] {
        if bytes >= factor && bytes.is_multiple_of(factor) {
            return format!("{}{unit}", bytes / factor);
        }
    }
    format!("{bytes} bytes")
}

/// Milliseconds in the manifest's own units.
pub fn time(ms: u64) -> String {
    match ms {
        0 => "0s".to_owned(),
        _ if ms.is_multiple_of(3_600_000) => format!("{}h", ms / 3_600_000),
        _ if ms.is_multiple_of(60_000) => format!("{}min", ms / 60_000),
        _ if ms.is_multiple_of(1000) => format!("{}s", ms / 1000),
        _ => format!("{ms}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_times_are_in_the_manifests_units() {
        assert_eq!(size(96 << 20), "96M");
        assert_eq!(size(1536), "1536 bytes");
        assert_eq!(time(50), "50ms");
        assert_eq!(time(60_000), "1min");
        assert_eq!(time(90_000), "90s");
    }

    #[test]
    fn an_argument_a_shell_would_read_otherwise_is_quoted() {
        let argv = ["/bin/x".to_owned(), "a b".to_owned(), String::new()];
        assert_eq!(words(&argv), "/bin/x \"a b\" \"\"");
    }
}
