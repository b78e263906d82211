//! From a manifest that grants nothing to one under which a program works, by
//! what `cordon learn` says, round by round.

mod support;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;
use support::{Stage, root, until};

/// How long a program may take that neither ends nor works: on a busy machine,
/// more than it needs to find out what it lacks.
const LONGEST: &str = "20s";

/// A component as far as it is learned.
struct Pupil<'a> {
    stage: &'a Stage,
    /// What a person has to say: role, program, sockets.
    given: String,
    /// What is put for PORT in what is proposed.
    port: u16,
    files: BTreeMap<String, String>,
    keys: BTreeMap<String, String>,
}

impl<'a> Pupil<'a> {
    fn new(stage: &'a Stage, given: &str, port: u16) -> Self {
        let (files, keys) = (BTreeMap::new(), BTreeMap::new());
        Self {
            stage,
            given: given.to_owned(),
            port,
            files,
            keys,
        }
    }

    /// Writes the manifest of what is known.
    fn manifest(&self) {
        let mut body = format!("{}\nrestart: {{policy: never}}\n", self.given);
        for text in self.keys.values() {
            body.push_str(&format!("{text}\n"));
        }
        let entries = self.files.iter();
        let entries = entries.map(|(path, access)| format!("{{path: {path}, access: {access}}}"));
        let entries: Vec<String> = entries.collect();
        if !entries.is_empty() {
            body.push_str(&format!("files: [{}]\n", entries.join(", ")));
        }
        self.stage.manifest(&[("one", &body)], "");
    }

    /// One round, until the program has ended or `works`; false when nothing more is
    /// proposed, with what was said.
    fn round(&mut self, works: &dyn Fn() -> bool) -> Option<(bool, String)> {
        self.manifest();
        let mut command = self.stage.cordon(&["learn", "one"]);
        command.arg(self.stage.path.join("device.yaml"));
        command.args(["--json", "--for", LONGEST, "--without", "selinux,limits"]);
        let [out, err] = ["learn.out", "learn.err"].map(|name| self.stage.path.join(name));
        command.stdout(File::create(&out).unwrap());
        command.stderr(File::create(&err).unwrap());
        let mut process = command.spawn().unwrap();
        let status = loop {
            if let Some(status) = process.try_wait().unwrap() {
                break status;
            }
            if works() {
                let pid = Pid::from_raw(process.id().try_into().unwrap());
                kill(pid, Signal::SIGTERM).unwrap();
                break process.wait().unwrap();
            }
            std::thread::sleep(Duration::from_millis(100));
        };
        let said = String::from_utf8_lossy(&std::fs::read(err).unwrap()).into_owned();
        if status.code() == Some(15) || said.contains("tcp_fastopen") {
            assert!(std::env::var_os("CI").is_none(), "not run: {said}");
            println!("not run: {said}");
            return None;
        }
        let lesson: Value = serde_json::from_slice(&std::fs::read(out).unwrap())
            .unwrap_or_else(|_| panic!("{said}"));
        let list = |name: &str| lesson[name].as_array().cloned().unwrap_or_default();
        // An empty proposal is to be told from one that nothing was seen for.
        assert!(list("not_seen").iter().any(|one| one["layer"] == "limits"));
        assert_eq!(lesson["more"], 0, "{lesson:#}");
        let mut more = false;
        for entry in list("files") {
            let text = |key: &str| entry[key].as_str().unwrap().to_owned();
            self.files.insert(text("path"), text("access"));
            more = true;
        }
        for key in list("keys") {
            let paste = key["paste"].as_str().unwrap();
            more = true;
            // A line that is to be another: here, a path's.
            let entry = paste.strip_prefix("- {path: ").and_then(|rest| {
                let (path, access) = rest.strip_suffix('}')?.split_once(", access: ")?;
                Some((path.to_owned(), access.to_owned()))
            });
            if let Some((path, access)) = entry {
                self.files.insert(path, access);
                continue;
            }
            // The port, and whether it is served or called, the record does not say.
            let text = paste.replace("connect: [tcp/PORT]", &format!("bind: [tcp/{}]", self.port));
            let name = text.split(':').next().unwrap().to_owned();
            self.keys.insert(name, text);
        }
        Some((more, said))
    }

    /// Rounds until nothing more is proposed; what was said in the last one.
    fn learn(&mut self, works: impl Fn() -> bool) -> Option<String> {
        for _ in 0..8 {
            let (more, said) = self.round(&works)?;
            if !more {
                return Some(said);
            }
        }
        panic!("it is never enough: {:?} {:?}", self.files, self.keys);
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// Whether somebody listens on a port; without a connection, which would be one
/// thing more for the program to do (proc_net_tcp(5); 0A is TCP_LISTEN).
fn listens(port: u16) -> bool {
    let local = format!(":{port:04X}");
    ["/proc/net/tcp", "/proc/net/tcp6"].iter().any(|table| {
        let sockets = std::fs::read_to_string(table).unwrap_or_default();
        sockets.lines().any(|socket| {
            let fields: Vec<&str> = socket.split_whitespace().take(4).collect();
            matches!(fields[..], [_, address, _, "0A"] if address.ends_with(&local))
        })
    })
}

fn own(stage: &Stage, name: &str) -> String {
    stage.path.join(name).display().to_string()
}

/// A directory that the component's user may write, as far as modes go.
fn kept(stage: &Stage, name: &str) -> String {
    let path = stage.path.join(name);
    std::fs::create_dir(&path).unwrap();
    let user = Some(stage.user(0));
    std::os::unix::fs::chown(&path, user, user).unwrap();
    own(stage, name)
}

fn has(program: &str) -> bool {
    if Path::new(program).exists() {
        return true;
    }
    assert!(std::env::var_os("CI").is_none(), "not run: no {program}");
    println!("not run: no {program}");
    false
}

/// What the program needs besides itself: a file it reads, a directory it writes,
/// and a process of its own.
const NEEDS: &str = "read x < STAGE/settings/one && echo learned $x && \
    echo y > STAGE/state/two && (echo from a process) && echo all done";

#[test]
fn a_component_learns_what_it_lacks_and_no_more() {
    if !root() {
        return;
    }
    let stage = Stage::new("learn");
    std::fs::create_dir(stage.path.join("settings")).unwrap();
    stage.write("settings/one", "something\n");
    let state = kept(&stage, "state");
    let given = format!("role: network-program\nexec: [/bin/sh, -c, '{NEEDS}']");
    let mut pupil = Pupil::new(&stage, &given, 0);
    let Some(said) = pupil.learn(|| false) else {
        return;
    };
    assert!(said.contains("one| learned something"), "{said}");
    assert!(said.contains("one| all done"), "{said}");
    let files: Vec<(&str, &str)> = pupil.files.iter().map(|(p, a)| (&**p, &**a)).collect();
    let settings = own(&stage, "settings/one");
    assert_eq!(files, [(&*settings, "read"), (&*state, "write")]);
    let keys: Vec<&str> = pupil.keys.values().map(String::as_str).collect();
    assert_eq!(keys, ["fork: true"]);
}

#[test]
fn mosquitto_learns_to_serve_and_to_keep() {
    if !root() || !has("/usr/sbin/mosquitto") {
        return;
    }
    let stage = Stage::new("learn-mosquitto");
    let port = free_port();
    let folder = kept(&stage, "kept");
    let settings = format!(
        "listener {port} 127.0.0.1\nallow_anonymous true\npersistence true\n\
         persistence_location {folder}/\n"
    );
    stage.write("mosquitto.conf", &settings);
    let given = "role: network-program\nexec: [/usr/sbin/mosquitto, -c, STAGE/mosquitto.conf]";
    let mut pupil = Pupil::new(&stage, given, port);
    let Some(said) = pupil.learn(|| listens(port)) else {
        return;
    };
    assert!(!said.contains("Error"), "{said}");
    assert_eq!(pupil.files[&own(&stage, "mosquitto.conf")], "read");
    assert_eq!(pupil.files[&folder], "write");
    assert_eq!(
        pupil.keys["network"],
        format!("network: {{bind: [tcp/{port}]}}")
    );
    let device = stage.start();
    until("it answers a CONNECT", Duration::from_secs(20), || {
        asked(port, b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x0a\x00\x01x", 4) == b"\x20\x02\x00\x00"
    });
    drop(device);
    assert!(Path::new(&folder).join("mosquitto.db").exists());
}

#[test]
fn storescp_learns_its_dictionary_and_where_to_store() {
    if !root() || !has("/usr/bin/storescp") || !has("/usr/bin/echoscu") {
        return;
    }
    let stage = Stage::new("learn-storescp");
    let port = free_port();
    let folder = kept(&stage, "images");
    let given = format!(
        "role: network-program\n\
         exec: [/usr/bin/storescp, --unique-filenames, -od, STAGE/images, \"{port}\"]"
    );
    let mut pupil = Pupil::new(&stage, &given, port);
    let Some(said) = pupil.learn(|| listens(port)) else {
        return;
    };
    assert!(!said.contains("Cannot open file"), "{said}");
    assert_eq!(pupil.files[&folder], "write");
    assert!(pupil.files.keys().any(|path| path.ends_with("/dicom.dic")));
    let _device = stage.start();
    until("it answers a C-ECHO", Duration::from_secs(20), || {
        let mut echo = std::process::Command::new("/usr/bin/echoscu");
        let status = echo.args(["127.0.0.1", &port.to_string()]).status();
        status.is_ok_and(|status| status.success())
    });
}

/// A service of the library alone, on a socket it makes itself.
const PAGE: &str = "\
import http.server, os
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(open(os.path.join(os.path.dirname(__file__), 'text')).read().encode())
http.server.HTTPServer(('127.0.0.1', PORT), Page).serve_forever()
";

#[test]
fn a_python_service_learns_its_library_and_its_port() {
    if !root() || !has("/usr/bin/python3") {
        return;
    }
    let stage = Stage::new("learn-python");
    let port = free_port();
    stage.write("page.py", &PAGE.replace("PORT", &port.to_string()));
    stage.write("text", "learned\n");
    let given = "role: network-program\nexec: [/usr/bin/python3, -IB, STAGE/page.py]";
    let mut pupil = Pupil::new(&stage, given, port);
    if pupil.learn(|| listens(port)).is_none() {
        return;
    }
    let library = |path: &&String| path.starts_with("/usr/lib/python3");
    let libraries: Vec<&String> = pupil.files.keys().filter(library).collect();
    assert!(
        libraries.len() < 5,
        "a directory is one line: {libraries:?}"
    );
    // What it looks for only when it is asked, it lacks then.
    pupil.files.insert(own(&stage, "text"), "read".to_owned());
    pupil.manifest();
    let _device = stage.start();
    until("it serves its page", Duration::from_secs(20), || {
        let answer = asked(port, b"GET / HTTP/1.0\r\n\r\n", usize::MAX);
        String::from_utf8_lossy(&answer).ends_with("learned\n")
    });
}

/// What a server answers; nothing where there is none yet.
fn asked(port: u16, question: &[u8], wanted: usize) -> Vec<u8> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    let mut answer = Vec::new();
    let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) else {
        return answer;
    };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(2)));
    let _ = stream.write_all(question);
    let limit = u64::try_from(wanted).unwrap_or(u64::MAX);
    let _ = stream.take(limit).read_to_end(&mut answer);
    answer
}
