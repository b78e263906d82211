//! auditd's log (auditd.conf(5), log_format RAW or ENRICHED).

use super::Read;
use crate::denials::record::Kind;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// Where auditd writes.
pub const AUDIT_LOG: &str = "/var/log/audit/audit.log";

/// Bytes of its end that are read; auditd begins a new file at 8 MiB.
const MOST: u64 = 32 << 20;
/// Longer lines are no records; the longest record is 8970 bytes, with what
/// auditd adds twice that.
const LINE: u64 = 32 << 10;

/// The records at the end of a log.
pub fn audit_log(path: &Path) -> io::Result<Read> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        let error = io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
        return Err(error);
    }
    let begin = metadata.len().saturating_sub(MOST);
    file.seek(SeekFrom::Start(begin))?;
    let mut lines = BufReader::new(file).take(MOST);
    let mut read = Read::default();
    let mut line = Vec::new();
    // What begins in the middle of a line is no record.
    let mut whole = begin == 0;
    loop {
        line.clear();
        if lines.by_ref().take(LINE).read_until(b'\n', &mut line)? == 0 {
            return Ok(read);
        }
        let ends = line.ends_with(b"\n");
        if whole && ends {
            take(&line, &mut read);
        }
        whole = ends;
    }
}

/// `[node=NAME ]type=NAME msg=audit(...): ...`.
fn take(line: &[u8], read: &mut Read) {
    // What auditd adds behind a group separator is not of ASCII everywhere.
    let line = line.split(|byte| *byte == 0x1d).next().unwrap_or_default();
    let Ok(text) = std::str::from_utf8(line) else {
        return;
    };
    let text = match text.strip_prefix("node=") {
        Some(rest) => rest.split_once(' ').map_or("", |(_, rest)| rest),
        None => text,
    };
    let found = text.strip_prefix("type=").and_then(|rest| {
        let (name, rest) = rest.split_once(" msg=")?;
        // A kind that auditd knows no name of is written as UNKNOWN[1423].
        let number = || {
            name.strip_prefix("UNKNOWN[")?
                .strip_suffix(']')?
                .parse()
                .ok()
        };
        let kind = Kind::from_name(name).or_else(|| Kind::from_number(number()?))?;
        Some((kind, rest))
    });
    if let Some((kind, rest)) = found {
        read.take(kind, rest.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::Scratch;

    #[test]
    fn auditds_lines_are_read_and_everything_else_is_passed_over() {
        let scratch = Scratch::new();
        let log = "\
type=SECCOMP msg=audit(1.002:3): pid=9 uid=5 comm=\"x\" syscall=101\u{1d}ARCH=x86_64 SYSCALL=ptrace UID=\"\u{fc}\"
node=ward7 type=AVC msg=audit(1.002:4): avc:  denied  { read } for  pid=9 tclass=file
type=UNKNOWN[1423] msg=audit(1.002:5): domain=1 blockers=fs.read_file
type=USER_LOGIN msg=audit(1.002:6): pid=1 msg='op=login acct=\"type=SECCOMP msg=audit(1.002:7): pid=1\"'
type=SECCOMP msg=audit(1.002:8): pid=9 pid=1
 type=SECCOMP msg=audit(1.002:9): pid=9
type=SECCOMP msg=audit(1.002:10): pid=9";
        scratch.write("audit.log", log.as_bytes());
        let read = audit_log(&scratch.path().join("audit.log")).unwrap();
        assert_eq!((read.records.len(), read.unreadable), (3, 1));
        assert!(audit_log(scratch.path()).is_err());
        let mut long = vec![b'x'; 100_000];
        long.extend_from_slice(b"\ntype=SECCOMP msg=audit(1.002:3): pid=9\n");
        scratch.write("long", &long);
        let read = audit_log(&scratch.path().join("long")).unwrap();
        assert_eq!(read.records.len(), 1);
    }
}
