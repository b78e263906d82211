//! What a signal measures, told from its name in the record.

/// What a signal measures. Waves come in the unit the vitals channel carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// ECG wave in microvolt.
    Ecg,
    /// Arterial pressure wave in mmHg.
    Abp,
    /// Pulmonary artery pressure wave in mmHg.
    Pap,
    /// Photoplethysmogram in thousandths of the sensor's full scale.
    Pleth,
    /// Respiration wave in thousandths of the sensor's full scale.
    Resp,
    /// A number the sensor's own monitor had computed.
    Numeric(Numeric),
}

/// A number in the unit of the vitals channel: per minute, percent, mmHg.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Numeric {
    /// Heart rate.
    HeartRate,
    /// Pulse rate.
    PulseRate,
    /// Oxygen saturation.
    SpO2,
    /// Respiration rate.
    RespirationRate,
    /// Arterial pressure.
    Abp(Pressure),
    /// Pulmonary artery pressure.
    Pap(Pressure),
    /// Non-invasive pressure.
    Nibp(Pressure),
}

/// Which of the three numbers of a pressure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pressure {
    /// Highest of a beat.
    Systolic,
    /// Lowest of a beat.
    Diastolic,
    /// Mean over a beat.
    Mean,
}

/// Samples per second below which a signal is a series of numbers and no wave.
const WAVE_RATE_MIN: f64 = 20.0;

impl Kind {
    /// The kind of a record's signal by its description and samples per second; none
    /// when this monitor has no place for it.
    pub fn of(description: &str, rate: f64) -> Option<Self> {
        let name: String = description
            .chars()
            .filter(|c| c.is_ascii_alphanumeric())
            .map(|c| c.to_ascii_uppercase())
            .collect();
        if rate < WAVE_RATE_MIN {
            Self::numeric(&name)
        } else {
            Self::wave(&name)
        }
    }

    fn wave(name: &str) -> Option<Self> {
        Some(match name {
            "I" | "II" | "III" | "AVR" | "AVL" | "AVF" | "V" | "V1" | "V2" | "V3" | "V4" | "V5"
            | "V6" | "MCL" | "MCL1" => Self::Ecg,
            "ABP" | "ART" | "AOBP" => Self::Abp,
            "PAP" => Self::Pap,
            "PLETH" => Self::Pleth,
            "RESP" => Self::Resp,
            _ if name.starts_with("ECG") => Self::Ecg,
            _ => return None,
        })
    }

    fn numeric(name: &str) -> Option<Self> {
        Some(Self::Numeric(match name {
            "HR" => Numeric::HeartRate,
            "PULSE" => Numeric::PulseRate,
            "SPO2" => Numeric::SpO2,
            "RESP" | "RR" => Numeric::RespirationRate,
            _ => {
                let (of, rest): (fn(Pressure) -> Numeric, &str) =
                    if let Some(rest) = name.strip_prefix("ABP") {
                        (Numeric::Abp, rest)
                    } else if let Some(rest) = name.strip_prefix("PAP") {
                        (Numeric::Pap, rest)
                    } else if let Some(rest) = name.strip_prefix("NBP") {
                        (Numeric::Nibp, rest)
                    } else {
                        return None;
                    };
                of(match rest {
                    "SYS" => Pressure::Systolic,
                    "DIAS" | "DIA" => Pressure::Diastolic,
                    "MEAN" => Pressure::Mean,
                    _ => return None,
                })
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_names_of_the_recordings() {
        for (name, rate, kind) in [
            ("MCL1", 500.0, Some(Kind::Ecg)),
            ("III", 500.0, Some(Kind::Ecg)),
            ("RESP", 125.0, Some(Kind::Resp)),
            (
                "RESP",
                1.0 / 60.0,
                Some(Kind::Numeric(Numeric::RespirationRate)),
            ),
            ("%SpO2", 1.0, Some(Kind::Numeric(Numeric::SpO2))),
            (
                "NBPDias",
                1.0,
                Some(Kind::Numeric(Numeric::Nibp(Pressure::Diastolic))),
            ),
            (
                "ABP Sys",
                1.0,
                Some(Kind::Numeric(Numeric::Abp(Pressure::Systolic))),
            ),
            ("CVP", 125.0, None),
        ] {
            assert_eq!(Kind::of(name, rate), kind, "{name}");
        }
    }
}
