//! Asks the attack program for attempts and reads how they ended.

use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

/// How an attempt ended, seen from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Done. The text says what.
    Succeeded(String),
    /// Refused with this error number.
    Refused(i32, String),
    /// Sent; its effect is to be looked for at the peer.
    Sent(String),
    /// Could not be tried. The text says why.
    Unsupported(String),
    /// The connection ended without an answer: the program was killed.
    Killed,
}

/// One attempt as the program lists it.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its name.
    pub name: String,
    /// What is tried, for people.
    pub what: String,
}

/// All attempts, in the program's order.
///
/// # Errors
/// In words, when the program cannot be run or its list not be read.
pub fn listed(program: &std::path::Path) -> Result<Vec<Listed>, String> {
    let output = Command::new(program)
        .arg("--list")
        .output()
        .map_err(|error| error.to_string())?;
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(|line| {
            let value: Value =
                serde_json::from_str(line).map_err(|error| format!("{line}: {error}"))?;
            let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
            Ok(Listed {
                name: text("attempt"),
                what: text("what"),
            })
        })
        .collect()
}

/// Asks for one attempt. A second connection is opened beside it, for the
/// attempts that turn an accepted socket into something else.
///
/// # Errors
/// In words, when nobody listens within ten seconds.
pub fn attempt(address: SocketAddr, name: &str, argument: &str) -> Result<Ending, String> {
    let until = Instant::now() + Duration::from_secs(10);
    let mut connection = loop {
        match TcpStream::connect_timeout(&address, Duration::from_secs(2)) {
            Ok(connection) => break connection,
            Err(error) if Instant::now() > until => return Err(format!("{address}: {error}")),
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    };
    let _ = connection.set_read_timeout(Some(Duration::from_secs(30)));
    if writeln!(connection, "{name} {argument}").is_err() {
        return Ok(Ending::Killed);
    }
    let second = SECOND
        .iter()
        .any(|wanted| name.starts_with(wanted))
        .then(|| TcpStream::connect(address));
    let mut answer = String::new();
    // One line: a program executed in its place may hold the connection open.
    let read = BufReader::new(&connection).read_line(&mut answer);
    drop(second);
    if answer.is_empty() {
        return match read {
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                Err(format!("{name}: no answer in 30 s"))
            }
            _ => Ok(Ending::Killed),
        };
    }
    let value: Value =
        serde_json::from_str(&answer).map_err(|error| format!("{answer}: {error}"))?;
    let detail = value["detail"].as_str().unwrap_or_default().to_owned();
    let errno = value["errno"]
        .as_i64()
        .and_then(|errno| i32::try_from(errno).ok())
        .unwrap_or(0);
    match value["outcome"].as_str() {
        Some("succeeded") => Ok(Ending::Succeeded(detail)),
        Some("refused") => Ok(Ending::Refused(errno, detail)),
        Some("sent") => Ok(Ending::Sent(detail)),
        Some("unsupported") => Ok(Ending::Unsupported(detail)),
        _ => Err(format!("no outcome in {answer}")),
    }
}

/// Ends the attack program, so that its supervisor starts it again: what an
/// attempt changed of the process itself is then undone.
pub fn leave(address: SocketAddr) {
    if let Ok(mut connection) = TcpStream::connect(address) {
        let _ = writeln!(connection, "leave");
        let _ = connection.read(&mut [0]);
    }
}

/// Attempts that work on a second accepted connection.
const SECOND: &[&str] = &["network-accepted-unspec", "network-accepted-connect"];
