//! The supervisor's end of one component's control socket.
//!
//! It never waits, and takes nothing from the component but the answers to
//! what is outstanding: at most one hand-out per channel and end. So a
//! component that never looks pins one descriptor per channel and delays
//! nobody; and since an honest one never sends more answers than it got
//! hand-outs, the first packet too many, or too strange, ends the socket. The
//! component keeps what it already has and gets nothing new until it is
//! started again.

#![forbid(unsafe_code)]

use crate::message::{End, Kind, LENGTH, Message};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags,
    SocketType, recv, sendmsg, socketpair,
};
use std::collections::BTreeMap;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Packets looked at in one call, whatever the peer sent.
const MAX_PACKETS: usize = 16;

/// Why a component's control socket was ended. It costs only that component.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// A packet that is no message, or one that only the supervisor sends.
    #[error("a malformed packet of {0} bytes")]
    Malformed(usize),
    /// An answer to nothing that is outstanding.
    #[error("an answer for {end} of {channel}, epoch {epoch}, which is not outstanding")]
    Unexpected {
        /// Name of the channel it gave.
        channel: String,
        /// The end it gave.
        end: End,
        /// The epoch it gave.
        epoch: u64,
    },
    /// The other end is closed: the component ended, or closed it.
    #[error("the component closed its control socket")]
    Closed,
    /// The kernel refused a call.
    #[error("{call}: {error}")]
    System {
        /// The call.
        call: &'static str,
        /// Its error.
        #[source]
        error: io::Error,
    },
}

/// An answer the supervisor was waiting for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Name of the channel.
    pub channel: String,
    /// Which end was taken: a writer has it mapped.
    pub end: End,
    /// The writer's life.
    pub epoch: u64,
}

#[derive(Debug, Default)]
struct Lane {
    outstanding: Option<u64>,
    waiting: Option<(u64, OwnedFd)>,
}

/// The supervisor's end of one component's control socket.
#[derive(Debug)]
pub struct Endpoint {
    socket: Option<OwnedFd>,
    lanes: BTreeMap<(String, End), Lane>,
}

impl Endpoint {
    /// A new control socket: the supervisor's end, and the one the component
    /// inherits under the name `cordon-control`.
    ///
    /// # Errors
    /// When the kernel gives no socket pair.
    pub fn pair() -> io::Result<(Self, OwnedFd)> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let (ours, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)?;
        let endpoint = Self {
            socket: Some(ours),
            lanes: BTreeMap::new(),
        };
        Ok((endpoint, theirs))
    }

    /// The socket, to wait for reading on (level-triggered); none once it was
    /// ended by a fault.
    #[must_use]
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.socket.as_ref().map(AsFd::as_fd)
    }

    /// Hands an end of a channel out: at once, or when the one before was
    /// taken. The newest replaces one that still waits.
    ///
    /// # Errors
    /// A fault ends the socket.
    pub fn offer(&mut self, channel: &str, end: End, epoch: u64, fd: OwnedFd) -> Result<(), Fault> {
        if self.socket.is_none() {
            return Err(Fault::Closed);
        }
        let lane = self.lanes.entry((channel.to_owned(), end)).or_default();
        lane.waiting = Some((epoch, fd));
        self.flush()
    }

    /// Forgets what waits for this end, as when the channel's writer is gone.
    pub fn withdraw(&mut self, channel: &str, end: End) {
        if let Some(lane) = self.lanes.get_mut(&(channel.to_owned(), end)) {
            lane.waiting = None;
        }
    }

    /// Takes the answers that are there, at most 16 a call, and sends what
    /// waited for them.
    ///
    /// # Errors
    /// A fault ends the socket; answers before it in the same call are lost
    /// with it.
    pub fn service(&mut self) -> Result<Vec<Taken>, Fault> {
        let taken = self.receive().and_then(|taken| {
            self.flush()?;
            Ok(taken)
        });
        if taken.is_err() {
            self.end();
        }
        taken
    }

    fn end(&mut self) {
        self.socket = None;
        self.lanes.clear();
    }

    fn receive(&mut self) -> Result<Vec<Taken>, Fault> {
        let mut all = Vec::new();
        let Some(socket) = &self.socket else {
            return Err(Fault::Closed);
        };
        for _ in 0..MAX_PACKETS {
            // One byte more than a message, so that a longer packet shows. No
            // room for ancillary data, so the kernel closes any descriptor the
            // component sends.
            let mut packet = [0; LENGTH + 1];
            let length = match recv(socket, &mut packet[..], RecvFlags::DONTWAIT) {
                Ok((_, 0)) => return Err(Fault::Closed),
                Ok((_, length)) => length,
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => continue,
                Err(Errno::CONNRESET) => return Err(Fault::Closed),
                Err(error) => return Err(system("recvmsg", error)),
            };
            let message = packet.get(..length).map(Message::from_packet);
            let Some(Ok(message)) = message else {
                return Err(Fault::Malformed(length));
            };
            let Kind::Taken(end) = message.kind else {
                return Err(Fault::Malformed(length));
            };
            let taken = Taken {
                channel: message.channel,
                end,
                epoch: message.epoch,
            };
            let lane = self.lanes.get_mut(&(taken.channel.clone(), end));
            match lane.filter(|lane| lane.outstanding == Some(taken.epoch)) {
                Some(lane) => lane.outstanding = None,
                None => {
                    return Err(Fault::Unexpected {
                        channel: taken.channel,
                        end,
                        epoch: taken.epoch,
                    });
                }
            }
            all.push(taken);
        }
        Ok(all)
    }

    /// Sends what waits and may be sent.
    fn flush(&mut self) -> Result<(), Fault> {
        let Some(socket) = &self.socket else {
            return Err(Fault::Closed);
        };
        for ((channel, end), lane) in &mut self.lanes {
            if lane.outstanding.is_some() {
                continue;
            }
            let Some((epoch, fd)) = lane.waiting.take() else {
                continue;
            };
            let message = Message {
                kind: Kind::HandOut(*end),
                channel: channel.clone(),
                epoch,
            };
            match send(socket, &message, &fd) {
                Ok(()) => lane.outstanding = Some(epoch),
                // The peer's queue is full, or too many descriptors travel:
                // the next call tries again.
                Err(Errno::AGAIN | Errno::TOOMANYREFS | Errno::NOBUFS | Errno::INTR) => {
                    lane.waiting = Some((epoch, fd));
                }
                Err(Errno::PIPE | Errno::CONNRESET) => {
                    self.end();
                    return Err(Fault::Closed);
                }
                Err(error) => {
                    self.end();
                    return Err(system("sendmsg", error));
                }
            }
        }
        Ok(())
    }
}

fn system(call: &'static str, error: Errno) -> Fault {
    Fault::System {
        call,
        error: error.into(),
    }
}

fn send(socket: &OwnedFd, message: &Message, fd: &OwnedFd) -> rustix::io::Result<()> {
    let packet = message.to_packet().map_err(|_| Errno::INVAL)?;
    let fds = [fd.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !ancillary.push(SendAncillaryMessage::ScmRights(&fds)) {
        return Err(Errno::NOBUFS);
    }
    let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
    sendmsg(socket, &[IoSlice::new(&packet)], &mut ancillary, flags)?;
    Ok(())
}
