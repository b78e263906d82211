//! Whether the kernel writes records at all (AUDIT_GET, linux/audit.h), and
//! switching that on for a while.

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recvfrom, sendto,
    socket,
};
use std::fs;
use std::os::fd::{AsFd as _, AsRawFd as _};

const AUDIT_GET: u16 = 1000;
const AUDIT_SET: u16 = 1001;
/// NLMSG_ERROR: an errno, 0 for "done".
const ERROR: u16 = 2;
/// NLM_F_REQUEST and NLM_F_ACK.
const REQUEST: u16 = 1;
const ACKNOWLEDGE: u16 = 4;
/// AUDIT_STATUS_ENABLED: the one value of struct audit_status that is set.
const ENABLED: u32 = 1;
/// How long, in ms, the kernel may take.
const PATIENCE: u16 = 2000;

/// How the kernel's auditing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Auditing {
    /// Whether it is switched on. Filters' and SELinux's refusals are written
    /// all the same, Landlock's only then.
    pub enabled: bool,
    /// Whether it can be changed before the next start of the system.
    pub locked: bool,
    /// Process number of auditd, 0 for none: it takes the records, and the
    /// kernel's log has none.
    pub daemon: u32,
    /// Records lost since the system started.
    pub lost: u32,
}

impl Auditing {
    /// Asks the kernel; needs CAP_AUDIT_CONTROL.
    pub fn ask() -> Result<Self, Errno> {
        let words = call(AUDIT_GET, &[])?.ok_or(Errno::ENOMSG)?;
        let word = |index: usize| words.get(index).copied().unwrap_or_default();
        Ok(Self {
            enabled: word(1) != 0,
            locked: word(1) == 2,
            daemon: word(3),
            lost: word(6),
        })
    }
}

/// Auditing switched on; off again when it goes, unless an auditd has come
/// meanwhile: that one wants it on.
#[derive(Debug)]
pub struct Enabled {
    before: Auditing,
}

impl Enabled {
    /// Switches it on; none where it already is.
    pub fn now() -> Result<Option<Self>, Errno> {
        let before = Auditing::ask()?;
        if before.enabled {
            return Ok(None);
        }
        set(true)?;
        Ok(Some(Self { before }))
    }

    fn is_wanted(&self, now: Auditing) -> bool {
        now.daemon != 0 && now.daemon != self.before.daemon
    }
}

impl Drop for Enabled {
    fn drop(&mut self) {
        if !Auditing::ask().is_ok_and(|now| self.is_wanted(now)) {
            let _ = set(false);
        }
    }
}

fn set(enabled: bool) -> Result<(), Errno> {
    let mut words = [0; 10];
    words[0] = ENABLED;
    words[1] = enabled.into();
    call(AUDIT_SET, &words).map(drop)
}

/// Calls the kernel; gives the 32-bit words of its answer, where it has one
/// besides "done".
pub(super) fn call(number: u16, words: &[u32]) -> Result<Option<Vec<u32>>, Errno> {
    let socket = socket(
        AddressFamily::Netlink,
        SockType::Raw,
        SockFlag::SOCK_CLOEXEC,
        SockProtocol::NetlinkAudit,
    )?;
    let length = 16 + 4 * words.len() as u32;
    let mut message = length.to_ne_bytes().to_vec();
    message.extend_from_slice(&number.to_ne_bytes());
    message.extend_from_slice(&(REQUEST | ACKNOWLEDGE).to_ne_bytes());
    // Our number, and "from the kernel's point of view, whoever we are".
    message.extend_from_slice(&1u32.to_ne_bytes());
    message.extend_from_slice(&0u32.to_ne_bytes());
    message.extend(words.iter().flat_map(|word| word.to_ne_bytes()));
    let kernel = NetlinkAddr::new(0, 0);
    sendto(socket.as_raw_fd(), &message, &kernel, MsgFlags::empty())?;
    let mut answer = None;
    let mut done = false;
    while !done || (number == AUDIT_GET && answer.is_none()) {
        let mut ready = [PollFd::new(socket.as_fd(), PollFlags::POLLIN)];
        match poll(&mut ready, PATIENCE) {
            Ok(0) => return Err(Errno::ETIMEDOUT),
            Ok(_) => {}
            Err(Errno::EINTR) => continue,
            Err(errno) => return Err(errno),
        }
        let mut buffer = [0; 1024];
        let (length, from) = recvfrom::<NetlinkAddr>(socket.as_raw_fd(), &mut buffer)?;
        if from.is_none_or(|from| from.pid() != 0) {
            continue;
        }
        let Some((header, body)) = buffer[..length].split_at_checked(16) else {
            continue;
        };
        let chunks = body.chunks_exact(4);
        let words: Vec<u32> = chunks
            .map(|word| u32::from_ne_bytes([word[0], word[1], word[2], word[3]]))
            .collect();
        match u16::from_ne_bytes([header[4], header[5]]) {
            ERROR => match words.first().map(|word| word.cast_signed()) {
                Some(0) => done = true,
                Some(errno) => return Err(Errno::from_raw(errno.wrapping_neg())),
                None => return Err(Errno::EBADMSG),
            },
            kind if kind == number => answer = Some(words),
            _ => {}
        }
    }
    Ok(answer)
}

/// Filters' actions that the kernel writes records of (seccomp(2)).
pub fn actions_logged() -> Option<Vec<String>> {
    let text = fs::read_to_string("/proc/sys/kernel/seccomp/actions_logged").ok()?;
    Some(text.split_whitespace().map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_auditd_that_came_meanwhile_keeps_auditing_on() {
        let of = |daemon| Auditing {
            enabled: false,
            locked: false,
            daemon,
            lost: 0,
        };
        for (before, now, wanted) in [(0, 0, false), (0, 7, true), (7, 7, false), (7, 8, true)] {
            // Forgotten, because its end would change this system.
            let enabled = std::mem::ManuallyDrop::new(Enabled { before: of(before) });
            assert_eq!(enabled.is_wanted(of(now)), wanted, "{before} {now}");
        }
    }
}
