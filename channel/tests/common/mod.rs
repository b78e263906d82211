//! What several of the tests need.
#![allow(dead_code, reason = "each test binary uses a part")]

use cordon_channel::endpoint::Endpoint;
use cordon_channel::message::End;
use cordon_channel::supervisor::{Creation, Sealed, Spec};
use cordon_channel::{AttachError, Control, ControlEvent, Link, Pace, Reader, Schema, Trust};
use std::os::fd::OwnedFd;
use std::sync::Arc;

pub const NAME: &str = "vitals";
pub const PACE: Pace = Pace::Periodic {
    period_ns: 10_000_000,
    deadline_ns: 200_000_000,
};

pub fn schema() -> Schema {
    Schema::parse(
        "count u64\n\
         heart-rate u16 unit=/min range=0..350\n\
         ecg i16[20] unit=uV range=-5000..5000\n\
         lead u8 enum=i,ii,iii\n",
    )
    .expect("schema")
}

pub fn spec(epoch: u64) -> Spec {
    Spec {
        name: NAME.to_owned(),
        epoch,
        schema: schema(),
        pace: PACE,
    }
}

pub fn link() -> Link {
    Link {
        name: NAME.to_owned(),
        schema: schema(),
        pace: PACE,
        from: "display".to_owned(),
        to: vec!["network".to_owned()],
    }
}

/// A channel that went through its order, with a writer that did nothing.
pub fn sealed(epoch: u64) -> Sealed {
    let creation = Creation::new(&spec(epoch)).expect("creation");
    creation.seal().expect("seal")
}

/// Hands any descriptor to a reader as the supervisor would.
pub fn hand_to_reader(fd: OwnedFd, epoch: u64) -> (Reader, Result<(), Arc<AttachError>>) {
    let (mut endpoint, socket) = Endpoint::pair().expect("socket pair");
    endpoint
        .offer(NAME, End::Reader, epoch, fd)
        .expect("hand-out");
    let mut control = Control::new(socket);
    let reader = control.reader(NAME, &schema(), PACE, Trust::Trusted);
    let mut events = control.poll();
    assert_eq!(events.len(), 1, "{events:?}");
    let result = match events.remove(0) {
        ControlEvent::Attached { .. } => Ok(()),
        ControlEvent::Refused { error, .. } => Err(error),
        ControlEvent::Closed => panic!("closed"),
    };
    (reader, result)
}

/// The errno of a refused call.
pub fn errno<T>(result: rustix::io::Result<T>) -> Option<rustix::io::Errno> {
    result.err()
}
