//! Any memory handed to a reader: attached or refused, then read, without a
//! panic and without a record that the memory does not hold.
//!
//! The input is a list of writes into an honest channel's memory: place, length,
//! bytes. So most of it stays as it must be, and the fuzzer gets behind the
//! header.
#![no_main]

use cordon_channel::endpoint::Endpoint;
use cordon_channel::layout::Layout;
use cordon_channel::message::End;
use cordon_channel::supervisor::{Creation, Spec};
use cordon_channel::{Control, Pace, Reading, Schema, Trust};
use libfuzzer_sys::fuzz_target;

const PACE: Pace = Pace::Periodic { period_ns: 10_000_000, deadline_ns: 100_000_000 };

fuzz_target!(|writes: &[u8]| {
    let schema = Schema::parse("count u32\nspo2 u16 unit=% range=0..100\necg i16[20]\n").expect("schema");
    let spec = Spec { name: "fuzz".into(), epoch: 1, schema: schema.clone(), pace: PACE };
    let creation = Creation::new(&spec).expect("creation");
    let mut rest = writes;
    while let [low, high, length, after @ ..] = rest {
        let bytes = &after[..usize::from(*length).min(after.len())];
        // Wherever the layout has something, without growing it.
        let size = Layout::new(&schema, PACE).size() - usize::from(u8::MAX);
        let at = (usize::from(u16::from_le_bytes([*low, *high])) % size) as u64;
        rustix::io::pwrite(creation.writer_fd(), bytes, at).expect("pwrite");
        rest = &after[bytes.len()..];
    }
    let sealed = creation.seal().expect("no write changes the size");
    for trust in [Trust::Trusted, Trust::Untrusted] {
        let (mut endpoint, socket) = Endpoint::pair().expect("socket pair");
        let fd = sealed.reader_fd().try_clone_to_owned().expect("dup");
        endpoint.offer("fuzz", End::Reader, 1, fd).expect("hand-out");
        let mut control = Control::new(socket);
        let mut reader = control.reader("fuzz", &schema, PACE, trust);
        assert_eq!(control.poll().len(), 1);
        let attached = reader.epoch().is_some();
        let mut last = 0;
        for _ in 0..8 {
            match reader.poll() {
                Reading::Fresh(record) | Reading::Gap { record, .. } => {
                    assert!(attached && record.number > last);
                    last = record.number;
                    let spo2 = record.get(schema.field("spo2").expect("field"));
                    assert!(spo2.is_none_or(|value| (0..=100).contains(&value)));
                }
                Reading::Absent | Reading::Schema(_) => {}
                _ => assert!(attached),
            }
        }
    }
});
