//! Alarms: priorities, limits with hysteresis, missing signals, and what a remote mark
//! cannot do.

mod common;

use common::{Bedside, DETERIORATION, HYPOTENSION, LOOPABLE, Script, record};
use cordon_vitals_display::alarm::{LIMITS, Watch};
use cordon_vitals_display::input::{Block, Demo, Kind, Replay};
use cordon_vitals_display::patient::{PressureReading, Reading, Readings};
use cordon_vitals_record::{Alarm, Priority};

/// A patient with whom nothing is wrong.
fn well() -> Readings {
    let value = Reading::Value;
    Readings {
        input_lost: false,
        heart_rate: value(72),
        pulse_rate: value(72),
        spo2: value(98),
        pleth: value(72),
        respiration_rate: value(15),
        abp: PressureReading {
            systolic: value(120),
            diastolic: value(80),
            mean: value(93),
        },
        pap: PressureReading::default(),
        nibp: PressureReading::default(),
    }
}

fn active(watch: &Watch) -> Vec<Alarm> {
    watch.active().iter().map(|active| active.alarm).collect()
}

/// The alarms of these readings, and only of these.
fn alarms(now: Readings) -> Vec<Alarm> {
    let mut watch = Watch::new(LIMITS, false);
    watch.update(&now);
    active(&watch)
}

#[test]
fn test_a_healthy_patient_alarms_nobody() {
    assert_eq!(alarms(well()), []);
}

#[test]
fn test_each_limit_alarms_beyond_it_and_not_on_it() {
    for (rate, expected) in [
        (39, vec![Alarm::HeartRateExtremeLow]),
        (40, vec![Alarm::HeartRateLow]),
        (49, vec![Alarm::HeartRateLow]),
        (50, vec![]),
        (120, vec![]),
        (121, vec![Alarm::HeartRateHigh]),
        (140, vec![Alarm::HeartRateHigh]),
        (141, vec![Alarm::HeartRateExtremeHigh]),
    ] {
        assert_eq!(
            alarms(Readings {
                heart_rate: Reading::Value(rate),
                ..well()
            }),
            expected
        );
    }
    for (spo2, expected) in [
        (90, vec![]),
        (89, vec![Alarm::SpO2Low]),
        (79, vec![Alarm::Desaturation]),
    ] {
        assert_eq!(
            alarms(Readings {
                spo2: Reading::Value(spo2),
                ..well()
            }),
            expected
        );
    }
    let abp = PressureReading {
        systolic: Reading::Value(45),
        ..well().abp
    };
    assert_eq!(alarms(Readings { abp, ..well() }), [Alarm::AbpLow]);
    let abp = PressureReading {
        mean: Reading::Value(49),
        ..well().abp
    };
    assert_eq!(
        alarms(Readings { abp, ..well() }),
        [Alarm::AbpMeanExtremeLow]
    );
}

#[test]
fn test_a_value_on_the_limit_does_not_flicker() {
    let mut watch = Watch::new(LIMITS, false);
    let mut rate = |value| {
        watch.update(&Readings {
            heart_rate: Reading::Value(value),
            ..well()
        });
        active(&watch)
    };
    assert_eq!(rate(121), [Alarm::HeartRateHigh]);
    assert_eq!(rate(119), [Alarm::HeartRateHigh]);
    assert_eq!(rate(118), []);
    assert_eq!(rate(120), []);
    // From extreme it falls to the ordinary alarm, not to none.
    assert_eq!(rate(141), [Alarm::HeartRateExtremeHigh]);
    assert_eq!(rate(139), [Alarm::HeartRateExtremeHigh]);
    assert_eq!(rate(119), [Alarm::HeartRateHigh]);
}

#[test]
fn test_nothing_in_a_signal_is_not_a_missing_signal() {
    assert_eq!(
        alarms(Readings {
            heart_rate: Reading::Silent,
            ..well()
        }),
        [Alarm::Asystole]
    );
    assert_eq!(
        alarms(Readings {
            heart_rate: Reading::Missing,
            ..well()
        }),
        [Alarm::EcgLeadOff]
    );
    assert_eq!(
        alarms(Readings {
            respiration_rate: Reading::Silent,
            ..well()
        }),
        [Alarm::Apnea]
    );
    let off = Readings {
        respiration_rate: Reading::Missing,
        ..well()
    };
    assert_eq!(alarms(off), [Alarm::RespirationSensorOff]);
    assert_eq!(
        alarms(Readings {
            spo2: Reading::Missing,
            ..well()
        }),
        [Alarm::SpO2SensorOff]
    );
    assert_eq!(
        alarms(Readings {
            spo2: Reading::NotCarried,
            ..well()
        }),
        [Alarm::SpO2NotMeasured]
    );
    let none = Readings {
        abp: PressureReading::default(),
        ..well()
    };
    assert_eq!(alarms(none), [Alarm::PressureNotMeasured]);
}

#[test]
fn test_the_pulse_is_watched_while_there_is_no_heart_rate() {
    let now = Readings {
        pulse_rate: Reading::Value(30),
        ..well()
    };
    assert_eq!(alarms(now), []);
    let now = Readings {
        heart_rate: Reading::Missing,
        ..now
    };
    assert_eq!(alarms(now), [Alarm::PulseExtremeLow, Alarm::EcgLeadOff]);
}

#[test]
fn test_the_most_urgent_alarm_stands_first() {
    let mut watch = Watch::new(LIMITS, true);
    watch.update(&Readings {
        heart_rate: Reading::Value(125),
        respiration_rate: Reading::Missing,
        spo2: Reading::Value(60),
        ..well()
    });
    let priorities: Vec<Priority> = watch
        .active()
        .iter()
        .map(|active| active.alarm.priority())
        .collect();
    assert_eq!(
        priorities,
        [
            Priority::High,
            Priority::Medium,
            Priority::Medium,
            Priority::Low
        ]
    );
    assert_eq!(watch.priority(), Some(Priority::High));
}

#[test]
fn test_a_lost_input_is_one_alarm_of_high_priority() {
    let now = Readings {
        input_lost: true,
        ..Readings::default()
    };
    assert_eq!(alarms(now), [Alarm::InputLost]);
}

#[test]
fn test_a_screen_not_written_is_an_alarm_until_it_is() {
    let mut watch = Watch::new(LIMITS, false);
    watch.set_screen_written(false);
    watch.update(&well());
    assert_eq!(active(&watch), [Alarm::ScreenNotWritten]);
    assert_eq!(watch.priority(), Some(Priority::High));
    watch.set_screen_written(true);
    watch.update(&well());
    assert_eq!(active(&watch), []);
}

/// Every id there is, a hundred times: marks appear, nothing else changes.
#[test]
fn test_a_flood_of_marks_hides_silences_and_lowers_nothing() {
    let mut watch = Watch::new(LIMITS, true);
    let now = Readings {
        heart_rate: Reading::Silent,
        spo2: Reading::Value(36),
        respiration_rate: Reading::Silent,
        ..well()
    };
    watch.update(&now);
    let before = (active(&watch), watch.priority());
    for _ in 0..100 {
        for id in (0..1000).chain([u32::MAX]) {
            watch.see(id);
        }
        watch.update(&now);
    }
    assert_eq!((active(&watch), watch.priority()), before);
    assert!(watch.active().iter().all(|active| active.seen_remotely));
}

#[test]
fn test_a_mark_is_for_one_occurrence() {
    let mut watch = Watch::new(LIMITS, false);
    // Not active yet: cannot be seen in advance.
    watch.see(Alarm::Asystole.id());
    let asystole = Readings {
        heart_rate: Reading::Silent,
        ..well()
    };
    watch.update(&asystole);
    assert!(!watch.active()[0].seen_remotely);
    watch.see(Alarm::Asystole.id());
    assert!(watch.active()[0].seen_remotely);
    watch.update(&well());
    watch.update(&asystole);
    assert!(!watch.active()[0].seen_remotely);
}

/// The ECG falls off for ten seconds: no number, an alarm, the pulse goes on; then all
/// is as before.
#[test]
fn test_ecg_lead_off_and_on_again() {
    let script = Script::record(Demo::new(1, 1), 60 * 25, |tick, block| {
        if let Some(block) = block
            && (20 * 25..30 * 25).contains(&tick)
        {
            block[0].iter_mut().for_each(|sample| *sample = None);
        }
    });
    let mut bedside = Bedside::new(Box::new(script));
    bedside.seconds(20);
    assert!(
        bedside
            .monitor
            .patient()
            .readings()
            .heart_rate
            .value()
            .is_some()
    );
    bedside.seconds(1);
    // Up to a second is bridged; then the number ends, and not later.
    bedside.tick();
    assert_eq!(
        bedside.monitor.patient().readings().heart_rate,
        Reading::Missing
    );
    assert!(bedside.alarms().contains(&Alarm::EcgLeadOff.id()));
    assert!(
        bedside
            .monitor
            .patient()
            .readings()
            .pulse_rate
            .value()
            .is_some()
    );
    bedside.seconds(20);
    assert!(
        bedside
            .monitor
            .patient()
            .readings()
            .heart_rate
            .value()
            .is_some()
    );
    assert!(!bedside.alarms().contains(&Alarm::EcgLeadOff.id()));
}

#[test]
fn test_a_flat_ecg_is_an_asystole_and_a_flat_chest_an_apnea() {
    for (kind, within, alarm) in [
        (Kind::Ecg, 5, Alarm::Asystole),
        (Kind::Resp, 22, Alarm::Apnea),
    ] {
        let script = Script::record(Demo::new(1, 1), 70 * 25, |tick, block| {
            let index = if kind == Kind::Ecg { 0 } else { 3 };
            if let Some(block) = block
                && tick >= 40 * 25
            {
                block[index]
                    .iter_mut()
                    .for_each(|sample| *sample = Some(0.0));
            }
        });
        let mut bedside = Bedside::new(Box::new(script));
        bedside.seconds(40);
        assert!(!bedside.alarms().contains(&alarm.id()));
        bedside.seconds(within);
        assert_eq!(bedside.alarms().first(), Some(&alarm.id()), "{kind:?}");
        let now = bedside.monitor.patient().readings();
        let reading = if kind == Kind::Ecg {
            now.heart_rate
        } else {
            now.respiration_rate
        };
        assert_eq!(reading, Reading::Silent);
    }
}

/// The simulated patient, each block from second 40 on changed.
fn from_40(edit: impl Fn(u64, &mut Block)) -> Bedside {
    let script = Script::record(Demo::new(1, 1), 80 * 25, |tick, block| {
        if let (Some(block), 1000..) = (block, tick) {
            edit(tick, block);
        }
    });
    let mut bedside = Bedside::new(Box::new(script));
    bedside.seconds(40);
    assert!(!bedside.alarms().contains(&Alarm::NoPulse.id()));
    bedside
}

fn fill(samples: &mut [Option<f32>], value: Option<f32>) {
    samples.iter_mut().for_each(|sample| *sample = value);
}

/// An arrest with electrical activity: the ECG goes on, the pressure does not. Also with a
/// transducer's noise, in which a detector finds a rate after a while.
#[test]
fn test_an_arterial_wave_gone_flat_is_no_pulse() {
    for (flat, noise) in [(25.0, 0.0), (25.0, 0.7), (70.0, 0.7), (0.0, 0.0)] {
        let mut bedside = from_40(|tick, block| {
            for (index, sample) in block[1].iter_mut().enumerate() {
                let wave = ((tick * 5) as f32 + index as f32) * 0.31;
                *sample = Some(flat + noise * wave.sin());
            }
        });
        bedside.seconds(7);
        assert_eq!(bedside.monitor.watch().priority(), Some(Priority::High));
        for second in 7..35 {
            bedside.seconds(1);
            let alarms = bedside.alarms();
            let absent = alarms.contains(&Alarm::NoPulse.id());
            assert!(absent, "{flat} {noise}: {alarms:?} after {second} s");
        }
    }
}

#[test]
fn test_a_pulse_that_comes_back_ends_the_alarm() {
    let mut bedside = from_40(|tick, block| {
        if tick < 55 * 25 {
            fill(&mut block[1], Some(25.0));
        }
    });
    bedside.seconds(14);
    assert!(bedside.alarms().contains(&Alarm::NoPulse.id()));
    bedside.seconds(8);
    assert_eq!(bedside.alarms(), [Alarm::SpO2NotMeasured.id()]);
}

/// Without an arterial wave the finger says it, but not against a heart rate.
#[test]
fn test_a_flat_pleth_is_no_pulse_where_nothing_else_beats() {
    for (ecg, expected) in [(None, true), (Some(0.0), true), (Some(1.0), false)] {
        let mut bedside = from_40(|_, block| {
            if ecg != Some(1.0) {
                fill(&mut block[0], ecg);
            }
            fill(&mut block[1], None);
            fill(&mut block[2], Some(0.0));
        });
        bedside.seconds(9);
        let alarms = bedside.alarms();
        let absent = alarms.contains(&Alarm::NoPulse.id());
        assert_eq!(absent, expected, "ECG {ecg:?}: {alarms:?}");
    }
}

#[test]
fn test_a_sensor_off_or_a_wave_never_pulsatile_is_not_no_pulse() {
    let mut bedside = from_40(|_, block| block.iter_mut().for_each(|wave| fill(wave, None)));
    for _ in 0..30 {
        bedside.seconds(1);
        assert!(!bedside.alarms().contains(&Alarm::NoPulse.id()));
    }
    let script = Script::record(Demo::new(1, 1), 40 * 25, |_, block| {
        if let Some(block) = block {
            fill(&mut block[0], None);
            fill(&mut block[1], Some(25.0));
            fill(&mut block[2], Some(0.0));
        }
    });
    let mut bedside = Bedside::new(Box::new(script));
    for _ in 0..40 {
        bedside.seconds(1);
        assert!(!bedside.alarms().contains(&Alarm::NoPulse.id()));
    }
}

/// None of these patients lost the pulse, however low the pressure.
#[test]
fn test_no_recording_is_without_a_pulse() {
    for (name, speed, seconds) in [
        (LOOPABLE, 1, 60),
        (HYPOTENSION, 1, 620),
        (DETERIORATION, 60, 75),
    ] {
        let Some(record) = record(name) else { return };
        let mut bedside = Bedside::replay(record, speed, name == LOOPABLE);
        for second in 0..seconds {
            bedside.seconds(1);
            let absent = bedside.alarms().contains(&Alarm::NoPulse.id());
            assert!(!absent, "{name} at {second} s");
        }
    }
}

#[test]
fn test_the_end_of_a_record_leaves_no_number() {
    let Some(record) = record(LOOPABLE) else {
        return;
    };
    let mut bedside = Bedside::new(Box::new(Replay::new(record, 1, false)));
    bedside.seconds(16);
    assert!(
        bedside
            .monitor
            .patient()
            .readings()
            .heart_rate
            .value()
            .is_some()
    );
    bedside.tick();
    let now = *bedside.monitor.patient().readings();
    assert!(now.input_lost);
    for reading in [
        now.heart_rate,
        now.pulse_rate,
        now.abp.systolic,
        now.pap.mean,
    ] {
        assert_eq!(reading, Reading::Missing);
    }
    assert_eq!(bedside.alarms(), [Alarm::InputLost.id()]);
}
