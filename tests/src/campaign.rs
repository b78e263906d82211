//! All attempts of the attack program against a running monitor, with the
//! arguments that fit it, and what is to be made of each ending.

use crate::attacker::{Ending, Listed, attempt, listed};
use serde_json::{Value, json};
use std::net::{SocketAddr, TcpListener};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

/// Attempts that are refused by one layer alone: without it they succeed, and
/// SECURITY.md and every status say so.
pub const HELD_BY_ONE: &[(&str, &str)] = &[("exec-map-channel", "selinux")];

/// One attempt and how it ended.
#[derive(Clone, Debug)]
pub struct Attempted {
    /// What it is.
    pub listed: Listed,
    /// With what argument.
    pub argument: String,
    /// How it ended.
    pub ending: Ending,
}

/// What an ending means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The kernel said no, with an error or by ending the process.
    Refused,
    /// Sent to a peer, which is watched.
    Sent,
    /// It succeeded, because this layer is switched off here.
    Open(&'static str),
    /// It succeeded and must not have, or could not be tried.
    Breach,
}

impl Attempted {
    /// What its ending means where `without` layers are absent.
    pub fn verdict(&self, without: &[String]) -> Verdict {
        let layer = HELD_BY_ONE
            .iter()
            .find(|(name, _)| *name == self.listed.name);
        match (&self.ending, layer) {
            (Ending::Refused(..) | Ending::Killed, _) => Verdict::Refused,
            (Ending::Sent(_), _) => Verdict::Sent,
            (Ending::Succeeded(_), Some((_, layer))) if without.iter().any(|it| it == layer) => {
                Verdict::Open(layer)
            }
            (Ending::Succeeded(_) | Ending::Unsupported(_), _) => Verdict::Breach,
        }
    }

    /// The answer in a word or two: `EPERM`, `killed by SIGSYS`, `sent`.
    pub fn answer(&self) -> String {
        match &self.ending {
            Ending::Refused(errno, _) => errno_name(*errno),
            Ending::Killed => "killed".into(),
            Ending::Sent(_) => "sent, no effect".into(),
            Ending::Succeeded(_) => "SUCCEEDED".into(),
            Ending::Unsupported(_) => "not tried".into(),
        }
    }

    /// For `attack.json`.
    pub fn to_json(&self, without: &[String]) -> Value {
        let (outcome, errno, detail) = match &self.ending {
            Ending::Refused(errno, detail) => ("refused", Some(*errno), detail.as_str()),
            Ending::Killed => ("killed", None, "the process was ended by a signal"),
            Ending::Sent(detail) => ("sent", None, detail.as_str()),
            Ending::Succeeded(detail) => ("succeeded", None, detail.as_str()),
            Ending::Unsupported(detail) => ("not-tried", None, detail.as_str()),
        };
        let open = match self.verdict(without) {
            Verdict::Open(layer) => json!(layer),
            _ => Value::Null,
        };
        json!({
            "attempt": self.listed.name,
            "what": self.listed.what,
            "argument": self.argument,
            "outcome": outcome,
            "errno": errno,
            "errno-name": errno.map(errno_name),
            "detail": detail,
            "open-without": open,
        })
    }
}

/// Where the attack program runs, and what of its device it is to reach for.
#[derive(Clone, Debug)]
pub struct Aim {
    /// The attack program.
    pub program: PathBuf,
    /// Where it answers.
    pub address: SocketAddr,
    /// The display's sensor: a file or a node.
    pub sensor: PathBuf,
    /// The display's screen.
    pub screen: PathBuf,
    /// Another file of the display's.
    pub shown: PathBuf,
    /// A directory of its own, with `server.crt` in it.
    pub tls: PathBuf,
}

/// What the attacker reaches for: services of the device that it must not reach.
#[derive(Debug)]
pub struct Targets {
    service: TcpListener,
    _socket: UnixDatagram,
    name: String,
    display: u32,
}

impl Targets {
    /// A service on loopback and an abstract socket of the device's own, and the
    /// display's process number.
    ///
    /// # Errors
    /// When one cannot be bound.
    pub fn new(display: u32) -> std::io::Result<Self> {
        let name = format!("cordon-target-{}", std::process::id());
        let address = std::os::unix::net::SocketAddr::from_abstract_name(&name)?;
        let service = TcpListener::bind("127.0.0.1:0")?;
        service.set_nonblocking(true)?;
        Ok(Self {
            service,
            _socket: UnixDatagram::bind_addr(&address)?,
            name,
            display,
        })
    }

    /// Whether anyone reached the service.
    pub fn was_reached(&self) -> bool {
        self.service.accept().is_ok()
    }

    /// The argument that makes an attempt aim at this device.
    fn argument(&self, attempt: &str, aim: &Aim) -> String {
        let text = |path: &Path| path.display().to_string();
        match attempt {
            "display-open-sensor" => text(&aim.sensor),
            "display-open-screen" => text(&aim.screen),
            "display-open-input" => {
                let event = "/dev/input/event0";
                if Path::new(event).exists() {
                    event.into()
                } else {
                    "/dev/tty0".into()
                }
            }
            "display-open-file" => text(&aim.shown),
            "display-list-root" => "/home".into(),
            "display-signal-reaper" => String::new(),
            "exec-map-data" => text(&aim.tls.join("server.crt")),
            // A directory of its own, should the attempt reach the device's own.
            "exec-dropped" | "kernel-device-node" | "namespace-mount" | "namespace-bind"
            | "namespace-remount" | "namespace-unmount" => text(&aim.tls),
            "network-abstract" => self.name.clone(),
            name if name.starts_with("display-") || name == "namespace-enter" => {
                self.display.to_string()
            }
            name if name.starts_with("network-") => self
                .service
                .local_addr()
                .map(|address| address.to_string())
                .unwrap_or_default(),
            _ => String::new(),
        }
    }
}

/// Tries everything that is `wanted`, by name, telling `each` as it goes.
///
/// # Errors
/// In words, when the attack program does not answer at all.
pub fn run(
    aim: &Aim,
    targets: &Targets,
    wanted: impl Fn(&str) -> bool,
    mut each: impl FnMut(&Attempted),
) -> Result<Vec<Attempted>, String> {
    let mut all = Vec::new();
    for listed in listed(&aim.program)?
        .into_iter()
        .filter(|listed| wanted(&listed.name))
    {
        let argument = targets.argument(&listed.name, aim);
        let ending = attempt(aim.address, &listed.name, &argument)?;
        let attempted = Attempted {
            listed,
            argument,
            ending,
        };
        each(&attempted);
        all.push(attempted);
    }
    Ok(all)
}

/// `EPERM` for 1.
fn errno_name(errno: i32) -> String {
    const NAMES: &[(i32, &str)] = &[
        (1, "EPERM"),
        (2, "ENOENT"),
        (3, "ESRCH"),
        (5, "EIO"),
        (6, "ENXIO"),
        (8, "ENOEXEC"),
        (9, "EBADF"),
        (11, "EAGAIN"),
        (13, "EACCES"),
        (16, "EBUSY"),
        (20, "ENOTDIR"),
        (22, "EINVAL"),
        (25, "ENOTTY"),
        (30, "EROFS"),
        (32, "EPIPE"),
        (38, "ENOSYS"),
        (95, "EOPNOTSUPP"),
        (97, "EAFNOSUPPORT"),
        (106, "EISCONN"),
        (107, "ENOTCONN"),
        (111, "ECONNREFUSED"),
    ];
    let name = NAMES.iter().find(|(number, _)| *number == errno);
    name.map_or_else(|| format!("errno {errno}"), |(_, name)| (*name).into())
}
