//! A pipe for each receiver. It waits where it is full, so nothing is lost.

use super::{Link, LinkError, Receiver, Sender, stamp_of};
use rustix::fs::{CWD, FileType, Mode, OFlags, mknodat, open};
use rustix::pipe::fcntl_setpipe_size;
use std::os::fd::OwnedFd;

/// Room for so many messages, at least.
const MESSAGES: usize = 16;

pub(super) fn prepare(link: &Link) -> Result<(), LinkError> {
    for number in 0..link.receivers {
        mknodat(CWD, link.path(number), FileType::Fifo, Mode::RWXU, 0)?;
    }
    Ok(())
}

struct Sending {
    pipes: Vec<OwnedFd>,
    message: Vec<u8>,
}

impl Sender for Sending {
    fn send(&mut self, stamp: u64) {
        self.message[..8].copy_from_slice(&stamp.to_le_bytes());
        for pipe in &self.pipes {
            let mut rest = self.message.as_slice();
            while !rest.is_empty() {
                let written = rustix::io::write(pipe, rest).expect("written");
                rest = &rest[written..];
            }
        }
    }
}

pub(super) fn sender(link: &Link) -> Result<Box<dyn Sender>, LinkError> {
    let mut pipes = Vec::new();
    for number in 0..link.receivers {
        // Opening waits for the receiver.
        let pipe = open(link.path(number), OFlags::WRONLY, Mode::empty())?;
        fcntl_setpipe_size(&pipe, (MESSAGES * link.size).max(65536))?;
        pipes.push(pipe);
    }
    let message = vec![1; link.size];
    Ok(Box::new(Sending { pipes, message }))
}

struct Receiving {
    pipe: OwnedFd,
    message: Vec<u8>,
    filled: usize,
}

impl Receiver for Receiving {
    fn receive(&mut self) -> Option<u64> {
        // EAGAIN where nothing is there.
        self.filled += rustix::io::read(&self.pipe, &mut self.message[self.filled..]).ok()?;
        if self.filled < self.message.len() {
            return None;
        }
        self.filled = 0;
        stamp_of(std::hint::black_box(&self.message))
    }
}

pub(super) fn receiver(link: &Link, number: usize) -> Result<Box<dyn Receiver>, LinkError> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK;
    Ok(Box::new(Receiving {
        pipe: open(link.path(number), flags, Mode::empty())?,
        message: vec![0; link.size],
        filled: 0,
    }))
}
