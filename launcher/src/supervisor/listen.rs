//! Sockets the supervisor binds and components inherit.

use cordon_manifest::plan::{Component, Listen, Origin};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockProtocol, SockType, SockaddrStorage, bind, getsockopt,
    listen, setsockopt, socket, sockopt,
};
use nix::sys::time::TimeVal;
use std::fmt;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// Connections that wait to be accepted; the kernel's own bound is smaller or larger.
const BACKLOG: i32 = 128;
/// `TFO_CLIENT_ENABLE`: MSG_FASTOPEN opens a connection without connect(2).
const FASTOPEN_CLIENT: u32 = 1;

/// A socket that cannot be handed over.
#[derive(Debug, PartialEq, Eq)]
pub enum ListenError {
    /// The kernel refused.
    Refused {
        /// The component.
        component: String,
        /// The socket.
        listen: Box<Listen>,
        /// Its answer.
        errno: Errno,
    },
    /// The kernel would let a component connect out through the socket.
    FastOpen {
        /// The component.
        component: String,
        /// The value found.
        value: u32,
    },
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused {
                component,
                listen,
                errno,
            } => {
                let line = match listen.origin {
                    Origin::Manifest { line } => format!(" (manifest line {line})"),
                    _ => String::new(),
                };
                let (name, address) = (&listen.name, listen.tcp);
                write!(
                    f,
                    "component {component}: cannot listen on tcp {address} for socket {name}{line}: "
                )?;
                f.write_str(match errno {
                    Errno::EADDRINUSE => "the port is in use",
                    Errno::EADDRNOTAVAIL => "this machine does not have the address",
                    other => other.desc(),
                })
            }
            Self::FastOpen { component, value } => write!(
                f,
                "component {component}: net.ipv4.tcp_fastopen is {value}: with bit 1 a program could connect out through its listening socket"
            ),
        }
    }
}

impl std::error::Error for ListenError {}

impl ListenError {
    /// What would help.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Refused {
                listen,
                errno: Errno::EADDRINUSE,
                ..
            } => Some(format!(
                "ss -ltnp 'sport = :{}' shows who has it",
                listen.tcp.port()
            )),
            Self::Refused { .. } => None,
            Self::FastOpen { value, .. } => Some(format!(
                "sysctl -w net.ipv4.tcp_fastopen={}",
                value & !FASTOPEN_CLIENT
            )),
        }
    }
}

/// The sockets of a component, kept from one of its lives to the next: the
/// port stays the device's while the component restarts.
#[derive(Debug, Default)]
pub struct Sockets {
    open: Vec<(Listen, OwnedFd)>,
}

impl Sockets {
    /// Binds every socket of the component.
    pub fn bind(component: &Component) -> Result<Self, ListenError> {
        if !component.listen.is_empty() {
            let value = fastopen();
            if value & FASTOPEN_CLIENT != 0 {
                let component = component.name.clone();
                return Err(ListenError::FastOpen { component, value });
            }
        }
        let mut sockets = Self::default();
        for listen in &component.listen {
            let socket = opened(&component.name, listen)?;
            sockets.open.push((listen.clone(), socket));
        }
        Ok(sockets)
    }

    /// The sockets for a new life. A life can shut its socket down for good, or
    /// size its buffers, which cannot be taken back; such a one is bound anew.
    pub fn hand_over(&mut self, component: &str) -> Result<Vec<(Listen, OwnedFd)>, ListenError> {
        let mut handed = Vec::new();
        for (listen, socket) in &mut self.open {
            let accepts = getsockopt(&*socket, sockopt::AcceptConn).unwrap_or(false);
            if !accepts || !has_default_buffers(socket) {
                // Two sockets cannot listen on one port: the old one goes first.
                let null = std::fs::File::open("/dev/null")
                    .map_err(|error| refused(component, listen, errno_of(&error)))?;
                *socket = null.into();
                *socket = opened(component, listen)?;
            }
            as_new(socket).map_err(|errno| refused(component, listen, errno))?;
            let copy = socket.as_fd().try_clone_to_owned();
            let copy = copy.map_err(|error| refused(component, listen, errno_of(&error)))?;
            handed.push((listen.clone(), copy));
        }
        Ok(handed)
    }
}

fn errno_of(error: &std::io::Error) -> Errno {
    Errno::from_raw(error.raw_os_error().unwrap_or(0))
}

fn refused(component: &str, listen: &Listen, errno: Errno) -> ListenError {
    ListenError::Refused {
        component: component.to_owned(),
        listen: Box::new(listen.clone()),
        errno,
    }
}

/// Whether a socket's buffers are those of a new one; where that cannot be told,
/// it counts as no.
fn has_default_buffers(of: &OwnedFd) -> bool {
    let sizes = |of: &OwnedFd| -> nix::Result<(usize, usize)> {
        Ok((
            getsockopt(of, sockopt::RcvBuf)?,
            getsockopt(of, sockopt::SndBuf)?,
        ))
    };
    let flags = SockFlag::SOCK_CLOEXEC;
    let new = socket(AddressFamily::Inet, SockType::Stream, flags, None);
    new.and_then(|new| Ok(sizes(&new)? == sizes(of)?))
        .unwrap_or(false)
}

/// Takes back what an earlier life may have set: flags and options belong to the
/// open socket, not to the descriptor. Others its filter does not let it set.
fn as_new(socket: &OwnedFd) -> nix::Result<()> {
    fcntl(socket, FcntlArg::F_SETFL(OFlag::O_RDWR))?;
    let never = TimeVal::new(0, 0);
    setsockopt(socket, sockopt::ReceiveTimeout, &never)?;
    setsockopt(socket, sockopt::SendTimeout, &never)?;
    setsockopt(socket, sockopt::KeepAlive, &false)?;
    setsockopt(socket, sockopt::TcpNoDelay, &false)
}

/// Blocking, as systemd's are: the program decides for itself.
fn opened(component: &str, wanted: &Listen) -> Result<OwnedFd, ListenError> {
    let open = || -> nix::Result<OwnedFd> {
        let family = if wanted.tcp.is_ipv6() {
            AddressFamily::Inet6
        } else {
            AddressFamily::Inet
        };
        let flags = SockFlag::SOCK_CLOEXEC;
        let socket = socket(family, SockType::Stream, flags, SockProtocol::Tcp)?;
        setsockopt(&socket, sockopt::ReuseAddr, &true)?;
        if wanted.tcp.is_ipv6() {
            // What the manifest names and nothing else: no IPv4 by the way.
            setsockopt(&socket, sockopt::Ipv6V6Only, &true)?;
        }
        bind(socket.as_raw_fd(), &SockaddrStorage::from(wanted.tcp))?;
        listen(&socket, Backlog::new(BACKLOG)?)?;
        Ok(socket)
    };
    open().map_err(|errno| refused(component, wanted, errno))
}

/// A kernel without the file has no fast open.
fn fastopen() -> u32 {
    std::fs::read_to_string("/proc/sys/net/ipv4/tcp_fastopen")
        .ok()
        .and_then(|text| text.trim().parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(port: u16) -> Listen {
        Listen {
            name: "https".to_owned(),
            tcp: ([127, 0, 0, 1], port).into(),
            origin: Origin::Manifest { line: 7 },
        }
    }

    #[test]
    fn a_port_in_use_is_named_with_component_and_line() {
        let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = opened("web", &wanted(port)).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("component web") && text.contains("line 7"),
            "{text}"
        );
        assert!(text.ends_with("the port is in use"), "{text}");
        assert!(error.help().unwrap().contains(&port.to_string()));
    }

    #[test]
    fn a_socket_its_component_shut_down_is_bound_anew() {
        let listen = wanted(0);
        let socket = opened("web", &listen).unwrap();
        let mut sockets = Sockets {
            open: vec![(listen, socket)],
        };
        let (_, first) = sockets.hand_over("web").unwrap().remove(0);
        nix::sys::socket::shutdown(first.as_raw_fd(), nix::sys::socket::Shutdown::Both).unwrap();
        drop(first);
        let (_, second) = sockets.hand_over("web").unwrap().remove(0);
        assert!(getsockopt(&second, sockopt::AcceptConn).unwrap());
    }

    #[test]
    fn what_one_life_set_on_a_socket_is_gone_in_the_next() {
        let listen = wanted(0);
        let socket = opened("web", &listen).unwrap();
        let mut sockets = Sockets {
            open: vec![(listen, socket)],
        };
        let (_, first) = sockets.hand_over("web").unwrap().remove(0);
        fcntl(&first, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
        setsockopt(&first, sockopt::ReceiveTimeout, &TimeVal::new(0, 1000)).unwrap();
        setsockopt(&first, sockopt::KeepAlive, &true).unwrap();
        drop(first);
        let (_, second) = sockets.hand_over("web").unwrap().remove(0);
        let flags = OFlag::from_bits_truncate(fcntl(&second, FcntlArg::F_GETFL).unwrap());
        assert!(!flags.contains(OFlag::O_NONBLOCK));
        let timeout = getsockopt(&second, sockopt::ReceiveTimeout).unwrap();
        assert_eq!(timeout, TimeVal::new(0, 0));
        assert!(!getsockopt(&second, sockopt::KeepAlive).unwrap());
        assert!(has_default_buffers(&second));
        setsockopt(&second, sockopt::RcvBuf, &1024).unwrap();
        drop(second);
        let (_, third) = sockets.hand_over("web").unwrap().remove(0);
        assert!(has_default_buffers(&third));
    }
}
