//! Why the display did not start, and the exit code that says so.

use crate::arguments::UsageError;
use crate::screen::SnapshotError;
use crate::wfdb::WfdbError;
use std::path::PathBuf;
use std::{fmt, io};

/// Why the display did not start. Once it shows vital signs nothing ends it but a signal.
#[derive(Debug)]
pub enum Failure {
    /// The command line is wrong: 2.
    Usage(UsageError),
    /// The record cannot be used: 3 unreadable, 4 malformed header, 5 not supported, 6
    /// truncated or corrupt.
    Record(WfdbError),
    /// The record has no signal this monitor shows: 5.
    NoSignal(PathBuf),
    /// There is no descriptor `screen`: 7.
    NoScreen,
    /// A file given instead of a descriptor cannot be opened: 7.
    File(PathBuf, io::Error),
    /// The picture could not be made: 8.
    Snapshot(SnapshotError),
    /// Schemas and code of this build disagree: 70.
    Build(String),
}

impl Failure {
    /// The exit code.
    pub fn code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Record(WfdbError::Unreadable { .. }) => 3,
            Self::Record(WfdbError::Header { .. }) => 4,
            Self::Record(WfdbError::Unsupported { .. }) | Self::NoSignal(_) => 5,
            Self::Record(WfdbError::Corrupt { .. }) => 6,
            Self::NoScreen | Self::File(..) => 7,
            Self::Snapshot(_) => 8,
            Self::Build(_) => 70,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(error) => write!(f, "{error}\n\n{}", crate::arguments::USAGE),
            Self::Record(error) => write!(f, "{error}"),
            Self::NoSignal(record) => {
                write!(
                    f,
                    "record {}: no signal this monitor shows",
                    record.display()
                )
            }
            Self::NoScreen => f.write_str(
                "no descriptor named `screen` was inherited (pass: screen in the manifest)",
            ),
            Self::File(file, error) => write!(f, "{}: {error}", file.display()),
            Self::Snapshot(error) => write!(f, "{error}"),
            Self::Build(what) => write!(f, "this build is inconsistent: {what}"),
        }
    }
}

impl std::error::Error for Failure {}
