//! Every reading, and every class of fault, with the clock in the test's hand.

use super::memory::{Bench, CHANNEL, EPOCH, MS, Memory, PERIODIC, SPORADIC, schema};
use super::reader::RingReader;
use super::words::Load;
use super::writer::RingWriter;
use crate::layout::{HEAD, Layout, STATE};
use crate::reading::{LOST_AFTER_NS, Reading, Trust, Violation};
use crate::record::{Record, ValueError};

fn count(reading: &Reading) -> Option<i128> {
    let id = schema().field("count")?;
    match reading {
        Reading::Fresh(record) | Reading::Gap { record, .. } => record.get(id),
        _ => None,
    }
}

fn periodic() -> Bench {
    Bench::new(PERIODIC, Trust::Trusted)
}

/// First word of the payload of record `number`.
fn payload(bench: &Bench, number: u64) -> usize {
    bench.layout.slot(number) + crate::layout::SLOT_HEAD_WORDS
}

#[test]
fn records_come_fresh_in_order_and_then_nothing() {
    let mut bench = periodic();
    for number in 1..=3 {
        bench.publish(number, 10 * MS);
    }
    for number in 1..=3u32 {
        let reading = bench.reader.poll(12 * MS);
        let Reading::Fresh(record) = &reading else {
            panic!("{reading:?}")
        };
        assert_eq!(record.number, number.into());
        assert_eq!(
            (record.epoch, record.time, record.age),
            (EPOCH, 10 * MS, 2 * MS)
        );
        assert_eq!(count(&reading), Some(number.into()));
        assert_eq!(
            record.get(schema().field("spo2").unwrap()),
            None,
            "never set"
        );
    }
    assert_eq!(bench.reader.poll(13 * MS), Reading::Nothing);
}

#[test]
fn a_silent_sensor_is_stale_while_the_heart_beats() {
    let mut bench = periodic();
    bench.publish(1, MS);
    assert_eq!(count(&bench.reader.poll(MS)), Some(1));
    for ms in (100..10_000).step_by(100) {
        bench.writer.heartbeat(ms * MS);
        let age = ms * MS - MS;
        let expected = if age > 100 * MS {
            Reading::Stale { age }
        } else {
            Reading::Nothing
        };
        assert_eq!(bench.reader.poll(ms * MS), expected);
    }
}

#[test]
fn a_channel_without_a_first_record_becomes_stale() {
    let mut bench = periodic();
    assert_eq!(bench.reader.poll(100 * MS), Reading::Nothing);
    assert_eq!(
        bench.reader.poll(101 * MS),
        Reading::Stale { age: 101 * MS }
    );
}

#[test]
fn a_dead_process_is_lost_and_a_living_one_is_found_again() {
    let mut bench = periodic();
    bench.publish(1, MS);
    assert_eq!(count(&bench.reader.poll(MS)), Some(1));
    let last = MS + LOST_AFTER_NS;
    assert!(matches!(bench.reader.poll(last), Reading::Stale { .. }));
    assert_eq!(bench.reader.poll(last + 1), Reading::Lost);
    bench.publish(2, last + 2);
    assert_eq!(count(&bench.reader.poll(last + 3)), Some(2));
}

#[test]
fn a_reader_that_attaches_after_the_death_of_a_trusted_writer_knows_at_once() {
    let mut bench = periodic();
    bench.publish(1, MS);
    bench.attach(Trust::Trusted, 3 * LOST_AFTER_NS);
    assert_eq!(bench.reader.poll(3 * LOST_AFTER_NS), Reading::Lost);
}

#[test]
fn a_writer_that_ends_in_good_order_is_lost_at_once() {
    let mut bench = periodic();
    bench.publish(1, MS);
    bench.writer.stop();
    assert_eq!(
        count(&bench.reader.poll(MS)),
        Some(1),
        "the last one still counts"
    );
    assert_eq!(bench.reader.poll(MS), Reading::Lost);
}

#[test]
fn a_slow_reader_is_told_how_many_it_lost() {
    let mut bench = periodic();
    let slots = bench.layout.slots() as u64;
    for number in 1..=u32::try_from(slots).unwrap() + 10 {
        bench.publish(number, 50 * MS);
    }
    let reading = bench.reader.poll(60 * MS);
    let Reading::Gap { lost, record } = reading else {
        panic!("{reading:?}")
    };
    // The slot after the head may be being written, so it counts as gone.
    assert_eq!((lost, record.number), (11, 12));
    assert!(matches!(bench.reader.poll(60 * MS), Reading::Fresh(r) if r.number == 13));
}

#[test]
fn a_reader_held_up_past_the_deadline_gets_no_old_record_as_fresh() {
    let mut bench = periodic();
    for number in 1..=20u32 {
        bench.publish(number, u64::from(number) * 10 * MS);
    }
    // Number 20 is of 200 ms; at 290 ms only it is within its 100 ms.
    let reading = bench.reader.poll(290 * MS);
    assert!(
        matches!(&reading, Reading::Gap { lost: 19, record } if record.number == 20),
        "{reading:?}"
    );
    bench.publish(21, 300 * MS);
    let reading = bench.reader.poll(401 * MS);
    assert_eq!(reading, Reading::Stale { age: 101 * MS });
}

#[test]
fn a_record_under_the_pen_is_busy_and_then_stale() {
    let mut bench = periodic();
    bench.publish(1, MS);
    bench.memory.set(bench.layout.slot(1), 1);
    assert_eq!(bench.reader.poll(2 * MS), Reading::Busy);
    bench.memory.set(bench.layout.slot(1), 2);
    assert_eq!(count(&bench.reader.poll(3 * MS)), Some(1));
    bench.publish(2, 4 * MS);
    bench.memory.set(bench.layout.slot(2), 3);
    assert!(matches!(bench.reader.poll(500 * MS), Reading::Stale { .. }));
}

#[test]
fn fault_corruption_every_flipped_bit_is_caught() {
    let words = Layout::new(&schema(), PERIODIC).record_words();
    for word in 1..words {
        for bit in 0..64 {
            let mut bench = periodic();
            bench.publish(1, MS);
            let at = bench.layout.slot(1) + word;
            bench.memory.set(at, bench.memory.load(at) ^ 1 << bit);
            assert_eq!(
                bench.reader.poll(MS),
                Reading::Corrupt,
                "word {word} bit {bit}"
            );
            bench.publish(2, MS);
            assert_eq!(count(&bench.reader.poll(MS)), Some(2), "skipped");
        }
    }
}

#[test]
fn fault_repetition_a_record_is_delivered_once() {
    let mut bench = periodic();
    bench.publish(1, MS);
    assert_eq!(count(&bench.reader.poll(MS)), Some(1));
    assert_eq!(bench.reader.poll(MS), Reading::Nothing);
    // The same record again, as a number of its own.
    let from = bench.layout.slot(1);
    let to = bench.layout.slot(2);
    for word in 1..bench.layout.record_words() {
        bench.memory.set(to + word, bench.memory.load(from + word));
    }
    bench.memory.set(to, 4);
    bench.memory.set(HEAD, 2);
    assert_eq!(bench.reader.poll(MS), Reading::Corrupt);
}

#[test]
fn fault_wrong_sequence_a_head_that_goes_back_poisons() {
    let mut bench = periodic();
    bench.publish(1, MS);
    bench.publish(2, MS);
    assert_eq!(count(&bench.reader.poll(MS)), Some(1));
    assert_eq!(count(&bench.reader.poll(MS)), Some(2));
    assert_eq!(bench.reader.poll(MS), Reading::Nothing);
    bench.memory.set(HEAD, 1);
    assert_eq!(bench.reader.poll(2 * MS), Reading::Poisoned);
    bench.memory.set(HEAD, 2);
    assert_eq!(bench.reader.poll(3 * MS), Reading::Poisoned, "latched");
    bench.attach(Trust::Trusted, 3 * MS);
    assert_eq!(
        count(&bench.reader.poll(3 * MS)),
        Some(2),
        "until attached again"
    );
}

#[test]
fn fault_loss_is_a_gap_with_its_number() {
    let mut bench = periodic();
    for number in 1..=40 {
        bench.publish(number, 30 * MS);
    }
    assert!(matches!(
        bench.reader.poll(40 * MS),
        Reading::Gap { lost: 9, .. }
    ));
}

#[test]
fn fault_delay_is_stale_by_the_records_time_or_the_readers_clock() {
    // A trusted writer's record carries its time.
    let mut bench = periodic();
    bench.publish(1, MS);
    assert_eq!(
        bench.reader.poll(102 * MS),
        Reading::Stale { age: 101 * MS }
    );
    // An untrusted one may claim any time: the look before counts.
    for claimed in [0, MS, u64::MAX] {
        let mut bench = Bench::new(PERIODIC, Trust::Untrusted);
        assert_eq!(bench.reader.poll(10 * MS), Reading::Nothing);
        bench.publish(1, claimed);
        let reading = bench.reader.poll(20 * MS);
        let Reading::Fresh(record) = reading else {
            panic!("{reading:?}")
        };
        assert_eq!((record.age, record.time), (10 * MS, claimed));
        bench.publish(2, claimed);
        let reading = bench.reader.poll(121 * MS);
        assert_eq!(
            reading,
            Reading::Stale { age: 101 * MS },
            "not looked at for so long"
        );
    }
}

#[test]
fn fault_delay_an_untrusted_record_that_waited_keeps_its_earlier_bound() {
    let mut bench = Bench::new(PERIODIC, Trust::Untrusted);
    let _ = bench.reader.poll(10 * MS);
    for number in 1..=3 {
        bench.publish(number, 11 * MS);
    }
    assert_eq!(count(&bench.reader.poll(20 * MS)), Some(1));
    bench.publish(4, 21 * MS);
    for (now, number) in [(60, 2), (70, 3)] {
        let reading = bench.reader.poll(now * MS);
        assert_eq!(count(&reading), Some(number));
        assert!(matches!(reading, Reading::Fresh(r) if r.age == (now - 10) * MS));
    }
}

#[test]
fn an_untrusted_periodic_record_from_before_the_attachment_is_not_delivered() {
    let mut bench = Bench::new(PERIODIC, Trust::Untrusted);
    bench.publish(1, MS);
    bench.attach(Trust::Untrusted, 2 * MS);
    assert_eq!(bench.reader.poll(3 * MS), Reading::Nothing);
    bench.publish(2, 4 * MS);
    assert_eq!(count(&bench.reader.poll(5 * MS)), Some(2));
}

#[test]
fn fault_insertion_a_record_without_its_number_is_corrupt() {
    let mut bench = periodic();
    bench.publish(1, MS);
    assert_eq!(count(&bench.reader.poll(MS)), Some(1));
    // Slot and head say that there is a second; nobody wrote one.
    bench.memory.set(bench.layout.slot(2), 4);
    bench.memory.set(HEAD, 2);
    assert_eq!(bench.reader.poll(MS), Reading::Corrupt);
}

#[test]
fn fault_insertion_a_head_that_jumps_poisons_at_the_rate_and_not_below() {
    for (jump, elapsed_ms, poisoned) in [
        (32, 0, false),
        (33, 0, true),
        // Twice the declared rate is allowed: 2 in 10 ms.
        (52, 100, false),
        (53, 100, true),
        (1 << 40, 1000, true),
        (u64::MAX, 1000, true),
        // A reader that slept an hour allows what an honest writer does then.
        (360_000, 3_600_000, false),
    ] {
        let mut bench = periodic();
        bench.memory.set(HEAD, jump);
        let reading = bench.reader.poll(elapsed_ms * MS);
        assert_eq!(
            reading == Reading::Poisoned,
            poisoned,
            "{jump} in {elapsed_ms} ms"
        );
    }
}

#[test]
fn fault_masquerade_another_epoch_or_schema_is_corrupt() {
    let layout = Layout::new(&schema(), PERIODIC);
    let other = Layout::new(
        &schema(),
        crate::Pace::Periodic {
            period_ns: 10 * MS,
            deadline_ns: 99 * MS,
        },
    );
    assert_eq!(layout.slots(), other.slots());
    for (layout, channel, epoch) in [(&layout, CHANNEL, EPOCH + 1), (&other, CHANNEL, EPOCH)] {
        assert_eq!(written_by(layout, channel, epoch), Reading::Corrupt);
    }
    assert_eq!(count(&written_by(&layout, CHANNEL, EPOCH)), Some(9));
}

#[test]
fn fault_addressing_another_channels_record_is_corrupt() {
    let layout = Layout::new(&schema(), PERIODIC);
    assert_eq!(written_by(&layout, CHANNEL + 1, EPOCH), Reading::Corrupt);
}

/// What a reader says of a record that was made for another layout, channel or
/// epoch and ended up in its memory.
fn written_by(layout: &Layout, channel: u64, epoch: u64) -> Reading {
    let bench = periodic();
    let memory: Memory = bench.memory.clone();
    let mut writer = RingWriter::new(memory, layout.clone(), channel, epoch, 1);
    let mut record = Record::new(&schema());
    record.set(schema().field("count").unwrap(), 9).unwrap();
    writer.publish(&record, MS);
    let mut reader: RingReader<Memory> = bench.reader;
    reader.poll(MS)
}

#[test]
fn a_value_outside_its_range_is_a_schema_violation_though_its_crc_is_right() {
    // A hostile writer makes right CRCs, so it is written with a wider schema
    // whose hash the seed is then taken from.
    let mut bench = periodic();
    bench.publish(1, MS);
    let at = payload(&bench, 1);
    bench.memory.set(at, 101 << 32 | 1);
    let quality = bench.layout.slot(1) + 4;
    bench.memory.set(quality, 0b11);
    forge_crc(&bench, 1);
    match bench.reader.poll(MS) {
        Reading::Schema(Violation::Value(ValueError::Range { field, value, .. })) => {
            assert_eq!((field.as_str(), value), ("spo2", 101));
        }
        other => panic!("{other:?}"),
    }
    bench.publish(2, MS);
    assert_eq!(count(&bench.reader.poll(MS)), Some(2), "skipped");
}

#[test]
fn a_validity_bit_without_a_field_is_a_schema_violation() {
    let mut bench = periodic();
    bench.publish(1, MS);
    let quality = bench.layout.slot(1) + 4;
    bench.memory.set(quality, 1 << 3);
    forge_crc(&bench, 1);
    assert!(matches!(bench.reader.poll(MS), Reading::Schema(_)));
}

fn forge_crc(bench: &Bench, number: u64) {
    let slot = bench.layout.slot(number);
    let end = bench.layout.record_words() - 1;
    let words: Vec<u64> = (1..end).map(|at| bench.memory.load(slot + at)).collect();
    let crc = crate::checksum::append_all(bench.layout.crc_seed(CHANNEL, EPOCH), &words);
    bench.memory.set(slot + end, crate::checksum::to_word(crc));
}

#[test]
fn a_sporadic_channel_delivers_its_rate_and_keeps_the_rest_waiting() {
    let mut bench = Bench::new(SPORADIC, Trust::Untrusted);
    for number in 1..=12 {
        bench.publish(number, MS);
    }
    let drain = |bench: &mut Bench, now: u64| {
        let mut counts = Vec::new();
        while let Some(number) = count(&bench.reader.poll(now)) {
            counts.push(number);
        }
        counts
    };
    assert_eq!(drain(&mut bench, MS), [1, 2, 3, 4, 5]);
    assert_eq!(bench.reader.poll(200 * MS), Reading::Nothing);
    assert_eq!(drain(&mut bench, 201 * MS), [6]);
    bench.writer.heartbeat(601 * MS);
    assert_eq!(drain(&mut bench, 601 * MS), [7, 8]);
    bench.writer.heartbeat(1800 * MS);
    assert_eq!(drain(&mut bench, 1900 * MS), [9, 10, 11, 12]);
}

#[test]
fn a_sporadic_channel_is_never_stale_but_can_be_lost() {
    let mut bench = Bench::new(SPORADIC, Trust::Untrusted);
    for second in 1..100 {
        bench.writer.heartbeat(second * 1000 * MS);
        assert_eq!(bench.reader.poll(second * 1000 * MS), Reading::Nothing);
    }
    assert_eq!(bench.reader.poll(102_000 * MS), Reading::Lost);
}

#[test]
fn a_sporadic_flood_poisons() {
    let mut bench = Bench::new(SPORADIC, Trust::Untrusted);
    for number in 1..=1000 {
        bench.publish(number, MS);
    }
    assert_eq!(bench.reader.poll(MS), Reading::Poisoned);
}

#[test]
fn a_late_reader_of_a_sporadic_channel_gets_what_is_still_there() {
    let mut bench = Bench::new(SPORADIC, Trust::Untrusted);
    bench.publish(1, MS);
    bench.publish(2, MS);
    bench.attach(Trust::Untrusted, 10 * MS);
    assert_eq!(count(&bench.reader.poll(10 * MS)), Some(1));
    assert_eq!(count(&bench.reader.poll(10 * MS)), Some(2));
}

#[test]
fn a_late_reader_of_a_periodic_channel_begins_with_the_newest() {
    let mut bench = periodic();
    for number in 1..=7 {
        bench.publish(number, MS);
    }
    bench.attach(Trust::Trusted, 2 * MS);
    assert!(matches!(bench.reader.poll(2 * MS), Reading::Fresh(r) if r.number == 7));
}

#[test]
fn a_head_beyond_any_writers_is_poisoned_from_the_start() {
    let mut bench = periodic();
    for head in [(1 << 62) + 1, u64::MAX] {
        bench.memory.set(HEAD, head);
        bench.attach(Trust::Untrusted, 0);
        assert_eq!(bench.reader.poll(MS), Reading::Poisoned);
    }
}

#[test]
fn a_frozen_writer_may_catch_up() {
    let mut bench = periodic();
    for round in 0..20u64 {
        // Nothing for 10 s, then the 1000 records of them at once.
        let now = (round + 1) * 10_000 * MS;
        for number in 0..1000 {
            bench.publish(number, now);
        }
        let reading = bench.reader.poll(now);
        assert!(matches!(reading, Reading::Gap { .. }), "{reading:?}");
        while count(&bench.reader.poll(now)).is_some() {}
    }
    assert_ne!(bench.memory.load(STATE), 0);
}

#[test]
fn a_clock_that_goes_back_harms_nothing() {
    let mut bench = periodic();
    bench.publish(1, 50 * MS);
    assert_eq!(count(&bench.reader.poll(50 * MS)), Some(1));
    assert_eq!(bench.reader.poll(0), Reading::Nothing);
}
