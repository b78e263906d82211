//! Links between two processes: the channel, and what else could carry its records.
//!
//! A message is a record of a size in bytes; its first eight are a time stamp.
//! Each receiver ends with the whole message in memory of its own, as the channel
//! does: what it delivers can no longer be changed by whoever sent it.

pub mod cordon;
pub mod iceoryx;
pub mod pipe;
pub mod seqpacket;

use std::error::Error;
use std::path::{Path, PathBuf};

/// Why a link could not be made.
pub type LinkError = Box<dyn Error>;

/// The writing end.
pub trait Sender {
    /// Sends a message to every receiver.
    fn send(&mut self, stamp: u64);
}

/// A reading end. Never waits.
pub trait Receiver {
    /// The stamp of the next message, if there is one.
    fn receive(&mut self) -> Option<u64>;
}

/// Who carries the messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Peer {
    /// The channel.
    Cordon,
    /// iceoryx2's publish-subscribe.
    Iceoryx2,
    /// A pipe for each receiver.
    Pipe,
    /// A SOCK_SEQPACKET socket for each receiver.
    Seqpacket,
}

impl Peer {
    /// All of them, ours first.
    pub const ALL: [Self; 4] = [Self::Cordon, Self::Iceoryx2, Self::Pipe, Self::Seqpacket];

    /// Its name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cordon => "cordon",
            Self::Iceoryx2 => "iceoryx2",
            Self::Pipe => "pipe",
            Self::Seqpacket => "SOCK_SEQPACKET",
        }
    }

    /// The peer of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|peer| peer.name() == name)
    }
}

/// One link: who carries it, how large its messages are, how many receive them,
/// and a directory of its own.
#[derive(Clone, Debug)]
pub struct Link {
    /// Who carries the messages.
    pub peer: Peer,
    /// Size of a message in bytes, a multiple of 8.
    pub size: usize,
    /// How many receive.
    pub receivers: usize,
    /// Where paths of this link are made.
    pub directory: PathBuf,
}

impl Link {
    /// The path of one receiver's pipe or socket.
    #[must_use]
    pub fn path(&self, receiver: usize) -> PathBuf {
        self.directory.join(format!("receiver-{receiver}"))
    }

    /// Prepares what has to be there before either end.
    ///
    /// # Errors
    /// When the kernel refuses.
    pub fn prepare(&self) -> Result<(), LinkError> {
        match self.peer {
            Peer::Pipe => pipe::prepare(self),
            Peer::Cordon | Peer::Iceoryx2 | Peer::Seqpacket => Ok(()),
        }
    }

    /// The writing end. For the channel, standard input is the control socket.
    ///
    /// # Errors
    /// When it cannot be made, or no receiver comes.
    pub fn sender(&self) -> Result<Box<dyn Sender>, LinkError> {
        match self.peer {
            Peer::Cordon => cordon::sender(self),
            Peer::Iceoryx2 => iceoryx::sender(self),
            Peer::Pipe => pipe::sender(self),
            Peer::Seqpacket => seqpacket::sender(self),
        }
    }

    /// The reading end of one receiver.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn receiver(&self, number: usize) -> Result<Box<dyn Receiver>, LinkError> {
        match self.peer {
            Peer::Cordon => cordon::receiver(self),
            Peer::Iceoryx2 => iceoryx::receiver(self),
            Peer::Pipe => pipe::receiver(self, number),
            Peer::Seqpacket => seqpacket::receiver(self, number),
        }
    }

    fn name(&self) -> String {
        let name = self.directory.file_name().map(Path::new);
        name.map_or_else(String::new, |name| name.display().to_string())
    }
}

/// The stamp of a message.
fn stamp_of(message: &[u8]) -> Option<u64> {
    let (stamp, _) = message.split_first_chunk()?;
    Some(u64::from_le_bytes(*stamp))
}
