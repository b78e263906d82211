//! What can be wrong with a record, with the file and, in a header, the line.

use std::path::{Path, PathBuf};
use std::{fmt, io};

/// Why a record cannot be replayed.
#[derive(Debug)]
pub enum WfdbError {
    /// A file of the record cannot be read.
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A header that is not one.
    Header {
        /// The header.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What is wrong and what would be right.
        what: String,
    },
    /// A correct record of a kind this reader does not know.
    Unsupported {
        /// The header.
        file: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What it uses, and what is supported.
        what: String,
    },
    /// Signals that are not what their header says: too short, too long, another checksum.
    Corrupt {
        /// The signal file.
        file: PathBuf,
        /// The header that describes it.
        header: PathBuf,
        /// Line of the header, from 1.
        line: usize,
        /// What differs.
        what: String,
    },
}

impl WfdbError {
    pub(crate) fn header(file: &Path, line: usize, what: impl Into<String>) -> Self {
        Self::Header {
            file: file.into(),
            line,
            what: what.into(),
        }
    }

    pub(crate) fn unsupported(file: &Path, line: usize, what: impl Into<String>) -> Self {
        Self::Unsupported {
            file: file.into(),
            line,
            what: what.into(),
        }
    }
}

impl fmt::Display for WfdbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { file, error } => {
                write!(f, "{}: cannot be read: {error}", file.display())
            }
            Self::Header { file, line, what } => write!(f, "{}:{line}: {what}", file.display()),
            Self::Unsupported { file, line, what } => {
                write!(f, "{}:{line}: not supported: {what}", file.display())
            }
            Self::Corrupt {
                file,
                header,
                line,
                what,
            } => {
                let (file, header) = (file.display(), header.display());
                write!(f, "{file}: {what} (described by {header}:{line})")
            }
        }
    }
}

impl std::error::Error for WfdbError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable { error, .. } => Some(error),
            _ => None,
        }
    }
}
