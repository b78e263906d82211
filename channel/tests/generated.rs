//! Generated code for names that are hard to have: it compiles, and what it
//! writes it reads back.

#[path = "generated/hard.rs"]
mod hard;

use cordon_channel::typed::Typed;
use cordon_channel::{Record, Schema};
use hard::default_::{self, Lead1, Lead1_, Option, Record_, Valid};

#[test]
fn every_field_of_a_generated_record_round_trips() {
    let schema = Schema::parse(default_::Record::SCHEMA).unwrap();
    let full = default_::Record {
        self_: Some(u64::MAX),
        type_: Some(i64::MIN),
        valid: Some(Valid::Self_),
        option: Some(Option::Some),
        record: Some(Record_::A1_),
        lead_1: Some(Lead1::Off),
        lead1: Some(Lead1_::Off),
        all: Some(std::array::from_fn(|n| n as u64 * 1_000_000_007)),
        one: Some([-5]),
        int_: Some(i32::MIN),
    };
    for value in [full.clone(), default_::Record::default()] {
        let mut record = Record::new(&schema);
        value.fill(&mut record).unwrap();
        assert_eq!(default_::Record::read(&record), value);
    }
    let wrong = [
        default_::Record {
            one: Some([6]),
            ..full.clone()
        },
        // An array is read and written as i64.
        default_::Record {
            all: Some([u64::MAX; 64]),
            ..full
        },
    ];
    for value in wrong {
        assert!(value.fill(&mut Record::new(&schema)).is_err(), "{value:?}");
    }
}

#[test]
fn what_is_known_of_a_field_is_what_the_manifest_says() {
    use default_::fields;
    assert_eq!((fields::ONE.name, fields::ONE.elements), ("one", 1));
    assert_eq!((fields::ONE.low, fields::ONE.high), (-5, 5));
    assert_eq!(fields::TYPE.unit, Some("1"));
    assert_eq!((fields::VALID.low, fields::VALID.high), (0, 3));
    assert_eq!(hard::name::Record::NAME, "name");
}
