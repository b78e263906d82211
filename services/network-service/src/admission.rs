//! Who may come in, and how many.
//!
//! Two rooms: handshakes in progress, where anybody may knock, and verified connections,
//! which only a certificate opens. A flood of strangers fills the first and drops its own
//! oldest; it never takes a place from a nurse's station in the second.

use crate::limits::{CONNECTIONS, CONNECTIONS_PER_CLIENT, HANDSHAKES, STREAMS, STREAMS_PER_CLIENT};
use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;
use tokio::sync::Notify;

/// A verified client: its certificate, byte for byte.
pub type Client = Rc<[u8]>;

/// The doorkeeper; clones share one count.
#[derive(Clone, Default)]
pub struct Admission(Rc<RefCell<Rooms>>);

#[derive(Default)]
struct Rooms {
    next: u64,
    handshakes: Vec<(u64, IpAddr, Rc<Notify>)>,
    connections: Vec<Client>,
    streams: Vec<Client>,
}

/// A place among the handshakes; dropping it leaves.
pub struct Handshake {
    rooms: Admission,
    id: u64,
    evicted: Rc<Notify>,
}

/// A place among the verified connections; dropping it leaves.
pub struct Connection {
    rooms: Admission,
    client: Client,
}

/// A place among the event streams; dropping it leaves.
pub struct EventStream {
    rooms: Admission,
    client: Client,
}

/// No place left, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Full {
    /// All clients together.
    All(usize),
    /// This certificate alone.
    Client(usize),
}

impl std::fmt::Display for Full {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All(limit) => write!(f, "all {limit} places are taken"),
            Self::Client(limit) => write!(f, "this certificate holds all its {limit} places"),
        }
    }
}

impl Admission {
    /// A handshake begins; the oldest of the busiest address may have to go for it.
    pub fn knock(&self, from: IpAddr) -> Handshake {
        let mut rooms = self.0.borrow_mut();
        if rooms.handshakes.len() >= HANDSHAKES {
            rooms.evict_from_busiest();
        }
        let id = rooms.next;
        rooms.next += 1;
        let evicted = Rc::new(Notify::new());
        rooms.handshakes.push((id, from, evicted.clone()));
        Handshake {
            rooms: self.clone(),
            id,
            evicted,
        }
    }

    /// A client whose certificate is verified comes in.
    pub fn enter(&self, client: Client) -> Result<Connection, Full> {
        let room = &mut self.0.borrow_mut().connections;
        take_place(room, &client, CONNECTIONS, CONNECTIONS_PER_CLIENT)?;
        Ok(Connection {
            rooms: self.clone(),
            client,
        })
    }

    /// A client opens an event stream.
    pub fn listen(&self, client: &Client) -> Result<EventStream, Full> {
        let room = &mut self.0.borrow_mut().streams;
        take_place(room, client, STREAMS, STREAMS_PER_CLIENT)?;
        Ok(EventStream {
            rooms: self.clone(),
            client: client.clone(),
        })
    }

    /// Verified connections and event streams there are now.
    pub fn counts(&self) -> (usize, usize) {
        let rooms = self.0.borrow();
        (rooms.connections.len(), rooms.streams.len())
    }
}

impl Rooms {
    fn evict_from_busiest(&mut self) {
        let load = |ip: IpAddr| self.handshakes.iter().filter(|h| h.1 == ip).count();
        // Among equals the first in the list, which is the oldest.
        let busiest = (self.handshakes.iter().map(|h| h.1))
            .rev()
            .max_by_key(|ip| load(*ip));
        if let Some(at) = self.handshakes.iter().position(|h| Some(h.1) == busiest) {
            let (_, _, evicted) = self.handshakes.remove(at);
            evicted.notify_one();
        }
    }
}

fn take_place(
    room: &mut Vec<Client>,
    client: &Client,
    limit: usize,
    per_client: usize,
) -> Result<(), Full> {
    if room.iter().filter(|other| *other == client).count() >= per_client {
        return Err(Full::Client(per_client));
    }
    if room.len() >= limit {
        return Err(Full::All(limit));
    }
    room.push(client.clone());
    Ok(())
}

fn leave(room: &mut Vec<Client>, client: &Client) {
    if let Some(at) = room.iter().position(|other| other == client) {
        room.swap_remove(at);
    }
}

impl Handshake {
    /// Resolves when somebody else needs the place more.
    pub async fn evicted(&self) {
        self.evicted.notified().await;
    }
}

impl Connection {
    /// Whose connection it is.
    pub fn client(&self) -> &Client {
        &self.client
    }
}

impl Drop for Handshake {
    fn drop(&mut self) {
        let mut rooms = self.rooms.0.borrow_mut();
        rooms.handshakes.retain(|(id, ..)| *id != self.id);
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        leave(&mut self.rooms.0.borrow_mut().connections, &self.client);
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        leave(&mut self.rooms.0.borrow_mut().streams, &self.client);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    fn held(admission: &Admission, ip: IpAddr) -> usize {
        let rooms = admission.0.borrow();
        rooms.handshakes.iter().filter(|h| h.1 == ip).count()
    }

    #[test]
    fn a_flood_from_one_address_drops_its_own() {
        let admission = Admission::default();
        let _nurse = admission.knock(address(1));
        let _flood: Vec<_> = (0..10 * HANDSHAKES)
            .map(|_| admission.knock(address(2)))
            .collect();
        assert_eq!(held(&admission, address(1)), 1);
        assert_eq!(held(&admission, address(2)), HANDSHAKES - 1);
    }

    #[tokio::test]
    async fn the_oldest_handshake_is_told_to_go() {
        let admission = Admission::default();
        let all: Vec<_> = (0..=HANDSHAKES)
            .map(|_| admission.knock(address(2)))
            .collect();
        all[0].evicted().await;
    }

    #[test]
    fn one_certificate_cannot_take_every_place() {
        let admission = Admission::default();
        let (greedy, other): (Client, Client) = (Rc::from(*b"a"), Rc::from(*b"b"));
        let held: Vec<_> = (0..CONNECTIONS_PER_CLIENT)
            .map(|_| admission.enter(greedy.clone()).unwrap())
            .collect();
        let full = Full::Client(CONNECTIONS_PER_CLIENT);
        assert_eq!(admission.enter(greedy.clone()).err(), Some(full));
        assert!(admission.enter(other).is_ok());
        drop(held);
        assert!(admission.enter(greedy).is_ok());
    }

    #[test]
    fn places_are_limited_over_all_clients() {
        let admission = Admission::default();
        let _held: Vec<_> = (0..STREAMS)
            .map(|n| admission.listen(&Rc::from([n as u8])).unwrap())
            .collect();
        let one_more: Client = Rc::from(*b"more");
        assert_eq!(admission.listen(&one_more).err(), Some(Full::All(STREAMS)));
    }
}
