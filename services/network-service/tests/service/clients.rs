//! curl as the nurse's station's HTTP client.

use crate::process::Process;
use serde_json::Value;
use std::process::{Command, Output, Stdio};

/// An answer curl got.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// Header lines, lower case.
    pub headers: String,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// A curl that has `who`'s certificate; nobody's when empty.
pub fn curl(service: &Process, who: &str) -> Command {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--max-time", "20", "--cacert"])
        .arg(service.room.file("ca.crt"))
        .stdin(Stdio::null());
    if !who.is_empty() {
        curl.arg("--cert")
            .arg(service.room.file(&format!("{who}.crt")));
        curl.arg("--key")
            .arg(service.room.file(&format!("{who}.key")));
    }
    curl
}

/// Runs a curl command against `path`.
pub fn raw(service: &Process, who: &str, path: &str, more: &[&str]) -> Output {
    curl(service, who)
        .args(["--dump-header", "-"])
        .args(more)
        .arg(service.url(path))
        .output()
        .expect("curl is installed")
}

/// Asks as the nurse and takes the answer apart.
pub fn ask(service: &Process, path: &str, more: &[&str]) -> Answer {
    answer(&raw(service, "nurse", path, more))
}

/// GET as the nurse.
pub fn get(service: &Process, path: &str) -> Answer {
    ask(service, path, &[])
}

/// Takes curl's output apart.
pub fn answer(output: &Output) -> Answer {
    let text = String::from_utf8_lossy(&output.stdout);
    let said = || format!("{output:?}");
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("{}", said()));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
    Answer {
        status: status.unwrap_or_else(|| panic!("{}", said())),
        headers: head.replace('\r', "").to_lowercase(),
        body: body.to_owned(),
    }
}
