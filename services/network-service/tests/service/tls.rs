//! Who gets in, and with which cryptography.

use crate::clients::{answer, curl, get, raw};
use crate::display::patient;
use crate::process::Process;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::Duration;

/// `openssl s_client` as the nurse, with more options; whether it got an HTTP answer.
fn s_client(service: &Process, more: &[&str]) -> (bool, String) {
    let mut child = Command::new("openssl")
        .args(["s_client", "-ign_eof", "-connect"])
        .arg(service.address.to_string())
        .arg("-CAfile")
        .arg(service.room.file("ca.crt"))
        .arg("-cert")
        .arg(service.room.file("nurse.crt"))
        .arg("-key")
        .arg(service.room.file("nurse.key"))
        .args(more)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("openssl is installed");
    let request = b"GET /fhir/metadata HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    // A refused handshake ends openssl before it reads this.
    let _ = child.stdin.take().unwrap().write_all(request);
    let output = child.wait_with_output().unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    (text.contains("HTTP/1.1 200 OK"), text)
}

#[test]
fn a_nurse_gets_in_by_both_versions() {
    let service = Process::serving(patient());
    for version in ["--tlsv1.3", "--tls-max"] {
        let more: &[&str] = match version {
            "--tls-max" => &["--tls-max", "1.2"],
            _ => &["--tlsv1.3"],
        };
        let output = raw(&service, "nurse", "/fhir/metadata", more);
        assert_eq!(answer(&output).status, 200, "{more:?}");
    }
}

#[test]
fn nobody_else_gets_in() {
    let service = Process::serving(patient());
    for (who, said) in [
        ("", "no client certificate"),
        ("expired", "client certificate expired"),
        (
            "stranger",
            "client certificate not of an authority trusted here",
        ),
        ("server", "client certificate not a client's"),
    ] {
        for version in ["1.2", "1.3"] {
            let output = raw(&service, who, "/fhir/metadata", &["--tls-max", version]);
            assert!(!output.status.success(), "{who} got in by TLS {version}");
            assert!(output.stdout.is_empty(), "{who}: {output:?}");
        }
        service.wait_for_log(said);
    }
    assert_eq!(get(&service, "/fhir/metadata").status, 200);
}

#[test]
fn old_versions_and_suites_outside_rfc_9325_are_refused() {
    let service = Process::serving(patient());
    // SECLEVEL=0 makes this openssl offer what it would not offer by itself.
    for refused in [
        &["-tls1", "-cipher", "ALL:@SECLEVEL=0"][..],
        &["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
        &[
            "-tls1_2",
            "-cipher",
            "ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0",
        ],
        &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0"],
        &[
            "-tls1_2",
            "-cipher",
            "DHE-RSA-AES256-GCM-SHA384:@SECLEVEL=0",
        ],
        &["-tls1_2", "-cipher", "AES128-GCM-SHA256:@SECLEVEL=0"],
        &["-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"],
        &["-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_SHA256"],
    ] {
        let (got_in, text) = s_client(&service, refused);
        assert!(!got_in, "{refused:?}:\n{text}");
        // Refused by the service, not by an openssl that would not even ask.
        assert!(
            text.contains(":tlsv1 alert protocol version:")
                || text.contains("alert handshake failure"),
            "{refused:?}:\n{text}"
        );
    }
    for accepted in [
        &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"][..],
        &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384"],
        &["-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256"],
        &["-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"],
    ] {
        let (got_in, text) = s_client(&service, accepted);
        assert!(got_in, "{accepted:?}:\n{text}");
    }
}

/// RFC 7627 binds the keys to the handshake; RFC 9325 section 3.5 wants it.
#[test]
fn tls_1_2_without_extended_master_secret_is_refused() {
    let service = Process::serving(patient());
    let config = service.room.file("no-ems.cnf");
    let text = "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n\
                [c]\nOptions = -ExtendedMasterSecret\n";
    std::fs::write(&config, text).unwrap();
    let output = curl(&service, "nurse")
        .args(["--tls-max", "1.2"])
        .arg(service.url("/fhir/metadata"))
        .env("OPENSSL_CONF", &config)
        .output()
        .unwrap();
    assert!(!output.status.success(), "{output:?}");
    service.wait_for_log("TLS 1.2 without extended master secret");
}

#[test]
fn no_session_is_resumed() {
    let service = Process::serving(patient());
    for version in ["-tls1_2", "-tls1_3"] {
        let (got_in, text) = s_client(&service, &[version, "-reconnect"]);
        assert!(got_in || text.contains("New, TLS"), "{text}");
        assert!(!text.contains("Reused, TLS"), "{text}");
    }
}

#[test]
fn plaintext_is_answered_by_closing() {
    let service = Process::serving(patient());
    for hello in [
        &b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"[..],
        b"\0",
        b"SSH-2.0-x\r\n",
    ] {
        let mut stream = TcpStream::connect(service.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(3)))
            .unwrap();
        stream.write_all(hello).unwrap();
        let mut heard = Vec::new();
        // Closing with unread bytes resets the connection: both are an end without a byte.
        let _ = stream.read_to_end(&mut heard);
        assert!(heard.is_empty(), "{heard:?}");
    }
    service.wait_for_log("plaintext, or not TLS: closed");
    let output = Command::new("curl")
        .args(["-sS", &format!("http://{}/", service.address)])
        .output()
        .unwrap();
    assert!(!output.status.success() && output.stdout.is_empty());
}

#[test]
fn a_handshake_that_is_garbage_does_no_harm() {
    let mut service = Process::serving(patient());
    let mut seed = 0x9e37_79b9_u32;
    for length in 1..200 {
        let mut bytes = vec![0x16, 3, 1];
        bytes.extend((0..length).map(|_| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 24) as u8
        }));
        let mut stream = TcpStream::connect(service.address).unwrap();
        let _ = stream.write_all(&bytes);
    }
    assert_eq!(get(&service, "/fhir/metadata").status, 200);
    assert!(service.runs());
}
