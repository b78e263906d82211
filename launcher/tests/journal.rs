//! Where there is a journal, events and output go into it, each under its own
//! name. The journal here is this test, on a /run of its own.

mod support;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::time::Duration;
use support::{Stage, root};

/// A /run that only this thread and what it starts can see.
fn own_run() {
    unshare(CloneFlags::CLONE_NEWNS).unwrap();
    let none: Option<&str> = None;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).unwrap();
    mount(Some("tmpfs"), "/run", Some("tmpfs"), MsFlags::empty(), none).unwrap();
    fs::create_dir_all("/run/systemd/journal").unwrap();
}

#[test]
fn events_and_output_go_to_the_journal_under_their_own_names() {
    if !root() {
        return;
    }
    own_run();
    let events = UnixDatagram::bind("/run/systemd/journal/socket").unwrap();
    events
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let streams = UnixListener::bind("/run/systemd/journal/stdout").unwrap();
    let stage = Stage::new("journal");
    stage.manifest(
        &[(
            "speaker",
            "role: vitals-display\nexec: [COMPONENT, say, hello]",
        )],
        "",
    );
    let mut device = stage.start();

    for (priority, said) in [("6", "hello"), ("3", "and hello as an error")] {
        let (stream, _) = streams.accept().unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let lines: Vec<String> = BufReader::new(stream)
            .lines()
            .take(8)
            .map(Result::unwrap)
            .collect();
        // Identifier, unit, priority, prefixes, three forwards; then what was said.
        assert_eq!(lines, ["speaker", "", priority, "1", "0", "0", "0", said]);
    }

    let mut heard = Vec::new();
    let mut buffer = [0; 8192];
    while !heard
        .iter()
        .any(|entry: &String| entry.contains("is ready"))
    {
        let length = events
            .recv(&mut buffer)
            .expect("the device is ready in time");
        heard.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
    }
    let started = heard
        .iter()
        .find(|entry| entry.contains("CORDON_COMPONENT=speaker\n"));
    let started = started.expect("an event of the component");
    for field in [
        "MESSAGE=speaker: ",
        "MESSAGE_ID=",
        "PRIORITY=6\n",
        "SYSLOG_IDENTIFIER=cordon\n",
    ] {
        assert!(started.contains(field), "{started}");
    }
    assert!(started.contains(&format!("CORDON_DEVICE={}\n", stage.device)));
    assert_eq!(device.log(), "", "nothing is said twice");
    assert_eq!(device.json("verify")["same"], true);
    assert!(device.stop().success());
    stage.assert_nothing_left();
}
