//! Inputs that are damaged, incomplete or odd: no number may come of them that is not the
//! patient's.

use cordon_vitals_display::alarm::{LIMITS, Watch};
use cordon_vitals_display::input::{Block, Input, Kind, Numeric, Pressure, Replay, Signal};
use cordon_vitals_display::patient::{Patient, PressureReading, Reading, Readings};
use cordon_vitals_display::wfdb::Record;
use cordon_vitals_record::{Alarm, Vitals, VitalsForm};
use std::f64::consts::TAU;
use std::fs;
use std::path::{Path, PathBuf};

fn signal(kind: Kind, rate: f64) -> Signal {
    Signal {
        kind,
        label: "signal".into(),
        rate,
    }
}

/// An arterial pulse of 75 per minute at `seconds`, mmHg.
fn pressure(seconds: f64, systolic: f64, diastolic: f64) -> f32 {
    let phase = seconds / 0.8 % 1.0;
    let height = (TAU * phase / 0.6).sin().max(0.0) * f64::from(u8::from(phase < 0.3));
    (diastolic + (systolic - diastolic) * height) as f32
}

/// Readings after so many seconds of one signal at 125 Hz.
fn follow(kind: Kind, seconds: u64, sample: impl Fn(u64) -> Option<f32>) -> Vec<Readings> {
    let mut patient = Patient::new(&[signal(kind, 125.0)]);
    (0..seconds * 25)
        .map(|tick| {
            let samples = (tick * 5..tick * 5 + 5).map(&sample).collect();
            patient.step(&vec![samples]);
            *patient.readings()
        })
        .collect()
}

#[test]
fn test_pressures_do_not_outlive_the_last_whole_pulse() {
    let at = |n: u64| n as f64 / 125.0;
    let readings = follow(Kind::Abp, 60, |n| match at(n) {
        seconds if seconds < 20.0 => Some(pressure(seconds, 120.0, 80.0)),
        // The patient collapses, and one sample in 40 is lost.
        _ if n.is_multiple_of(40) => None,
        seconds => Some(pressure(seconds, 60.0, 20.0)),
    });
    let before = readings[19 * 25].abp.systolic.value();
    assert!(before.is_some_and(|value| value > 100), "{before:?}");
    let after = readings[59 * 25].abp;
    assert!(
        after.systolic.value().is_none_or(|value| value < 80),
        "the pressure of 40 seconds ago: {after:?}"
    );
}

#[test]
fn test_beats_lost_in_holes_make_no_slow_rate() {
    let at = |n: u64| n as f64 / 125.0;
    let readings = follow(Kind::Abp, 60, |n| {
        let seconds = at(n);
        // From 20 s on the samples of 0.9 s of each 1.6 s, two beats, are lost.
        let lost = seconds > 20.0 && seconds % 1.6 > 0.7;
        (!lost).then(|| pressure(seconds, 120.0, 80.0))
    });
    let slow: Vec<i32> = readings
        .iter()
        .filter_map(|now| now.pulse_rate.value())
        .filter(|rate| *rate < 65)
        .collect();
    assert!(slow.is_empty(), "75 per minute shown as {slow:?}");
}

#[test]
fn test_a_finger_has_a_pulse_where_the_artery_has_none_in_any_order() {
    for order in [[Kind::Abp, Kind::Pleth], [Kind::Pleth, Kind::Abp]] {
        let signals = order.map(|kind| signal(kind, 125.0));
        let mut patient = Patient::new(&signals);
        for tick in 0..500 {
            let block: Block = order
                .iter()
                .map(|kind| {
                    (tick * 5..tick * 5 + 5)
                        .map(|n| {
                            let wave = pressure(f64::from(n) / 125.0, 500.0, 0.0);
                            (*kind == Kind::Pleth).then_some(wave)
                        })
                        .collect()
                })
                .collect();
            patient.step(&block);
        }
        let rate = patient.readings().pulse_rate.value();
        assert!(
            rate.is_some_and(|rate| (73..=77).contains(&rate)),
            "{order:?}: {:?}",
            patient.readings().pulse_rate
        );
    }
}

#[test]
fn test_one_pressure_missing_beside_others_is_said() {
    let numeric = |which| signal(Kind::Numeric(Numeric::Abp(which)), 1.0);
    let mut patient = Patient::new(&[numeric(Pressure::Systolic), numeric(Pressure::Mean)]);
    patient.step(&vec![vec![Some(120.0)], vec![None]]);
    let mut watch = Watch::new(LIMITS, false);
    watch.update(patient.readings());
    assert_eq!(patient.readings().abp.mean, Reading::Missing);
    let active = watch.active();
    assert!(
        active.iter().any(|it| it.alarm == Alarm::AbpSensorOff),
        "{active:?}"
    );
}

/// A record of one signal in format 16 whose line ends in `line`.
fn recording(name: &str, frequency: &str, line: &str, samples: &[i16]) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("hostile");
    fs::create_dir_all(&directory).unwrap();
    let header = format!("{name} 1 {frequency}\n{name}.dat {line}\n");
    fs::write(directory.join(format!("{name}.hea")), header).unwrap();
    let bytes: Vec<u8> = samples.iter().flat_map(|s| s.to_le_bytes()).collect();
    fs::write(directory.join(format!("{name}.dat")), bytes).unwrap();
    directory.join(name)
}

#[test]
fn test_a_pressure_in_another_unit_or_in_none_is_not_shown() {
    for (name, gain) in [
        ("kpa", "10/kPa"),
        ("uncalibrated", "0/mmHg"),
        ("silent", "10"),
    ] {
        let line = format!("16 {gain} 16 0 160 1600 0 ABP");
        let path = recording(name, "125", &line, &[160; 10]);
        let replay = Replay::new(Record::open(&path).unwrap(), 1, false);
        assert!(
            replay.signals().is_empty(),
            "{name}: {:?}",
            replay.signals()
        );
        assert_eq!(replay.ignored().len(), 1, "{name}");
    }
}

#[test]
fn test_a_gain_that_makes_no_number_is_refused() {
    for gain in ["1e-320/bpm", "1e300/bpm", "NaN/bpm", "inf/bpm"] {
        let path = recording("gain", "1", &format!("16 {gain} 16 0 0 0 0 HR"), &[0; 10]);
        assert!(Record::open(&path).is_err(), "{gain}");
    }
}

#[test]
fn test_a_record_of_numbers_never_shows_the_zero_of_what_was_not_measured() {
    let path = recording("zero", "1", "16 10/bpm 16 0 4 40 0 HR", &[4; 10]);
    let mut replay = Replay::new(Record::open(&path).unwrap(), 1, false);
    let mut patient = Patient::new(replay.signals());
    let mut block = Block::new();
    replay.advance(&mut block);
    patient.step(&block);
    assert_eq!(patient.readings().heart_rate, Reading::Missing);
}

#[test]
fn test_samples_of_a_long_frame_come_in_their_own_time() {
    let samples: Vec<i16> = (0..375).collect();
    let line = "16x125 1/mmHg 16 0 0 4589 0 ABP";
    let path = recording("frames", "1", line, &samples);
    let mut replay = Replay::new(Record::open(&path).unwrap(), 1, false);
    let mut block = Block::new();
    for tick in 0..75 {
        assert!(replay.advance(&mut block));
        let expected: Vec<_> = (tick * 5..tick * 5 + 5).map(|n| Some(n as f32)).collect();
        assert_eq!(block, vec![expected], "tick {tick}");
    }
    assert!(!replay.advance(&mut block));
}

#[test]
fn test_every_alarm_of_a_bad_moment_travels() {
    let pressure = |mean| PressureReading {
        systolic: Reading::Value(60),
        diastolic: Reading::Missing,
        mean,
    };
    let mut watch = Watch::new(LIMITS, true);
    watch.set_screen_written(false);
    watch.update(&Readings {
        heart_rate: Reading::Missing,
        pulse_rate: Reading::Value(150),
        spo2: Reading::Value(70),
        pleth: Reading::Missing,
        respiration_rate: Reading::Value(40),
        abp: pressure(Reading::Value(33)),
        nibp: pressure(Reading::Value(33)),
        pap: pressure(Reading::Missing),
        ..Readings::default()
    });
    let alarms: Vec<u32> = watch.active().iter().map(|it| it.alarm.id()).collect();
    assert_eq!(alarms.len(), 14);
    let vitals = Vitals {
        speed: 1,
        alarms,
        ..Vitals::default()
    };
    let form = VitalsForm::new().unwrap();
    let record = form.to_record(&vitals).unwrap();
    assert_eq!(form.from_record(&record), Ok(vitals));
}
