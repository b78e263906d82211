//! What the screen showed, one line of JSON at a time: the evidence tests and the demo
//! compare with the record.

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use serde_json::{Map, Value};
use std::fs::File;
use std::io::Write;

/// The descriptor the lines go to, where there is one.
#[derive(Debug, Default)]
pub struct Shown {
    file: Option<File>,
    last: Option<(Value, Value)>,
    failed: bool,
}

/// Frames between two lines when nothing changes: one second.
const EVERY: u64 = 25;

impl Shown {
    /// For a descriptor open for writing.
    pub fn new(file: Option<File>) -> Self {
        if let Some(file) = &file {
            // A full pipe must not hold up a frame. A file does not mind.
            if let Ok(flags) = fcntl_getfl(file) {
                let _ = fcntl_setfl(file, flags | OFlags::NONBLOCK);
            }
        }
        Self {
            file,
            ..Self::default()
        }
    }

    /// Whether lines were wanted but cannot be written any more.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// Writes a line when `numerics` or `alarms` changed, and once a second. `rest` gives
    /// the other members.
    pub fn tell(
        &mut self,
        tick: u64,
        numerics: Value,
        alarms: Value,
        rest: impl FnOnce() -> Map<String, Value>,
    ) {
        let Some(file) = &mut self.file else { return };
        let now = (numerics, alarms);
        if !tick.is_multiple_of(EVERY) && self.last.as_ref() == Some(&now) {
            return;
        }
        let mut line = rest();
        line.insert("numerics".into(), now.0.clone());
        line.insert("alarms".into(), now.1.clone());
        self.last = Some(now);
        let mut text = Value::Object(line).to_string();
        text.push('\n');
        // One write, so that a reader never sees half a line. A full disk ends the log and
        // not the display.
        if !matches!(file.write(text.as_bytes()), Ok(written) if written == text.len()) {
            self.failed = true;
            self.file = None;
        }
    }
}
