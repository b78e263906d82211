//! All channels of a device, from the supervisor's side.
//!
//! The launcher tells the hub which component starts, which ends, and when a
//! control socket can be read; the hub keeps the order of [`crate::supervisor`]
//! for every channel. It never waits and starts no thread.

#![forbid(unsafe_code)]

use crate::endpoint::{Endpoint, Fault};
use crate::message::{End, is_channel_name};
use crate::pace::Pace;
use crate::schema::Schema;
use crate::supervisor::{Creation, CreationError, SealError, Sealed, Spec};
use std::collections::BTreeMap;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

/// One channel as it is declared.
#[derive(Clone, Debug)]
pub struct Link {
    /// Name of the channel.
    pub name: String,
    /// Schema of its records.
    pub schema: Schema,
    /// How often they come.
    pub pace: Pace,
    /// The component that writes.
    pub from: String,
    /// The components that read.
    pub to: Vec<String>,
}

/// Where a channel stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Its writer does not run, or lost the channel by a fault.
    Absent,
    /// Handed to its writer, which has not acknowledged yet.
    Offered {
        /// The writer's life.
        epoch: u64,
        /// Whether it was made with MFD_NOEXEC_SEAL.
        noexec_seal: bool,
    },
    /// Sealed, and handed to the readers that run.
    Open {
        /// The writer's life.
        epoch: u64,
        /// Whether it was made with MFD_NOEXEC_SEAL.
        noexec_seal: bool,
    },
}

/// Something that happened.
#[derive(Debug)]
pub enum Event {
    /// A channel was sealed and goes to its readers.
    Opened {
        /// Name of the channel.
        channel: String,
        /// The writer's life.
        epoch: u64,
    },
    /// A reader took a channel.
    Taken {
        /// Name of the channel.
        channel: String,
        /// The reader.
        component: String,
        /// The writer's life.
        epoch: u64,
    },
    /// A writer's memory was not what it was handed: the channel is absent.
    Refused {
        /// Name of the channel.
        channel: String,
        /// What was wrong.
        error: SealError,
    },
    /// A component's control socket was ended. [`Fault::Closed`] is no more
    /// than that when the component ends.
    Ended {
        /// The component.
        component: String,
        /// Why.
        fault: Fault,
    },
}

/// A declaration the hub cannot serve.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("channel `{channel}`: {why}")]
pub struct LinkError {
    /// Name of the channel.
    pub channel: String,
    /// What is wrong.
    pub why: &'static str,
}

/// Why a component's channels could not be prepared.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// No socket pair.
    #[error("control socket: {0}")]
    Socket(#[source] io::Error),
    /// No memory for a channel it writes.
    #[error(transparent)]
    Creation(#[from] CreationError),
    /// A descriptor could not be duplicated or sent.
    #[error("channel {channel}: {error}")]
    HandOut {
        /// Name of the channel.
        channel: String,
        /// Its error.
        #[source]
        error: io::Error,
    },
}

#[derive(Debug)]
enum Life {
    None,
    Offered(Creation),
    Open(Sealed),
}

#[derive(Debug)]
struct Channel {
    link: Link,
    label: Option<String>,
    epoch: u64,
    life: Life,
}

/// All channels of a device.
#[derive(Debug)]
pub struct Hub {
    channels: Vec<Channel>,
    endpoints: BTreeMap<String, Endpoint>,
}

impl Hub {
    /// A hub for these channels, none of them open.
    ///
    /// # Errors
    /// On a name that is none or stands twice, a pace of 0, or a channel from
    /// a component to itself.
    pub fn new(links: Vec<Link>) -> Result<Self, LinkError> {
        for (index, link) in links.iter().enumerate() {
            let wrong = |why| {
                Err(LinkError {
                    channel: link.name.clone(),
                    why,
                })
            };
            if !is_channel_name(&link.name) {
                return wrong("not a name of at most 64 characters");
            }
            if links[..index].iter().any(|other| other.name == link.name) {
                return wrong("the name stands twice");
            }
            if !link.pace.is_sound() {
                return wrong("a period, deadline or rate of 0");
            }
            if link.to.contains(&link.from) {
                return wrong("from a component to itself");
            }
        }
        let channel = |link| Channel {
            link,
            label: None,
            epoch: 0,
            life: Life::None,
        };
        Ok(Self {
            channels: links.into_iter().map(channel).collect(),
            endpoints: BTreeMap::new(),
        })
    }

    /// Sets the SELinux context that each later life of a channel is given;
    /// an unknown name is ignored.
    pub fn set_label(&mut self, channel: &str, context: &str) {
        for known in &mut self.channels {
            if known.link.name == channel {
                known.label = Some(context.to_owned());
            }
        }
    }

    /// Whether a component is an end of any channel and so needs a control
    /// socket.
    #[must_use]
    pub fn concerns(&self, component: &str) -> bool {
        let ends = |link: &Link| link.from == component || link.to.iter().any(|to| to == component);
        self.channels.iter().any(|channel| ends(&channel.link))
    }

    /// Prepares the start of a component: a new epoch of each channel it
    /// writes, every open channel it reads. Returns the end of the control
    /// socket it is to inherit as `cordon-control`; everything it needs is
    /// already in it.
    ///
    /// # Errors
    /// When the kernel gives no memory, socket or descriptor. Nothing is then
    /// left behind.
    pub fn start(&mut self, component: &str) -> Result<OwnedFd, StartError> {
        self.stop(component);
        let (endpoint, theirs) = Endpoint::pair().map_err(StartError::Socket)?;
        self.endpoints.insert(component.to_owned(), endpoint);
        match self.offer_all(component) {
            Ok(()) => Ok(theirs),
            Err(error) => {
                self.stop(component);
                Err(error)
            }
        }
    }

    /// A component ended, however: its control socket and the channels it
    /// wrote are gone. Readers keep the memory they mapped and hear its
    /// heartbeat stop.
    pub fn stop(&mut self, component: &str) {
        self.endpoints.remove(component);
        for channel in &mut self.channels {
            if channel.link.from == component {
                channel.life = Life::None;
                for reader in &channel.link.to {
                    if let Some(endpoint) = self.endpoints.get_mut(reader) {
                        endpoint.withdraw(&channel.link.name, End::Reader);
                    }
                }
            }
        }
    }

    /// The supervisor's end of a component's control socket, to wait for
    /// reading on (level-triggered). None once a fault ended it.
    #[must_use]
    pub fn fd(&self, component: &str) -> Option<BorrowedFd<'_>> {
        self.endpoints.get(component)?.fd()
    }

    /// Does what a readable control socket asks for, a bounded amount of it.
    pub fn service(&mut self, component: &str) -> Vec<Event> {
        let mut events = Vec::new();
        let Some(endpoint) = self.endpoints.get_mut(component) else {
            return events;
        };
        match endpoint.service() {
            Ok(all) => {
                for taken in all {
                    match taken.end {
                        End::Reader => events.push(Event::Taken {
                            channel: taken.channel,
                            component: component.to_owned(),
                            epoch: taken.epoch,
                        }),
                        End::Writer => {
                            self.acknowledged(component, &taken.channel, taken.epoch, &mut events);
                        }
                    }
                }
            }
            Err(fault) => events.push(ended(component, fault)),
        }
        events
    }

    /// Where each channel stands, in the order of declaration.
    pub fn states(&self) -> impl Iterator<Item = (&Link, State)> {
        self.channels.iter().map(|channel| {
            let epoch = channel.epoch;
            let state = match &channel.life {
                Life::None => State::Absent,
                Life::Offered(creation) => State::Offered {
                    epoch,
                    noexec_seal: creation.noexec_seal(),
                },
                Life::Open(sealed) => State::Open {
                    epoch,
                    noexec_seal: sealed.noexec_seal(),
                },
            };
            (&channel.link, state)
        })
    }

    /// The memory of a channel's present life, to be looked at; none while it is absent.
    #[must_use]
    pub fn memory(&self, channel: &str) -> Option<BorrowedFd<'_>> {
        let known = self.channels.iter().find(|one| one.link.name == channel)?;
        match &known.life {
            Life::None => None,
            Life::Offered(creation) => Some(creation.writer_fd()),
            Life::Open(sealed) => Some(sealed.reader_fd()),
        }
    }

    fn offer_all(&mut self, component: &str) -> Result<(), StartError> {
        let Some(endpoint) = self.endpoints.get_mut(component) else {
            return Ok(());
        };
        for channel in &mut self.channels {
            let name = &channel.link.name;
            let (end, fd) = if channel.link.from == component {
                channel.epoch += 1;
                let creation = Creation::new(&Spec {
                    name: name.clone(),
                    epoch: channel.epoch,
                    schema: channel.link.schema.clone(),
                    pace: channel.link.pace,
                })?;
                if let Some(context) = &channel.label {
                    creation.label(context)?;
                }
                let fd = creation.writer_fd().try_clone_to_owned();
                channel.life = Life::Offered(creation);
                (End::Writer, fd)
            } else if channel.link.to.iter().any(|to| to == component)
                && let Life::Open(sealed) = &channel.life
            {
                (End::Reader, sealed.reader_fd().try_clone_to_owned())
            } else {
                continue;
            };
            let failed = |error| StartError::HandOut {
                channel: name.clone(),
                error,
            };
            let fd = fd.map_err(failed)?;
            let offered = endpoint.offer(name, end, channel.epoch, fd);
            offered.map_err(|fault| failed(io::Error::other(fault)))?;
        }
        Ok(())
    }

    fn acknowledged(&mut self, writer: &str, name: &str, epoch: u64, events: &mut Vec<Event>) {
        let mine = |channel: &&mut Channel| {
            channel.link.name == name && channel.link.from == writer && channel.epoch == epoch
        };
        let Some(channel) = self.channels.iter_mut().find(mine) else {
            return;
        };
        let Life::Offered(creation) = std::mem::replace(&mut channel.life, Life::None) else {
            return;
        };
        let sealed = match creation.seal() {
            Ok(sealed) => sealed,
            Err(error) => {
                let channel = name.to_owned();
                events.push(Event::Refused { channel, error });
                return;
            }
        };
        events.push(Event::Opened {
            channel: name.to_owned(),
            epoch,
        });
        for reader in &channel.link.to {
            let Some(endpoint) = self.endpoints.get_mut(reader) else {
                continue;
            };
            if endpoint.fd().is_none() {
                continue;
            }
            let offered = sealed
                .reader_fd()
                .try_clone_to_owned()
                .map_err(|error| Fault::System {
                    call: "fcntl",
                    error,
                })
                .and_then(|fd| endpoint.offer(name, End::Reader, epoch, fd));
            if let Err(fault) = offered {
                events.push(ended(reader, fault));
            }
        }
        channel.life = Life::Open(sealed);
    }
}

fn ended(component: &str, fault: Fault) -> Event {
    Event::Ended {
        component: component.to_owned(),
        fault,
    }
}
