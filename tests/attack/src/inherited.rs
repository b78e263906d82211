//! Where the descriptors come from: the supervisor, or, outside any
//! compartment, this program itself.

use crate::compartment::Compartment;
use crate::control::{self, Channels};
use crate::sys;
use std::net::TcpListener;
use std::os::fd::{IntoRawFd, RawFd};
use std::time::Duration;

/// First inherited descriptor, sd_listen_fds(3).
const FIRST: RawFd = 3;

/// What the supervisor handed over, by its names.
pub fn from_supervisor() -> Result<Compartment, String> {
    let count: RawFd = variable("LISTEN_FDS")?
        .parse()
        .map_err(|_| "LISTEN_FDS is no number")?;
    let names = variable("LISTEN_FDNAMES")?;
    let named = |wanted: &str| {
        (FIRST..FIRST + count)
            .zip(names.split(':'))
            .find(|(_, name)| *name == wanted)
            .map(|(fd, _)| fd)
    };
    let listener = named("https").ok_or("no socket named https was inherited")?;
    let mut compartment = Compartment::new(listener, named("spare"), named("cordon-control"));
    compartment.channels = Channels::inherited();
    control::take(&mut compartment, Duration::from_secs(3));
    ready();
    Ok(compartment)
}

fn variable(name: &str) -> Result<String, String> {
    std::env::var(name)
        .map_err(|_| format!("{name} is not set: run it under cordon, or with --listen ADDRESS"))
}

/// Says READY=1 as sd_notify(3) does: a datagram is all the network service may send.
fn ready() {
    if let Ok(path) = std::env::var("NOTIFY_SOCKET")
        && let Ok(socket) = std::os::unix::net::UnixDatagram::unbound()
    {
        let _ = socket.send_to(b"READY=1\nSTATUS=attacking", path);
    }
}

/// Outside any compartment: sockets of its own, and memory that no one sealed
/// in place of both channels.
pub fn unconfined(address: &str) -> Result<Compartment, String> {
    let listener = TcpListener::bind(address).map_err(|e| format!("{address}: {e}"))?;
    let spare = TcpListener::bind("127.0.0.1:0").map_err(|e| format!("spare: {e}"))?;
    println!("{}", listener.local_addr().map_err(|e| e.to_string())?);
    let mut compartment = Compartment::new(listener.into_raw_fd(), Some(spare.into_raw_fd()), None);
    let memory = memory().map_err(|errno| format!("memfd_create: errno {errno}"))?;
    compartment.read = Some(memory);
    compartment.written = Some(memory);
    Ok(compartment)
}

fn memory() -> Result<RawFd, sys::Errno> {
    // MFD_ALLOW_SEALING, so that sealing it is possible at all.
    let fd = crate::sys!(libc::SYS_memfd_create, c"channel", libc::MFD_ALLOW_SEALING)?;
    crate::sys!(libc::SYS_ftruncate, fd, 1 << 16)?;
    Ok(RawFd::try_from(fd).unwrap_or(-1))
}
