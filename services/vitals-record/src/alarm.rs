//! The alarm conditions of the monitor: ids, priorities and texts.
//!
//! Both ends of the channel read this one table, so that an id drawn on the screen
//! and an id shown at the nurse's station mean the same condition. Ids are stable:
//! one that is retired is never given to another condition.

/// Priority of an alarm condition, after IEC 60601-1-8:2006+A2:2020, table 1.
///
/// The order of the variants is the order of urgency; the discriminants are the
/// values of the schema's enum `alarm-priority`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Priority {
    /// Awareness is required: cyan, `!`, does not flash.
    Low = 1,
    /// Prompt response is required: yellow, `!!`, flashes at 0.4 to 0.8 Hz.
    Medium = 2,
    /// Immediate response is required: red, `!!!`, flashes at 1.4 to 2.8 Hz.
    High = 3,
}

impl Priority {
    /// The word of the schema's enum: `low`, `medium`, `high`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// The mark in front of an alarm's text: `!`, `!!`, `!!!`.
    pub fn mark(self) -> &'static str {
        match self {
            Self::Low => "!",
            Self::Medium => "!!",
            Self::High => "!!!",
        }
    }
}

/// What an alarm condition is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The patient.
    Physiological,
    /// The equipment: a sensor, an input, the display itself.
    Technical,
}

macro_rules! conditions {
    ($($(#[$doc:meta])* $name:ident = $id:literal, $priority:ident, $kind:ident, $text:literal;)*) => {
        /// An alarm condition. The discriminant is its id on the channels.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u32)]
        pub enum Alarm {
            $($(#[$doc])* $name = $id,)*
        }

        impl Alarm {
            /// Every condition, in the order of ids.
            pub const ALL: &'static [Alarm] = &[$(Alarm::$name,)*];

            /// The condition of an id; none for an id no condition has.
            pub fn from_id(id: u32) -> Option<Self> {
                match id {
                    $($id => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// How urgent it is.
            pub fn priority(self) -> Priority {
                match self {
                    $(Self::$name => Priority::$priority,)*
                }
            }

            /// Patient or equipment.
            pub fn kind(self) -> Kind {
                match self {
                    $(Self::$name => Kind::$kind,)*
                }
            }

            /// Text as drawn, without the priority mark.
            pub fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

conditions! {
    /// No heart beat in an ECG that is there.
    Asystole = 101, High, Physiological, "ASYSTOLE";
    /// Heart rate above the extreme limit.
    HeartRateExtremeHigh = 102, High, Physiological, "EXTREME TACHYCARDIA";
    /// Heart rate below the extreme limit.
    HeartRateExtremeLow = 103, High, Physiological, "EXTREME BRADYCARDIA";
    /// Heart rate above the limit.
    HeartRateHigh = 104, Medium, Physiological, "HR HIGH";
    /// Heart rate below the limit.
    HeartRateLow = 105, Medium, Physiological, "HR LOW";
    /// Oxygen saturation far below the limit.
    Desaturation = 111, High, Physiological, "DESATURATION";
    /// Oxygen saturation below the limit.
    SpO2Low = 112, Medium, Physiological, "SpO2 LOW";
    /// No breath in a respiration wave that is there.
    Apnea = 121, High, Physiological, "APNEA";
    /// Respiration rate above the limit.
    RespirationHigh = 122, Medium, Physiological, "RR HIGH";
    /// Respiration rate below the limit.
    RespirationLow = 123, Medium, Physiological, "RR LOW";
    /// Mean arterial pressure far below what perfuses organs.
    AbpMeanExtremeLow = 131, High, Physiological, "ABP MEAN EXTREME LOW";
    /// Systolic arterial pressure above the limit.
    AbpHigh = 132, Medium, Physiological, "ABP SYS HIGH";
    /// Systolic arterial pressure below the limit.
    AbpLow = 133, Medium, Physiological, "ABP SYS LOW";
    /// Systolic pulmonary pressure above the limit.
    PapHigh = 141, Medium, Physiological, "PAP SYS HIGH";
    /// Mean non-invasive pressure far below what perfuses organs.
    NibpMeanExtremeLow = 151, High, Physiological, "NIBP MEAN EXTREME LOW";
    /// Systolic non-invasive pressure above the limit.
    NibpHigh = 152, Medium, Physiological, "NIBP SYS HIGH";
    /// Systolic non-invasive pressure below the limit.
    NibpLow = 153, Medium, Physiological, "NIBP SYS LOW";
    /// Pulse rate above the extreme limit while there is no heart rate.
    PulseExtremeHigh = 161, High, Physiological, "PULSE EXTREME HIGH";
    /// Pulse rate below the extreme limit while there is no heart rate.
    PulseExtremeLow = 162, High, Physiological, "PULSE EXTREME LOW";
    /// Pulse rate above the limit while there is no heart rate.
    PulseHigh = 163, Medium, Physiological, "PULSE HIGH";
    /// Pulse rate below the limit while there is no heart rate.
    PulseLow = 164, Medium, Physiological, "PULSE LOW";
    /// No pulse any more in a pressure or pleth wave that is there.
    NoPulse = 165, High, Physiological, "NO PULSE";
    /// Nothing comes from any sensor.
    InputLost = 201, High, Technical, "NO SENSOR INPUT";
    /// ECG samples, or the heart rate of a numerics input, are missing.
    EcgLeadOff = 202, Medium, Technical, "ECG LEAD OFF";
    /// Saturation (or its wave) is missing from an input that carries it.
    SpO2SensorOff = 203, Medium, Technical, "SpO2 SENSOR OFF";
    /// Respiration is missing from an input that carries it.
    RespirationSensorOff = 204, Medium, Technical, "RESP SENSOR OFF";
    /// Arterial pressure is missing from an input that carries it.
    AbpSensorOff = 205, Medium, Technical, "ABP SENSOR OFF";
    /// Pulmonary pressure is missing from an input that carries it.
    PapSensorOff = 206, Medium, Technical, "PAP SENSOR OFF";
    /// Non-invasive pressure is not measured now, by an input that carries it.
    NibpNotMeasured = 207, Low, Technical, "NIBP NOT MEASURED";
    /// There is an ECG, but no heart rate can be derived from it (yet).
    EcgNotAnalysed = 211, Low, Technical, "ECG CANNOT ANALYSE";
    /// There is a respiration wave, but no rate can be derived from it (yet).
    RespirationNotAnalysed = 212, Low, Technical, "RESP CANNOT ANALYSE";
    /// There is an arterial wave, but no pressures can be derived from it (yet).
    AbpNotAnalysed = 213, Low, Technical, "ABP CANNOT ANALYSE";
    /// There is a pulmonary wave, but no pressures can be derived from it (yet).
    PapNotAnalysed = 214, Low, Technical, "PAP CANNOT ANALYSE";
    /// The input carries no saturation number; none is ever made up.
    SpO2NotMeasured = 221, Low, Technical, "SpO2 NOT MEASURED";
    /// The input carries no ECG and no heart rate.
    EcgNotMeasured = 222, Low, Technical, "ECG NOT MEASURED";
    /// The input carries no respiration.
    RespirationNotMeasured = 223, Low, Technical, "RESP NOT MEASURED";
    /// The input carries no blood pressure.
    PressureNotMeasured = 224, Low, Technical, "BP NOT MEASURED";
    /// The screen's fonts cannot be read; the built-in letters are drawn.
    FontMissing = 231, Low, Technical, "SCREEN FONT MISSING";
    /// A frame did not reach the screen whole: what it shows is not of now.
    ScreenNotWritten = 232, High, Technical, "SCREEN NOT WRITTEN";
}

impl Alarm {
    /// The id on the channels.
    pub fn id(self) -> u32 {
        self as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_ids_are_unique_and_lead_back() {
        for pair in Alarm::ALL.windows(2) {
            assert!(pair[0].id() < pair[1].id(), "{pair:?} out of order");
        }
        for alarm in Alarm::ALL {
            assert_eq!(Alarm::from_id(alarm.id()), Some(*alarm));
        }
        assert_eq!(Alarm::from_id(0), None);
        assert_eq!(Alarm::from_id(u32::MAX), None);
    }

    #[test]
    fn test_life_threatening_conditions_are_high() {
        for alarm in [
            Alarm::Asystole,
            Alarm::Apnea,
            Alarm::Desaturation,
            Alarm::NoPulse,
            Alarm::InputLost,
        ] {
            assert_eq!(alarm.priority(), Priority::High);
        }
        assert!(Priority::High > Priority::Medium && Priority::Medium > Priority::Low);
    }
}
