//! What the child tries after it has restricted itself and before seccomp: layers
//! that nothing in /proc shows. Each trial names a layer and must be refused.

use super::error::Failure;
use crate::layers::Layers;
use crate::sys::{descriptor::memfd_create, prctl};
use cordon_manifest::plan::{Component, Layer, Network};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockType, SockaddrIn, UnixAddr, bind, sendto, socket,
};
use nix::sys::stat::Mode;
use std::net::SocketAddrV4;
use std::os::fd::{AsRawFd, OwnedFd};

/// A layer that was tried, and how it refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// The layer.
    pub layer: Layer,
    /// What was tried and what the kernel said.
    pub found: String,
}

impl Trial {
    /// One line for the pipe between child and supervisor.
    pub fn encode(&self) -> String {
        format!("tried\u{1f}{}\u{1f}{}\n", self.layer, self.found)
    }

    /// Reads what [`Self::encode`] wrote.
    pub fn decode(line: &str) -> Option<Self> {
        let (layer, found) = line.strip_prefix("tried\u{1f}")?.split_once('\u{1f}')?;
        Some(Self {
            layer: Layer::from_name(layer)?,
            found: found.into(),
        })
    }
}

/// Sockets made before the restriction, which afterwards must be out of reach.
#[derive(Debug)]
pub struct Bait {
    abstract_socket: Option<(OwnedFd, UnixAddr)>,
}

/// Lays out what the trials will try to reach.
pub fn bait(layers: &Layers) -> Result<Bait, Failure> {
    if !layers.on(Layer::LandlockScope) {
        return Ok(Bait {
            abstract_socket: None,
        });
    }
    let failed = |errno| Failure::new(Layer::LandlockScope, "making a socket to try", errno);
    let bound = socket(
        AddressFamily::Unix,
        SockType::Datagram,
        SockFlag::SOCK_CLOEXEC,
        None,
    )
    .map_err(failed)?;
    let name = format!(
        "cordon-trial-{}-{:p}",
        nix::unistd::getpid(),
        &raw const bound
    );
    let address = UnixAddr::new_abstract(name.as_bytes()).map_err(failed)?;
    bind(bound.as_raw_fd(), &address).map_err(failed)?;
    Ok(Bait {
        abstract_socket: Some((bound, address)),
    })
}

/// Tries each layer that is on; one that does not refuse is a failure.
pub fn all(component: &Component, layers: &Layers, bait: &Bait) -> Result<Vec<Trial>, Failure> {
    let mut trials = Vec::new();
    let mut tried =
        |layer: Layer, what: &str, answer: Result<(), Errno>, wanted: Errno| match answer {
            Err(errno) if errno == wanted => {
                trials.push(Trial {
                    layer,
                    found: format!("{what}: {errno:?}"),
                });
                Ok(())
            }
            Err(errno) => {
                Err(Failure::new(layer, "was tried and gave another answer:", errno).of(what))
            }
            Ok(()) => Err(Failure::found(
                layer,
                "is not in force; this was possible:",
                what,
            )),
        };
    if layers.on(Layer::LandlockFs) {
        let root = open(
            "/",
            OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC,
            Mode::empty(),
        );
        tried(
            Layer::LandlockFs,
            "reading the root directory",
            root.map(drop),
            Errno::EACCES,
        )?;
    }
    if layers.on(Layer::LandlockTcp) {
        let port = undeclared_port(component);
        tried(
            Layer::LandlockTcp,
            "binding an undeclared port",
            bind_tcp(port),
            Errno::EACCES,
        )?;
    }
    if let Some((_, address)) = &bait.abstract_socket {
        let flags = SockFlag::SOCK_CLOEXEC;
        let sent = socket(AddressFamily::Unix, SockType::Datagram, flags, None)
            .and_then(|fd| sendto(fd.as_raw_fd(), b"?", address, MsgFlags::empty()).map(drop));
        tried(
            Layer::LandlockScope,
            "sending to an abstract socket",
            sent,
            Errno::EPERM,
        )?;
    }
    if layers.on(Layer::LandlockIoctl) && layers.on(Layer::Root) {
        // Harmless, and in every role's root; no role may ask it anything.
        let flags = OFlag::O_WRONLY | OFlag::O_CLOEXEC;
        let asked = open("/dev/null", flags, Mode::empty())
            .and_then(|device| nix::unistd::isatty(device).map(drop));
        tried(
            Layer::LandlockIoctl,
            "a request to /dev/null",
            asked,
            Errno::EACCES,
        )?;
    }
    if layers.on(Layer::Capabilities) {
        let wanted = super::credentials::SECUREBITS;
        match prctl::securebits() {
            Ok(bits) if bits == wanted => trials.push(Trial {
                layer: Layer::Capabilities,
                found: format!("PR_GET_SECUREBITS: {bits:#x}, locked"),
            }),
            other => {
                let found = format!("securebits {other:x?}, not {wanted:#x}");
                return Err(Failure::found(Layer::Capabilities, "not in force:", found));
            }
        }
    }
    if layers.on(Layer::Mdwe) {
        match prctl::mdwe() {
            Ok(bits) if bits & 1 == 1 => {
                trials.push(Trial {
                    layer: Layer::Mdwe,
                    found: "PR_GET_MDWE: refuse exec gain".into(),
                });
            }
            other => {
                return Err(Failure::found(
                    Layer::Mdwe,
                    "is not in force:",
                    format!("{other:?}"),
                ));
            }
        }
    }
    if layers.on(Layer::MemfdNoexec) && layers.on(Layer::Namespaces) {
        let made = memfd_create(c"trial", libc::MFD_CLOEXEC | libc::MFD_EXEC).map(drop);
        trials.push(match made {
            Err(Errno::EACCES) => Trial {
                layer: Layer::MemfdNoexec,
                found: "an executable memfd: EACCES".into(),
            },
            other => {
                return Err(Failure::found(
                    Layer::MemfdNoexec,
                    "is not in force:",
                    format!("{other:?}"),
                ));
            }
        });
    }
    Ok(trials)
}

fn undeclared_port(component: &Component) -> u16 {
    let declared: Vec<u16> = match &component.network {
        Network::None => Vec::new(),
        Network::Host { bind, .. } => bind.iter().map(|port| port.value).collect(),
    };
    // Above the reserved ports, so that only Landlock can say EACCES.
    (40_000..=u16::MAX)
        .find(|port| !declared.contains(port))
        .unwrap_or(40_000)
}

fn bind_tcp(port: u16) -> Result<(), Errno> {
    let fd = socket(
        AddressFamily::Inet,
        SockType::Stream,
        SockFlag::SOCK_CLOEXEC,
        None,
    )?;
    let address = SockaddrIn::from(SocketAddrV4::new(std::net::Ipv4Addr::LOCALHOST, port));
    bind(fd.as_raw_fd(), &address)
}
