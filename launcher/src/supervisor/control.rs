//! The control socket: who may ask what, and connections that cannot hold the
//! supervisor up.

use super::poll::{Poll, Token};
use super::varlink::{self, Call, Frames, INTERFACE, Reply};
use nix::sys::socket::{getsockopt, sockopt};
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

/// Connections at once; one more is closed at once.
const MAX_CONNECTIONS: usize = 16;
/// Bytes of answers that wait for a caller who does not read.
const MAX_WAITING: usize = 4 << 20;
/// Time in ms after which a connection that says nothing is closed.
const IDLE: u64 = 30_000;
/// Bytes read at one wake-up.
const PORTION: usize = 4096;
/// Calls that may come in one portion: reading back every compartment takes its time,
/// and the components wait for it.
const MAX_CALLS: usize = 4;
/// The group that may ask how a device is.
const GROUP: &str = "cordon";

/// What the supervisor itself has to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// How the device is.
    Status,
    /// What is in force.
    Verify,
    /// End the device.
    Stop,
}

/// Someone who waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The question.
    pub question: Question,
    /// The connection it came from.
    connection: u32,
    /// Whether an answer is wanted.
    wanted: bool,
}

#[derive(Debug)]
struct Connection {
    stream: UnixStream,
    frames: Frames,
    waiting: Vec<u8>,
    root: bool,
    heard: u64,
}

/// The listening socket and its connections.
#[derive(Debug)]
pub struct Control {
    listener: UnixListener,
    connections: BTreeMap<u32, Connection>,
    next: u32,
}

impl Control {
    /// Binds the socket: for root, and for the group `cordon` where there is one.
    pub fn bind(path: &Path, poll: &Poll) -> io::Result<Self> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(path)?;
        listener.set_nonblocking(true)?;
        let group = nix::unistd::Group::from_name(GROUP).ok().flatten();
        if let Some(group) = &group {
            chown(path, None, Some(group.gid.as_raw()))?;
        }
        let mode = if group.is_some() { 0o660 } else { 0o600 };
        fs::set_permissions(path, Permissions::from_mode(mode))?;
        poll.watch(&listener, Token::Control)?;
        Ok(Self {
            listener,
            connections: BTreeMap::new(),
            next: 0,
        })
    }

    /// Takes connections that wait.
    pub fn accept(&mut self, poll: &Poll, now: u64) {
        while let Ok((stream, _)) = self.listener.accept() {
            if self.connections.len() >= MAX_CONNECTIONS || stream.set_nonblocking(true).is_err() {
                continue;
            }
            // The socket's mode let it in; only root may change anything.
            let root =
                getsockopt(&stream, sockopt::PeerCredentials).is_ok_and(|peer| peer.uid() == 0);
            self.next = self.next.wrapping_add(1);
            if poll.watch(&stream, Token::Connection(self.next)).is_err() {
                continue;
            }
            let connection = Connection {
                stream,
                frames: Frames::default(),
                waiting: Vec::new(),
                root,
                heard: now,
            };
            self.connections.insert(self.next, connection);
        }
    }

    /// Reads from and writes to a connection what it takes at once. Gives the
    /// questions for the supervisor; the others are answered here.
    pub fn serve(&mut self, number: u32, poll: &Poll, now: u64) -> Vec<Asked> {
        let mut asked = Vec::new();
        let Some(connection) = self.connections.get_mut(&number) else {
            return asked;
        };
        connection.heard = now;
        let mut buffer = [0; PORTION];
        let messages = match connection.stream.read(&mut buffer) {
            Ok(0) => Err(varlink::Malformed),
            Ok(length) => connection.frames.push(&buffer[..length]),
            Err(error) if is_later(&error) => Ok(Vec::new()),
            Err(_) => Err(varlink::Malformed),
        };
        let calls = messages.and_then(|messages| {
            if messages.len() > MAX_CALLS {
                return Err(varlink::Malformed);
            }
            let calls = messages.iter().map(|message| varlink::parse(message));
            calls.collect::<Result<Vec<Call>, _>>()
        });
        let Ok(calls) = calls else {
            self.connections.remove(&number);
            return asked;
        };
        for call in calls {
            let wanted = !call.oneway;
            match answer(&call, connection.root) {
                Answer::Ask(question) => asked.push(Asked {
                    question,
                    connection: number,
                    wanted,
                }),
                Answer::Reply(reply) if wanted => connection.waiting.extend(reply.to_bytes()),
                Answer::Reply(_) => {}
            }
        }
        self.flush(number, poll);
        asked
    }

    /// Answers a question.
    pub fn reply(&mut self, asked: Asked, reply: &Reply, poll: &Poll) {
        if !asked.wanted {
            return;
        }
        if let Some(connection) = self.connections.get_mut(&asked.connection) {
            connection.waiting.extend(reply.to_bytes());
            self.flush(asked.connection, poll);
        }
    }

    /// Closes connections that have been silent too long.
    pub fn close_idle(&mut self, now: u64) {
        self.connections
            .retain(|_, connection| now.saturating_sub(connection.heard) < IDLE);
    }

    /// When [`Self::close_idle`] has something to do next.
    pub fn next_deadline(&self) -> Option<u64> {
        let heard = self.connections.values().map(|connection| connection.heard);
        heard.min().map(|heard| heard + IDLE)
    }

    fn flush(&mut self, number: u32, poll: &Poll) {
        let Some(connection) = self.connections.get_mut(&number) else {
            return;
        };
        while !connection.waiting.is_empty() {
            match connection.stream.write(&connection.waiting) {
                Ok(0) => break,
                Ok(written) => {
                    connection.waiting.drain(..written);
                }
                Err(error) if is_later(&error) => break,
                Err(_) => {
                    self.connections.remove(&number);
                    return;
                }
            }
        }
        let pending = !connection.waiting.is_empty();
        let watched = poll.watch_both(&connection.stream, Token::Connection(number), pending);
        if connection.waiting.len() > MAX_WAITING || watched.is_err() {
            self.connections.remove(&number);
        }
    }
}

fn is_later(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

enum Answer {
    Ask(Question),
    Reply(Reply),
}

fn answer(call: &Call, root: bool) -> Answer {
    let Some((interface, method)) = call.method.rsplit_once('.') else {
        return Answer::Reply(Reply::error("InterfaceNotFound", "interface", &call.method));
    };
    match (interface, method) {
        ("org.varlink.service", "GetInfo") => Answer::Reply(Reply::of(&serde_json::json!({
            "vendor": "Cordon",
            "product": "cordon",
            "version": env!("CARGO_PKG_VERSION"),
            "url": "",
            "interfaces": ["org.varlink.service", "io.cordon"],
        }))),
        ("org.varlink.service", "GetInterfaceDescription") => description(call),
        ("io.cordon", "Status" | "Verify" | "Stop") if !call.parameters.is_empty() => {
            let name = call.parameters.keys().next().map_or("", String::as_str);
            Answer::Reply(Reply::error("InvalidParameter", "parameter", name))
        }
        ("io.cordon", "Status") => Answer::Ask(Question::Status),
        ("io.cordon", "Verify") => Answer::Ask(Question::Verify),
        ("io.cordon", "Stop") if root => Answer::Ask(Question::Stop),
        ("io.cordon", "Stop") => Answer::Reply(Reply::error("PermissionDenied", "", "")),
        ("io.cordon" | "org.varlink.service", _) => {
            Answer::Reply(Reply::error("MethodNotFound", "method", &call.method))
        }
        _ => Answer::Reply(Reply::error("InterfaceNotFound", "interface", interface)),
    }
}

fn description(call: &Call) -> Answer {
    let wanted = call
        .parameters
        .get("interface")
        .and_then(|name| name.as_str());
    Answer::Reply(match wanted {
        Some("io.cordon") => Reply::of(&serde_json::json!({ "description": INTERFACE })),
        Some(other) => Reply::error("InterfaceNotFound", "interface", other),
        None => Reply::error("InvalidParameter", "parameter", "interface"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::testing::Scratch;

    struct Fixture {
        _scratch: Scratch,
        poll: Poll,
        control: Control,
        path: std::path::PathBuf,
    }

    fn fixture() -> Fixture {
        let scratch = Scratch::new();
        let poll = Poll::new().unwrap();
        let path = scratch.path().join("control");
        let control = Control::bind(&path, &poll).unwrap();
        Fixture {
            _scratch: scratch,
            poll,
            control,
            path,
        }
    }

    impl Fixture {
        /// Sends bytes and gives what came of them: questions, and the answer.
        fn say(&mut self, bytes: &[u8]) -> (Vec<Asked>, Vec<u8>) {
            let mut client = UnixStream::connect(&self.path).unwrap();
            client.set_nonblocking(true).unwrap();
            self.control.accept(&self.poll, 0);
            let mut asked = Vec::new();
            for portion in bytes.chunks(PORTION) {
                if client.write_all(portion).is_err() {
                    break;
                }
                asked.extend(self.control.serve(self.control.next, &self.poll, 0));
            }
            let mut answer = Vec::new();
            let _ = client.read_to_end(&mut answer);
            (asked, answer)
        }
    }

    fn error_of(answer: &[u8]) -> String {
        let reply: Reply = serde_json::from_slice(answer.strip_suffix(&[0]).unwrap()).unwrap();
        reply.error.unwrap_or_default()
    }

    #[test]
    fn questions_reach_the_supervisor_and_nonsense_is_answered_here() {
        let mut fixture = fixture();
        let (asked, answer) = fixture.say(b"{\"method\":\"io.cordon.Status\"}\0");
        assert_eq!(asked.len(), 1);
        assert_eq!(
            (asked[0].question, asked[0].wanted),
            (Question::Status, true)
        );
        assert!(answer.is_empty());
        for (method, error) in [
            ("io.cordon.Nothing", "org.varlink.service.MethodNotFound"),
            ("io.other.Status", "org.varlink.service.InterfaceNotFound"),
            ("Status", "org.varlink.service.InterfaceNotFound"),
        ] {
            let (asked, answer) = fixture.say(format!("{{\"method\":\"{method}\"}}\0").as_bytes());
            assert_eq!((asked.len(), error_of(&answer).as_str()), (0, error));
        }
        let (_, answer) =
            fixture.say(b"{\"method\":\"io.cordon.Status\",\"parameters\":{\"x\":1}}\0");
        assert_eq!(error_of(&answer), "org.varlink.service.InvalidParameter");
    }

    #[test]
    fn only_root_may_stop_the_device() {
        let call = varlink::parse(b"{\"method\":\"io.cordon.Stop\"}").unwrap();
        assert!(matches!(answer(&call, true), Answer::Ask(Question::Stop)));
        let Answer::Reply(reply) = answer(&call, false) else {
            panic!("asked");
        };
        assert_eq!(
            reply.error.as_deref(),
            Some("org.varlink.service.PermissionDenied")
        );
    }

    #[test]
    fn malformed_and_endless_messages_end_their_connection_only() {
        let mut fixture = fixture();
        for bytes in [b"{]\0".to_vec(), vec![b'x'; 200_000], vec![0; 10]] {
            let (asked, answer) = fixture.say(&bytes);
            assert_eq!((asked.len(), answer.len()), (0, 0));
            assert!(fixture.control.connections.is_empty());
        }
        assert_eq!(
            fixture.say(b"{\"method\":\"io.cordon.Verify\"}\0").0.len(),
            1
        );
        let many = b"{\"method\":\"io.cordon.Verify\"}\0".repeat(MAX_CALLS + 1);
        assert_eq!(fixture.say(&many).0.len(), 0);
    }

    #[test]
    fn connections_are_bounded_and_silent_ones_closed() {
        let mut fixture = fixture();
        let clients: Vec<UnixStream> = (0..40)
            .map(|_| UnixStream::connect(&fixture.path).unwrap())
            .collect();
        fixture.control.accept(&fixture.poll, 5);
        assert_eq!(fixture.control.connections.len(), MAX_CONNECTIONS);
        assert_eq!(fixture.control.next_deadline(), Some(5 + IDLE));
        fixture.control.close_idle(4 + IDLE);
        assert_eq!(fixture.control.connections.len(), MAX_CONNECTIONS);
        fixture.control.close_idle(5 + IDLE);
        assert!(fixture.control.connections.is_empty());
        drop(clients);
    }

    #[test]
    fn the_interface_describes_itself() {
        let mut fixture = fixture();
        let (_, answer) = fixture.say(
            b"{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":\"io.cordon\"}}\0",
        );
        assert!(String::from_utf8_lossy(&answer).contains("method Verify()"));
        let (_, answer) = fixture.say(b"{\"method\":\"org.varlink.service.GetInfo\"}\0");
        assert!(String::from_utf8_lossy(&answer).contains("io.cordon"));
    }
}
