//! The supervisor's side of one life of a channel, in its one order:
//!
//! 1. [`Creation::new`] makes the memory, sizes it, writes the header and
//!    keeps a read-only reopening.
//! 2. [`Creation::writer_fd`] goes to the writer, which maps it and
//!    acknowledges.
//! 3. [`Creation::seal`] adds the seals, reads them back, and only then checks
//!    type and size.
//! 4. [`Sealed::reader_fd`] goes to the readers. There is no other way to come
//!    by a [`Sealed`], so no reader can be given anything earlier.

#![forbid(unsafe_code)]

use crate::attach::SEALS;
use crate::layout::{CONSTANT_WORDS, Layout, SCHEMA_BYTES, channel_id};
use crate::pace::Pace;
use crate::schema::Schema;
use rustix::fs::{
    FileType, MemfdFlags, Mode, OFlags, SealFlags, XattrFlags, fcntl_add_seals, fcntl_get_seals,
    fsetxattr, fstat, ftruncate, memfd_create, open,
};
use rustix::io::Errno;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// What a channel is, for one life of its writer.
#[derive(Clone, Debug)]
pub struct Spec {
    /// Name of the channel; its number is [`channel_id`] of it.
    pub name: String,
    /// Number of the writer's life: another one at each start.
    pub epoch: u64,
    /// Schema of its records.
    pub schema: Schema,
    /// How often they come.
    pub pace: Pace,
}

/// Memory that is made but not sealed: nobody but its writer may see it.
#[derive(Debug)]
pub struct Creation {
    spec: Spec,
    layout: Layout,
    memory: OwnedFd,
    read_only: OwnedFd,
    noexec_seal: bool,
}

/// Why memory could not be made. Nothing of it is the writer's fault.
#[derive(Debug, thiserror::Error)]
#[error("channel {channel}: {call}: {error}")]
pub struct CreationError {
    /// Name of the channel.
    pub channel: String,
    /// The system call.
    pub call: &'static str,
    /// Its error.
    #[source]
    pub error: io::Error,
}

/// Why memory is not handed to readers: the writer's fault, and it costs the
/// writer this channel, nothing else.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The kernel refused the seals; EPERM when the writer sealed first.
    #[error("channel {channel}: the kernel refuses the seals: {error}")]
    Refused {
        /// Name of the channel.
        channel: String,
        /// The kernel's error.
        #[source]
        error: io::Error,
    },
    /// The seals read back are not those that were set.
    #[error("channel {channel}: seals are {found:#x}, expected {expected:#x}")]
    Seals {
        /// Name of the channel.
        channel: String,
        /// Seals read back.
        found: u32,
        /// Seals that were set.
        expected: u32,
    },
    /// The size, now that it can no longer change, is another.
    #[error("channel {channel}: {found} bytes, expected {expected}")]
    Size {
        /// Name of the channel.
        channel: String,
        /// Bytes it has.
        found: i64,
        /// Bytes it was given.
        expected: i64,
    },
    /// It is not a regular file any more.
    #[error("channel {channel}: not a regular file: mode {mode:o}")]
    Type {
        /// Name of the channel.
        channel: String,
        /// Mode (stat(2)).
        mode: u32,
    },
}

impl Creation {
    /// Step 1. Needs /proc, for the read-only reopening.
    ///
    /// # Errors
    /// When the kernel refuses a call, with the call's name.
    pub fn new(spec: &Spec) -> Result<Self, CreationError> {
        let failed = |call| {
            move |error: Errno| CreationError {
                channel: spec.name.clone(),
                call,
                error: error.into(),
            }
        };
        let layout = Layout::new(&spec.schema, spec.pace);
        let (memory, noexec_seal) = create(&spec.name).map_err(failed("memfd_create"))?;
        ftruncate(&memory, layout.size() as u64).map_err(failed("ftruncate"))?;
        let header = layout.header(channel_id(&spec.name), spec.epoch);
        let mut bytes = [0; CONSTANT_WORDS * 8];
        for (place, word) in bytes.chunks_exact_mut(8).zip(header) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        write_at(&memory, &bytes, 0).map_err(failed("pwrite"))?;
        let text = spec.schema.to_text().as_bytes();
        write_at(&memory, text, layout.size() - SCHEMA_BYTES).map_err(failed("pwrite"))?;
        let path = format!("/proc/self/fd/{}", memory.as_raw_fd());
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let read_only = open(path, flags, Mode::empty()).map_err(failed("open"))?;
        Ok(Self {
            spec: spec.clone(),
            layout,
            memory,
            read_only,
            noexec_seal,
        })
    }

    /// Gives the memory its own SELinux context, before any descriptor of it leaves.
    ///
    /// A policy's transition can tell one creator from another, not one channel
    /// from the next: without this every channel would carry the same type.
    ///
    /// # Errors
    /// When the kernel refuses the label.
    pub fn label(&self, context: &str) -> Result<(), CreationError> {
        fsetxattr(
            &self.memory,
            c"security.selinux",
            context.as_bytes(),
            XattrFlags::empty(),
        )
        .map_err(|error| CreationError {
            channel: self.spec.name.clone(),
            call: "fsetxattr",
            error: error.into(),
        })
    }

    /// What it was made for.
    #[must_use]
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Its size in bytes.
    pub(crate) fn size(&self) -> usize {
        self.layout.size()
    }

    /// Step 2: the writer's end.
    #[must_use]
    pub fn writer_fd(&self) -> BorrowedFd<'_> {
        self.memory.as_fd()
    }

    /// Whether the kernel made it with MFD_NOEXEC_SEAL (layer `noexec-seal`).
    #[must_use]
    pub fn noexec_seal(&self) -> bool {
        self.noexec_seal
    }

    /// Step 3, after the writer's acknowledgement. The supervisor's own
    /// writable descriptor ends here.
    ///
    /// # Errors
    /// When the memory is not what it was made as. It is then gone.
    pub fn seal(self) -> Result<Sealed, SealError> {
        let channel = || self.spec.name.clone();
        fcntl_add_seals(&self.memory, SEALS).map_err(|error| SealError::Refused {
            channel: channel(),
            error: error.into(),
        })?;
        let read_back = |error: Errno| SealError::Refused {
            channel: channel(),
            error: error.into(),
        };
        let found = fcntl_get_seals(&self.memory).map_err(read_back)?.bits();
        let mut expected = SEALS.bits();
        if self.noexec_seal {
            expected |= SEAL_EXEC.bits();
        }
        if found != expected {
            return Err(SealError::Seals {
                channel: channel(),
                found,
                expected,
            });
        }
        // Not before: until it is sealed, the writer can change the size.
        let stat = fstat(&self.memory).map_err(read_back)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(SealError::Type {
                channel: channel(),
                mode: stat.st_mode,
            });
        }
        let size = i64::try_from(self.layout.size()).unwrap_or(i64::MAX);
        if stat.st_size != size {
            return Err(SealError::Size {
                channel: channel(),
                found: stat.st_size,
                expected: size,
            });
        }
        Ok(Sealed {
            spec: self.spec,
            read_only: self.read_only,
            noexec_seal: self.noexec_seal,
        })
    }
}

/// Memory that nobody but its writer can ever write, and nobody can resize.
#[derive(Debug)]
pub struct Sealed {
    spec: Spec,
    read_only: OwnedFd,
    noexec_seal: bool,
}

impl Sealed {
    /// What it was made for.
    #[must_use]
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// Step 4: a reader's end, read-only.
    #[must_use]
    pub fn reader_fd(&self) -> BorrowedFd<'_> {
        self.read_only.as_fd()
    }

    /// Whether it was made with MFD_NOEXEC_SEAL (layer `noexec-seal`).
    #[must_use]
    pub fn noexec_seal(&self) -> bool {
        self.noexec_seal
    }
}

/// F_SEAL_EXEC of Linux 6.3, which MFD_NOEXEC_SEAL implies.
const SEAL_EXEC: SealFlags = SealFlags::from_bits_retain(0x20);

fn create(name: &str) -> rustix::io::Result<(OwnedFd, bool)> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    match memfd_create(name, flags | MemfdFlags::NOEXEC_SEAL) {
        Ok(memory) => Ok((memory, true)),
        // Before Linux 6.3 the flag is unknown.
        Err(Errno::INVAL) => Ok((memfd_create(name, flags)?, false)),
        Err(error) => Err(error),
    }
}

fn write_at(memory: &OwnedFd, mut bytes: &[u8], at: usize) -> rustix::io::Result<()> {
    let mut at = at as u64;
    while !bytes.is_empty() {
        let written = rustix::io::pwrite(memory, bytes, at)?;
        if written == 0 {
            return Err(Errno::IO);
        }
        bytes = bytes.get(written..).unwrap_or_default();
        at += written as u64;
    }
    Ok(())
}
