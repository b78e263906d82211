//! The canonical text, the packing and the ranges of records.

use cordon_channel::layout::Layout;
use cordon_channel::message::{LENGTH, Message};
use cordon_channel::{Pace, Record, Scalar, Schema, SchemaError, ValueError};
use proptest::prelude::*;

const TEXT: &str = "heart-rate u16 unit=/min range=0..350\n\
                    temperature i16 unit=Cel range=-300..500\n\
                    ecg i16[20] unit=uV range=-5000..5000\n\
                    mode u8 enum=demo,replay,live\n\
                    big u64\n";

#[test]
fn canonical_text_round_trips() {
    let schema = Schema::parse(TEXT).unwrap();
    assert_eq!(schema.to_text(), TEXT);
    let again = Schema::from_fields(schema.fields().to_vec()).unwrap();
    assert_eq!(again, schema);
    assert_eq!(again.hash(), schema.hash());
    assert!(schema.differences(&again).is_empty());
}

#[test]
fn packing_aligns_each_field_to_its_own_size() {
    let size = |text: &str| Schema::parse(text).unwrap().payload_words();
    assert_eq!(size("a u8\n"), 1);
    assert_eq!(size("a u8\nb u32\n"), 1);
    assert_eq!(size("a u32\nb u8\nc u32\n"), 2);
    assert_eq!(size("a u8\nb u64\n"), 2);
    assert_eq!(size("a i16[20]\n"), 5);
    assert_eq!(size("a i64[64]\n"), 64);
}

#[test]
fn every_other_spelling_is_refused_with_its_line() {
    for (text, line, part) in [
        ("a u8", 1, "canonical"),
        ("a u8\r\n", 1, "canonical"),
        ("a u8\n\n", 2, "type"),
        ("a  u8\n", 1, "type"),
        ("a u8 \n", 1, "not unit="),
        ("A u8\n", 1, "field name"),
        ("-a u8\n", 1, "field name"),
        ("a u128\n", 1, "no type"),
        ("a f32\n", 1, "no type"),
        ("a u8[0]\n", 1, "1 to 255"),
        ("a u8[256]\n", 1, "1 to 255"),
        ("a u8[x]\n", 1, "no type"),
        ("a u8[02]\n", 1, "canonical"),
        ("a u8 range=0..256\n", 1, "does not fit"),
        ("a i8 range=-129..0\n", 1, "does not fit"),
        ("a u8 range=5..4\n", 1, "empty"),
        ("a u8 range=00..4\n", 1, "canonical"),
        ("a u8 range=+0..4\n", 1, "canonical"),
        ("a u8 range=0..4 unit=V\n", 1, "canonical"),
        ("a u8 unit=\n", 1, "no unit"),
        ("a u8 unit=µV\n", 1, "no unit"),
        ("a u8 enum=\n", 1, "enum value"),
        ("a u8 enum=x,x\n", 1, "twice"),
        ("a u8 range=0..1 enum=x,y\n", 1, "no range of its own"),
        ("a u8\nb u8\na u8\n", 3, "declared twice"),
    ] {
        let error = Schema::parse(text).unwrap_err();
        let said = error.to_string();
        assert!(
            said.starts_with(&format!("line {line}:")),
            "{text:?}: {said}"
        );
        assert!(said.contains(part), "{text:?}: {said}");
    }
    assert_eq!(Schema::parse(""), Err(SchemaError::Empty));
    let many: String = (0..65).map(|n| format!("f{n} u8\n")).collect();
    assert_eq!(Schema::parse(&many), Err(SchemaError::TooManyFields(65)));
    let most: String = (0..64).map(|n| format!("f{n} u8\n")).collect();
    assert_eq!(Schema::parse(&most).unwrap().validity_mask(), u64::MAX);
    let long = "x".repeat(20_000);
    assert_eq!(Schema::parse(&long), Err(SchemaError::TooLong(20_000)));
}

#[test]
fn values_outside_range_enum_or_type_are_refused_and_change_nothing() {
    let schema = Schema::parse(TEXT).unwrap();
    let id = |name| schema.field(name).unwrap();
    let mut record = Record::new(&schema);
    record.set(id("heart-rate"), 72).unwrap();
    for (name, value) in [
        ("heart-rate", 351),
        ("heart-rate", -1),
        ("temperature", -301),
        ("mode", 3),
        ("big", -1),
        ("big", 1 << 64),
    ] {
        let error = record.set(id(name), value).unwrap_err();
        assert!(matches!(error, ValueError::Range { .. }), "{name}: {error}");
    }
    assert_eq!(record.get(id("heart-rate")), Some(72));
    assert_eq!(record.get(id("temperature")), None);
    let short = record.set_array(id("ecg"), &[0; 19]).unwrap_err();
    assert!(matches!(short, ValueError::Elements { found: 19, .. }));
    assert!(record.set_array(id("heart-rate"), &[1]).is_err());
    assert!(record.set(id("ecg"), 1).is_err());
    let mut wave = [0; 20];
    wave[19] = 5001;
    assert!(record.set_array(id("ecg"), &wave).is_err());
    assert_eq!(record.get_array(id("ecg")), None);
    wave[19] = -5000;
    record.set_array(id("ecg"), &wave).unwrap();
    assert_eq!(record.get_array(id("ecg")), Some(wave.to_vec()));
    record.clear(id("ecg"));
    assert_eq!(record.get_array(id("ecg")), None);
    record.clear(id("heart-rate"));
    assert_eq!(record, Record::new(&schema), "cleared is never set");
}

#[test]
fn an_id_of_another_schema_is_refused() {
    let wide = Schema::parse("a u8\nb u8\n").unwrap();
    let narrow = Schema::parse("a u8\n").unwrap();
    let b = wide.field("b").unwrap();
    let mut record = Record::new(&narrow);
    assert_eq!(record.set(b, 1), Err(ValueError::NoSuchField));
    assert_eq!(record.get(b), None);
    record.clear(b);
}

#[test]
fn layouts_stay_within_their_bounds() {
    let schema = Schema::parse(TEXT).unwrap();
    let largest = (0..64)
        .map(|n| format!("f{n} i64[255]\n"))
        .collect::<String>();
    let largest = Schema::parse(&largest).unwrap();
    for schema in [&schema, &largest] {
        for period_ns in [1, 1_000, 40_000_000, u64::MAX] {
            for deadline_ns in [1, 1_000_000_000, u64::MAX] {
                let pace = Pace::Periodic {
                    period_ns,
                    deadline_ns,
                };
                let layout = Layout::new(schema, pace);
                assert!(layout.slots().is_power_of_two() && layout.slots() >= 4);
                assert_eq!(layout.stride_words() % 16, 0);
                assert!(layout.stride_words() >= layout.record_words());
                assert!(layout.size() <= 32 << 20 && layout.size().is_multiple_of(4096));
                let end = layout.slot(u64::MAX) + layout.stride_words();
                assert!(end * 8 <= layout.size() - 16 * 1024);
            }
        }
    }
    let a_second = Pace::Periodic {
        period_ns: 40_000_000,
        deadline_ns: 1_000_000_000,
    };
    assert_eq!(Layout::new(&schema, a_second).slots(), 64);
}

#[test]
fn the_hash_covers_text_and_pace() {
    let schema = Schema::parse(TEXT).unwrap();
    let pace = |period_ns, deadline_ns| Pace::Periodic {
        period_ns,
        deadline_ns,
    };
    let hash = Layout::new(&schema, pace(10, 100)).hash();
    assert_eq!(hash, Layout::new(&schema, pace(10, 100)).hash());
    assert_ne!(hash, Layout::new(&schema, pace(11, 100)).hash());
    assert_ne!(hash, Layout::new(&schema, pace(10, 101)).hash());
    let other = Schema::parse(&TEXT.replace("0..350", "0..351")).unwrap();
    assert_ne!(hash, Layout::new(&other, pace(10, 100)).hash());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_text_is_refused_or_round_trips(text in "([a-c-]{0,3} (u8|i64|u16\\[[0-9]{0,2}\\])( (unit|range|enum)=[a-c0-9.,-]{0,6}){0,3}\n?){0,4}") {
        if let Ok(schema) = Schema::parse(&text) {
            prop_assert_eq!(schema.to_text(), text);
        }
    }

    #[test]
    fn any_bytes_as_text_never_panic(text in any::<String>()) {
        let _ = Schema::parse(&text);
    }

    #[test]
    fn any_value_reads_back_as_it_was_set(which in 0..8usize, value in any::<i128>(), neighbour in any::<u8>()) {
        let kinds = ["u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64"];
        let text = format!("before u8\nvalue {}\nafter u8\n", kinds[which]);
        let schema = Schema::parse(&text).expect("schema");
        let id = |name| schema.field(name).expect("field");
        let (low, high) = schema.fields()[1].scalar.limits();
        let value = low + value.rem_euclid(high - low + 1);
        let mut record = Record::new(&schema);
        record.set(id("before"), neighbour.into()).expect("set");
        record.set(id("after"), (!neighbour).into()).expect("set");
        record.set(id("value"), value).expect("set");
        prop_assert_eq!(record.get(id("value")), Some(value));
        prop_assert_eq!(record.get(id("before")), Some(neighbour.into()));
        prop_assert_eq!(record.get(id("after")), Some((!neighbour).into()));
        prop_assert!(record.set(id("value"), high + 1).is_err());
        prop_assert!(record.set(id("value"), low - 1).is_err());
    }

    #[test]
    fn any_packet_is_refused_or_is_the_one_packet_of_its_message(packet in prop::collection::vec(any::<u8>(), 0..2 * LENGTH), kind in 0..6u8) {
        let _ = Message::from_packet(&packet);
        let mut near = [0u8; LENGTH];
        near[..6].copy_from_slice(&[b'C', b'C', b'T', b'L', 1, kind]);
        for (place, byte) in near[8..].iter_mut().zip(&packet) {
            *place = *byte;
        }
        near[16] = near[16].min(3);
        if let Ok(message) = Message::from_packet(&near) {
            prop_assert_eq!(message.to_packet(), Ok(near));
        }
    }
}

#[test]
fn scalars_know_their_limits() {
    assert_eq!(Scalar::I8.limits(), (-128, 127));
    assert_eq!(Scalar::U64.limits(), (0, u64::MAX.into()));
    let array = Schema::parse("a u64[2]\n").unwrap();
    assert_eq!(array.fields()[0].bounds(), (0, i64::MAX.into()));
}
