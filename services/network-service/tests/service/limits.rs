//! What hostile clients can hold, and that a nurse still gets in.

use crate::clients::get;
use crate::display::patient;
use crate::process::{Process, within};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Time until the service closes `stream`.
fn closed_after(mut stream: TcpStream, at_most: Duration) -> Option<Duration> {
    let began = Instant::now();
    stream.set_read_timeout(Some(at_most)).unwrap();
    let mut bytes = [0; 64];
    loop {
        match stream.read(&mut bytes) {
            Ok(0) => return Some(began.elapsed()),
            Ok(_) => {}
            Err(e) if e.kind() == std::io::ErrorKind::ConnectionReset => {
                return Some(began.elapsed());
            }
            Err(_) => return None,
        }
    }
}

/// An `openssl s_client` that stays connected, its input open.
fn connected(service: &Process) -> Child {
    Command::new("openssl")
        .args(["s_client", "-quiet", "-no_ign_eof", "-connect"])
        .arg(service.address.to_string())
        .arg("-cert")
        .arg(service.room.file("nurse.crt"))
        .arg("-key")
        .arg(service.room.file("nurse.key"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn threads_and_descriptors(service: &Process) -> (usize, usize) {
    let proc = format!("/proc/{}", service.pid());
    let count = |what: &str| fs::read_dir(format!("{proc}/{what}")).unwrap().count();
    (count("task"), count("fd"))
}

fn resident_kib(service: &Process) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", service.pid())).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_silent_handshake_is_closed_in_time() {
    let service = Process::serving(patient());
    let silent = TcpStream::connect(service.address).unwrap();
    let mut begun = TcpStream::connect(service.address).unwrap();
    begun.write_all(&[0x16, 3, 1, 2, 0]).unwrap();
    for stream in [silent, begun] {
        let after = closed_after(stream, Duration::from_secs(8)).expect("closed");
        assert!(after < Duration::from_secs(7), "{after:?}");
    }
    service.wait_for_log("no handshake within 5s");
}

#[test]
fn a_flood_of_connections_does_not_keep_a_nurse_out() {
    let mut service = Process::serving(patient());
    let flood: Vec<_> = (0..300)
        .filter_map(|_| TcpStream::connect(service.address).ok())
        .collect();
    assert_eq!(get(&service, "/fhir/metadata").status, 200);
    let (threads, descriptors) = threads_and_descriptors(&service);
    assert_eq!(threads, 1);
    assert!(descriptors < 64, "{descriptors}");
    assert!(
        resident_kib(&service) < 32 << 10,
        "{} KiB",
        resident_kib(&service)
    );
    drop(flood);
    assert!(service.runs());
    // The log is bounded: 300 lines would be one a connection.
    assert!(service.log().lines().count() < 150, "{}", service.log());
}

#[test]
fn one_certificate_holds_so_many_connections() {
    let service = Process::serving(patient());
    let mut held: Vec<_> = (0..20).map(|_| connected(&service)).collect();
    service.wait_for_log("this certificate holds all its 12 places");
    let other = crate::clients::raw(&service, "nurse2", "/fhir/metadata", &[]);
    assert!(
        other.status.success(),
        "another certificate is kept out: {other:?}"
    );
    for child in &mut held {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let again = within(Duration::from_secs(5), || {
        crate::clients::raw(&service, "nurse", "/fhir/metadata", &[])
            .status
            .success()
    });
    assert!(again);
}

#[test]
fn a_request_that_never_ends_is_cut() {
    let service = Process::serving(patient());
    let mut slow = connected(&service);
    let mut input = slow.stdin.take().unwrap();
    input
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        .unwrap();
    let began = Instant::now();
    // A header every second: slow loris.
    let cut = within(Duration::from_secs(15), || {
        std::thread::sleep(Duration::from_millis(900));
        let _ = input.write_all(b"X-Slow: 1\r\n");
        slow.try_wait().unwrap().is_some()
    });
    let after = began.elapsed();
    let _ = slow.kill();
    let _ = slow.wait();
    assert!(cut && after < Duration::from_secs(14), "{after:?}");
}

#[test]
fn heads_have_a_size() {
    let mut service = Process::serving(patient());
    let long = "x".repeat(20_000);
    for more in [
        ["-H", &format!("X-Long: {long}")],
        ["-H", &format!("Cookie: {long}")],
    ] {
        let answer = crate::clients::ask(&service, "/", &more);
        assert_eq!(answer.status, 431);
    }
    let many: Vec<_> = (0..100)
        .flat_map(|n| ["-H".into(), format!("X-{n}: 1")])
        .collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(crate::clients::ask(&service, "/", &many).status, 431);
    let path = format!("/{long}");
    assert!([414, 431].contains(&get(&service, &path).status));
    assert!(service.runs());
}

#[test]
fn a_body_is_refused_unread() {
    let service = Process::serving(patient());
    let big = service.room.file("big");
    fs::write(&big, vec![b'x'; 4 << 20]).unwrap();
    let data = format!("@{}", big.display());
    let output = crate::clients::raw(
        &service,
        "nurse",
        "/seen/104",
        &["--data-binary", &data, "-H", "Expect:"],
    );
    let text = String::from_utf8_lossy(&output.stdout);
    // The connection may be reset while curl still sends: then it has no answer at all.
    assert!(
        text.is_empty() || text.starts_with("HTTP/1.1 413"),
        "{text}"
    );
    let chunked = ["-XPOST", "-H", "Transfer-Encoding: chunked", "-d", "x"];
    assert_eq!(
        crate::clients::ask(&service, "/seen/104", &chunked).status,
        413
    );
}

#[test]
fn a_listener_that_does_not_read_is_in_nobodys_way() {
    let service = Process::serving(patient());
    let mut deaf = connected(&service);
    let request = b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut input = deaf.stdin.take().unwrap();
    input.write_all(request).unwrap();
    let published = || service.display.script().published > 50;
    assert!(within(Duration::from_secs(5), published));
    let listener = crate::events::Listener::new(&service, &[]);
    let first = listener.next_of("vitals").data["number"].as_u64().unwrap();
    let next = listener.next_of("vitals").data["number"].as_u64().unwrap();
    assert_eq!(next, first + 1);
    let (_, with_deaf) = threads_and_descriptors(&service);
    assert!(with_deaf < 64);
    assert_eq!(get(&service, "/fhir/metadata").status, 200);
    deaf.kill().unwrap();
    deaf.wait().unwrap();
}
