//! The record of the channel `vitals` as a struct.

use crate::generated::vitals as generated;
use crate::{Priority, VITALS};
use cordon_channel::typed::Typed as _;
use cordon_channel::{Record, Schema, SchemaError, ValueError};

/// Samples of the ECG in one record: 40 ms at 500 Hz.
pub const ECG_SAMPLES: usize = 20;
/// Samples of each other wave in one record: 40 ms at 125 Hz.
pub const WAVE_SAMPLES: usize = 5;
/// Ids of alarms a record carries at most: more than can be active at once, so that the
/// nurse's station misses none.
pub const ALARMS: usize = 16;

/// Where the vital signs come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Source {
    /// A recording of a patient.
    #[default]
    Record = 0,
    /// The simulator: no patient at all. Whoever shows it marks it DEMO.
    Demo = 1,
}

impl Source {
    /// The word of the schema's enum.
    pub fn name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Demo => "demo",
        }
    }
}

/// The three numbers of a pressure, mmHg.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PressureNumerics {
    /// Highest of a beat.
    pub systolic: Option<i16>,
    /// Lowest of a beat.
    pub diastolic: Option<i16>,
    /// Mean over a beat.
    pub mean: Option<i16>,
}

/// The numbers; none is `---`, on the screen and everywhere else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Numerics {
    /// Heart rate, per minute.
    pub heart_rate: Option<u16>,
    /// Oxygen saturation, percent.
    pub spo2: Option<u16>,
    /// Pulse rate, per minute.
    pub pulse_rate: Option<u16>,
    /// Respiration rate, per minute.
    pub respiration_rate: Option<u16>,
    /// Arterial pressure.
    pub abp: PressureNumerics,
    /// Pulmonary artery pressure.
    pub pap: PressureNumerics,
    /// Non-invasive pressure.
    pub nibp: PressureNumerics,
}

impl Numerics {
    /// Name of the field and value of every numeric, in the order of the schema.
    pub fn fields(&self) -> [(&'static str, Option<i32>); 13] {
        let rate = |value: Option<u16>| value.map(i32::from);
        let pressure = |value: Option<i16>| value.map(i32::from);
        [
            ("heart-rate", rate(self.heart_rate)),
            ("spo2", rate(self.spo2)),
            ("pulse-rate", rate(self.pulse_rate)),
            ("respiration-rate", rate(self.respiration_rate)),
            ("abp-systolic", pressure(self.abp.systolic)),
            ("abp-diastolic", pressure(self.abp.diastolic)),
            ("abp-mean", pressure(self.abp.mean)),
            ("pap-systolic", pressure(self.pap.systolic)),
            ("pap-diastolic", pressure(self.pap.diastolic)),
            ("pap-mean", pressure(self.pap.mean)),
            ("nibp-systolic", pressure(self.nibp.systolic)),
            ("nibp-diastolic", pressure(self.nibp.diastolic)),
            ("nibp-mean", pressure(self.nibp.mean)),
        ]
    }
}

/// One record of the channel `vitals`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vitals {
    /// Where it comes from.
    pub source: Source,
    /// How many times faster than life it runs; 1 is life.
    pub speed: u16,
    /// Whether a heart beat was detected in this period.
    pub beat: bool,
    /// Highest priority of the active alarms.
    pub alarm_priority: Option<Priority>,
    /// Ids of the active alarms, the most urgent first, at most [`ALARMS`]. An id that is
    /// not in the table of [`crate::Alarm`] is one of a newer display, not an error.
    pub alarms: Vec<u32>,
    /// Frames of the input consumed since the display started.
    pub samples: u64,
    /// The numbers.
    pub numerics: Numerics,
    /// ECG in microvolt at 500 Hz; none when any sample of the period is missing. At a
    /// speed of N each wave carries every Nth sample, so that it moves N times faster.
    pub ecg: Option<[i16; ECG_SAMPLES]>,
    /// Arterial pressure in mmHg at 125 Hz.
    pub abp: Option<[i16; WAVE_SAMPLES]>,
    /// Photoplethysmogram in thousandths of full scale at 125 Hz.
    pub pleth: Option<[i16; WAVE_SAMPLES]>,
    /// Respiration in thousandths of full scale at 125 Hz.
    pub resp: Option<[i16; WAVE_SAMPLES]>,
}

/// Converts between [`Vitals`] and a channel's record.
#[derive(Clone, Debug)]
pub struct VitalsForm {
    schema: Schema,
}

/// Why a record is not a [`Vitals`], or the schema not the one of this crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormError {
    /// The text of the schema is not one.
    Schema(SchemaError),
    /// This field must have a value and has none.
    Empty(&'static str),
    /// A value does not fit its field.
    Value(ValueError),
}

impl std::fmt::Display for FormError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Schema(error) => write!(f, "{error}"),
            Self::Empty(name) => write!(f, "`{name}` has no value"),
            Self::Value(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for FormError {}

impl From<ValueError> for FormError {
    fn from(error: ValueError) -> Self {
        Self::Value(error)
    }
}

impl VitalsForm {
    /// The form of the schema [`VITALS`].
    ///
    /// # Errors
    /// None, as long as the schema and this code agree, which the tests show.
    pub fn new() -> Result<Self, FormError> {
        let schema = Schema::parse(VITALS).map_err(FormError::Schema)?;
        Ok(Self { schema })
    }

    /// The parsed schema, as a reader or writer of the channel wants it.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The record of these vitals.
    ///
    /// # Errors
    /// When a value is outside its field's range.
    pub fn to_record(&self, vitals: &Vitals) -> Result<Record, FormError> {
        let mut record = Record::new(&self.schema);
        packed(vitals).fill(&mut record)?;
        Ok(record)
    }

    /// The vitals of a record that came over the channel.
    ///
    /// # Errors
    /// When a field that always has a value has none.
    pub fn from_record(&self, record: &Record) -> Result<Vitals, FormError> {
        unpacked(&generated::Record::read(record))
    }
}

fn packed(vitals: &Vitals) -> generated::Record {
    let carried = &vitals.alarms[..vitals.alarms.len().min(ALARMS)];
    let mut alarms = [0; ALARMS];
    alarms[..carried.len()].copy_from_slice(carried);
    let numerics = &vitals.numerics;
    let (abp, pap, nibp) = (numerics.abp, numerics.pap, numerics.nibp);
    generated::Record {
        source: Some(match vitals.source {
            Source::Record => generated::Source::Record,
            Source::Demo => generated::Source::Demo,
        }),
        speed: Some(vitals.speed),
        beat: Some(match vitals.beat {
            false => generated::Beat::No,
            true => generated::Beat::Yes,
        }),
        alarm_priority: Some(match vitals.alarm_priority {
            None => generated::AlarmPriority::None,
            Some(Priority::Low) => generated::AlarmPriority::Low,
            Some(Priority::Medium) => generated::AlarmPriority::Medium,
            Some(Priority::High) => generated::AlarmPriority::High,
        }),
        // At most ALARMS, 16.
        alarm_count: Some(carried.len() as u8),
        alarms: Some(alarms),
        samples: Some(vitals.samples),
        heart_rate: numerics.heart_rate,
        spo2: numerics.spo2,
        pulse_rate: numerics.pulse_rate,
        respiration_rate: numerics.respiration_rate,
        abp_systolic: abp.systolic,
        abp_diastolic: abp.diastolic,
        abp_mean: abp.mean,
        pap_systolic: pap.systolic,
        pap_diastolic: pap.diastolic,
        pap_mean: pap.mean,
        nibp_systolic: nibp.systolic,
        nibp_diastolic: nibp.diastolic,
        nibp_mean: nibp.mean,
        ecg: vitals.ecg,
        abp: vitals.abp,
        pleth: vitals.pleth,
        resp: vitals.resp,
    }
}

fn unpacked(record: &generated::Record) -> Result<Vitals, FormError> {
    let count = record.alarm_count.ok_or(FormError::Empty("alarm-count"))?;
    let mut alarms = record.alarms.ok_or(FormError::Empty("alarms"))?.to_vec();
    alarms.truncate(count.into());
    let pressure = |systolic, diastolic, mean| PressureNumerics {
        systolic,
        diastolic,
        mean,
    };
    Ok(Vitals {
        source: match record.source.ok_or(FormError::Empty("source"))? {
            generated::Source::Record => Source::Record,
            generated::Source::Demo => Source::Demo,
        },
        speed: record.speed.ok_or(FormError::Empty("speed"))?,
        beat: record.beat.ok_or(FormError::Empty("beat"))? == generated::Beat::Yes,
        alarm_priority: match record
            .alarm_priority
            .ok_or(FormError::Empty("alarm-priority"))?
        {
            generated::AlarmPriority::None => None,
            generated::AlarmPriority::Low => Some(Priority::Low),
            generated::AlarmPriority::Medium => Some(Priority::Medium),
            generated::AlarmPriority::High => Some(Priority::High),
        },
        alarms,
        samples: record.samples.ok_or(FormError::Empty("samples"))?,
        numerics: Numerics {
            heart_rate: record.heart_rate,
            spo2: record.spo2,
            pulse_rate: record.pulse_rate,
            respiration_rate: record.respiration_rate,
            abp: pressure(record.abp_systolic, record.abp_diastolic, record.abp_mean),
            pap: pressure(record.pap_systolic, record.pap_diastolic, record.pap_mean),
            nibp: pressure(
                record.nibp_systolic,
                record.nibp_diastolic,
                record.nibp_mean,
            ),
        },
        ecg: record.ecg,
        abp: record.abp,
        pleth: record.pleth,
        resp: record.resp,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Vitals {
        let pressure = |sys| PressureNumerics {
            systolic: Some(sys),
            diastolic: Some(62),
            mean: Some(82),
        };
        Vitals {
            source: Source::Demo,
            speed: 60,
            beat: true,
            alarm_priority: Some(Priority::High),
            alarms: vec![101, 203, 999],
            samples: u64::MAX,
            numerics: Numerics {
                heart_rate: Some(95),
                spo2: Some(36),
                pulse_rate: Some(96),
                respiration_rate: Some(17),
                abp: pressure(118),
                pap: pressure(28),
                nibp: pressure(87),
            },
            ecg: Some(std::array::from_fn(|i| i as i16 * 100 - 1000)),
            abp: Some([-50, 0, 120, 349, 350]),
            pleth: Some([-1000, -1, 0, 1, 1000]),
            resp: Some([0; WAVE_SAMPLES]),
        }
    }

    #[test]
    fn test_the_schema_is_canonical() {
        for text in [VITALS, crate::SEEN_REMOTELY] {
            assert_eq!(Schema::parse(text).unwrap().to_text(), text);
        }
    }

    #[test]
    fn test_a_full_record_round_trips() {
        let form = VitalsForm::new().unwrap();
        let record = form.to_record(&full()).unwrap();
        assert_eq!(form.from_record(&record), Ok(full()));
    }

    #[test]
    fn test_what_has_no_value_travels_as_no_value() {
        let form = VitalsForm::new().unwrap();
        let empty = Vitals {
            speed: 1,
            ..Vitals::default()
        };
        let record = form.to_record(&empty).unwrap();
        assert_eq!(record.get(form.schema().field("spo2").unwrap()), None);
        assert_eq!(form.from_record(&record), Ok(empty));
    }

    #[test]
    fn test_values_out_of_range_are_refused() {
        let form = VitalsForm::new().unwrap();
        let mut vitals = full();
        vitals.numerics.spo2 = Some(101);
        assert!(matches!(form.to_record(&vitals), Err(FormError::Value(_))));
        let vitals = Vitals { speed: 0, ..full() };
        assert!(matches!(form.to_record(&vitals), Err(FormError::Value(_))));
    }

    #[test]
    fn test_a_record_without_its_source_is_none() {
        let form = VitalsForm::new().unwrap();
        let mut record = form.to_record(&full()).unwrap();
        record.clear(form.schema().field("source").unwrap());
        assert_eq!(form.from_record(&record), Err(FormError::Empty("source")));
    }

    #[test]
    fn test_more_alarms_than_fit_keep_the_most_urgent() {
        let form = VitalsForm::new().unwrap();
        let vitals = Vitals {
            alarms: (101..121).collect(),
            ..full()
        };
        let record = form.to_record(&vitals).unwrap();
        let alarms = form.from_record(&record).unwrap().alarms;
        assert_eq!(alarms, (101..117).collect::<Vec<u32>>());
    }
}
