//! A SOCK_SEQPACKET socket for each receiver. It waits where it is full, so
//! nothing is lost.

use super::cordon::until;
use super::{Link, LinkError, Receiver, Sender, stamp_of};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, accept, bind,
    connect, listen, recv, send, socket_with,
};
use std::os::fd::OwnedFd;

fn socket(flags: SocketFlags) -> Result<OwnedFd, LinkError> {
    let flags = flags | SocketFlags::CLOEXEC;
    Ok(socket_with(
        AddressFamily::UNIX,
        SocketType::SEQPACKET,
        flags,
        None,
    )?)
}

struct Sending {
    sockets: Vec<OwnedFd>,
    message: Vec<u8>,
}

impl Sender for Sending {
    fn send(&mut self, stamp: u64) {
        self.message[..8].copy_from_slice(&stamp.to_le_bytes());
        for socket in &self.sockets {
            send(socket, &self.message, SendFlags::NOSIGNAL).expect("sent");
        }
    }
}

pub(super) fn sender(link: &Link) -> Result<Box<dyn Sender>, LinkError> {
    let mut sockets = Vec::new();
    for number in 0..link.receivers {
        let socket = socket(SocketFlags::empty())?;
        let address = SocketAddrUnix::new(link.path(number))?;
        until(|| connect(&socket, &address).is_ok())?;
        sockets.push(socket);
    }
    let message = vec![1; link.size];
    Ok(Box::new(Sending { sockets, message }))
}

struct Receiving {
    listening: OwnedFd,
    socket: Option<OwnedFd>,
    message: Vec<u8>,
}

impl Receiver for Receiving {
    fn receive(&mut self) -> Option<u64> {
        if self.socket.is_none() {
            self.socket = accept(&self.listening).ok();
        }
        let socket = self.socket.as_ref()?;
        // EAGAIN where nothing is there.
        let (_, length) = recv(socket, &mut self.message[..], RecvFlags::DONTWAIT).ok()?;
        (length == self.message.len()).then(|| stamp_of(std::hint::black_box(&self.message)))?
    }
}

pub(super) fn receiver(link: &Link, number: usize) -> Result<Box<dyn Receiver>, LinkError> {
    let listening = socket(SocketFlags::NONBLOCK)?;
    bind(&listening, &SocketAddrUnix::new(link.path(number))?)?;
    listen(&listening, 1)?;
    Ok(Box::new(Receiving {
        listening,
        socket: None,
        message: vec![0; link.size],
    }))
}
