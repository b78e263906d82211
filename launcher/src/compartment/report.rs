//! The pipe on which a child tells the supervisor of its trials and of its failure.
//! It closes at exec.

use super::error::Failure;
use super::trial::Trial;
use nix::errno::Errno;
use nix::fcntl::OFlag;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};

/// Reading end, the supervisor's.
#[derive(Debug)]
pub struct Reading(File);

/// Writing end, the child's.
#[derive(Debug)]
pub struct Writing(File);

/// Descriptors the child keeps to itself are numbered from here, out of the way
/// of those the program inherits.
pub const PRIVATE: i32 = 512;

/// What a child said.
#[derive(Debug, Default)]
pub struct Said {
    /// Layers it tried.
    pub trials: Vec<Trial>,
    /// The step that failed, if one did.
    pub failure: Option<Failure>,
}

/// A new pipe.
pub fn pipe() -> Result<(Reading, Writing), Errno> {
    let (reading, writing) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
    let writing = crate::sys::descriptor::move_above(writing.as_fd(), PRIVATE)?;
    Ok((Reading(reading.into()), Writing(writing.into())))
}

impl Writing {
    /// Sends one encoded line. Nobody is left to tell when that fails; the
    /// supervisor sees a child that ended without a word.
    pub fn say(&mut self, line: &str) {
        let _ = self.0.write_all(line.as_bytes());
    }
}

impl Reading {
    /// Everything said, once every writing end is closed (by exec or by the child's end).
    pub fn read(mut self) -> Said {
        let mut text = String::new();
        let mut bytes = Vec::new();
        // Bounded: the child runs our code, yet a program that somehow kept the end open must not fill memory.
        if (&mut self.0).take(1 << 16).read_to_end(&mut bytes).is_ok() {
            text = String::from_utf8_lossy(&bytes).into_owned();
        }
        let mut said = Said::default();
        for line in text.lines() {
            if let Some(trial) = Trial::decode(line) {
                said.trials.push(trial);
            } else if let Some(failure) = Failure::decode(line) {
                said.failure = Some(failure);
            }
        }
        said
    }
}

/// A pipe on which the child waits until it is held.
pub fn gate() -> Result<(OwnedFd, OwnedFd), Errno> {
    nix::unistd::pipe2(OFlag::O_CLOEXEC)
}
