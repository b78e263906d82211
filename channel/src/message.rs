//! The one form of message on a control socket, both ways.
//!
//! A packet of exactly [`LENGTH`] bytes on SOCK_SEQPACKET; a hand-out carries
//! one descriptor by SCM_RIGHTS, the answers carry none:
//!
//! ```text
//! 0   4  "CCTL"          8  8  epoch
//! 4   1  version, 1     16  1  length of the name
//! 5   1  kind           17 64  name, filled up with zeros
//! 6   2  0              81  7  0
//! ```
//!
//! Kinds: 1 hand-out of the writer's end, 2 of a reader's end, 3 the writer's
//! acknowledgement that it mapped, 4 a reader's receipt.

#![forbid(unsafe_code)]

use std::fmt;

/// Length of every message.
pub const LENGTH: usize = 88;
const MAGIC: &[u8; 4] = b"CCTL";
const VERSION: u8 = 1;
const NAME: usize = 64;

/// Which end of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum End {
    /// The one that writes.
    Writer,
    /// One of those that read.
    Reader,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Writer => "writer",
            Self::Reader => "reader",
        })
    }
}

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The supervisor hands this end out; the descriptor comes with it.
    HandOut(End),
    /// The component has this end: a writer mapped it, a reader took it.
    Taken(End),
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// What it says.
    pub kind: Kind,
    /// Name of the channel.
    pub channel: String,
    /// Life of the channel's writer.
    pub epoch: u64,
}

/// A packet that is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a packet that is no message")]
pub struct Malformed;

/// Whether a channel's name fits a message: `[a-z][a-z0-9-]*`, at most 64.
#[must_use]
pub fn is_channel_name(name: &str) -> bool {
    (1..=NAME).contains(&name.len())
        && name.as_bytes()[0].is_ascii_lowercase()
        && name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

impl Message {
    /// Writes it as a packet.
    ///
    /// # Errors
    /// When the name of the channel is none.
    pub fn to_packet(&self) -> Result<[u8; LENGTH], Malformed> {
        if !is_channel_name(&self.channel) {
            return Err(Malformed);
        }
        let mut packet = [0; LENGTH];
        packet[..4].copy_from_slice(MAGIC);
        packet[4] = VERSION;
        packet[5] = match self.kind {
            Kind::HandOut(End::Writer) => 1,
            Kind::HandOut(End::Reader) => 2,
            Kind::Taken(End::Writer) => 3,
            Kind::Taken(End::Reader) => 4,
        };
        packet[8..16].copy_from_slice(&self.epoch.to_le_bytes());
        let name = self.channel.as_bytes();
        // At most 64, as just checked.
        packet[16] = name.len() as u8;
        packet[17..17 + name.len()].copy_from_slice(name);
        Ok(packet)
    }

    /// Reads a packet. Every byte counts: there is one packet per message.
    ///
    /// # Errors
    /// When it is no message.
    pub fn from_packet(packet: &[u8]) -> Result<Self, Malformed> {
        let packet: &[u8; LENGTH] = packet.try_into().map_err(|_| Malformed)?;
        let kind = match packet[5] {
            1 => Kind::HandOut(End::Writer),
            2 => Kind::HandOut(End::Reader),
            3 => Kind::Taken(End::Writer),
            4 => Kind::Taken(End::Reader),
            _ => return Err(Malformed),
        };
        let epoch = packet[8..16].try_into().map_err(|_| Malformed)?;
        let name = packet[17..].get(..usize::from(packet[16]));
        let name = name.and_then(|name| std::str::from_utf8(name).ok());
        let message = Self {
            kind,
            channel: name.ok_or(Malformed)?.to_owned(),
            epoch: u64::from_le_bytes(epoch),
        };
        if message.to_packet()? != *packet {
            return Err(Malformed);
        }
        Ok(message)
    }
}
