//! Says what happens: to the journal where there is one, else line by line on
//! standard error. Never waits and never fails: a full journal must not stop a
//! device.

use super::event::{Event, Kind};
use crate::cli::Style;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::io::IsTerminal as _;
use std::os::fd::AsFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

/// journald's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL).
const JOURNAL: &str = "/run/systemd/journal/socket";

/// The voice of the supervisor.
#[derive(Debug)]
pub struct Herald {
    device: String,
    journal: Option<UnixDatagram>,
    style: Style,
}

impl Herald {
    /// On a terminal events are shown there; otherwise the journal has them.
    pub fn new(device: &str) -> Self {
        let journal = if std::io::stderr().is_terminal() {
            None
        } else {
            connected(Path::new(JOURNAL))
        };
        Self {
            device: device.to_owned(),
            journal,
            style: Style::of_stderr(),
        }
    }

    /// Whether the journal hears it.
    pub const fn has_journal(&self) -> bool {
        self.journal.is_some()
    }

    /// Says an event.
    pub fn say(&self, event: &Event) {
        if let Some(journal) = &self.journal
            && journal.send(&entry(&self.device, event)).is_ok()
        {
            return;
        }
        let text = match event.kind.priority() {
            // Less protection than there could be is never quiet.
            _ if event.kind == Kind::LayerAbsent => self.style.bad(&event.text),
            0..=3 => self.style.bad(&event.text),
            4 => self.style.warn(&event.text),
            _ => event.text.clone(),
        };
        self.line(event.component.as_deref(), &text);
    }

    /// A line a component wrote, under its name.
    pub fn output(&self, component: &str, line: &str) {
        self.line(
            None,
            &format!("{} {line}", self.style.faint(&format!("{component}|"))),
        );
    }

    fn line(&self, component: Option<&str>, text: &str) {
        let line = match component {
            Some(component) => format!("cordon: {component}: {text}\n"),
            None => format!("cordon: {text}\n"),
        };
        write_at_once(&std::io::stderr(), &line);
    }
}

/// What a pipe with any room at all takes at once (pipe(7), PIPE_BUF).
const AT_ONCE: usize = 4096;

/// Writes a line if it can be written without waiting: a terminal that is
/// stopped or a pipe nobody reads must not stop a device. Nobody is left to be
/// told that nobody listens.
fn write_at_once(to: &impl AsFd, line: &str) {
    let mut room = [PollFd::new(to.as_fd(), PollFlags::POLLOUT)];
    if poll(&mut room, PollTimeout::ZERO) != Ok(1) {
        return;
    }
    let bytes = line.as_bytes();
    let result = if bytes.len() <= AT_ONCE {
        nix::unistd::write(to, bytes)
    } else {
        let end = (0..AT_ONCE)
            .rfind(|end| line.is_char_boundary(*end))
            .unwrap_or(0);
        nix::unistd::write(to, &[&bytes[..end], b"\n"].concat())
    };
    let _ = result;
}

fn connected(path: &Path) -> Option<UnixDatagram> {
    let socket = UnixDatagram::unbound().ok()?;
    socket.set_nonblocking(true).ok()?;
    socket.connect(path).ok()?;
    Some(socket)
}

/// One entry: NAME=value lines; texts are single lines by construction.
fn entry(device: &str, event: &Event) -> Vec<u8> {
    let mut entry = String::new();
    let mut field = |name: &str, value: &str| {
        let value = value.replace('\n', " ");
        entry.push_str(&format!("{name}={value}\n"));
    };
    let text = match &event.component {
        Some(component) => format!("{component}: {}", event.text),
        None => event.text.clone(),
    };
    field("MESSAGE", &text);
    field("MESSAGE_ID", event.kind.message_id());
    field("PRIORITY", &event.kind.priority().to_string());
    field("SYSLOG_IDENTIFIER", "cordon");
    field("CORDON_DEVICE", device);
    if let Some(component) = &event.component {
        field("CORDON_COMPONENT", component);
    }
    entry.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_nobody_reads_holds_nobody_up() {
        let (reader, writer) = nix::unistd::pipe().unwrap();
        let long = "\u{fffd}".repeat(5000);
        for _ in 0..1000 {
            write_at_once(&writer, &long);
            write_at_once(&writer, "short\n");
        }
        drop(writer);
        let read = std::io::read_to_string(std::fs::File::from(reader)).unwrap();
        assert!(read.lines().all(|line| line.len() <= AT_ONCE));
        assert!(read.contains("\nshort\n"));
    }

    #[test]
    fn an_entry_has_one_line_per_field_whatever_the_text() {
        let event = Event::of("vitals", Kind::Exited, "exited\nMESSAGE=forged");
        let text = String::from_utf8(entry("monitor", &event)).unwrap();
        assert_eq!(
            text.lines()
                .filter(|line| line.starts_with("MESSAGE="))
                .count(),
            1
        );
        assert!(text.contains("CORDON_COMPONENT=vitals\n"));
        assert!(text.contains("MESSAGE_ID=27f4c8b9d15a4e63905be76a3c81f02d\n"));
    }
}
