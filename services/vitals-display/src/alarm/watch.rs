//! The conditions of now, from the readings of now.

use super::limits::{Band, Limits, above, below};
use super::pulse::PulseWatch;
use crate::patient::{Reading, Readings};
use cordon_vitals_record::{Alarm, Priority};
use std::collections::BTreeSet;

/// An active alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Active {
    /// The condition.
    pub alarm: Alarm,
    /// Whether a nurse says to have seen it, since it became active. Changes nothing else.
    pub seen_remotely: bool,
}

/// Keeps the active alarms. They do not latch: an alarm ends with its condition.
#[derive(Clone, Debug)]
pub struct Watch {
    limits: Limits,
    font_missing: bool,
    screen_written: bool,
    pulse: PulseWatch,
    active: BTreeSet<Alarm>,
    seen: BTreeSet<Alarm>,
}

/// The conditions of one parameter with two limits on each side.
struct Conditions {
    extreme_high: Option<Alarm>,
    high: Option<Alarm>,
    low: Option<Alarm>,
    extreme_low: Option<Alarm>,
}

impl Watch {
    /// Watches these limits; `font_missing` is a condition of the display itself.
    pub fn new(limits: Limits, font_missing: bool) -> Self {
        Self {
            limits,
            font_missing,
            screen_written: true,
            pulse: PulseWatch::default(),
            active: BTreeSet::new(),
            seen: BTreeSet::new(),
        }
    }

    /// Whether the last frame reached the screen whole, from the next [`Self::update`] on.
    pub fn set_screen_written(&mut self, written: bool) {
        self.screen_written = written;
    }

    /// Judges the readings of now.
    pub fn update(&mut self, now: &Readings) {
        let mut active = BTreeSet::new();
        if self.font_missing {
            active.insert(Alarm::FontMissing);
        }
        if !self.screen_written {
            active.insert(Alarm::ScreenNotWritten);
        }
        self.physiological(now, &mut active);
        if self.pulse.is_absent(now) {
            active.insert(Alarm::NoPulse);
        }
        technical(now, &mut active);
        // An alarm that ended and comes again has not been seen.
        self.seen.retain(|alarm| active.contains(alarm));
        self.active = active;
    }

    /// A nurse says to have seen the alarm of this id. Ids that are not active do nothing;
    /// whatever arrives here, and however often, no alarm leaves the screen by it.
    pub fn see(&mut self, id: u32) {
        if let Some(alarm) = Alarm::from_id(id).filter(|alarm| self.active.contains(alarm)) {
            self.seen.insert(alarm);
        }
    }

    /// The active alarms, the most urgent first, within a priority by id.
    pub fn active(&self) -> Vec<Active> {
        let mut active: Vec<Active> = self
            .active
            .iter()
            .map(|&alarm| Active {
                alarm,
                seen_remotely: self.seen.contains(&alarm),
            })
            .collect();
        active.sort_by_key(|active| {
            (
                std::cmp::Reverse(active.alarm.priority()),
                active.alarm.id(),
            )
        });
        active
    }

    /// The highest priority of the active alarms.
    pub fn priority(&self) -> Option<Priority> {
        self.active.iter().map(|alarm| alarm.priority()).max()
    }

    fn physiological(&self, now: &Readings, active: &mut BTreeSet<Alarm>) {
        let limits = &self.limits;
        let rate = Conditions {
            extreme_high: Some(Alarm::HeartRateExtremeHigh),
            high: Some(Alarm::HeartRateHigh),
            low: Some(Alarm::HeartRateLow),
            extreme_low: Some(Alarm::HeartRateExtremeLow),
        };
        self.judge(now.heart_rate, &limits.rate, &rate, active);
        if now.heart_rate == Reading::Silent {
            active.insert(Alarm::Asystole);
        }
        if now.heart_rate.value().is_none() {
            let pulse = Conditions {
                extreme_high: Some(Alarm::PulseExtremeHigh),
                high: Some(Alarm::PulseHigh),
                low: Some(Alarm::PulseLow),
                extreme_low: Some(Alarm::PulseExtremeLow),
            };
            self.judge(now.pulse_rate, &limits.rate, &pulse, active);
        }
        let spo2 = Conditions {
            extreme_high: None,
            high: None,
            low: Some(Alarm::SpO2Low),
            extreme_low: Some(Alarm::Desaturation),
        };
        self.judge(now.spo2, &limits.spo2, &spo2, active);
        let respiration = Conditions {
            extreme_high: None,
            high: Some(Alarm::RespirationHigh),
            low: Some(Alarm::RespirationLow),
            extreme_low: None,
        };
        self.judge(
            now.respiration_rate,
            &limits.respiration,
            &respiration,
            active,
        );
        if now.respiration_rate == Reading::Silent {
            active.insert(Alarm::Apnea);
        }
        let only = |high, low, extreme_low| Conditions {
            extreme_high: None,
            high,
            low,
            extreme_low,
        };
        let abp = only(Some(Alarm::AbpHigh), Some(Alarm::AbpLow), None);
        self.judge(now.abp.systolic, &limits.systolic, &abp, active);
        let abp = only(None, None, Some(Alarm::AbpMeanExtremeLow));
        self.judge(now.abp.mean, &limits.mean, &abp, active);
        let nibp = only(Some(Alarm::NibpHigh), Some(Alarm::NibpLow), None);
        self.judge(now.nibp.systolic, &limits.systolic, &nibp, active);
        let nibp = only(None, None, Some(Alarm::NibpMeanExtremeLow));
        self.judge(now.nibp.mean, &limits.mean, &nibp, active);
        let pap = only(Some(Alarm::PapHigh), None, None);
        self.judge(now.pap.systolic, &limits.pap, &pap, active);
    }

    /// An extreme condition stands for the ordinary one of its side.
    fn judge(
        &self,
        reading: Reading,
        band: &Band,
        conditions: &Conditions,
        active: &mut BTreeSet<Alarm>,
    ) {
        let Some(value) = reading.value() else { return };
        let was = |alarm: Option<Alarm>| alarm.is_some_and(|alarm| self.active.contains(&alarm));
        let back = band.hysteresis;
        let sides = [
            (
                conditions.extreme_high,
                above(value, band.extreme_high, back, was(conditions.extreme_high)),
                conditions.high,
                // An extreme that is over leaves the ordinary condition as one that was.
                above(
                    value,
                    band.high,
                    back,
                    was(conditions.high) || was(conditions.extreme_high),
                ),
            ),
            (
                conditions.extreme_low,
                below(value, band.extreme_low, back, was(conditions.extreme_low)),
                conditions.low,
                below(
                    value,
                    band.low,
                    back,
                    was(conditions.low) || was(conditions.extreme_low),
                ),
            ),
        ];
        for (extreme, is_extreme, ordinary, is_ordinary) in sides {
            let alarm = match (extreme, ordinary) {
                (Some(extreme), _) if is_extreme => Some(extreme),
                (_, Some(ordinary)) if is_ordinary => Some(ordinary),
                _ => None,
            };
            active.extend(alarm);
        }
    }
}

/// What the equipment lacks. When nothing comes at all, one alarm says so.
fn technical(now: &Readings, active: &mut BTreeSet<Alarm>) {
    if now.input_lost {
        active.insert(Alarm::InputLost);
        return;
    }
    let mut say = |reading: Reading, missing, learning, absent: Option<Alarm>| match reading {
        Reading::Missing => {
            active.insert(missing);
        }
        Reading::Learning => {
            active.insert(learning);
        }
        Reading::NotCarried => active.extend(absent),
        Reading::Silent | Reading::Value(_) => {}
    };
    say(
        now.heart_rate,
        Alarm::EcgLeadOff,
        Alarm::EcgNotAnalysed,
        Some(Alarm::EcgNotMeasured),
    );
    say(
        now.respiration_rate,
        Alarm::RespirationSensorOff,
        Alarm::RespirationNotAnalysed,
        Some(Alarm::RespirationNotMeasured),
    );
    say(
        now.abp.worst(),
        Alarm::AbpSensorOff,
        Alarm::AbpNotAnalysed,
        None,
    );
    say(
        now.pap.worst(),
        Alarm::PapSensorOff,
        Alarm::PapNotAnalysed,
        None,
    );
    // A pulseless pressure wave has no numbers; the screen must say why.
    if now.abp.worst() == Reading::Silent {
        active.insert(Alarm::AbpNotAnalysed);
    }
    if now.pap.worst() == Reading::Silent {
        active.insert(Alarm::PapNotAnalysed);
    }
    if now.spo2 == Reading::Missing || now.pleth == Reading::Missing {
        active.insert(Alarm::SpO2SensorOff);
    } else if now.spo2 == Reading::NotCarried {
        active.insert(Alarm::SpO2NotMeasured);
    }
    if now.nibp.is_carried() {
        if !now.nibp.has_value() {
            active.insert(Alarm::NibpNotMeasured);
        }
    } else if !now.abp.is_carried() {
        active.insert(Alarm::PressureNotMeasured);
    }
}
