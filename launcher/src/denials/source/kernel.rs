//! The kernel's log (/dev/kmsg, Documentation/ABI/testing/dev-kmsg): holds
//! records while no auditd takes them.
//!
//! Read here and not as dmesg shows it: there a line break in a message makes a
//! line that looks like another message. Here each read gives one message, with
//! its facility; what a program writes to the log is never of facility 0.

use super::{Malformed, Read};
use crate::denials::record::Kind;
use std::fs::OpenOptions;
use std::io::{self, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;

/// Bytes of the longest message with its header, as the kernel gives it.
const MESSAGE: usize = 8192;
/// More messages than the log holds.
const MOST: usize = 1 << 20;
/// The kernel cuts a message here; what is longer may have lost its end.
const CUT: usize = 960;

/// The records in the kernel's log.
pub fn kernel_log() -> io::Result<Read> {
    let mut log = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open("/dev/kmsg")?;
    let mut read = Read::default();
    let mut message = [0; MESSAGE];
    for _ in 0..MOST {
        match log.read(&mut message) {
            Ok(0) => break,
            Ok(length) => take(&message[..length], &mut read),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            // Overwritten while we read: the next read goes on behind it.
            Err(error) if error.raw_os_error() == Some(libc::EPIPE) => read.dropped += 1,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// `PRIORITY,SEQUENCE,TIME,FLAGS;audit: type=NUMBER audit(...): ...`.
fn take(message: &[u8], read: &mut Read) {
    let Ok(message) = std::str::from_utf8(message) else {
        return;
    };
    let Some((header, text)) = message.split_once(';') else {
        return;
    };
    let priority: Option<u32> = header.split(',').next().and_then(|word| word.parse().ok());
    if priority.is_none_or(|priority| priority >> 3 != 0) {
        return;
    }
    let text = text.split('\n').next().unwrap_or_default();
    let Some(text) = text.strip_prefix("audit: type=") else {
        return;
    };
    let Some((number, text)) = text.split_once(' ') else {
        return;
    };
    let Some(kind) = number.parse().ok().and_then(Kind::from_number) else {
        return;
    };
    if text.len() >= CUT {
        return read.refuse(Malformed::TooLong);
    }
    match unescaped(text) {
        Some(text) => read.take(kind, &text),
        None => read.refuse(Malformed::Bytes),
    }
}

/// Undoes `\xHH`, which stands for a backslash and for what cannot be printed.
fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.split('\\');
    let mut bytes = parts.next()?.as_bytes().to_vec();
    for part in parts {
        let (digits, rest) = part.strip_prefix('x')?.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(message: &str) -> (usize, u64) {
        let mut read = Read::default();
        take(message.as_bytes(), &mut read);
        (read.records.len(), read.unreadable)
    }

    #[test]
    fn only_the_kernel_says_what_the_kernel_said() {
        let record = "audit: type=1326 audit(1.002:3): pid=9 comm=\"a\\x5cb\"";
        assert_eq!(taken(&format!("5,1,2,-;{record}\n")), (1, 0));
        // A program's message has a facility of its own.
        assert_eq!(taken(&format!("13,1,2,-;{record}\n")), (0, 0));
        // A line break in a message of the kernel is written as one message.
        assert_eq!(taken(&format!("6,1,2,-;name\\x0a{record}\n")), (0, 0));
        assert_eq!(taken(&format!("6,1,2,-;name\n {record}\n")), (0, 0));
        assert_eq!(taken(&format!("6,1,2,-;x[1]: segfault {record}\n")), (0, 0));
        assert_eq!(
            taken("5,1,2,-;audit: type=1326 audit(1.002:3): a=\"\\x0a\""),
            (0, 1)
        );
        let long = "x".repeat(2000);
        let cut = format!("5,1,2,-;audit: type=1326 audit(1.002:3): a={long}");
        assert_eq!(taken(&cut), (0, 1));
    }
}
