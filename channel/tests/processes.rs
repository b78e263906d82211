//! Two processes: the writer is another one, started as a component would be.
//!
//! This binary starts itself again; the test of the name `child` is then the
//! writer, and does nothing when it is run as a test.

mod common;

use common::{NAME, PACE, link, schema};
use cordon_channel::{Control, Hub, Reader, Reading, Record, Trust, descriptors};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const ROLE: &str = "CORDON_CHANNEL_TEST_CHILD";
const LIMIT: Duration = Duration::from_secs(30);

/// Starts the writer with its control socket as descriptor 3, as LISTEN_FDS
/// wants it; the shell knows the pid it execs under.
fn start(socket: OwnedFd, role: &str) -> Child {
    let script = "export LISTEN_PID=$$; exec \"$0\" --exact child --nocapture 4</dev/null 3<&0";
    Command::new("sh")
        .args(["-c", script])
        .arg(std::env::current_exe().expect("own path"))
        .env("LISTEN_FDS", "2")
        .env("LISTEN_FDNAMES", "cordon-control:other")
        .env(ROLE, role)
        .stdin(Stdio::from(socket))
        .stdout(Stdio::null())
        .spawn()
        .expect("child")
}

#[test]
fn child() {
    let Ok(role) = std::env::var(ROLE) else {
        return;
    };
    let other = descriptors();
    assert_eq!(other.len(), 1);
    assert_eq!(other[0].0, "other");
    assert!(descriptors().is_empty(), "each is given once");
    let mut control = Control::from_listen_fds().expect("control socket");
    assert!(Control::from_listen_fds().is_none(), "once");
    let mut writer = control.writer(NAME, &schema(), PACE);
    let mut record = Record::new(&schema());
    let count = schema().field("count").expect("field");
    for number in 1.. {
        control.poll();
        record.set(count, number).expect("set");
        let silent = role == "silent" && number > 300;
        if silent {
            writer.heartbeat();
        } else {
            let _ = writer.publish(&record);
        }
        if role == "ends" && number == 300 {
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Serves the writer's socket until a reading is as wanted.
fn until(
    hub: &mut Hub,
    network: &mut Control,
    reader: &mut Reader,
    wanted: impl Fn(&Reading) -> bool,
) -> Duration {
    let start = Instant::now();
    loop {
        hub.service("display");
        network.poll();
        hub.service("network");
        let reading = reader.poll();
        if wanted(&reading) {
            return start.elapsed();
        }
        assert!(start.elapsed() < LIMIT, "last: {reading:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn fresh(reading: &Reading) -> bool {
    matches!(reading, Reading::Fresh(_) | Reading::Gap { .. })
}

struct Bed {
    hub: Hub,
    network: Control,
    reader: Reader,
}

impl Bed {
    fn new() -> Self {
        let mut hub = Hub::new(vec![link()]).expect("hub");
        let mut network = Control::new(hub.start("network").expect("start"));
        let reader = network.reader(NAME, &schema(), PACE, Trust::Trusted);
        Self {
            hub,
            network,
            reader,
        }
    }

    fn until(&mut self, wanted: impl Fn(&Reading) -> bool) -> Duration {
        until(&mut self.hub, &mut self.network, &mut self.reader, wanted)
    }
}

#[test]
fn a_killed_writer_is_stale_then_lost_and_its_successor_a_new_epoch() {
    let mut bed = Bed::new();
    for epoch in 1..=2 {
        let mut child = start(bed.hub.start("display").expect("start"), "runs");
        bed.until(|reading| matches!(reading, Reading::Fresh(r) if r.epoch == epoch));
        child.kill().expect("kill");
        child.wait().expect("wait");
        bed.hub.stop("display");
        let silent = bed.until(|reading| matches!(reading, Reading::Stale { .. }));
        let dead = bed.until(|reading| *reading == Reading::Lost);
        println!("stale after {silent:?}, lost {dead:?} later");
        assert_eq!(bed.reader.epoch(), Some(epoch));
    }
}

#[test]
fn a_silent_sensor_in_a_living_process_is_stale_and_never_lost() {
    let mut bed = Bed::new();
    let mut child = start(bed.hub.start("display").expect("start"), "silent");
    bed.until(fresh);
    let beyond = 3_000_000_000;
    bed.until(|reading| {
        assert_ne!(*reading, Reading::Lost);
        matches!(reading, Reading::Stale { age } if *age > beyond)
    });
    child.kill().expect("kill");
    child.wait().expect("wait");
}

#[test]
fn a_writer_that_ends_in_good_order_is_lost_before_the_deadline_is() {
    let mut bed = Bed::new();
    let mut child = start(bed.hub.start("display").expect("start"), "ends");
    bed.until(fresh);
    assert!(child.wait().expect("wait").success());
    bed.until(|reading| *reading == Reading::Lost);
}
