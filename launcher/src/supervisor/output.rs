//! Standard output and error of a component: a stream of the journal's own
//! where there is one, else a pipe whose lines are shown under its name.

use super::lines::Lines;
use super::throttle::Throttle;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, UnixAddr, connect, socket};
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

/// journald's stream socket, which systemd itself gives to services.
const JOURNAL: &str = "/run/systemd/journal/stdout";
/// Bytes read at one wake-up.
const PORTION: usize = 16 << 10;
/// Lines a component may write at once, and in a second.
const LINES: (u64, u64) = (200, 50);
/// Bytes a component may write at once, and in a second, before its pipe is
/// left unread for a while: it then waits for itself.
const BYTES: (u64, u64) = (1 << 20, 256 << 10);

/// Time in ms between two words about dropped lines.
const REMINDER: u64 = 10_000;

/// The supervisor's end of a pipe.
#[derive(Debug)]
pub struct Output {
    pipe: OwnedFd,
    lines: Lines,
    line_budget: Throttle,
    byte_budget: Throttle,
    dropped: u64,
    /// Time in ms before which dropped lines are not spoken of again.
    silent_until: u64,
}

/// What a wake-up brought.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Portion {
    /// Lines to show.
    pub lines: Vec<String>,
    /// Lines dropped since they were last spoken of; 0 when it is too soon.
    pub dropped: u64,
    /// The other end is closed.
    pub closed: bool,
    /// Too much came: leave the pipe unread for a while.
    pub pause: bool,
}

impl Output {
    /// A pipe: the supervisor's end, and the component's.
    pub fn pipe(now: u64) -> nix::Result<(Self, OwnedFd)> {
        let (reader, writer) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
        // Only this end: the component's own descriptor blocks, as programs expect.
        fcntl(&reader, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
        let output = Self {
            pipe: reader,
            lines: Lines::default(),
            line_budget: Throttle::new(LINES.0, LINES.1, now),
            byte_budget: Throttle::new(BYTES.0, BYTES.1, now),
            dropped: 0,
            silent_until: 0,
        };
        Ok((output, writer))
    }

    /// Takes what is there, a bounded amount of it.
    pub fn take(&mut self, now: u64) -> Portion {
        let mut portion = Portion::default();
        let mut buffer = [0; PORTION];
        match nix::unistd::read(&self.pipe, &mut buffer) {
            Ok(0) => portion.closed = true,
            Ok(length) => {
                let (budget, dropped) = (&mut self.line_budget, &mut self.dropped);
                self.lines.push(&buffer[..length], |line| {
                    if budget.take(1, now) {
                        portion.lines.push(line);
                    } else {
                        *dropped += 1;
                    }
                });
                portion.pause = !self.byte_budget.spend(length as u64, now);
            }
            Err(Errno::EAGAIN | Errno::EINTR) => {}
            Err(_) => portion.closed = true,
        }
        if portion.closed {
            portion.lines.extend(self.lines.finish());
        }
        if self.dropped > 0 && (now >= self.silent_until || portion.closed) {
            self.silent_until = now + REMINDER;
            portion.dropped = std::mem::take(&mut self.dropped);
        }
        portion
    }

    /// Takes all that is left after the component's end; a pipe holds little.
    pub fn rest(&mut self, now: u64) -> Portion {
        let mut all = Portion::default();
        while !all.closed {
            let before = all.lines.len();
            let portion = self.take(now);
            all.lines.extend(portion.lines);
            all.dropped += portion.dropped;
            // Open although its writer is dead: someone else has the descriptor.
            all.closed = portion.closed || (portion.dropped == 0 && all.lines.len() == before);
        }
        all
    }
}

impl AsFd for Output {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pipe.as_fd()
    }
}

/// A stream into the journal under `identifier`, as sd_journal_stream_fd(3)
/// opens it. Fails at once where the journal does not take it at once.
pub fn journal_stream(identifier: &str, priority: u8) -> io::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let stream = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    connect(stream.as_raw_fd(), &UnixAddr::new(JOURNAL)?)?;
    // Identifier, unit, priority, whether <N> prefixes count, three forwards.
    let header = format!("{identifier}\n\n{priority}\n1\n0\n0\n0\n");
    if nix::unistd::write(&stream, header.as_bytes())? != header.len() {
        return Err(io::ErrorKind::WriteZero.into());
    }
    nix::sys::socket::shutdown(stream.as_raw_fd(), nix::sys::socket::Shutdown::Read)?;
    fcntl(&stream, FcntlArg::F_SETFL(OFlag::empty()))?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_over_the_budget_are_counted_not_shown() {
        let (mut output, writer) = Output::pipe(0).unwrap();
        nix::unistd::write(&writer, &b"x\n".repeat(300)).unwrap();
        let portion = output.take(0);
        assert_eq!((portion.lines.len(), portion.dropped), (200, 100));
        nix::unistd::write(&writer, b"later\nrest").unwrap();
        assert_eq!(output.take(1000).lines, ["later"]);
        drop(writer);
        let last = output.take(1000);
        assert_eq!((last.lines, last.closed), (vec!["rest".to_owned()], true));
    }

    #[test]
    fn a_flood_of_bytes_pauses_the_pipe() {
        let (mut output, writer) = Output::pipe(0).unwrap();
        let pauses = (0..200).any(|_| {
            nix::unistd::write(&writer, &[b'x'; PORTION]).unwrap();
            output.take(0).pause
        });
        assert!(pauses);
        assert_eq!(output.take(0), Portion::default());
    }
}
