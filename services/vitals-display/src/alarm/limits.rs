//! The limits, for an adult, as drawn beside the numbers.

/// The limits of one parameter. A condition begins beyond a limit and ends when the value
/// is back inside it by `hysteresis`, so that a value on the limit does not flicker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Band {
    /// Above it: medium priority.
    pub high: Option<i32>,
    /// Below it: medium priority.
    pub low: Option<i32>,
    /// Above it: high priority.
    pub extreme_high: Option<i32>,
    /// Below it: high priority.
    pub extreme_low: Option<i32>,
    /// How far back inside a value must be.
    pub hysteresis: i32,
}

/// The limits of every parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Heart and pulse rate, per minute.
    pub rate: Band,
    /// Oxygen saturation, percent.
    pub spo2: Band,
    /// Respiration rate, per minute.
    pub respiration: Band,
    /// Systolic arterial and non-invasive pressure, mmHg.
    pub systolic: Band,
    /// Mean arterial and non-invasive pressure, mmHg.
    pub mean: Band,
    /// Systolic pulmonary artery pressure, mmHg.
    pub pap: Band,
}

const NONE: Band = Band {
    high: None,
    low: None,
    extreme_high: None,
    extreme_low: None,
    hysteresis: 0,
};

/// The limits this monitor alarms by: the usual factory settings for adults.
pub const LIMITS: Limits = Limits {
    rate: Band {
        high: Some(120),
        low: Some(50),
        extreme_high: Some(140),
        extreme_low: Some(40),
        hysteresis: 2,
    },
    spo2: Band {
        low: Some(90),
        extreme_low: Some(80),
        hysteresis: 1,
        ..NONE
    },
    respiration: Band {
        high: Some(30),
        low: Some(8),
        hysteresis: 1,
        ..NONE
    },
    systolic: Band {
        high: Some(160),
        low: Some(90),
        hysteresis: 2,
        ..NONE
    },
    mean: Band {
        extreme_low: Some(50),
        hysteresis: 2,
        ..NONE
    },
    pap: Band {
        high: Some(40),
        hysteresis: 2,
        ..NONE
    },
};

/// Whether a value is beyond a limit: `was` says that it already was.
pub(super) fn above(value: i32, limit: Option<i32>, hysteresis: i32, was: bool) -> bool {
    limit.is_some_and(|limit| value > if was { limit - hysteresis } else { limit })
}

/// As [`above`], on the other side.
pub(super) fn below(value: i32, limit: Option<i32>, hysteresis: i32, was: bool) -> bool {
    limit.is_some_and(|limit| value < if was { limit + hysteresis } else { limit })
}
