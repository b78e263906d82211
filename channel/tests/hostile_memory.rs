//! Memory in which a hostile writer wrote anything before it was sealed.

mod common;

use common::{PACE, hand_to_reader, schema, spec};
use cordon_channel::layout::Layout;
use cordon_channel::supervisor::Creation;
use cordon_channel::{AttachError, Reading};
use proptest::prelude::*;
use rustix::io::pwrite;
use std::sync::Arc;

fn attach(scribbles: &[(u64, Vec<u8>)]) -> (Vec<Reading>, Option<Arc<AttachError>>) {
    let creation = Creation::new(&spec(1)).expect("creation");
    for (at, bytes) in scribbles {
        pwrite(creation.writer_fd(), bytes, *at).expect("pwrite");
    }
    let sealed = creation.seal().expect("seal");
    let fd = sealed.reader_fd().try_clone_to_owned().expect("dup");
    let (mut reader, result) = hand_to_reader(fd, 1);
    let readings = (0..20).map(|_| reader.poll()).collect();

    (readings, result.err())
}

fn delivered(reading: &Reading) -> bool {
    matches!(reading, Reading::Fresh(_) | Reading::Gap { .. })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_header_and_schema_text_are_refused_or_read_without_panic(
        header in prop::collection::vec(any::<u8>(), 0..256),
        at in 0..256u64,
        text in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            "[a-z]{1,5} u8\n( |[a-z]|=|\n|u16|range=0..1){0,40}".prop_map(String::into_bytes),
            Just(vec![b'a'; 16 * 1024]),
        ],
    ) {
        let text_at = Layout::new(&schema(), PACE).size() as u64 - 16 * 1024;
        let (readings, _) = attach(&[(at.min(256 - header.len() as u64), header), (text_at, text)]);
        for reading in readings {
            prop_assert!(!delivered(&reading));
        }
    }

    #[test]
    fn any_head_slots_and_state_are_read_without_panic(
        head in any::<u64>(),
        small in 0..40u64,
        state in any::<[u64; 2]>(),
        slots in prop::collection::vec(any::<u8>(), 0..4096),
    ) {
        for head in [head, small] {
            let words = [state[0].to_le_bytes(), state[1].to_le_bytes()].concat();
            let (readings, error) = attach(&[
                (32 * 8, head.to_le_bytes().to_vec()),
                (33 * 8, words),
                (4096, slots.clone()),
            ]);
            prop_assert!(error.is_none(), "the header is right: {error:?}");
            for reading in readings {
                // Nobody forges a CRC by chance.
                prop_assert!(!delivered(&reading));
            }
        }
    }
}

#[test]
fn a_schema_text_that_cannot_be_read_is_said() {
    let text_at = Layout::new(&schema(), PACE).size() as u64 - 16 * 1024;
    for text in [vec![0xff; 64], vec![b'a'; 16 * 1024], b"9\n\0".to_vec()] {
        let (readings, error) = attach(&[(16, vec![1]), (text_at, text)]);
        let said = error.expect("refused").to_string();
        assert!(said.contains("its schema text cannot be read"), "{said}");
        assert!(matches!(readings[0], Reading::Schema(_)));
    }
}
