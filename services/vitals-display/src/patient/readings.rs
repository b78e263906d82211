//! What is known of each parameter now. A reading cannot be mistaken for a number.

/// One parameter now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// The input has no signal for it.
    #[default]
    NotCarried,
    /// The signal is carried but not there now: sensor off.
    Missing,
    /// The signal is there; there is no number yet.
    Learning,
    /// The signal is there and nothing happens in it: asystole, apnea.
    Silent,
    /// The number, in the unit of the vitals channel.
    Value(i32),
}

impl Reading {
    /// The number, where there is one.
    pub fn value(self) -> Option<i32> {
        match self {
            Self::Value(value) => Some(value),
            _ => None,
        }
    }

    /// Whether the input carries the parameter at all.
    pub fn is_carried(self) -> bool {
        self != Self::NotCarried
    }
}

/// The three numbers of a pressure, in mmHg.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PressureReading {
    /// Highest of a beat.
    pub systolic: Reading,
    /// Lowest of a beat.
    pub diastolic: Reading,
    /// Mean over a beat.
    pub mean: Reading,
}

impl PressureReading {
    /// All three the same.
    pub fn all(reading: Reading) -> Self {
        Self {
            systolic: reading,
            diastolic: reading,
            mean: reading,
        }
    }

    /// Whether the input carries any of the three.
    pub fn is_carried(self) -> bool {
        self.systolic.is_carried() || self.diastolic.is_carried() || self.mean.is_carried()
    }

    /// The worst of the three that are carried: a number missing beside two others is
    /// missing all the same.
    pub fn worst(self) -> Reading {
        let all = [self.systolic, self.diastolic, self.mean];
        let has = |reading| all.contains(&reading);
        [Reading::Missing, Reading::Silent, Reading::Learning]
            .into_iter()
            .find(|&reading| has(reading))
            .or_else(|| all.into_iter().find(|reading| reading.is_carried()))
            .unwrap_or_default()
    }

    /// Whether any of the three has a number.
    pub fn has_value(self) -> bool {
        [self.systolic, self.diastolic, self.mean]
            .iter()
            .any(|reading| reading.value().is_some())
    }
}

/// Every parameter now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readings {
    /// Whether anything comes from the input at all.
    pub input_lost: bool,
    /// Heart rate, per minute.
    pub heart_rate: Reading,
    /// Pulse rate, per minute.
    pub pulse_rate: Reading,
    /// Oxygen saturation, percent.
    pub spo2: Reading,
    /// Pulse rate of the pleth wave alone, per minute.
    pub pleth: Reading,
    /// Respiration rate, per minute.
    pub respiration_rate: Reading,
    /// Arterial pressure.
    pub abp: PressureReading,
    /// Pulmonary artery pressure.
    pub pap: PressureReading,
    /// Non-invasive pressure.
    pub nibp: PressureReading,
}
