//! net.ipv4.tcp_fastopen: with its client half on, which is Linux's default, a
//! program could connect out through its listening socket, so the supervisor
//! asks for it to be off. A device's image switches it off; here it is switched
//! off for the time a device runs, and back on.

use std::fs;
use std::io;

const PATH: &str = "/proc/sys/net/ipv4/tcp_fastopen";
const CLIENT: u32 = 1;

/// The client half is off while this lives.
#[derive(Debug)]
pub struct Off {
    before: Option<String>,
}

impl Off {
    /// Switches it off, where it is on.
    ///
    /// # Errors
    /// When the tunable cannot be read or written.
    pub fn new() -> io::Result<Self> {
        let before = fs::read_to_string(PATH)?;
        let value: u32 = before.trim().parse().map_err(io::Error::other)?;
        if value & CLIENT == 0 {
            return Ok(Self { before: None });
        }
        fs::write(PATH, (value & !CLIENT).to_string())?;
        Ok(Self {
            before: Some(before),
        })
    }

    /// What it was, where it had to be changed.
    pub fn before(&self) -> Option<&str> {
        self.before.as_deref().map(str::trim)
    }
}

impl Drop for Off {
    fn drop(&mut self) {
        if let Some(before) = &self.before {
            restore(before);
        }
    }
}

/// Sets it as it was.
pub fn restore(before: &str) {
    let _ = fs::write(PATH, before);
}
