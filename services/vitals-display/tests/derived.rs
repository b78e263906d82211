//! Derived numbers against what an independent analysis of the recordings gives (Python:
//! wfdb's xqrs_detect and scipy's find_peaks), and numbers of a record taken as they are.

mod common;

use common::{DETERIORATION, HYPOTENSION, LOOPABLE, record};
use cordon_vitals_display::alarm::{LIMITS, Watch};
use cordon_vitals_display::derive::Window;
use cordon_vitals_display::input::{Block, Demo, Input, Replay};
use cordon_vitals_display::patient::{Patient, Readings};

/// The readings at the end of each second.
fn follow(mut input: impl Input, seconds: usize) -> Vec<Readings> {
    let mut patient = Patient::new(input.signals());
    let mut block = Block::new();
    let mut readings = Vec::new();
    for tick in 1..=seconds * 25 {
        match input.advance(&mut block) {
            true => {
                patient.step(&block);
            }
            false => patient.lose(),
        }
        if tick % 25 == 0 {
            readings.push(*patient.readings());
        }
    }
    readings
}

/// Median of a number over the seconds in which there was one, and how many there were.
fn median(readings: &[Readings], of: impl Fn(&Readings) -> Option<i32>) -> (f32, usize) {
    let values: Vec<f32> = readings
        .iter()
        .filter_map(of)
        .map(|value| value as f32)
        .collect();
    let mut window = Window::new(values.len());
    for &value in &values {
        window.push(value);
    }
    (window.median().unwrap_or(f32::NAN), values.len())
}

fn near((found, count): (f32, usize), expected: f32, within: f32, at_least: usize) {
    assert!(
        (found - expected).abs() <= within,
        "{found} instead of {expected}"
    );
    assert!(count >= at_least, "only {count} seconds had a number");
}

#[test]
fn test_loopable_record_has_its_known_medians() {
    let Some(record) = record(LOOPABLE) else {
        return;
    };
    let readings = follow(Replay::new(record, 1, true), 120);
    near(
        median(&readings, |now| now.heart_rate.value()),
        95.5,
        1.0,
        110,
    );
    near(
        median(&readings, |now| now.pulse_rate.value()),
        95.0,
        1.5,
        110,
    );
    near(
        median(&readings, |now| now.abp.systolic.value()),
        83.5,
        2.0,
        110,
    );
    near(
        median(&readings, |now| now.abp.diastolic.value()),
        42.2,
        2.0,
        110,
    );
    near(
        median(&readings, |now| now.abp.mean.value()),
        56.1,
        2.0,
        110,
    );
    near(
        median(&readings, |now| now.pap.systolic.value()),
        27.8,
        2.0,
        110,
    );
    near(
        median(&readings, |now| now.pap.diastolic.value()),
        9.9,
        2.0,
        110,
    );
    near(
        median(&readings, |now| now.respiration_rate.value()),
        14.2,
        2.5,
        90,
    );
    assert!(
        readings.iter().all(|now| now.spo2.value().is_none()),
        "SpO2 was invented"
    );
}

#[test]
fn test_hypotensive_record_has_its_known_medians() {
    let Some(record) = record(HYPOTENSION) else {
        return;
    };
    let readings = follow(Replay::new(record, 1, false), 600);
    near(
        median(&readings, |now| now.heart_rate.value()),
        122.4,
        1.0,
        590,
    );
    near(
        median(&readings, |now| now.pulse_rate.value()),
        123.0,
        1.0,
        580,
    );
    near(
        median(&readings, |now| now.abp.systolic.value()),
        45.2,
        2.0,
        580,
    );
    near(
        median(&readings, |now| now.abp.diastolic.value()),
        28.3,
        2.0,
        580,
    );
    near(
        median(&readings, |now| now.abp.mean.value()),
        33.4,
        2.0,
        580,
    );
    near(
        median(&readings, |now| now.respiration_rate.value()),
        18.0,
        2.0,
        550,
    );
}

#[test]
fn test_speed_changes_no_number() {
    let Some(record) = record(HYPOTENSION) else {
        return;
    };
    let slow = follow(Replay::new(record.clone(), 1, false), 500);
    let fast = follow(Replay::new(record, 10, false), 50);
    let rate = |readings: &[Readings]| median(readings, |now| now.heart_rate.value()).0;
    assert!((rate(&slow) - rate(&fast)).abs() <= 1.0);
}

#[test]
fn test_simulator_beats_and_breathes_as_it_was_told() {
    let readings = follow(Demo::new(1, 2003), 180);
    near(
        median(&readings, |now| now.heart_rate.value()),
        72.0,
        1.5,
        170,
    );
    near(
        median(&readings, |now| now.pulse_rate.value()),
        72.0,
        1.5,
        170,
    );
    near(
        median(&readings, |now| now.respiration_rate.value()),
        15.0,
        0.6,
        150,
    );
    near(
        median(&readings, |now| now.abp.systolic.value()),
        121.0,
        6.0,
        170,
    );
    near(
        median(&readings, |now| now.abp.diastolic.value()),
        78.0,
        4.0,
        170,
    );
    assert!(
        readings.iter().all(|now| now.spo2.value().is_none()),
        "SpO2 was invented"
    );
    // Nothing it does is an alarm of the patient.
    let mut watch = Watch::new(LIMITS, false);
    for now in &readings[30..] {
        watch.update(now);
        let alarms: Vec<u32> = watch
            .active()
            .iter()
            .map(|active| active.alarm.id())
            .collect();
        assert_eq!(alarms, [221]);
    }
}

/// At 60 times its speed the record has one sample a second.
#[test]
fn test_numbers_of_a_record_are_taken_as_they_are() {
    let Some(record) = record(DETERIORATION) else {
        return;
    };
    let expect = |name: &str, minute: usize| {
        let signal = record
            .signals
            .iter()
            .find(|signal| signal.description == name)
            .unwrap();
        let value = signal.physical(minute).filter(|&value| value != 0.0);
        value.map(|value| value.round() as i32)
    };
    let readings = follow(Replay::new(record.clone(), 60, false), 75);
    for (minute, now) in readings[..72].iter().enumerate() {
        let found = [
            ("HR", now.heart_rate),
            ("PULSE", now.pulse_rate),
            ("RESP", now.respiration_rate),
            ("SpO2", now.spo2),
            ("NBPSys", now.nibp.systolic),
            ("NBPDias", now.nibp.diastolic),
            ("NBPMean", now.nibp.mean),
        ];
        for (name, reading) in found {
            assert_eq!(
                reading.value(),
                expect(name, minute),
                "{name}, minute {minute}"
            );
        }
    }
    assert_eq!(readings[71].spo2.value(), Some(36));
    // A sample is a value for its own minute and no longer.
    assert!(
        readings[72..]
            .iter()
            .all(|now| now.input_lost && now.spo2.value().is_none())
    );
}

#[test]
fn test_deterioration_alarms_as_it_happens() {
    let Some(record) = record(DETERIORATION) else {
        return;
    };
    let readings = follow(Replay::new(record, 60, false), 75);
    let mut watch = Watch::new(LIMITS, false);
    let mut minutes = Vec::new();
    for now in &readings {
        watch.update(now);
        let alarms: Vec<u32> = watch
            .active()
            .iter()
            .map(|active| active.alarm.id())
            .collect();
        minutes.push(alarms);
    }
    for (minute, alarms, why) in [
        (0, vec![203, 207], "SpO2 sensor off, no NIBP yet"),
        (
            6,
            vec![151, 153, 164, 202, 204],
            "HR and RESP off, pulse 40, NIBP 86/22 (44)",
        ),
        (37, vec![105, 207], "HR 45"),
        (40, vec![111, 123, 207], "SpO2 71, RR 2"),
        (41, vec![111, 123, 207], "SpO2 43, RR 7"),
        (71, vec![111, 202, 207], "SpO2 36, ECG off"),
        (72, vec![201], "the record is over"),
    ] {
        assert_eq!(minutes[minute], alarms, "minute {minute}: {why}");
    }
    // Wherever a number is missing, an alarm says so.
    for (minute, (now, alarms)) in readings.iter().zip(&minutes).enumerate().take(72) {
        assert_eq!(
            now.heart_rate.value().is_none(),
            alarms.contains(&202),
            "minute {minute}"
        );
        assert_eq!(
            now.spo2.value().is_none(),
            alarms.contains(&203),
            "minute {minute}"
        );
        assert_eq!(
            now.respiration_rate.value().is_none(),
            alarms.contains(&204),
            "{minute}"
        );
        assert_eq!(
            !now.nibp.has_value(),
            alarms.contains(&207),
            "minute {minute}"
        );
    }
}
