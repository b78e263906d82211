// Made by `cordon channel codegen --lang rust` from the manifest of bedside-monitor.
// Change the manifest, not this.

/// Channel `vitals`, vitals-display to network-service: a record every 40 ms; older than 1 s is no value.
#[rustfmt::skip]
#[allow(dead_code, reason = "a program uses a part")]
pub mod vitals {
    use ::cordon_channel::typed::{self, FieldFacts, Typed};
    use ::cordon_channel::{Pace, ValueError};

    /// One record; a field without a value is drawn as `---`.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Record {
        /// Whether a sensor's record or the built-in simulator.
        pub source: ::core::option::Option<Source>,
        /// Of a replayed record; 1 is real time, 1 to 3600.
        pub speed: ::core::option::Option<u16>,
        /// A heart beat fell into this period.
        pub beat: ::core::option::Option<Beat>,
        /// Of the most urgent alarm, as IEC 60601-1-8.
        pub alarm_priority: ::core::option::Option<AlarmPriority>,
        /// `alarm-count`, 0 to 16.
        pub alarm_count: ::core::option::Option<u8>,
        /// Ids of the active alarms.
        pub alarms: ::core::option::Option<[u32; 16]>,
        /// Frames of the input consumed since the display started.
        pub samples: ::core::option::Option<u64>,
        /// `heart-rate`, in /min, 0 to 350.
        pub heart_rate: ::core::option::Option<u16>,
        /// `spo2`, in %, 0 to 100.
        pub spo2: ::core::option::Option<u16>,
        /// `pulse-rate`, in /min, 0 to 350.
        pub pulse_rate: ::core::option::Option<u16>,
        /// `respiration-rate`, in /min, 0 to 200.
        pub respiration_rate: ::core::option::Option<u16>,
        /// `abp-systolic`, in mm[Hg], -50 to 350.
        pub abp_systolic: ::core::option::Option<i16>,
        /// `abp-diastolic`, in mm[Hg], -50 to 350.
        pub abp_diastolic: ::core::option::Option<i16>,
        /// `abp-mean`, in mm[Hg], -50 to 350.
        pub abp_mean: ::core::option::Option<i16>,
        /// `pap-systolic`, in mm[Hg], -50 to 350.
        pub pap_systolic: ::core::option::Option<i16>,
        /// `pap-diastolic`, in mm[Hg], -50 to 350.
        pub pap_diastolic: ::core::option::Option<i16>,
        /// `pap-mean`, in mm[Hg], -50 to 350.
        pub pap_mean: ::core::option::Option<i16>,
        /// `nibp-systolic`, in mm[Hg], 0 to 350.
        pub nibp_systolic: ::core::option::Option<i16>,
        /// `nibp-diastolic`, in mm[Hg], 0 to 350.
        pub nibp_diastolic: ::core::option::Option<i16>,
        /// `nibp-mean`, in mm[Hg], 0 to 350.
        pub nibp_mean: ::core::option::Option<i16>,
        /// `ecg`, in uV, -10000 to 10000.
        pub ecg: ::core::option::Option<[i16; 20]>,
        /// `abp`, in mm[Hg], -50 to 350.
        pub abp: ::core::option::Option<[i16; 5]>,
        /// Thousandths of the sensor's full scale, -1000 to 1000.
        pub pleth: ::core::option::Option<[i16; 5]>,
        /// Thousandths of the sensor's full scale, -1000 to 1000.
        pub resp: ::core::option::Option<[i16; 5]>,
    }

    impl Typed for Record {
        const NAME: &'static str = "vitals";
        const SCHEMA: &'static str = "\
source u8 enum=record,demo\n\
speed u16 unit=1 range=1..3600\n\
beat u8 enum=no,yes\n\
alarm-priority u8 enum=none,low,medium,high\n\
alarm-count u8 range=0..16\n\
alarms u32[16]\n\
samples u64\n\
heart-rate u16 unit=/min range=0..350\n\
spo2 u16 unit=% range=0..100\n\
pulse-rate u16 unit=/min range=0..350\n\
respiration-rate u16 unit=/min range=0..200\n\
abp-systolic i16 unit=mm[Hg] range=-50..350\n\
abp-diastolic i16 unit=mm[Hg] range=-50..350\n\
abp-mean i16 unit=mm[Hg] range=-50..350\n\
pap-systolic i16 unit=mm[Hg] range=-50..350\n\
pap-diastolic i16 unit=mm[Hg] range=-50..350\n\
pap-mean i16 unit=mm[Hg] range=-50..350\n\
nibp-systolic i16 unit=mm[Hg] range=0..350\n\
nibp-diastolic i16 unit=mm[Hg] range=0..350\n\
nibp-mean i16 unit=mm[Hg] range=0..350\n\
ecg i16[20] unit=uV range=-10000..10000\n\
abp i16[5] unit=mm[Hg] range=-50..350\n\
pleth i16[5] range=-1000..1000\n\
resp i16[5] range=-1000..1000\n\
";
        const PACE: Pace = Pace::Periodic { period_ns: 40000000, deadline_ns: 1000000000 };

        fn read(record: &::cordon_channel::Record) -> Self {
            Self {
                source: typed::value(record, 0),
                speed: typed::value(record, 1),
                beat: typed::value(record, 2),
                alarm_priority: typed::value(record, 3),
                alarm_count: typed::value(record, 4),
                alarms: typed::array(record, 5),
                samples: typed::value(record, 6),
                heart_rate: typed::value(record, 7),
                spo2: typed::value(record, 8),
                pulse_rate: typed::value(record, 9),
                respiration_rate: typed::value(record, 10),
                abp_systolic: typed::value(record, 11),
                abp_diastolic: typed::value(record, 12),
                abp_mean: typed::value(record, 13),
                pap_systolic: typed::value(record, 14),
                pap_diastolic: typed::value(record, 15),
                pap_mean: typed::value(record, 16),
                nibp_systolic: typed::value(record, 17),
                nibp_diastolic: typed::value(record, 18),
                nibp_mean: typed::value(record, 19),
                ecg: typed::array(record, 20),
                abp: typed::array(record, 21),
                pleth: typed::array(record, 22),
                resp: typed::array(record, 23),
            }
        }

        fn fill(&self, record: &mut ::cordon_channel::Record) -> ::core::result::Result<(), ValueError> {
            typed::set(record, 0, self.source)?;
            typed::set(record, 1, self.speed)?;
            typed::set(record, 2, self.beat)?;
            typed::set(record, 3, self.alarm_priority)?;
            typed::set(record, 4, self.alarm_count)?;
            typed::set_array(record, 5, self.alarms.as_ref())?;
            typed::set(record, 6, self.samples)?;
            typed::set(record, 7, self.heart_rate)?;
            typed::set(record, 8, self.spo2)?;
            typed::set(record, 9, self.pulse_rate)?;
            typed::set(record, 10, self.respiration_rate)?;
            typed::set(record, 11, self.abp_systolic)?;
            typed::set(record, 12, self.abp_diastolic)?;
            typed::set(record, 13, self.abp_mean)?;
            typed::set(record, 14, self.pap_systolic)?;
            typed::set(record, 15, self.pap_diastolic)?;
            typed::set(record, 16, self.pap_mean)?;
            typed::set(record, 17, self.nibp_systolic)?;
            typed::set(record, 18, self.nibp_diastolic)?;
            typed::set(record, 19, self.nibp_mean)?;
            typed::set_array(record, 20, self.ecg.as_ref())?;
            typed::set_array(record, 21, self.abp.as_ref())?;
            typed::set_array(record, 22, self.pleth.as_ref())?;
            typed::set_array(record, 23, self.resp.as_ref())?;
            ::core::result::Result::Ok(())
        }
    }

    /// Whether a sensor's record or the built-in simulator.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Source {
        /// `record`.
        Record = 0,
        /// `demo`.
        Demo = 1,
    }

    impl ::core::convert::TryFrom<i128> for Source {
        type Error = i128;

        fn try_from(value: i128) -> ::core::result::Result<Self, i128> {
            match value {
                0 => ::core::result::Result::Ok(Self::Record),
                1 => ::core::result::Result::Ok(Self::Demo),
                other => ::core::result::Result::Err(other),
            }
        }
    }

    impl ::core::convert::From<Source> for i128 {
        fn from(value: Source) -> Self {
            value as Self
        }
    }

    /// A heart beat fell into this period.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Beat {
        /// `no`.
        No = 0,
        /// `yes`.
        Yes = 1,
    }

    impl ::core::convert::TryFrom<i128> for Beat {
        type Error = i128;

        fn try_from(value: i128) -> ::core::result::Result<Self, i128> {
            match value {
                0 => ::core::result::Result::Ok(Self::No),
                1 => ::core::result::Result::Ok(Self::Yes),
                other => ::core::result::Result::Err(other),
            }
        }
    }

    impl ::core::convert::From<Beat> for i128 {
        fn from(value: Beat) -> Self {
            value as Self
        }
    }

    /// Of the most urgent alarm, as IEC 60601-1-8.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum AlarmPriority {
        /// `none`.
        None = 0,
        /// `low`.
        Low = 1,
        /// `medium`.
        Medium = 2,
        /// `high`.
        High = 3,
    }

    impl ::core::convert::TryFrom<i128> for AlarmPriority {
        type Error = i128;

        fn try_from(value: i128) -> ::core::result::Result<Self, i128> {
            match value {
                0 => ::core::result::Result::Ok(Self::None),
                1 => ::core::result::Result::Ok(Self::Low),
                2 => ::core::result::Result::Ok(Self::Medium),
                3 => ::core::result::Result::Ok(Self::High),
                other => ::core::result::Result::Err(other),
            }
        }
    }

    impl ::core::convert::From<AlarmPriority> for i128 {
        fn from(value: AlarmPriority) -> Self {
            value as Self
        }
    }

    /// Name, unit and range of each field.
    pub mod fields {
        use super::FieldFacts;

        /// Whether a sensor's record or the built-in simulator.
        pub const SOURCE: FieldFacts = FieldFacts { name: "source", unit: ::core::option::Option::None, low: 0, high: 1, elements: 1 };

        /// Of a replayed record; 1 is real time, 1 to 3600.
        pub const SPEED: FieldFacts = FieldFacts { name: "speed", unit: ::core::option::Option::Some("1"), low: 1, high: 3600, elements: 1 };

        /// A heart beat fell into this period.
        pub const BEAT: FieldFacts = FieldFacts { name: "beat", unit: ::core::option::Option::None, low: 0, high: 1, elements: 1 };

        /// Of the most urgent alarm, as IEC 60601-1-8.
        pub const ALARM_PRIORITY: FieldFacts = FieldFacts { name: "alarm-priority", unit: ::core::option::Option::None, low: 0, high: 3, elements: 1 };

        /// `alarm-count`, 0 to 16.
        pub const ALARM_COUNT: FieldFacts = FieldFacts { name: "alarm-count", unit: ::core::option::Option::None, low: 0, high: 16, elements: 1 };

        /// Ids of the active alarms.
        pub const ALARMS: FieldFacts = FieldFacts { name: "alarms", unit: ::core::option::Option::None, low: 0, high: 4294967295, elements: 16 };

        /// Frames of the input consumed since the display started.
        pub const SAMPLES: FieldFacts = FieldFacts { name: "samples", unit: ::core::option::Option::None, low: 0, high: 18446744073709551615, elements: 1 };

        /// `heart-rate`, in /min, 0 to 350.
        pub const HEART_RATE: FieldFacts = FieldFacts { name: "heart-rate", unit: ::core::option::Option::Some("/min"), low: 0, high: 350, elements: 1 };

        /// `spo2`, in %, 0 to 100.
        pub const SPO2: FieldFacts = FieldFacts { name: "spo2", unit: ::core::option::Option::Some("%"), low: 0, high: 100, elements: 1 };

        /// `pulse-rate`, in /min, 0 to 350.
        pub const PULSE_RATE: FieldFacts = FieldFacts { name: "pulse-rate", unit: ::core::option::Option::Some("/min"), low: 0, high: 350, elements: 1 };

        /// `respiration-rate`, in /min, 0 to 200.
        pub const RESPIRATION_RATE: FieldFacts = FieldFacts { name: "respiration-rate", unit: ::core::option::Option::Some("/min"), low: 0, high: 200, elements: 1 };

        /// `abp-systolic`, in mm[Hg], -50 to 350.
        pub const ABP_SYSTOLIC: FieldFacts = FieldFacts { name: "abp-systolic", unit: ::core::option::Option::Some("mm[Hg]"), low: -50, high: 350, elements: 1 };

        /// `abp-diastolic`, in mm[Hg], -50 to 350.
        pub const ABP_DIASTOLIC: FieldFacts = FieldFacts { name: "abp-diastolic", unit: ::core::option::Option::Some("mm[Hg]"), low: -50, high: 350, elements: 1 };

        /// `abp-mean`, in mm[Hg], -50 to 350.
        pub const ABP_MEAN: FieldFacts = FieldFacts { name: "abp-mean", unit: ::core::option::Option::Some("mm[Hg]"), low: -50, high: 350, elements: 1 };

        /// `pap-systolic`, in mm[Hg], -50 to 350.
        pub const PAP_SYSTOLIC: FieldFacts = FieldFacts { name: "pap-systolic", unit: ::core::option::Option::Some("mm[Hg]"), low: -50, high: 350, elements: 1 };

        /// `pap-diastolic`, in mm[Hg], -50 to 350.
        pub const PAP_DIASTOLIC: FieldFacts = FieldFacts { name: "pap-diastolic", unit: ::core::option::Option::Some("mm[Hg]"), low: -50, high: 350, elements: 1 };

        /// `pap-mean`, in mm[Hg], -50 to 350.
        pub const PAP_MEAN: FieldFacts = FieldFacts { name: "pap-mean", unit: ::core::option::Option::Some("mm[Hg]"), low: -50, high: 350, elements: 1 };

        /// `nibp-systolic`, in mm[Hg], 0 to 350.
        pub const NIBP_SYSTOLIC: FieldFacts = FieldFacts { name: "nibp-systolic", unit: ::core::option::Option::Some("mm[Hg]"), low: 0, high: 350, elements: 1 };

        /// `nibp-diastolic`, in mm[Hg], 0 to 350.
        pub const NIBP_DIASTOLIC: FieldFacts = FieldFacts { name: "nibp-diastolic", unit: ::core::option::Option::Some("mm[Hg]"), low: 0, high: 350, elements: 1 };

        /// `nibp-mean`, in mm[Hg], 0 to 350.
        pub const NIBP_MEAN: FieldFacts = FieldFacts { name: "nibp-mean", unit: ::core::option::Option::Some("mm[Hg]"), low: 0, high: 350, elements: 1 };

        /// `ecg`, in uV, -10000 to 10000.
        pub const ECG: FieldFacts = FieldFacts { name: "ecg", unit: ::core::option::Option::Some("uV"), low: -10000, high: 10000, elements: 20 };

        /// `abp`, in mm[Hg], -50 to 350.
        pub const ABP: FieldFacts = FieldFacts { name: "abp", unit: ::core::option::Option::Some("mm[Hg]"), low: -50, high: 350, elements: 5 };

        /// Thousandths of the sensor's full scale, -1000 to 1000.
        pub const PLETH: FieldFacts = FieldFacts { name: "pleth", unit: ::core::option::Option::None, low: -1000, high: 1000, elements: 5 };

        /// Thousandths of the sensor's full scale, -1000 to 1000.
        pub const RESP: FieldFacts = FieldFacts { name: "resp", unit: ::core::option::Option::None, low: -1000, high: 1000, elements: 5 };
    }
}

/// Channel `seen-remotely`, network-service to vitals-display: at most 5 in 1 s.
#[rustfmt::skip]
#[allow(dead_code, reason = "a program uses a part")]
pub mod seen_remotely {
    use ::cordon_channel::typed::{self, FieldFacts, Typed};
    use ::cordon_channel::{Pace, ValueError};

    /// One record; a field without a value is drawn as `---`.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Record {
        /// Id of an alarm a nurse has looked at; drawn as 'seen remotely', silences nothing.
        pub alarm: ::core::option::Option<u32>,
    }

    impl Typed for Record {
        const NAME: &'static str = "seen-remotely";
        const SCHEMA: &'static str = "\
alarm u32\n\
";
        const PACE: Pace = Pace::Sporadic { records: 5, per_ns: 1000000000 };

        fn read(record: &::cordon_channel::Record) -> Self {
            Self {
                alarm: typed::value(record, 0),
            }
        }

        fn fill(&self, record: &mut ::cordon_channel::Record) -> ::core::result::Result<(), ValueError> {
            typed::set(record, 0, self.alarm)?;
            ::core::result::Result::Ok(())
        }
    }

    /// Name, unit and range of each field.
    pub mod fields {
        use super::FieldFacts;

        /// Id of an alarm a nurse has looked at; drawn as 'seen remotely', silences nothing.
        pub const ALARM: FieldFacts = FieldFacts { name: "alarm", unit: ::core::option::Option::None, low: 0, high: 4294967295, elements: 1 };
    }
}
