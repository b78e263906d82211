//! The one epoll instance, and whom a wake-up is for.

use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use std::os::fd::AsFd;

/// Events taken at once.
const BATCH: usize = 32;

/// Whom a wake-up is for. A member's token carries the life it belongs to, so
/// that an event of an earlier life, still in the batch, reaches nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// A signal arrived.
    Signal,
    /// Someone connects to the control socket.
    Control,
    /// A control connection, by number.
    Connection(u32),
    /// SELinux changed its mode, or a policy was loaded.
    Policy,
    /// A component ended.
    Exit(Life),
    /// A component says something on its notify socket.
    Notify(Life),
    /// A component answers on its channels' control socket.
    Channels(Life),
    /// A component wrote to its standard output.
    Stdout(Life),
    /// A component wrote to its standard error.
    Stderr(Life),
}

/// One life of one component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// Number of the component in the plan.
    pub member: u16,
    /// Number of the start, from 1.
    pub number: u32,
}

impl Token {
    fn to_word(self) -> u64 {
        let life = |life: Life| u64::from(life.member) << 32 | u64::from(life.number);
        let (kind, rest) = match self {
            Self::Signal => (0, 0),
            Self::Control => (1, 0),
            Self::Connection(number) => (2, u64::from(number)),
            Self::Exit(one) => (3, life(one)),
            Self::Notify(one) => (4, life(one)),
            Self::Channels(one) => (5, life(one)),
            Self::Stdout(one) => (6, life(one)),
            Self::Stderr(one) => (7, life(one)),
            Self::Policy => (8, 0),
        };
        kind << 56 | rest
    }

    fn from_word(word: u64) -> Option<Self> {
        let number = word as u32;
        let life = Life {
            member: (word >> 32) as u16,
            number,
        };
        Some(match word >> 56 {
            0 => Self::Signal,
            1 => Self::Control,
            2 => Self::Connection(number),
            3 => Self::Exit(life),
            4 => Self::Notify(life),
            5 => Self::Channels(life),
            6 => Self::Stdout(life),
            7 => Self::Stderr(life),
            8 => Self::Policy,
            _ => return None,
        })
    }
}

/// The epoll instance. A descriptor that is closed leaves it by itself.
#[derive(Debug)]
pub struct Poll {
    epoll: Epoll,
}

impl Poll {
    /// An empty one.
    pub fn new() -> nix::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        Ok(Self { epoll })
    }

    /// Wakes up for `token` when `fd` can be read, as long as it can be.
    pub fn watch(&self, fd: impl AsFd, token: Token) -> nix::Result<()> {
        let event = EpollEvent::new(EpollFlags::EPOLLIN, token.to_word());
        self.epoll.add(fd, event)
    }

    /// The same, or when it can be written.
    pub fn watch_both(&self, fd: impl AsFd, token: Token, write: bool) -> nix::Result<()> {
        let mut flags = EpollFlags::EPOLLIN;
        flags.set(EpollFlags::EPOLLOUT, write);
        let mut event = EpollEvent::new(flags, token.to_word());
        self.epoll.modify(fd, &mut event)
    }

    /// Wakes up no more for it.
    pub fn forget(&self, fd: impl AsFd) {
        // ENOENT and EBADF both mean that it is forgotten already.
        let _ = self.epoll.delete(fd);
    }

    /// Waits at most `timeout` ms; none waits for ever.
    pub fn wait(&self, timeout: Option<u64>) -> nix::Result<Vec<Token>> {
        let timeout = match timeout {
            // One ms more than asked: epoll rounds down, and waking early spins.
            Some(ms) => EpollTimeout::try_from(ms.saturating_add(1).min(3_600_000) as i32)
                .unwrap_or(EpollTimeout::ZERO),
            None => EpollTimeout::NONE,
        };
        let mut events = [EpollEvent::empty(); BATCH];
        match self.epoll.wait(&mut events, timeout) {
            Ok(count) => Ok(events[..count]
                .iter()
                .filter_map(|event| Token::from_word(event.data()))
                .collect()),
            Err(Errno::EINTR) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_survive_the_kernel() {
        let life = Life {
            member: u16::MAX,
            number: u32::MAX,
        };
        for token in [
            Token::Signal,
            Token::Control,
            Token::Policy,
            Token::Connection(7),
            Token::Exit(life),
            Token::Notify(life),
            Token::Channels(life),
            Token::Stdout(life),
            Token::Stderr(life),
        ] {
            assert_eq!(Token::from_word(token.to_word()), Some(token));
        }
        assert_eq!(Token::from_word(u64::MAX), None);
    }

    #[test]
    fn a_readable_pipe_wakes_up_and_a_closed_one_is_gone() {
        let poll = Poll::new().unwrap();
        let (reader, writer) = nix::unistd::pipe().unwrap();
        poll.watch(&reader, Token::Control).unwrap();
        assert_eq!(poll.wait(Some(0)).unwrap(), []);
        nix::unistd::write(&writer, b"x").unwrap();
        assert_eq!(poll.wait(Some(1000)).unwrap(), [Token::Control]);
        drop(reader);
        assert_eq!(poll.wait(Some(0)).unwrap(), []);
    }
}
