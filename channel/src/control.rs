//! The component's end of its control socket.
//!
//! There is one way to come by a channel: ask for it by name and call
//! [`Control::poll`] now and then. Whether the other end started before or
//! after, or starts again, is the same to this code.

#![forbid(unsafe_code)]

use crate::attach::{self, AttachError};
use crate::clock::now;
use crate::descriptors;
use crate::layout::{Layout, channel_id};
use crate::message::{End, Kind, LENGTH, Message};
use crate::pace::Pace;
use crate::port::{Mailbox, Reader, Writer};
use crate::reading::Trust;
use crate::ring::reader::RingReader;
use crate::ring::writer::RingWriter;
use crate::schema::Schema;
use rustix::io::Errno;
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendFlags, recvmsg,
    sendmsg,
};
use std::collections::{BTreeMap, VecDeque};
use std::io::{IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

const MAX_PACKETS: usize = 16;

/// Something [`Control::poll`] did.
#[derive(Debug)]
pub enum ControlEvent {
    /// An end is attached to a life of its channel.
    Attached {
        /// Name of the channel.
        channel: String,
        /// Which end.
        end: End,
        /// The writer's life.
        epoch: u64,
    },
    /// What was handed out was not attached; the end is absent.
    Refused {
        /// Name of the channel.
        channel: String,
        /// Which end.
        end: End,
        /// Why.
        error: Arc<AttachError>,
    },
    /// The supervisor is gone. Channels that are attached go on.
    Closed,
}

#[derive(Debug)]
enum Port {
    Writer(Arc<Mailbox<RingWriter<crate::mapping::ReadWrite>>>, Layout),
    Reader(
        Arc<Mailbox<RingReader<crate::mapping::ReadOnly>>>,
        Layout,
        Trust,
    ),
}

/// The component's end of its control socket.
#[derive(Debug)]
pub struct Control {
    socket: Option<OwnedFd>,
    ports: BTreeMap<(String, End), Port>,
    /// Handed out before it was asked for: the newest of each.
    early: BTreeMap<(String, End), (u64, OwnedFd)>,
    /// Answers the socket had no room for.
    answers: VecDeque<Message>,
}

impl Control {
    /// The control socket this process inherited as `cordon-control`, once.
    #[must_use]
    pub fn from_listen_fds() -> Option<Self> {
        descriptors::control().map(Self::new)
    }

    /// A control socket that came another way.
    #[must_use]
    pub fn new(socket: OwnedFd) -> Self {
        Self {
            socket: Some(socket),
            ports: BTreeMap::new(),
            early: BTreeMap::new(),
            answers: VecDeque::new(),
        }
    }

    /// The socket, to wait for reading on; none when the supervisor is gone.
    #[must_use]
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.socket.as_ref().map(AsFd::as_fd)
    }

    /// Asks for the writing end of a channel. It is absent until
    /// [`Control::poll`] attached it.
    pub fn writer(&mut self, channel: &str, schema: &Schema, pace: Pace) -> Writer {
        let layout = Layout::new(schema, pace);
        let mailbox = Arc::new(Mailbox::default());
        let port = Port::Writer(Arc::clone(&mailbox), layout);
        self.ports.insert((channel.to_owned(), End::Writer), port);
        Writer::new(mailbox, schema.clone())
    }

    /// Asks for a reading end of a channel. It is absent until
    /// [`Control::poll`] attached it.
    pub fn reader(&mut self, channel: &str, schema: &Schema, pace: Pace, trust: Trust) -> Reader {
        let layout = Layout::new(schema, pace);
        let mailbox = Arc::new(Mailbox::default());
        let port = Port::Reader(Arc::clone(&mailbox), layout, trust);
        self.ports.insert((channel.to_owned(), End::Reader), port);
        Reader::new(mailbox)
    }

    /// Takes what the supervisor handed out, at most 16 packets, attaches it
    /// and answers. Never waits.
    pub fn poll(&mut self) -> Vec<ControlEvent> {
        let mut events = Vec::new();
        for _ in 0..MAX_PACKETS {
            match self.receive() {
                Ok(Some((message, fd))) => self.handed(message, fd),
                Ok(None) => {}
                Err(Errno::AGAIN) => break,
                Err(Errno::INTR) => {}
                Err(_) => {
                    if self.socket.take().is_some() {
                        events.push(ControlEvent::Closed);
                    }
                    break;
                }
            }
        }
        let asked = |key: &&(String, End)| self.ports.contains_key(*key);
        let asked: Vec<_> = self.early.keys().filter(asked).cloned().collect();
        for key in asked {
            if let Some((epoch, fd)) = self.early.remove(&key) {
                events.push(self.attach(key.0, key.1, epoch, fd.as_fd()));
            }
        }
        self.answer();
        events
    }

    /// One packet; none when it is nothing for a component.
    fn receive(&self) -> rustix::io::Result<Option<(Message, OwnedFd)>> {
        let socket = self.socket.as_ref().ok_or(Errno::NOTCONN)?;
        let mut packet = [0; LENGTH + 1];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
        let mut parts = [IoSliceMut::new(&mut packet)];
        let received = recvmsg(socket, &mut parts, &mut ancillary, flags)?;
        if received.bytes == 0 {
            return Err(Errno::NOTCONN);
        }
        let mut fds = ancillary.drain().flat_map(|message| match message {
            RecvAncillaryMessage::ScmRights(fds) => fds.collect::<Vec<_>>(),
            _ => Vec::new(),
        });
        let fd = fds.next();
        drop(fds);
        let message = packet.get(..received.bytes).map(Message::from_packet);
        Ok(match (message, fd) {
            (Some(Ok(message)), Some(fd)) => Some((message, fd)),
            _ => None,
        })
    }

    fn handed(&mut self, message: Message, fd: OwnedFd) {
        if let Kind::HandOut(end) = message.kind {
            // A reader's receipt only says that the next may come; whether
            // this one can be attached changes nothing for the supervisor.
            if end == End::Reader {
                self.answers.push_back(Message {
                    kind: Kind::Taken(end),
                    ..message.clone()
                });
            }
            let key = (message.channel, end);
            self.early.insert(key, (message.epoch, fd));
        }
    }

    fn attach(
        &mut self,
        channel: String,
        end: End,
        epoch: u64,
        fd: BorrowedFd<'_>,
    ) -> ControlEvent {
        let id = channel_id(&channel);
        let result = match self.ports.get(&(channel.clone(), end)) {
            Some(Port::Writer(mailbox, layout)) => {
                let attached = attach::writer(fd, layout, id, epoch)
                    .map(|map| (map.locked(), map))
                    .map(|(locked, map)| {
                        let ring = RingWriter::new(map, layout.clone(), id, epoch, now());
                        (locked, ring)
                    });
                mailbox.put(epoch, attached)
            }
            Some(Port::Reader(mailbox, layout, trust)) => {
                let attached = attach::reader(fd, layout, id, epoch)
                    .map(|map| (map.locked(), map))
                    .map(|(locked, map)| {
                        let layout = layout.clone();
                        let ring = RingReader::new(map, layout, *trust, id, epoch, now());
                        (locked, ring)
                    });
                mailbox.put(epoch, attached)
            }
            // Only what was asked for gets here.
            None => Ok(()),
        };
        match result {
            Ok(()) => {
                // The writer's acknowledgement comes after its map.
                if end == End::Writer {
                    self.answers.push_back(Message {
                        kind: Kind::Taken(end),
                        channel: channel.clone(),
                        epoch,
                    });
                }
                ControlEvent::Attached {
                    channel,
                    end,
                    epoch,
                }
            }
            Err(error) => ControlEvent::Refused {
                channel,
                end,
                error,
            },
        }
    }

    fn answer(&mut self) {
        while let Some((message, socket)) = self.answers.front().zip(self.socket.as_ref()) {
            let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
            let Ok(packet) = message.to_packet() else {
                self.answers.pop_front();
                continue;
            };
            let parts = [IoSlice::new(&packet)];
            match sendmsg(socket, &parts, &mut SendAncillaryBuffer::default(), flags) {
                Err(Errno::AGAIN | Errno::INTR | Errno::NOBUFS) => break,
                // Sent; or the supervisor is gone, which the next poll says.
                _ => self.answers.pop_front(),
            };
        }
    }
}
