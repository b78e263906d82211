//! What an end does with a descriptor it was handed, before it believes it.

#![forbid(unsafe_code)]

use crate::layout::{ABI, CONSTANT_WORDS, HEADER_BYTES, Layout, MAGIC, SCHEMA_BYTES};
use crate::mapping::{ReadOnly, ReadWrite};
use crate::ring::words::Load;
use crate::schema::Schema;
use rustix::fs::{FileType, SealFlags, fcntl_get_seals, fstat};
use std::os::fd::{AsFd, BorrowedFd};

/// The seals a channel has before a reader sees it.
pub const SEALS: SealFlags = SealFlags::SEAL
    .union(SealFlags::SHRINK)
    .union(SealFlags::GROW)
    .union(SealFlags::FUTURE_WRITE);
/// Nothing larger is mapped, whatever it is.
const MAX_BYTES: usize = 32 << 20;

/// Why a descriptor was not attached.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AttachError {
    /// The descriptor is no sealable memory.
    #[error("expected a memfd, found {found}: {error}")]
    NotMemory {
        /// What it is: `a pipe`, `a socket`, ...
        found: &'static str,
        /// What the kernel said when it was asked for seals.
        #[source]
        error: std::io::Error,
    },
    /// A seal is missing, so the other end could still shrink it.
    #[error("seals are {found:#x}, at least {expected:#x} needed")]
    Unsealed {
        /// Seals it has (fcntl(2), F_GET_SEALS).
        found: u32,
        /// Seals it must have.
        expected: u32,
    },
    /// The size is not the layout's.
    #[error("{found} bytes, expected {expected}")]
    Size {
        /// Bytes it has.
        found: u64,
        /// Bytes it must have.
        expected: u64,
    },
    /// Not a channel at all, or of another version or byte order.
    #[error("header word {word} is {found:#018x}, expected {expected:#018x}")]
    Header {
        /// Which word.
        word: usize,
        /// What it is.
        found: u64,
        /// What it must be.
        expected: u64,
    },
    /// The schema or the pace differs; each difference names its field.
    #[error("the schema differs: {}", .0.join("; "))]
    Schema(Vec<String>),
    /// The kernel refused a system call.
    #[error("{call}: {error}")]
    System {
        /// The call.
        call: &'static str,
        /// Its error.
        #[source]
        error: std::io::Error,
    },
}

fn system(call: &'static str) -> impl Fn(rustix::io::Errno) -> AttachError {
    move |error| AttachError::System {
        call,
        error: error.into(),
    }
}

/// Attaches a reader: seals, then size, then the map, then the header.
pub(crate) fn reader(
    fd: BorrowedFd<'_>,
    layout: &Layout,
    channel: u64,
    epoch: u64,
) -> Result<ReadOnly, AttachError> {
    let seals = seals(fd)?;
    if !seals.contains(SEALS) {
        return Err(AttachError::Unsealed {
            found: seals.bits(),
            expected: SEALS.bits(),
        });
    }
    // Sealed, the size the kernel tells now stays.
    let bytes = size(fd, layout)?;
    let map = ReadOnly::new(fd, bytes).map_err(|error| AttachError::System {
        call: "mmap",
        error,
    })?;
    check_header(&map, bytes, layout, channel, epoch)?;
    Ok(map)
}

/// Attaches a writer: it has the descriptor before the seals.
pub(crate) fn writer(
    fd: BorrowedFd<'_>,
    layout: &Layout,
    channel: u64,
    epoch: u64,
) -> Result<ReadWrite, AttachError> {
    seals(fd)?;
    let bytes = size(fd, layout)?;
    let map = ReadWrite::new(fd, bytes).map_err(|error| AttachError::System {
        call: "mmap",
        error,
    })?;
    check_header(&map, bytes, layout, channel, epoch)?;
    Ok(map)
}

fn seals(fd: BorrowedFd<'_>) -> Result<SealFlags, AttachError> {
    fcntl_get_seals(fd).map_err(|error| {
        let kind = fstat(fd).map(|stat| FileType::from_raw_mode(stat.st_mode));
        AttachError::NotMemory {
            found: match kind {
                Ok(FileType::Fifo) => "a pipe",
                Ok(FileType::Socket) => "a socket",
                Ok(FileType::RegularFile) => "a file that has no seals",
                Ok(FileType::Directory) => "a directory",
                Ok(FileType::CharacterDevice) => "a character device",
                Ok(FileType::BlockDevice) => "a block device",
                _ => "something else",
            },
            error: error.into(),
        }
    })
}

/// The size, if it can be that of any channel: a channel of another schema is
/// mapped too, to say which field differs.
fn size(fd: impl AsFd, layout: &Layout) -> Result<usize, AttachError> {
    let stat = fstat(fd).map_err(system("fstat"))?;
    let found = u64::try_from(stat.st_size).unwrap_or(0);
    let bytes = usize::try_from(found).unwrap_or(0);
    let regular = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    let possible = (HEADER_BYTES + 4096 + SCHEMA_BYTES..=MAX_BYTES).contains(&bytes);
    if !regular || !possible || bytes % 4096 != 0 {
        return Err(AttachError::Size {
            found,
            expected: layout.size() as u64,
        });
    }
    Ok(bytes)
}

/// Copies the header once and compares the copy.
fn check_header(
    words: &impl Load,
    bytes: usize,
    layout: &Layout,
    channel: u64,
    epoch: u64,
) -> Result<(), AttachError> {
    let mut found = [0; CONSTANT_WORDS];
    for (index, word) in found.iter_mut().enumerate() {
        *word = words.load(index);
    }
    let expected = layout.header(channel, epoch);
    let same_form = found[0] == MAGIC && found[1] == ABI;
    if same_form && found[2..6] != expected[2..6] {
        let differences = name_differences(words, bytes, layout, &found, &expected);
        return Err(AttachError::Schema(differences));
    }
    for (word, (found, expected)) in found.into_iter().zip(expected).enumerate() {
        if found != expected {
            return Err(AttachError::Header {
                word,
                found,
                expected,
            });
        }
    }
    if bytes != layout.size() {
        return Err(AttachError::Size {
            found: bytes as u64,
            expected: layout.size() as u64,
        });
    }
    Ok(())
}

/// Says where two schemas differ whose hashes do. Reads the other schema's
/// text from the last pages; it is data for people, nothing depends on it.
fn name_differences(
    words: &impl Load,
    bytes: usize,
    layout: &Layout,
    found: &[u64; CONSTANT_WORDS],
    expected: &[u64; CONSTANT_WORDS],
) -> Vec<String> {
    let first = (bytes - SCHEMA_BYTES) / 8;
    let mut text = Vec::with_capacity(SCHEMA_BYTES);
    for index in 0..SCHEMA_BYTES / 8 {
        text.extend_from_slice(&words.load(first + index).to_le_bytes());
    }
    let end = text.iter().position(|byte| *byte == 0);
    text.truncate(end.unwrap_or(text.len()));
    let schema = std::str::from_utf8(&text).map_err(|error| error.to_string());
    let schema = schema.and_then(|text| Schema::parse(text).map_err(|error| error.to_string()));
    let mut said = match schema {
        Ok(schema) => layout.schema().differences(&schema),
        Err(error) => vec![format!("its schema text cannot be read ({error})")],
    };
    let names = ["slots", "stride", "payload words", "period", "deadline"];
    for ((name, found), expected) in names.iter().zip(&found[8..13]).zip(&expected[8..13]) {
        if found != expected {
            said.push(format!("{name} is {found}, expected {expected}"));
        }
    }
    if said.is_empty() {
        said.push("the hashes differ, the texts do not".to_owned());
    }
    said
}
