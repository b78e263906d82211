//! The service under test: a process with its inherited descriptors, its PKI, its log.

use crate::display::Display;
use cordon_vitals_record::Vitals;
use std::io::Read;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Hands descriptors 0 and 1 on as 3 and 4, with the pid the protocol wants.
const HAND_OVER: &str =
    r#"exec 3<&0 4<&1 0</dev/null 1>&2; LISTEN_PID=$$; export LISTEN_PID; exec "$@""#;

/// A directory of this test's own, gone at the end.
pub struct Room(pub PathBuf);

impl Room {
    pub fn new() -> Self {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A fresh PKI in it.
    pub fn with_pki() -> Self {
        let room = Self::new();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/pki.sh");
        let made = Command::new(script).arg(&room.0).status().unwrap();
        assert!(made.success(), "tests/pki.sh: {made}");
        room
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// How to start the service.
pub struct Start {
    pub certificate: &'static str,
    pub key: &'static str,
    pub client_ca: &'static str,
    pub socket_name: &'static str,
    pub environment: Vec<(&'static str, &'static str)>,
}

impl Default for Start {
    fn default() -> Self {
        Self {
            certificate: "server.crt",
            key: "server.key",
            client_ca: "ca.crt",
            socket_name: "https",
            environment: Vec::new(),
        }
    }
}

/// A running service, and the display it reads from.
pub struct Process {
    pub display: Display,
    pub room: Room,
    pub address: SocketAddr,
    child: Child,
    log: Arc<Mutex<String>>,
    notifications: UnixDatagram,
}

impl Process {
    /// A service that said READY and has a current record of `patient`.
    pub fn serving(patient: Vitals) -> Self {
        let service = Self::start(patient, Start::default());
        assert_eq!(service.notified(), "READY=1", "{}", service.log());
        service.wait_for_log("vitals: current");
        service
    }

    /// A service that has been started, however that ends.
    pub fn start(patient: Vitals, start: Start) -> Self {
        let (display, control) = Display::start(patient);
        Self::start_on(display, control, start)
    }

    pub fn start_on(display: Display, control: OwnedFd, start: Start) -> Self {
        let room = Room::with_pki();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let notify = room.file("notify");
        let notifications = UnixDatagram::bind(&notify).unwrap();
        notifications
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        let mut child = Command::new("/bin/sh")
            .args(["-c", HAND_OVER, "sh", env!("CARGO_BIN_EXE_network-service")])
            .arg("--certificate")
            .arg(room.file(start.certificate))
            .arg("--key")
            .arg(room.file(start.key))
            .arg("--client-ca")
            .arg(room.file(start.client_ca))
            .env_clear()
            .env("LISTEN_FDS", "2")
            .env(
                "LISTEN_FDNAMES",
                format!("{}:cordon-control", start.socket_name),
            )
            .env("NOTIFY_SOCKET", &notify)
            .envs(start.environment)
            .stdin(OwnedFd::from(listener))
            .stdout(control)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Arc::new(Mutex::new(String::new()));
        let (mut stderr, into) = (child.stderr.take().unwrap(), log.clone());
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(n @ 1..) = stderr.read(&mut bytes) {
                into.lock()
                    .unwrap()
                    .push_str(&String::from_utf8_lossy(&bytes[..n]));
            }
        });
        Self {
            display,
            room,
            address,
            child,
            log,
            notifications,
        }
    }

    /// `https://localhost:PORT` and `path`.
    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.address.port())
    }

    /// The next notification.
    pub fn notified(&self) -> String {
        let mut bytes = [0; 1024];
        match self.notifications.recv(&mut bytes) {
            Ok(n) => String::from_utf8_lossy(&bytes[..n]).into_owned(),
            Err(error) => format!("nothing: {error}"),
        }
    }

    /// What it wrote so far.
    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until the log holds `text`.
    pub fn wait_for_log(&self, text: &str) {
        let found = within(Duration::from_secs(10), || self.log().contains(text));
        assert!(found, "no `{text}` in:\n{}", self.log());
    }

    /// Waits for its end.
    pub fn ended(&mut self) -> ExitStatus {
        let mut ended = None;
        within(Duration::from_secs(10), || {
            ended = self.child.try_wait().unwrap();
            ended.is_some()
        });
        ended.unwrap_or_else(|| panic!("still runs:\n{}", self.log()))
    }

    /// Whether it still runs.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- log of the service ---\n{}", self.log());
        }
    }
}

/// Asks `done` until it says yes, at most for `time`.
pub fn within(time: Duration, mut done: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + time;
    loop {
        if done() {
            return true;
        }
        if Instant::now() > end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}
