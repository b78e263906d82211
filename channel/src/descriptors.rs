//! Descriptors a component inherits: LISTEN_FDS and LISTEN_FDNAMES.
#![allow(unsafe_code)]
// Why unsafe: an inherited descriptor is a number in the environment, and here
// it becomes an owned one, once.

use rustix::io::{FdFlags, fcntl_getfd, fcntl_setfd};
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Name under which a component inherits its control socket.
pub const CONTROL: &str = "cordon-control";
/// Names that begin so are Cordon's own.
const RESERVED: &str = "cordon-";
const FIRST: RawFd = 3;
const MOST: usize = 1024;

static INHERITED: OnceLock<Mutex<Vec<(String, OwnedFd)>>> = OnceLock::new();

/// The descriptors this process inherited, by name, in order, each with
/// close-on-exec set. Empty when LISTEN_PID is not this process. Each is given
/// out once: a second call returns nothing. Those named `cordon-*` stay for
/// [`crate::Control::from_listen_fds`].
#[must_use]
pub fn descriptors() -> Vec<(String, OwnedFd)> {
    take(|name| !name.starts_with(RESERVED))
}

/// The control socket, once.
pub(crate) fn control() -> Option<OwnedFd> {
    take(|name| name == CONTROL).pop().map(|(_, fd)| fd)
}

fn take(wanted: impl Fn(&str) -> bool) -> Vec<(String, OwnedFd)> {
    let inherited = INHERITED.get_or_init(|| Mutex::new(inherit()));
    let mut all = inherited.lock().unwrap_or_else(PoisonError::into_inner);
    all.extract_if(.., |(name, _)| wanted(name)).collect()
}

fn inherit() -> Vec<(String, OwnedFd)> {
    let variable = |name| std::env::var(name).unwrap_or_default();
    if variable("LISTEN_PID").parse() != Ok(std::process::id()) {
        return Vec::new();
    }
    let count = variable("LISTEN_FDS").parse().unwrap_or(0).min(MOST);
    let names = variable("LISTEN_FDNAMES");
    let mut names = names.split(':');
    (FIRST..)
        .take(count)
        .filter_map(|fd| {
            let name = names.next().unwrap_or("unknown").to_owned();
            own(fd).map(|fd| (name, fd))
        })
        .collect()
}

fn own(fd: RawFd) -> Option<OwnedFd> {
    // SAFETY: borrowed for the two calls below only, which refuse a number
    // that is not open.
    let borrowed = unsafe { BorrowedFd::borrow_raw(fd) };
    fcntl_getfd(borrowed).ok()?;
    fcntl_setfd(borrowed, FdFlags::CLOEXEC).ok()?;
    // SAFETY: it is open, and it is this process's to own: whoever started it
    // said so by LISTEN_PID and LISTEN_FDS. `INHERITED` is filled only once,
    // so no second owner is made.
    Some(unsafe { OwnedFd::from_raw_fd(fd) })
}
