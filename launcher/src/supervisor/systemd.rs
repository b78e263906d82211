//! What the supervisor tells systemd: sd_notify(3) and its watchdog.

use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};

/// The manager that started this process, if it is one that listens.
#[derive(Debug)]
pub struct Manager {
    socket: Option<UnixDatagram>,
    /// Time in ms between two signs of life; none when the unit has no watchdog.
    watchdog: Option<u64>,
}

impl Manager {
    /// From NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
    pub fn from_environment() -> Self {
        let variable = |name| std::env::var(name).ok();
        let mine = variable("WATCHDOG_PID").is_none_or(|pid| pid == std::process::id().to_string());
        let usec = variable("WATCHDOG_USEC").filter(|_| mine);
        let usec: Option<u64> = usec.and_then(|text| text.parse().ok());
        Self {
            socket: socket(),
            // Half of it, as sd_watchdog_enabled(3) recommends.
            watchdog: usec.map(|usec| (usec / 2000).max(1)),
        }
    }

    /// Time in ms between two signs of life.
    pub const fn watchdog(&self) -> Option<u64> {
        self.watchdog
    }

    /// Every required component is proved, and ready.
    pub fn ready(&self) {
        self.send("READY=1");
    }

    /// The supervisor's loop goes round.
    pub fn alive(&self) {
        self.send("WATCHDOG=1");
    }

    /// The device is being stopped.
    pub fn stopping(&self) {
        self.send("STOPPING=1");
    }

    /// How the device is, in words.
    pub fn status(&self, text: &str) {
        self.send(&format!("STATUS={}", text.replace('\n', " ")));
    }

    fn send(&self, text: &str) {
        if let Some(socket) = &self.socket {
            // A manager that does not listen is told again next time.
            let _ = socket.send(text.as_bytes());
        }
    }
}

fn socket() -> Option<UnixDatagram> {
    let name = std::env::var_os("NOTIFY_SOCKET")?;
    let address = match name.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name).ok()?,
        None => SocketAddr::from_pathname(&name).ok()?,
    };
    let socket = UnixDatagram::unbound().ok()?;
    socket.set_nonblocking(true).ok()?;
    socket.connect_addr(&address).ok()?;
    Some(socket)
}
