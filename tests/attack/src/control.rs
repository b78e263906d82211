//! The control socket, as an intruder uses it: keeping a descriptor of every
//! channel memory it is handed, beside what the channel library does with it.

use crate::compartment::Compartment;
use crate::sys;
use cordon_channel::message::{End, Kind, LENGTH, Message};
use cordon_channel::{Control, Writer};
use cordon_vitals_record::{SEEN_REMOTELY_PACE, SeenForm};
use libc::{MSG_DONTWAIT, MSG_PEEK};
use std::os::fd::RawFd;
use std::time::{Duration, Instant};

/// The channel the network service writes.
const WRITTEN: &str = "seen-remotely";

/// The library's end of the control socket, and what it writes with.
pub struct Channels {
    control: Control,
    /// Writes `seen-remotely`, as the network service would.
    pub writer: Writer,
    /// Makes its records.
    pub form: SeenForm,
}

impl Channels {
    /// The inherited control socket.
    pub fn inherited() -> Option<Self> {
        let form = SeenForm::new().ok()?;
        let mut control = Control::from_listen_fds()?;
        let writer = control.writer(WRITTEN, form.schema(), SEEN_REMOTELY_PACE);
        Some(Self {
            control,
            writer,
            form,
        })
    }
}

/// Takes what was handed out, waiting for both channels at most this long.
pub fn take(compartment: &mut Compartment, at_most: Duration) {
    let until = Instant::now() + at_most;
    while let Some(control) = compartment.control {
        while let Ok((message, fd)) = receive(control, MSG_PEEK) {
            compartment.last_hand_out = message.clone();
            match Message::from_packet(&message).map(|m| (m.kind, m.channel, m.epoch)) {
                // Left in the queue for the library, which maps and acknowledges it.
                Ok((Kind::HandOut(End::Writer), ..)) => {
                    compartment.written = Some(fd);
                    if let Some(channels) = &mut compartment.channels {
                        channels.control.poll();
                    }
                    // Where both came at once, the library has taken both.
                    compartment.read = compartment.read.or_else(kept_by_the_library);
                }
                // Kept from the library, which would close the descriptor.
                Ok((Kind::HandOut(End::Reader), channel, epoch)) => {
                    compartment.read = Some(fd);
                    if let Ok((_, second)) = receive(control, 0) {
                        let _ = crate::sys!(libc::SYS_close, second);
                    }
                    let _ = send(control, &taken(End::Reader, &channel, epoch), None);
                }
                _ => {
                    let _ = receive(control, 0);
                }
            }
        }
        let complete = compartment.read.is_some() && compartment.written.is_some();
        if complete || Instant::now() >= until {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Memory of a channel that can only be read, among all descriptors there are: the
/// library keeps that of a channel nobody has asked it for.
fn kept_by_the_library() -> Option<RawFd> {
    (3..64).find(|fd| {
        let flags = crate::sys!(libc::SYS_fcntl, *fd, libc::F_GETFL);
        let seals = crate::sys!(libc::SYS_fcntl, *fd, libc::F_GET_SEALS);
        flags.is_ok_and(|flags| flags & i64::from(libc::O_ACCMODE) == 0) && seals.is_ok()
    })
}

/// The answer that an end was taken.
pub fn taken(end: End, channel: &str, epoch: u64) -> Vec<u8> {
    let message = Message {
        kind: Kind::Taken(end),
        channel: channel.into(),
        epoch,
    };
    message.to_packet().map(Vec::from).unwrap_or_default()
}

/// The acknowledgement of a life of the channel it writes.
pub fn acknowledgement(epoch: u64) -> Vec<u8> {
    taken(End::Writer, WRITTEN, epoch)
}

/// One packet with the descriptor beside it.
fn receive(control: RawFd, flags: i32) -> Result<(Vec<u8>, RawFd), sys::Errno> {
    let mut packet = vec![0u8; LENGTH];
    let mut rights = [0u8; 24];
    let buffers = sys::words([sys::address_mut(&mut packet), LENGTH as u64]);
    let mut header = sys::words([
        0,
        0,
        sys::address(&buffers),
        1,
        sys::address_mut(&mut rights),
        24,
        0,
    ]);
    let length = crate::sys!(
        libc::SYS_recvmsg,
        control,
        header.as_mut_slice(),
        flags | MSG_DONTWAIT
    )?;
    if length == 0 {
        return Err(libc::ENOTCONN);
    }
    let fd = RawFd::from_ne_bytes([rights[16], rights[17], rights[18], rights[19]]);
    Ok((packet, fd))
}

/// Sends one packet, with a descriptor beside it where one is given.
pub fn send(control: RawFd, message: &[u8], descriptor: Option<RawFd>) -> Result<i64, sys::Errno> {
    let buffers = sys::words([sys::address(message), message.len() as u64]);
    // struct cmsghdr: length, SOL_SOCKET, SCM_RIGHTS, the descriptor, padding.
    let mut rights = sys::words([20]);
    rights.extend_from_slice(&libc::SOL_SOCKET.to_ne_bytes());
    rights.extend_from_slice(&libc::SCM_RIGHTS.to_ne_bytes());
    rights.extend_from_slice(&descriptor.unwrap_or(-1).to_ne_bytes());
    rights.extend_from_slice(&[0; 4]);
    let (at, len) = if descriptor.is_some() {
        (sys::address(&rights), 24)
    } else {
        (0, 0)
    };
    let header = sys::words([0, 0, sys::address(&buffers), 1, at, len, 0]);
    let flags = MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    crate::sys!(libc::SYS_sendmsg, control, header.as_slice(), flags)
}
