//! One record of the display, as this service understands it.

use std::time::{Instant, SystemTime};

/// A number the display shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Numeric {
    HeartRate,
    Spo2,
    PulseRate,
    RespirationRate,
    AbpSystolic,
    AbpDiastolic,
    AbpMean,
    PapSystolic,
    PapDiastolic,
    PapMean,
    NibpSystolic,
    NibpDiastolic,
    NibpMean,
}

impl Numeric {
    /// All of them, in the order of the record.
    pub const ALL: [Self; 13] = [
        Self::HeartRate,
        Self::Spo2,
        Self::PulseRate,
        Self::RespirationRate,
        Self::AbpSystolic,
        Self::AbpDiastolic,
        Self::AbpMean,
        Self::PapSystolic,
        Self::PapDiastolic,
        Self::PapMean,
        Self::NibpSystolic,
        Self::NibpDiastolic,
        Self::NibpMean,
    ];

    /// The record's field, and the name on the wire.
    pub const fn field(self) -> &'static str {
        match self {
            Self::HeartRate => "heart-rate",
            Self::Spo2 => "spo2",
            Self::PulseRate => "pulse-rate",
            Self::RespirationRate => "respiration-rate",
            Self::AbpSystolic => "abp-systolic",
            Self::AbpDiastolic => "abp-diastolic",
            Self::AbpMean => "abp-mean",
            Self::PapSystolic => "pap-systolic",
            Self::PapDiastolic => "pap-diastolic",
            Self::PapMean => "pap-mean",
            Self::NibpSystolic => "nibp-systolic",
            Self::NibpDiastolic => "nibp-diastolic",
            Self::NibpMean => "nibp-mean",
        }
    }
}

/// A curve the display draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Wave {
    Ecg,
    Abp,
    Pleth,
    Resp,
}

impl Wave {
    /// All of them, in the order of the record.
    pub const ALL: [Self; 4] = [Self::Ecg, Self::Abp, Self::Pleth, Self::Resp];

    /// The record's field, and the name on the wire.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Ecg => "ecg",
            Self::Abp => "abp",
            Self::Pleth => "pleth",
            Self::Resp => "resp",
        }
    }

    /// Samples a second.
    pub const fn rate(self) -> u32 {
        match self {
            Self::Ecg => 500,
            Self::Abp | Self::Pleth | Self::Resp => 125,
        }
    }

    /// UCUM unit of a sample; `None` for thousandths of the sensor's full scale.
    pub const fn unit(self) -> Option<&'static str> {
        match self {
            Self::Ecg => Some("uV"),
            Self::Abp => Some("mm[Hg]"),
            Self::Pleth | Self::Resp => None,
        }
    }
}

/// Where the numbers come from. None of the display's inputs is a patient's live sensor
/// yet, so each of these marks what it carries as test data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A recording of a patient, replayed.
    Record,
    /// The built-in simulator.
    Demo,
}

impl Source {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Demo => "demo",
        }
    }
}

/// Alarm priority after IEC 60601-1-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Priority {
    None,
    Low,
    Medium,
    High,
}

impl Priority {
    /// The word on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// An alarm on the display's screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// The display's id of it, what `POST /seen/ID` takes.
    pub id: u32,
    /// Its priority.
    pub priority: Priority,
    /// About the equipment, not the patient.
    pub technical: bool,
    /// The words the display shows.
    pub text: String,
}

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Life of the display it comes from.
    pub epoch: u64,
    /// Its number within the epoch, from 1.
    pub number: u64,
    /// When this process took it, by the monotonic clock: what age is judged by.
    pub received: Instant,
    /// The same moment by the wall clock, for people.
    pub at: SystemTime,
    /// Where the numbers come from.
    pub source: Source,
    /// How many times faster than life a recording is replayed; 1 is life.
    pub speed: u16,
    /// Input frames the display has consumed since it started.
    pub samples: u64,
    /// Whether a heart beat falls into this record.
    pub beat: bool,
    /// Numbers in the order of [`Numeric::ALL`]; `None` is `---`.
    pub numerics: [Option<i32>; Numeric::ALL.len()],
    /// Samples in the order of [`Wave::ALL`]; `None` where the sensor gives none.
    pub waves: [Option<Vec<i32>>; Wave::ALL.len()],
    /// Highest priority of all alarms.
    pub priority: Priority,
    /// The alarms on screen.
    pub alarms: Vec<Alarm>,
}

impl Snapshot {
    /// The value of one number.
    pub fn numeric(&self, numeric: Numeric) -> Option<i32> {
        self.numerics[numeric as usize]
    }

    /// Whether these numbers must not be taken for the patient's at the bedside.
    pub fn is_test(&self) -> bool {
        matches!(self.source, Source::Record | Source::Demo) || self.speed != 1
    }
}
