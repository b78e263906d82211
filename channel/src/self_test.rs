//! What this kernel refuses a hostile reader, tried on a channel of its own.
//!
//! Everything the channel promises rests on a few facts about sealed memory.
//! They are not assumed of a kernel: [`run`] tries each attempt, and where one
//! does not end as it must the supervisor starts no device that has channels. `tests/sealed.rs` tries
//! the same and more, and shows that without the seals they succeed.

#![forbid(unsafe_code)]

use crate::mapping::{ReadOnly, ReadWrite};
use crate::pace::Pace;
use crate::schema::Schema;
use crate::supervisor::{Creation, CreationError, SealError, Spec};
use rustix::fs::{
    FallocateFlags, Mode, OFlags, SealFlags, fallocate, fcntl_add_seals, ftruncate, open,
};
use rustix::io::{Errno, pwrite};
use std::fmt::Display;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

const PAGE: u64 = 4096;

/// One attempt and its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What is tried, as a sentence's object: `writing through the reader's end`.
    pub attempt: String,
    /// What the kernel must answer.
    pub expected: String,
    /// What it answered.
    pub found: String,
    /// Whether that is as it must be.
    pub holds: bool,
}

/// Tries every attempt, in order. Takes a millisecond; needs /proc.
///
/// # Errors
/// When no channel could be made to try them on.
pub fn run() -> Result<Vec<Fact>, CreationError> {
    let schema = Schema::parse("count u64\n");
    let spec = Spec {
        name: "self-test".to_owned(),
        epoch: 1,
        schema: schema.map_err(|error| failed("schema", std::io::Error::other(error)))?,
        pace: Pace::Periodic {
            period_ns: 1_000_000,
            deadline_ns: 1_000_000,
        },
    };
    let mut facts = Vec::new();
    before_the_seals(&spec, &mut facts)?;

    let creation = Creation::new(&spec)?;
    let kept = creation.writer_fd().try_clone_to_owned();
    let kept = kept.map_err(|error| failed("dup", error))?;
    let size = creation.size();
    let map = ReadWrite::new(kept.as_fd(), size);
    facts.push(fact(
        "mapping by the writer before the seals",
        "allowed",
        &outcome(&map),
    ));
    let sealed = match creation.seal() {
        Ok(sealed) => sealed,
        Err(error) => {
            facts.push(fact(
                "the four seals while the writer has it mapped",
                "allowed",
                &error,
            ));
            return Ok(facts);
        }
    };
    let end = sealed.reader_fd();
    let reopened = reopen(end).map_err(|error| failed("open", error.into()))?;
    with_the_seals(
        end,
        "the reader's end",
        [Errno::BADF, Errno::INVAL, Errno::ACCESS],
        size,
        &mut facts,
    );
    let refusals = [Errno::PERM; 3];
    with_the_seals(
        reopened.as_fd(),
        "its reopening in /proc",
        refusals,
        size,
        &mut facts,
    );
    with_the_seals(
        kept.as_fd(),
        "the writer's old descriptor",
        refusals,
        size,
        &mut facts,
    );
    for (fd, of) in [
        (end, "the reader's end"),
        (reopened.as_fd(), "its reopening in /proc"),
    ] {
        let map = ReadOnly::new(fd, size);
        let protect = map.map(|map| map.make_writable().map_err(|error| error.to_string()));
        let found = match protect {
            Ok(Ok(())) => "allowed".to_owned(),
            Ok(Err(error)) => error,
            Err(error) => error.to_string(),
        };
        let attempt = format!("making a read-only map of {of} writable");
        facts.push(fact(&attempt, &Errno::ACCESS, &found));
    }
    Ok(facts)
}

/// What the supervisor must be told of a writer that does not wait for it.
fn before_the_seals(spec: &Spec, facts: &mut Vec<Fact>) -> Result<(), CreationError> {
    let creation = Creation::new(spec)?;
    let sealed = fcntl_add_seals(creation.writer_fd(), SealFlags::SEAL);
    let refused = match creation.seal() {
        Err(SealError::Refused { error, .. }) => error.to_string(),
        other => format!("{other:?}"),
    };
    let expected = std::io::Error::from(Errno::PERM).to_string();
    facts.push(fact("a seal by the writer", "allowed", &outcome(&sealed)));
    facts.push(fact(
        "sealing what the writer sealed first",
        &expected,
        &refused,
    ));
    let creation = Creation::new(spec)?;
    let cut = ftruncate(creation.writer_fd(), 0);
    let refused = match creation.seal() {
        Err(SealError::Size { found, .. }) => format!("{found} bytes"),
        other => format!("{other:?}"),
    };
    facts.push(fact("truncation by the writer", "allowed", &outcome(&cut)));
    facts.push(fact("the size read after the seals", "0 bytes", &refused));
    Ok(())
}

/// Each attempt on one descriptor, with what writing, resizing and mapping it
/// writable are refused by.
fn with_the_seals(
    fd: BorrowedFd<'_>,
    whose: &str,
    [write, resize, map]: [Errno; 3],
    size: usize,
    facts: &mut Vec<Fact>,
) {
    let mut refused = |attempt: &str, expected: Errno, found: String| {
        let attempt = format!("{attempt} through {whose}");
        facts.push(fact(&attempt, &expected, &found));
    };
    let punch = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    let grow = fallocate(fd, FallocateFlags::empty(), size as u64, PAGE);
    let more = if write == Errno::BADF {
        Errno::BADF
    } else {
        Errno::PERM
    };
    refused("writing", write, outcome(&pwrite(fd, b"x", 0)));
    refused("truncating to nothing", resize, outcome(&ftruncate(fd, 0)));
    refused(
        "growing by truncation",
        resize,
        outcome(&ftruncate(fd, 2 * size as u64)),
    );
    refused("growing by allocation", more, outcome(&grow));
    refused(
        "punching a hole",
        more,
        outcome(&fallocate(fd, punch, 0, PAGE)),
    );
    refused("mapping writable", map, outcome(&ReadWrite::new(fd, size)));
    // A descriptor that may not be written may not be sealed either.
    refused(
        "another seal",
        Errno::PERM,
        outcome(&fcntl_add_seals(fd, SealFlags::WRITE)),
    );
}

fn reopen(fd: BorrowedFd<'_>) -> rustix::io::Result<OwnedFd> {
    let path = format!("/proc/self/fd/{}", fd.as_raw_fd());
    open(path, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())
}

fn outcome<T, E: Display>(result: &Result<T, E>) -> String {
    match result {
        Ok(_) => "allowed".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn fact(
    attempt: &str,
    expected: &(impl Display + ?Sized),
    found: &(impl Display + ?Sized),
) -> Fact {
    let (expected, found) = (expected.to_string(), found.to_string());
    Fact {
        attempt: attempt.to_owned(),
        holds: expected == found,
        expected,
        found,
    }
}

fn failed(call: &'static str, error: std::io::Error) -> CreationError {
    CreationError {
        channel: "self-test".to_owned(),
        call,
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_fact_holds_on_this_kernel() {
        let facts = run().expect("a channel");
        assert_eq!(facts.len(), 28, "{facts:#?}");
        let attempts: BTreeSet<&str> = facts.iter().map(|fact| fact.attempt.as_str()).collect();
        assert_eq!(attempts.len(), 28, "each is named by what is tried on what");
        let broken: Vec<_> = facts.iter().filter(|fact| !fact.holds).collect();
        assert!(broken.is_empty(), "{broken:#?}");
    }

    #[test]
    fn a_fact_that_does_not_hold_is_said() {
        let fact = fact("writing", &Errno::PERM, "allowed");
        assert!(!fact.holds);
        assert_eq!(fact.found, "allowed");
    }
}
