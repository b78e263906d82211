//! The record of the channel `vitals` as a struct.

use crate::{Priority, VITALS};
use cordon_channel::{FieldId, Record, Schema, SchemaError, ValueError};

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
    source: FieldId,
    speed: FieldId,
    beat: FieldId,
    alarm_priority: FieldId,
    alarm_count: FieldId,
    alarms: FieldId,
    samples: FieldId,
    numerics: [FieldId; 13],
    ecg: FieldId,
    abp: FieldId,
    pleth: FieldId,
    resp: FieldId,
}

/// Why a record is not a [`Vitals`], or the schema not the one of this crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormError {
    /// The text of the schema is not one.
    Schema(SchemaError),
    /// The schema lacks this field.
    Field(&'static str),
    /// This field must have a value and has none.
    Empty(&'static str),
    /// A value does not fit its field.
    Value(ValueError),
}

impl std::fmt::Display for FormError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Schema(error) => write!(f, "{error}"),
            Self::Field(name) => write!(f, "the schema has no field `{name}`"),
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
        let field = |name| schema.field(name).ok_or(FormError::Field(name));
        let mut numerics = [field("heart-rate")?; 13];
        for (id, (name, _)) in numerics.iter_mut().zip(Numerics::default().fields()) {
            *id = field(name)?;
        }
        Ok(Self {
            source: field("source")?,
            speed: field("speed")?,
            beat: field("beat")?,
            alarm_priority: field("alarm-priority")?,
            alarm_count: field("alarm-count")?,
            alarms: field("alarms")?,
            samples: field("samples")?,
            numerics,
            ecg: field("ecg")?,
            abp: field("abp")?,
            pleth: field("pleth")?,
            resp: field("resp")?,
            schema,
        })
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
        record.set(self.source, vitals.source as i128)?;
        record.set(self.speed, vitals.speed.into())?;
        record.set(self.beat, vitals.beat.into())?;
        record.set(
            self.alarm_priority,
            vitals.alarm_priority.map_or(0, |p| p as i128),
        )?;
        let carried = &vitals.alarms[..vitals.alarms.len().min(ALARMS)];
        let mut alarms = [0i64; ALARMS];
        for (slot, id) in alarms.iter_mut().zip(carried) {
            *slot = (*id).into();
        }
        record.set(self.alarm_count, carried.len() as i128)?;
        record.set_array(self.alarms, &alarms)?;
        record.set(self.samples, vitals.samples.into())?;
        for (id, (_, value)) in self.numerics.iter().zip(vitals.numerics.fields()) {
            if let Some(value) = value {
                record.set(*id, value.into())?;
            }
        }
        set_wave(&mut record, self.ecg, vitals.ecg)?;
        set_wave(&mut record, self.abp, vitals.abp)?;
        set_wave(&mut record, self.pleth, vitals.pleth)?;
        set_wave(&mut record, self.resp, vitals.resp)?;
        Ok(record)
    }

    /// The vitals of a record that came over the channel.
    ///
    /// # Errors
    /// When a field that always has a value has none.
    pub fn from_record(&self, record: &Record) -> Result<Vitals, FormError> {
        let always = |id, name| record.get(id).ok_or(FormError::Empty(name));
        let count = always(self.alarm_count, "alarm-count")?;
        let mut alarms = record
            .get_array(self.alarms)
            .ok_or(FormError::Empty("alarms"))?;
        alarms.truncate(usize::try_from(count).unwrap_or(0));
        let rate = |index: usize| {
            let id = self.numerics.get(index).copied()?;
            record.get(id).and_then(|value| u16::try_from(value).ok())
        };
        let pressure = |first: usize| {
            let one = |index: usize| {
                let id = self.numerics.get(index).copied()?;
                record.get(id).and_then(|value| i16::try_from(value).ok())
            };
            PressureNumerics {
                systolic: one(first),
                diastolic: one(first + 1),
                mean: one(first + 2),
            }
        };
        Ok(Vitals {
            source: match always(self.source, "source")? {
                0 => Source::Record,
                // Whatever is not known to be a patient's is not one's.
                _ => Source::Demo,
            },
            speed: always(self.speed, "speed")? as u16,
            beat: always(self.beat, "beat")? != 0,
            alarm_priority: match always(self.alarm_priority, "alarm-priority")? {
                0 => None,
                1 => Some(Priority::Low),
                2 => Some(Priority::Medium),
                _ => Some(Priority::High),
            },
            alarms: alarms
                .into_iter()
                .filter_map(|id| u32::try_from(id).ok())
                .collect(),
            samples: always(self.samples, "samples")? as u64,
            numerics: Numerics {
                heart_rate: rate(0),
                spo2: rate(1),
                pulse_rate: rate(2),
                respiration_rate: rate(3),
                abp: pressure(4),
                pap: pressure(7),
                nibp: pressure(10),
            },
            ecg: get_wave(record, self.ecg),
            abp: get_wave(record, self.abp),
            pleth: get_wave(record, self.pleth),
            resp: get_wave(record, self.resp),
        })
    }
}

fn set_wave<const N: usize>(
    record: &mut Record,
    id: FieldId,
    wave: Option<[i16; N]>,
) -> Result<(), ValueError> {
    match wave {
        Some(samples) => record.set_array(id, &samples.map(i64::from)),
        None => Ok(()),
    }
}

fn get_wave<const N: usize>(record: &Record, id: FieldId) -> Option<[i16; N]> {
    let samples: Vec<i16> = record
        .get_array(id)?
        .into_iter()
        .map(|sample| i16::try_from(sample).ok())
        .collect::<Option<_>>()?;
    samples.try_into().ok()
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
