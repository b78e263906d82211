//! QEMU's own side of a machine, spoken to in QMP: its screen, from outside.

use serde_json::{Value, json};
use std::io::{self, BufRead as _, BufReader, Error, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// A connection to a machine's QMP socket.
#[derive(Debug)]
pub struct Monitor {
    socket: BufReader<UnixStream>,
}

impl Monitor {
    /// Connects and says hello.
    ///
    /// # Errors
    /// When nobody listens there, or it is not QMP.
    pub fn connect(path: &Path) -> io::Result<Self> {
        let socket = UnixStream::connect(path)?;
        socket.set_read_timeout(Some(Duration::from_secs(60)))?;
        let mut monitor = Self {
            socket: BufReader::new(socket),
        };
        monitor.message()?;
        monitor.execute("qmp_capabilities", &json!({}))?;
        Ok(monitor)
    }

    /// Writes what stands on the screen as PNG.
    ///
    /// # Errors
    /// QEMU's.
    pub fn picture(&mut self, to: &Path) -> io::Result<()> {
        let _ = std::fs::remove_file(to);
        let arguments = json!({"filename": std::path::absolute(to)?, "format": "png"});
        self.execute("screendump", &arguments).map(drop)
    }

    fn execute(&mut self, command: &str, arguments: &Value) -> io::Result<Value> {
        let request = json!({"execute": command, "arguments": arguments});
        writeln!(self.socket.get_mut(), "{request}")?;
        loop {
            let answer = self.message()?;
            if let Some(error) = answer.get("error") {
                return Err(Error::other(format!("{command}: {error}")));
            }
            // Events come in between.
            if let Some(value) = answer.get("return") {
                return Ok(value.clone());
            }
        }
    }

    fn message(&mut self) -> io::Result<Value> {
        let mut line = String::new();
        if self.socket.read_line(&mut line)? == 0 {
            return Err(Error::other("QEMU is gone"));
        }
        serde_json::from_str(&line).map_err(Error::other)
    }
}
