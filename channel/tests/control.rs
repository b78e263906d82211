//! The control protocol: who starts when, and what a bad peer can do.

mod common;

use common::{NAME, PACE, link, schema, sealed};
use cordon_channel::endpoint::{Endpoint, Fault, Taken};
use cordon_channel::hub::{Event, State};
use cordon_channel::message::{End, Kind, LENGTH, Message};
use cordon_channel::{
    AttachError, Control, ControlEvent, Hub, Pace, Reading, Record, Schema, Trust, Violation,
};
use rustix::net::{SendFlags, send};
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

fn hub() -> Hub {
    Hub::new(vec![link()]).unwrap()
}

fn state(hub: &Hub) -> State {
    hub.states().next().unwrap().1
}

fn record(count: i128) -> Record {
    let schema = schema();
    let mut record = Record::new(&schema);
    record.set(schema.field("count").unwrap(), count).unwrap();
    record
}

fn fresh_count(reading: Reading) -> i128 {
    match reading {
        Reading::Fresh(record) => record.get(schema().field("count").unwrap()).unwrap(),
        other => panic!("{other:?}"),
    }
}

fn offer(endpoint: &mut Endpoint, epoch: u64) {
    let fd = sealed(epoch).reader_fd().try_clone_to_owned().unwrap();
    endpoint.offer(NAME, End::Reader, epoch, fd).unwrap();
}

fn taken(end: End, epoch: u64) -> [u8; LENGTH] {
    let message = Message {
        kind: Kind::Taken(end),
        channel: NAME.to_owned(),
        epoch,
    };
    message.to_packet().unwrap()
}

#[test]
fn a_reader_that_starts_first_waits_and_one_that_starts_late_gets_the_same() {
    for late in [false, true] {
        let mut hub = hub();
        let early = (!late).then(|| hub.start("network").unwrap());
        let mut display = Control::new(hub.start("display").unwrap());
        let mut writer = display.writer(NAME, &schema(), PACE);
        assert!(writer.publish(&record(1)).is_err(), "absent");
        display.poll();
        assert!(matches!(state(&hub), State::Offered { epoch: 1, .. }));
        writer.publish(&record(1)).unwrap();
        let events = hub.service("display");
        assert!(
            matches!(&events[..], [Event::Opened { epoch: 1, .. }]),
            "{events:?}"
        );
        assert!(matches!(state(&hub), State::Open { epoch: 1, .. }));

        let socket = early.unwrap_or_else(|| hub.start("network").unwrap());
        let mut network = Control::new(socket);
        // Asked for before or after the hand-out was looked at: the same.
        if late {
            assert!(network.poll().is_empty());
        }
        let mut reader = network.reader(NAME, &schema(), PACE, Trust::Trusted);
        assert_eq!(reader.poll(), Reading::Absent);
        network.poll();
        assert_eq!(fresh_count(reader.poll()), 1);
        let events = hub.service("network");
        assert!(
            matches!(&events[..], [Event::Taken { epoch: 1, .. }]),
            "{events:?}"
        );
    }
}

#[test]
fn no_acknowledgement_no_channel() {
    let mut hub = hub();
    let _display = hub.start("display").unwrap();
    let mut network = Control::new(hub.start("network").unwrap());
    let mut reader = network.reader(NAME, &schema(), PACE, Trust::Trusted);
    assert!(hub.service("display").is_empty());
    assert!(network.poll().is_empty());
    assert_eq!(reader.poll(), Reading::Absent);
}

#[test]
fn a_restarted_writer_is_a_new_epoch_and_readers_attach_it_again() {
    let mut hub = hub();
    let mut network = Control::new(hub.start("network").unwrap());
    let mut reader = network.reader(NAME, &schema(), PACE, Trust::Trusted);
    for epoch in 1..=5 {
        let mut display = Control::new(hub.start("display").unwrap());
        let mut writer = display.writer(NAME, &schema(), PACE);
        display.poll();
        hub.service("display");
        writer.publish(&record(epoch)).unwrap();
        let events = network.poll();
        assert!(
            matches!(&events[..], [ControlEvent::Attached { .. }]),
            "{events:?}"
        );
        hub.service("network");
        assert_eq!(fresh_count(reader.poll()), epoch);
        assert_eq!(reader.epoch(), u64::try_from(epoch).ok());
        drop(writer);
        assert_eq!(reader.poll(), Reading::Lost);
        hub.stop("display");
        assert_eq!(state(&hub), State::Absent);
    }
}

#[test]
fn one_hand_out_is_outstanding_and_the_newest_replaces_what_waits() {
    let (mut endpoint, socket) = Endpoint::pair().unwrap();
    for epoch in 1..=100 {
        offer(&mut endpoint, epoch);
        assert!(endpoint.service().unwrap().is_empty());
    }
    let mut control = Control::new(socket);
    let mut reader = control.reader(NAME, &schema(), PACE, Trust::Trusted);
    control.poll();
    assert_eq!(reader.epoch(), Some(1));
    let took = |epoch| Taken {
        channel: NAME.to_owned(),
        end: End::Reader,
        epoch,
    };
    assert_eq!(endpoint.service().unwrap(), [took(1)]);
    control.poll();
    assert_eq!(reader.epoch(), Some(100), "2 to 99 were replaced");
    assert_eq!(endpoint.service().unwrap(), [took(100)]);
}

#[test]
fn a_peer_that_never_looks_delays_nobody() {
    let (mut endpoint, _socket) = Endpoint::pair().unwrap();
    let start = Instant::now();
    for epoch in 1..=1000 {
        let fd = sealed(1).reader_fd().try_clone_to_owned().unwrap();
        endpoint.offer(NAME, End::Reader, epoch, fd).unwrap();
        endpoint.service().unwrap();
    }
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_malformed_packet_ends_only_that_socket() {
    let mut long = taken(End::Reader, 1).to_vec();
    long.push(0);
    let mut padded = taken(End::Reader, 1);
    padded[LENGTH - 1] = 1;
    let hand_out = Message {
        kind: Kind::HandOut(End::Reader),
        channel: NAME.to_owned(),
        epoch: 1,
    };
    let packets = [
        vec![0],
        vec![0xff; LENGTH],
        taken(End::Reader, 1)[..LENGTH - 1].to_vec(),
        long,
        padded.to_vec(),
        hand_out.to_packet().unwrap().to_vec(),
        vec![0; 60_000],
    ];
    for packet in packets {
        let (mut endpoint, socket) = Endpoint::pair().unwrap();
        offer(&mut endpoint, 1);
        send(&socket, &packet, SendFlags::empty()).unwrap();
        let fault = endpoint.service().unwrap_err();
        assert!(matches!(fault, Fault::Malformed(_)), "{fault:?}");
        assert!(
            endpoint.fd().is_none(),
            "nothing left to wake the supervisor"
        );
    }
}

#[test]
fn an_answer_to_nothing_ends_the_socket() {
    for packet in [taken(End::Reader, 2), taken(End::Writer, 1)] {
        let (mut endpoint, socket) = Endpoint::pair().unwrap();
        offer(&mut endpoint, 1);
        send(&socket, &packet, SendFlags::empty()).unwrap();
        let fault = endpoint.service().unwrap_err();
        assert!(matches!(fault, Fault::Unexpected { .. }), "{fault:?}");
    }
    // The second answer to the same hand-out is one too many.
    let (mut endpoint, socket) = Endpoint::pair().unwrap();
    offer(&mut endpoint, 1);
    send(&socket, &taken(End::Reader, 1), SendFlags::empty()).unwrap();
    send(&socket, &taken(End::Reader, 1), SendFlags::empty()).unwrap();
    assert!(matches!(endpoint.service(), Err(Fault::Unexpected { .. })));
}

#[test]
fn a_flood_ends_the_flooders_socket_and_leaves_the_others_channels_open() {
    let mut hub = hub();
    let flooder: OwnedFd = hub.start("network").unwrap();
    let mut display = Control::new(hub.start("display").unwrap());
    let mut writer = display.writer(NAME, &schema(), PACE);
    display.poll();
    hub.service("display");
    let mut sent = 0;
    while send(&flooder, &taken(End::Reader, 1), SendFlags::DONTWAIT).is_ok() {
        sent += 1;
    }
    assert!(sent > 16, "{sent}");
    let events = hub.service("network");
    assert!(matches!(&events[..], [Event::Ended { .. }]), "{events:?}");
    assert!(hub.fd("network").is_none());
    assert!(hub.service("network").len() <= 1);
    writer.publish(&record(1)).unwrap();
    assert!(matches!(state(&hub), State::Open { epoch: 1, .. }));
    // Started again, it gets the channel.
    let mut network = Control::new(hub.start("network").unwrap());
    let mut reader = network.reader(NAME, &schema(), PACE, Trust::Trusted);
    network.poll();
    assert_eq!(fresh_count(reader.poll()), 1);
}

#[test]
fn descriptors_a_component_sends_never_arrive() {
    use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, sendmsg};
    let (mut endpoint, socket) = Endpoint::pair().unwrap();
    offer(&mut endpoint, 1);
    let (reading_end, writing_end) = rustix::pipe::pipe().unwrap();
    {
        let fds = [writing_end.as_fd()];
        let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        assert!(ancillary.push(SendAncillaryMessage::ScmRights(&fds)));
        let packet = taken(End::Reader, 1);
        let parts = [std::io::IoSlice::new(&packet)];
        sendmsg(&socket, &parts, &mut ancillary, SendFlags::empty()).unwrap();
    }
    drop(writing_end);
    endpoint.service().unwrap();
    // End of file: the supervisor holds no copy of the writing end.
    assert_eq!(rustix::io::read(&reading_end, &mut [0; 1]), Ok(0));
}

#[test]
fn a_closed_peer_is_a_typed_end() {
    let (mut endpoint, socket) = Endpoint::pair().unwrap();
    drop(socket);
    assert!(matches!(endpoint.service(), Err(Fault::Closed)));
    let mut hub = hub();
    let mut control = Control::new(hub.start("network").unwrap());
    hub.stop("network");
    assert!(matches!(&control.poll()[..], [ControlEvent::Closed]));
    assert!(control.poll().is_empty());
    assert!(control.fd().is_none());
}

#[test]
fn a_schema_mismatch_is_named_by_field_on_either_end() {
    let other = Schema::parse(
        "count u64\n\
         heart-rate u16 unit=/min range=0..300\n\
         ecg i16[20] unit=uV range=-5000..5000\n\
         spo2 u16 unit=% range=0..100\n",
    )
    .unwrap();
    let expected = [
        "`heart-rate` is `heart-rate u16 unit=/min range=0..350`, \
         expected `heart-rate u16 unit=/min range=0..300`",
        "`spo2` is missing",
        "`lead` is not expected",
    ];
    let mut hub = hub();
    let mut display = Control::new(hub.start("display").unwrap());
    let _writer = display.writer(NAME, &schema(), PACE);
    display.poll();
    hub.service("display");
    let mut network = Control::new(hub.start("network").unwrap());
    let mut reader = network.reader(NAME, &other, PACE, Trust::Trusted);
    network.poll();
    match reader.poll() {
        Reading::Schema(Violation::Mismatch(said)) => assert_eq!(said, expected),
        other => panic!("{other:?}"),
    }

    // A writer that differs is told so, does not acknowledge, and no reader
    // ever sees its channel.
    let mut display = Control::new(hub.start("display").unwrap());
    let mut writer = display.writer(NAME, &other, PACE);
    let events = display.poll();
    match &events[..] {
        [ControlEvent::Refused { error, .. }] => match &**error {
            AttachError::Schema(said) => assert_eq!(said, &expected),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
    assert!(writer.publish(&Record::new(&other)).is_err());
    assert!(hub.service("display").is_empty());
    assert!(matches!(state(&hub), State::Offered { .. }));
}

#[test]
fn a_pace_that_differs_is_named_too() {
    let mut hub = hub();
    let mut display = Control::new(hub.start("display").unwrap());
    let pace = Pace::Periodic {
        period_ns: 20_000_000,
        deadline_ns: 200_000_000,
    };
    let writer = display.writer(NAME, &schema(), pace);
    let error = match display.poll().remove(0) {
        ControlEvent::Refused { error, .. } => error,
        other => panic!("{other:?}"),
    };
    let said = error.to_string();
    assert!(
        said.contains("period is 10000000, expected 20000000"),
        "{said}"
    );
    drop(writer);
}

#[test]
fn a_writer_that_truncates_before_acknowledging_costs_only_its_channel() {
    use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, recvmsg};
    let mut hub = hub();
    let hostile = hub.start("display").unwrap();
    let mut network = Control::new(hub.start("network").unwrap());
    let mut reader = network.reader(NAME, &schema(), PACE, Trust::Untrusted);
    let mut packet = [0; LENGTH];
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut parts = [std::io::IoSliceMut::new(&mut packet)];
    recvmsg(&hostile, &mut parts, &mut ancillary, RecvFlags::empty()).unwrap();
    for message in ancillary.drain() {
        if let RecvAncillaryMessage::ScmRights(fds) = message {
            for fd in fds {
                rustix::fs::ftruncate(fd, 0).unwrap();
            }
        }
    }
    send(&hostile, &taken(End::Writer, 1), SendFlags::empty()).unwrap();
    let events = hub.service("display");
    assert!(matches!(&events[..], [Event::Refused { .. }]), "{events:?}");
    assert_eq!(state(&hub), State::Absent);
    assert!(network.poll().is_empty());
    assert_eq!(reader.poll(), Reading::Absent);
}

#[test]
fn declarations_that_cannot_be_served_are_refused() {
    let bad = |change: fn(&mut cordon_channel::Link)| {
        let mut link = link();
        change(&mut link);
        Hub::new(vec![link]).unwrap_err().why
    };
    assert!(bad(|link| link.name = "../x".to_owned()).contains("name"));
    assert!(bad(|link| link.name = "x".repeat(65)).contains("name"));
    assert!(bad(|link| link.to.push("display".to_owned())).contains("itself"));
    let no_period = Pace::Periodic {
        period_ns: 0,
        deadline_ns: 1,
    };
    let mut zero = link();
    zero.pace = no_period;
    assert!(Hub::new(vec![zero]).is_err());
    assert!(
        Hub::new(vec![link(), link()])
            .unwrap_err()
            .why
            .contains("twice")
    );
}
