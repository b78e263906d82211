//! Reaching the network by other sockets than the one it was given, or by that
//! one turned into another.
//!
//! An inherited socket belongs to the network namespace of who made it, so an
//! empty namespace does not hold it: what does is the filter on the calls.

use crate::address::Inet;
use crate::attempt::{Attempt, Outcome};
use crate::compartment::{Compartment, text};
use crate::{step, sys};
use libc::{
    AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_UNIX, MSG_FASTOPEN, SHUT_RDWR, SOCK_DGRAM,
    SOCK_RAW, SOCK_STREAM,
};

/// The attempts of this file. An address is `127.0.0.1:PORT`.
pub const ATTEMPTS: &[Attempt] = &[
    Attempt {
        name: "network-tcp-socket",
        what: "a TCP socket",
        run: |_, _| socket(AF_INET, SOCK_STREAM, 0),
    },
    Attempt {
        name: "network-tcp6-socket",
        what: "a TCP socket over IPv6",
        run: |_, _| socket(AF_INET6, SOCK_STREAM, 0),
    },
    Attempt {
        name: "network-udp-socket",
        what: "a UDP socket",
        run: |_, _| socket(AF_INET, SOCK_DGRAM, 0),
    },
    Attempt {
        name: "network-raw-socket",
        what: "a raw socket (ICMP)",
        run: |_, _| socket(AF_INET, SOCK_RAW, libc::IPPROTO_ICMP),
    },
    Attempt {
        name: "network-packet-socket",
        what: "a packet socket, to sniff",
        run: |_, _| socket(AF_PACKET, SOCK_RAW, 0x0300),
    },
    Attempt {
        name: "network-netlink-socket",
        what: "a netlink socket",
        run: |_, _| socket(AF_NETLINK, SOCK_RAW, 0),
    },
    Attempt {
        name: "network-crypto-socket",
        what: "a socket to the kernel's crypto",
        run: |_, _| socket(libc::AF_ALG, libc::SOCK_SEQPACKET, 0),
    },
    Attempt {
        name: "network-mptcp-socket",
        what: "a Multipath TCP socket, which Landlock does not see",
        run: |_, _| socket(AF_INET, SOCK_STREAM, 262),
    },
    Attempt {
        name: "network-unix-stream",
        what: "a Unix stream socket",
        run: |_, _| socket(AF_UNIX, SOCK_STREAM, 0),
    },
    Attempt {
        name: "network-abstract",
        what: "send to an abstract socket (argument: its name)",
        run: abstract_socket,
    },
    Attempt {
        name: "network-connect",
        what: "connect out by a new socket (argument: address)",
        run: connect_new,
    },
    Attempt {
        name: "network-accepted-unspec",
        what: "free the accepted socket by connect(AF_UNSPEC)",
        run: accepted_unspec,
    },
    Attempt {
        name: "network-accepted-connect",
        what: "connect the accepted socket elsewhere (argument: address)",
        run: accepted_connect,
    },
    Attempt {
        name: "network-accepted-bind",
        what: "bind the accepted socket",
        run: accepted_bind,
    },
    Attempt {
        name: "network-accepted-fastopen",
        what: "sendto(MSG_FASTOPEN) on the accepted socket (argument: address)",
        run: accepted_fastopen,
    },
    Attempt {
        name: "network-listener-unspec",
        what: "free the listener by connect(AF_UNSPEC)",
        run: listener_unspec,
    },
    Attempt {
        name: "network-listener-listen",
        what: "listen again on the listener",
        run: listener_listen,
    },
    Attempt {
        name: "network-listener-bind",
        what: "bind the listener elsewhere",
        run: listener_bind,
    },
    Attempt {
        name: "network-listener-interface",
        what: "change an interface through the listener, which is the host's",
        run: listener_interface,
    },
    Attempt {
        name: "network-listener-connect",
        what: "shut the listener down and connect out (argument: address)",
        run: listener_connect,
    },
    Attempt {
        name: "network-listener-fastopen-sendto",
        what: "shut it down, sendto(MSG_FASTOPEN) (argument: address)",
        run: fastopen_sendto,
    },
    Attempt {
        name: "network-listener-fastopen-sendmsg",
        what: "shut it down, sendmsg(MSG_FASTOPEN) (argument: address)",
        run: fastopen_sendmsg,
    },
    Attempt {
        name: "network-listener-fastopen-sendmmsg",
        what: "shut it down, sendmmsg(MSG_FASTOPEN) (argument: address)",
        run: fastopen_sendmmsg,
    },
    Attempt {
        name: "network-listener-fastopen-upper",
        what: "the same with a bit set that the kernel ignores (argument: address)",
        run: fastopen_upper,
    },
];

fn socket(family: i32, kind: i32, protocol: i32) -> Outcome {
    Outcome::of("socket", sys!(libc::SYS_socket, family, kind, protocol))
}

fn abstract_socket(_: &mut Compartment, name: &str) -> Outcome {
    if name.is_empty() {
        return Outcome::Unsupported("needs a name".into());
    }
    let fd = step!("socket", sys!(libc::SYS_socket, AF_UNIX, SOCK_DGRAM, 0));
    let mut address = u16::try_from(AF_UNIX).unwrap_or(1).to_ne_bytes().to_vec();
    address.push(0);
    address.extend_from_slice(name.as_bytes());
    let message = text("from inside");
    Outcome::of(
        "sendto",
        sys!(
            libc::SYS_sendto,
            fd,
            message.as_c_str(),
            6,
            0,
            address.as_slice(),
            address.len()
        ),
    )
}

/// Runs `attempt` with the address the driver named.
fn towards(argument: &str, attempt: impl FnOnce(&[u8]) -> Outcome) -> Outcome {
    match argument.parse::<Inet>() {
        Ok(address) => attempt(&address.bytes()),
        Err(reason) => Outcome::Unsupported(reason),
    }
}

fn connect_new(_: &mut Compartment, argument: &str) -> Outcome {
    towards(argument, |address| {
        let fd = step!("socket", sys!(libc::SYS_socket, AF_INET, SOCK_STREAM, 0));
        Outcome::of(
            "connect",
            sys!(libc::SYS_connect, fd, address, address.len()),
        )
    })
}

/// AF_UNSPEC: 16 bytes of nothing.
const UNSPEC: [u8; 16] = [0; 16];

fn accepted_unspec(compartment: &mut Compartment, _: &str) -> Outcome {
    compartment.on_spare_connection(|fd| {
        Outcome::of(
            "connect(AF_UNSPEC)",
            sys!(libc::SYS_connect, fd, &UNSPEC, 16),
        )
    })
}

fn accepted_connect(compartment: &mut Compartment, argument: &str) -> Outcome {
    towards(argument, |address| {
        compartment.on_spare_connection(|fd| {
            step!(
                "connect(AF_UNSPEC)",
                sys!(libc::SYS_connect, fd, &UNSPEC, 16)
            );
            Outcome::of(
                "connect",
                sys!(libc::SYS_connect, fd, address, address.len()),
            )
        })
    })
}

/// It is bound already: EINVAL says the call was let through.
fn accepted_bind(compartment: &mut Compartment, _: &str) -> Outcome {
    let address = Inet::loopback(0).bytes();
    let result = sys!(libc::SYS_bind, compartment.accepted(), &address, 16);
    Outcome::reaching("bind", result, &[libc::EINVAL])
}

/// It is connected already: EISCONN says the flag was let through.
fn accepted_fastopen(compartment: &mut Compartment, argument: &str) -> Outcome {
    towards(argument, |address| {
        let fd = compartment.accepted();
        let result = sys!(
            libc::SYS_sendto,
            fd,
            b"x",
            1,
            MSG_FASTOPEN,
            address,
            address.len()
        );
        Outcome::reaching("sendto(MSG_FASTOPEN)", result, &[libc::EISCONN])
    })
}

fn listener_unspec(compartment: &mut Compartment, _: &str) -> Outcome {
    compartment.on_spare_listener(|fd| {
        Outcome::of(
            "connect(AF_UNSPEC)",
            sys!(libc::SYS_connect, fd, &UNSPEC, 16),
        )
    })
}

fn listener_listen(compartment: &mut Compartment, _: &str) -> Outcome {
    compartment.on_spare_listener(|fd| Outcome::of("listen", sys!(libc::SYS_listen, fd, 4096)))
}

/// It is bound already: EINVAL says the call was let through.
fn listener_bind(compartment: &mut Compartment, _: &str) -> Outcome {
    let address = Inet::loopback(0).bytes();
    compartment.on_spare_listener(|fd| {
        Outcome::reaching(
            "bind",
            sys!(libc::SYS_bind, fd, &address, 16),
            &[libc::EINVAL],
        )
    })
}

/// Gives the loopback interface the flags it has.
fn listener_interface(compartment: &mut Compartment, _: &str) -> Outcome {
    const SIOCGIFFLAGS: u64 = 0x8913;
    const SIOCSIFFLAGS: u64 = 0x8914;
    compartment.on_spare_listener(|fd| {
        let mut request = [0u8; 40];
        request[..2].copy_from_slice(b"lo");
        step!(
            "ioctl(SIOCGIFFLAGS)",
            sys!(libc::SYS_ioctl, fd, SIOCGIFFLAGS, &mut request)
        );
        Outcome::of(
            "ioctl(SIOCSIFFLAGS)",
            sys!(libc::SYS_ioctl, fd, SIOCSIFFLAGS, &mut request),
        )
    })
}

/// Shuts the spare listener down (an error means it is down already) and goes on with it.
fn shut_down(
    compartment: &mut Compartment,
    argument: &str,
    attempt: impl FnOnce(i32, &[u8]) -> Outcome,
) -> Outcome {
    towards(argument, |address| {
        compartment.on_spare_listener(|fd| {
            let _ = sys!(libc::SYS_shutdown, fd, SHUT_RDWR);
            attempt(fd, address)
        })
    })
}

fn listener_connect(compartment: &mut Compartment, argument: &str) -> Outcome {
    shut_down(compartment, argument, |fd, address| {
        Outcome::of(
            "connect",
            sys!(libc::SYS_connect, fd, address, address.len()),
        )
    })
}

fn fastopen_sendto(compartment: &mut Compartment, argument: &str) -> Outcome {
    shut_down(compartment, argument, |fd, address| {
        let result = sys!(
            libc::SYS_sendto,
            fd,
            b"x",
            1,
            MSG_FASTOPEN,
            address,
            address.len()
        );
        Outcome::of("sendto(MSG_FASTOPEN)", result)
    })
}

/// struct msghdr with one buffer: name, its length, buffers, their number, no
/// control data, no flags.
fn message(address: &[u8], buffers: &[u8]) -> Vec<u8> {
    sys::words([
        sys::address(address),
        address.len() as u64,
        sys::address(buffers),
        1,
        0,
        0,
        0,
    ])
}

fn fastopen_sendmsg(compartment: &mut Compartment, argument: &str) -> Outcome {
    shut_down(compartment, argument, |fd, address| {
        let buffers = sys::words([sys::address(b"x"), 1]);
        let header = message(address, &buffers);
        Outcome::of(
            "sendmsg(MSG_FASTOPEN)",
            sys!(libc::SYS_sendmsg, fd, header.as_slice(), MSG_FASTOPEN),
        )
    })
}

fn fastopen_sendmmsg(compartment: &mut Compartment, argument: &str) -> Outcome {
    shut_down(compartment, argument, |fd, address| {
        let buffers = sys::words([sys::address(b"x"), 1]);
        let mut headers = message(address, &buffers);
        headers.extend_from_slice(&[0; 8]); // bytes sent, padding
        let result = sys!(
            libc::SYS_sendmmsg,
            fd,
            headers.as_mut_slice(),
            1,
            MSG_FASTOPEN
        );
        Outcome::of("sendmmsg(MSG_FASTOPEN)", result)
    })
}

fn fastopen_upper(compartment: &mut Compartment, argument: &str) -> Outcome {
    shut_down(compartment, argument, |fd, address| {
        let flags = i64::from(MSG_FASTOPEN) | 1 << 32;
        let result = sys!(libc::SYS_sendto, fd, b"x", 1, flags, address, address.len());
        Outcome::of("sendto(MSG_FASTOPEN | 1 << 32)", result)
    })
}
