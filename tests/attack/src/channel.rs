//! The channels: changing what it may only read, and pulling memory away from
//! under the other end.

use crate::attempt::{Attempt, Outcome};
use crate::compartment::{Compartment, text};
use crate::control::{acknowledgement, send};
use crate::{step, sys};
use libc::{
    AT_EMPTY_PATH, AT_FDCWD, F_ADD_SEALS, F_SEAL_WRITE, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE,
    MADV_REMOVE, MAP_SHARED, O_RDWR, PROT_READ, PROT_WRITE,
};
use std::os::fd::RawFd;

const PAGE: usize = 4096;

/// The attempts of this file.
pub const ATTEMPTS: &[Attempt] = &[
    Attempt {
        name: "channel-write",
        what: "write to the channel it reads",
        run: |c, _| read_end(c, write),
    },
    Attempt {
        name: "channel-map-writable",
        what: "map the channel it reads writable",
        run: |c, _| read_end(c, map_writable),
    },
    Attempt {
        name: "channel-protect",
        what: "map it read-only, then make the map writable",
        run: |c, _| read_end(c, protect),
    },
    Attempt {
        name: "channel-reopen",
        what: "open it again, read-write, through /proc/self/fd",
        run: |c, _| read_end(c, reopen),
    },
    Attempt {
        name: "channel-reopen-thread",
        what: "the same through /proc/thread-self/fd",
        run: |c, _| read_end(c, reopen_thread),
    },
    Attempt {
        name: "channel-reopen-device",
        what: "the same through /dev/fd",
        run: |c, _| read_end(c, reopen_device),
    },
    Attempt {
        name: "channel-reopen-handle",
        what: "open it again by its file handle",
        run: |c, _| read_end(c, reopen_handle),
    },
    Attempt {
        name: "channel-truncate",
        what: "cut it off, to kill its writer by SIGBUS",
        run: |c, _| read_end(c, truncate),
    },
    Attempt {
        name: "channel-punch-hole",
        what: "punch a hole into it",
        run: |c, _| read_end(c, punch),
    },
    Attempt {
        name: "channel-remove-pages",
        what: "take its pages away by madvise",
        run: |c, _| read_end(c, remove_pages),
    },
    Attempt {
        name: "channel-seal",
        what: "seal it against its own writer",
        run: |c, _| read_end(c, seal),
    },
    Attempt {
        name: "channel-chmod",
        what: "change its mode",
        run: |c, _| read_end(c, mode),
    },
    Attempt {
        name: "channel-proc-memory",
        what: "write to its map through /proc/self/mem",
        run: |c, _| read_end(c, proc_memory),
    },
    Attempt {
        name: "channel-own-truncate",
        what: "cut off the channel it writes, to kill its reader by SIGBUS",
        run: |c, _| written_end(c, truncate),
    },
    Attempt {
        name: "channel-own-punch-hole",
        what: "punch a hole into the channel it writes",
        run: |c, _| written_end(c, punch),
    },
    Attempt {
        name: "channel-own-map-again",
        what: "map the channel it writes a second time, writable",
        run: |c, _| written_end(c, map_writable),
    },
    Attempt {
        name: "channel-own-write",
        what: "write to it past the map",
        run: |c, _| written_end(c, write),
    },
    Attempt {
        name: "channel-own-seal",
        what: "seal the channel it writes",
        run: |c, _| written_end(c, seal),
    },
    Attempt {
        name: "channel-forge-hand-out",
        what: "send the supervisor a hand-out with a descriptor",
        run: forge_hand_out,
    },
    Attempt {
        name: "channel-forge-acknowledgement",
        what: "send the supervisor acknowledgements of every epoch",
        run: forge_acknowledgement,
    },
    Attempt {
        name: "channel-forge-garbage",
        what: "send the supervisor messages that are none",
        run: forge_garbage,
    },
];

fn read_end(compartment: &mut Compartment, attempt: fn(RawFd) -> Outcome) -> Outcome {
    match compartment.read {
        Some(fd) => attempt(fd),
        None => Outcome::Unsupported("reads no channel".into()),
    }
}

fn written_end(compartment: &mut Compartment, attempt: fn(RawFd) -> Outcome) -> Outcome {
    match compartment.written {
        Some(fd) => attempt(fd),
        None => Outcome::Unsupported("writes no channel".into()),
    }
}

fn write(fd: RawFd) -> Outcome {
    Outcome::of("pwrite64", sys!(libc::SYS_pwrite64, fd, b"forged", 6, 4096))
}

fn mapped(fd: RawFd, protection: i32) -> Result<u64, i32> {
    sys::map(PAGE, protection, MAP_SHARED, fd)
}

fn map_writable(fd: RawFd) -> Outcome {
    Outcome::of("mmap", mapped(fd, PROT_READ | PROT_WRITE).map(|_| 0))
}

fn protect(fd: RawFd) -> Outcome {
    let at = step!("mmap", mapped(fd, PROT_READ));
    Outcome::of(
        "mprotect",
        sys!(libc::SYS_mprotect, at, PAGE, PROT_READ | PROT_WRITE),
    )
}

fn open(path: &str) -> Outcome {
    let path = text(path);
    Outcome::of(
        "openat",
        sys!(libc::SYS_openat, AT_FDCWD, path.as_c_str(), O_RDWR),
    )
}

fn reopen(fd: RawFd) -> Outcome {
    open(&format!("/proc/self/fd/{fd}"))
}

fn reopen_thread(fd: RawFd) -> Outcome {
    open(&format!("/proc/thread-self/fd/{fd}"))
}

fn reopen_device(fd: RawFd) -> Outcome {
    open(&format!("/dev/fd/{fd}"))
}

fn reopen_handle(fd: RawFd) -> Outcome {
    let mut handle = [0u8; 8 + 128];
    handle[..4].copy_from_slice(&128u32.to_ne_bytes());
    let mut mount = [0u8; 4];
    let flags = AT_EMPTY_PATH;
    step!(
        "name_to_handle_at",
        sys!(
            libc::SYS_name_to_handle_at,
            fd,
            c"",
            &mut handle,
            &mut mount,
            flags
        )
    );
    Outcome::of(
        "open_by_handle_at",
        sys!(libc::SYS_open_by_handle_at, fd, &mut handle, O_RDWR),
    )
}

fn truncate(fd: RawFd) -> Outcome {
    Outcome::of("ftruncate", sys!(libc::SYS_ftruncate, fd, 0))
}

fn punch(fd: RawFd) -> Outcome {
    let mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    Outcome::of("fallocate", sys!(libc::SYS_fallocate, fd, mode, 0, PAGE))
}

fn remove_pages(fd: RawFd) -> Outcome {
    let at = step!("mmap", mapped(fd, PROT_READ));
    Outcome::of("madvise", sys!(libc::SYS_madvise, at, PAGE, MADV_REMOVE))
}

fn seal(fd: RawFd) -> Outcome {
    Outcome::of(
        "fcntl(F_ADD_SEALS)",
        sys!(libc::SYS_fcntl, fd, F_ADD_SEALS, F_SEAL_WRITE),
    )
}

fn mode(fd: RawFd) -> Outcome {
    Outcome::of("fchmod", sys!(libc::SYS_fchmod, fd, 0))
}

/// The kernel never writes to a shared map this way (EIO), whoever asks; that
/// the file opens at all is what must not be.
fn proc_memory(fd: RawFd) -> Outcome {
    let at = step!("mmap", mapped(fd, PROT_READ));
    let memory = step!(
        "openat",
        sys!(libc::SYS_openat, AT_FDCWD, c"/proc/self/mem", O_RDWR)
    );
    let result = sys!(libc::SYS_pwrite64, memory, b"forged", 6, at);
    Outcome::reaching("pwrite64", result, &[libc::EIO])
}

/// Sends messages until one is refused; what they do is seen at the other end.
fn flood(
    compartment: &Compartment,
    messages: impl Iterator<Item = (Vec<u8>, Option<RawFd>)>,
) -> Outcome {
    let Some(control) = compartment.control else {
        return Outcome::Unsupported("has no control socket".into());
    };
    let mut sent = 0;
    for (message, descriptor) in messages {
        let result = match send(control, &message, descriptor) {
            // Refused is the descriptor (from Linux 6.16 on); the message may go alone.
            Err(libc::EPERM) if descriptor.is_some() => send(control, &message, None),
            other => other,
        };
        match result {
            Ok(_) => sent += 1,
            // A full queue is the supervisor's pace, not a refusal.
            Err(libc::EAGAIN) => break,
            Err(errno) if sent == 0 => return Outcome::Refused(errno, "sendmsg"),
            Err(_) => break,
        }
    }
    Outcome::Sent(format!("{sent} messages"))
}

fn forge_hand_out(compartment: &mut Compartment, _: &str) -> Outcome {
    let own = compartment.accepted();
    let message = compartment.last_hand_out.clone();
    flood(compartment, std::iter::repeat_n((message, Some(own)), 64))
}

fn forge_acknowledgement(compartment: &mut Compartment, _: &str) -> Outcome {
    let messages: Vec<_> = (0..64)
        .map(|epoch| (acknowledgement(epoch), None))
        .collect();
    flood(compartment, messages.into_iter())
}

fn forge_garbage(compartment: &mut Compartment, _: &str) -> Outcome {
    let own = compartment.accepted();
    let lengths = [1usize, 7, 8, 16, 64, 255, 256, 1024, 4096, 65000];
    let fill = [0u8, 1, 0x7f, 0xff];
    let messages = lengths.into_iter().flat_map(move |len| {
        fill.into_iter()
            .map(move |byte| (vec![byte; len], Some(own)))
    });
    flood(compartment, messages)
}
