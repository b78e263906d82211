//! The readiness protocol of sd_notify(3): READY=1, WATCHDOG=1, STATUS=.
//!
//! An AF_UNIX datagram socket is the one kind of socket the compartment may make.

use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// The way to the supervisor; absent when nobody asked to be notified.
#[derive(Debug)]
pub struct Notifier {
    to: Option<(UnixDatagram, SocketAddr)>,
    watchdog: Option<Duration>,
}

impl Notifier {
    /// From NOTIFY_SOCKET and WATCHDOG_USEC. An address that cannot be used is an error:
    /// a supervisor waiting for READY would wait for ever.
    pub fn from_environment() -> io::Result<Self> {
        let to = match std::env::var_os("NOTIFY_SOCKET") {
            None => None,
            Some(path) => {
                let address = match path.as_bytes().strip_prefix(b"@") {
                    Some(name) => SocketAddr::from_abstract_name(name)?,
                    None => SocketAddr::from_pathname(&path)?,
                };
                let socket = UnixDatagram::unbound()?;
                socket.set_nonblocking(true)?;
                Some((socket, address))
            }
        };
        let watchdog = std::env::var("WATCHDOG_USEC")
            .ok()
            .and_then(|usec| usec.parse().ok())
            .map(Duration::from_micros);
        Ok(Self { to, watchdog })
    }

    /// How often the watchdog must be fed: half its time, as sd_watchdog_enabled(3) advises.
    pub fn watchdog_every(&self) -> Option<Duration> {
        self.watchdog.map(|time| time / 2)
    }

    /// Says that the service serves.
    pub fn ready(&self) -> io::Result<()> {
        self.send("READY=1")
    }

    /// Says in words how things stand. A supervisor too busy to listen is told the next time.
    pub fn status(&self, words: &str) {
        let _ = self.send(&format!("STATUS={words}"));
    }

    /// Feeds the watchdog. A supervisor too busy to listen is told the next time.
    pub fn watchdog(&self) {
        let _ = self.send("WATCHDOG=1");
    }

    fn send(&self, message: &str) -> io::Result<()> {
        match &self.to {
            Some((socket, to)) => socket.send_to_addr(message.as_bytes(), to).map(drop),
            None => Ok(()),
        }
    }
}
