//! The vital signs this monitor has: codes, units and FHIR profiles.
//!
//! LOINC codes follow the FHIR R4 vital-signs profiles (hl7.org/fhir/R4/observation-vitalsigns),
//! whose "magic" codes a client searches by, with a more precise LOINC code beside them where
//! the profile allows one. IEEE 11073-10101 codes are those of the HL7 point-of-care device
//! guide. Units are UCUM.

use crate::snapshot::Numeric;

/// A code of a code system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coding {
    /// URI of the code system.
    pub system: &'static str,
    /// Code in it.
    pub code: &'static str,
    /// Its name there.
    pub display: &'static str,
}

/// A vital sign: one Observation.
#[derive(Debug)]
pub struct Vital {
    /// Logical id of its Observation.
    pub id: &'static str,
    /// Name for people.
    pub text: &'static str,
    /// FHIR profile it claims.
    pub profile: &'static str,
    /// What it is, most general first.
    pub codes: &'static [Coding],
    /// One value or several.
    pub shape: Shape,
}

/// What an Observation holds.
#[derive(Debug)]
pub enum Shape {
    /// One value, with its UCUM code and its unit for people.
    Value(Numeric, &'static str, &'static str),
    /// Pressures, all in millimetres of mercury.
    Panel(&'static [Component]),
}

/// One value of a panel.
#[derive(Debug)]
pub struct Component {
    /// The number.
    pub numeric: Numeric,
    /// What it is, most general first.
    pub codes: &'static [Coding],
}

const fn loinc(code: &'static str, display: &'static str) -> Coding {
    Coding {
        system: "http://loinc.org",
        code,
        display,
    }
}

const fn mdc(code: &'static str, display: &'static str) -> Coding {
    Coding {
        system: "urn:iso:std:iso:11073:10101",
        code,
        display,
    }
}

const SYSTOLIC: Coding = loinc("8480-6", "Systolic blood pressure");
const DIASTOLIC: Coding = loinc("8462-4", "Diastolic blood pressure");
const MEAN: Coding = loinc("8478-0", "Mean blood pressure");
const PRESSURES: Coding = loinc("85354-9", "Blood pressure panel with all children optional");

/// Every vital sign, in the order they are served.
pub const VITALS: &[Vital] = &[
    Vital {
        id: "heart-rate",
        text: "Heart rate",
        profile: "http://hl7.org/fhir/StructureDefinition/heartrate",
        codes: &[
            loinc("8867-4", "Heart rate"),
            mdc("147842", "MDC_ECG_HEART_RATE"),
        ],
        shape: Shape::Value(Numeric::HeartRate, "/min", "beats/minute"),
    },
    Vital {
        id: "respiration-rate",
        text: "Respiratory rate",
        profile: "http://hl7.org/fhir/StructureDefinition/resprate",
        codes: &[
            loinc("9279-1", "Respiratory rate"),
            mdc("151562", "MDC_RESP_RATE"),
        ],
        shape: Shape::Value(Numeric::RespirationRate, "/min", "breaths/minute"),
    },
    Vital {
        id: "spo2",
        text: "Oxygen saturation by pulse oximetry",
        profile: "http://hl7.org/fhir/StructureDefinition/oxygensat",
        codes: &[
            loinc("2708-6", "Oxygen saturation in Arterial blood"),
            loinc(
                "59408-5",
                "Oxygen saturation in Arterial blood by Pulse oximetry",
            ),
            mdc("150456", "MDC_PULS_OXIM_SAT_O2"),
        ],
        shape: Shape::Value(Numeric::Spo2, "%", "%"),
    },
    // Not 8867-4: a client that searches for the heart rate must get one, the ECG's. Nor
    // 8889-8, by pulse oximetry: the display counts the arterial wave where there is one.
    // LOINC has no code for a pulse rate of either, IEEE 11073 has.
    Vital {
        id: "pulse-rate",
        text: "Pulse rate, of the arterial or plethysmographic wave",
        profile: "http://hl7.org/fhir/StructureDefinition/vitalsigns",
        codes: &[mdc("149514", "MDC_PULS_RATE")],
        shape: Shape::Value(Numeric::PulseRate, "/min", "beats/minute"),
    },
    Vital {
        id: "arterial-pressure",
        text: "Arterial blood pressure, invasive",
        profile: "http://hl7.org/fhir/StructureDefinition/bp",
        codes: &[PRESSURES, mdc("150036", "MDC_PRESS_BLD_ART_ABP")],
        shape: Shape::Panel(&[
            Component {
                numeric: Numeric::AbpSystolic,
                codes: &[
                    SYSTOLIC,
                    loinc("76215-3", "Invasive Systolic blood pressure"),
                    mdc("150037", "MDC_PRESS_BLD_ART_ABP_SYS"),
                ],
            },
            Component {
                numeric: Numeric::AbpDiastolic,
                codes: &[
                    DIASTOLIC,
                    loinc("76213-8", "Invasive Diastolic blood pressure"),
                    mdc("150038", "MDC_PRESS_BLD_ART_ABP_DIA"),
                ],
            },
            Component {
                numeric: Numeric::AbpMean,
                codes: &[
                    MEAN,
                    loinc("76214-6", "Invasive Mean blood pressure"),
                    mdc("150039", "MDC_PRESS_BLD_ART_ABP_MEAN"),
                ],
            },
        ]),
    },
    Vital {
        id: "noninvasive-pressure",
        text: "Blood pressure by cuff",
        profile: "http://hl7.org/fhir/StructureDefinition/bp",
        codes: &[PRESSURES, mdc("150020", "MDC_PRESS_BLD_NONINV")],
        shape: Shape::Panel(&[
            Component {
                numeric: Numeric::NibpSystolic,
                codes: &[SYSTOLIC, mdc("150021", "MDC_PRESS_BLD_NONINV_SYS")],
            },
            Component {
                numeric: Numeric::NibpDiastolic,
                codes: &[DIASTOLIC, mdc("150022", "MDC_PRESS_BLD_NONINV_DIA")],
            },
            Component {
                numeric: Numeric::NibpMean,
                codes: &[MEAN, mdc("150023", "MDC_PRESS_BLD_NONINV_MEAN")],
            },
        ]),
    },
    // Neither 85354-9 nor 8480-6 and its siblings: those are the systemic pressure, and a
    // client that found 30/15 under them would see a patient in shock.
    Vital {
        id: "pulmonary-artery-pressure",
        text: "Pulmonary artery pressure",
        profile: "http://hl7.org/fhir/StructureDefinition/vitalsigns",
        codes: &[
            loinc("76284-9", "Pulmonary artery Blood pressure"),
            mdc("150044", "MDC_PRESS_BLD_ART_PULM"),
        ],
        shape: Shape::Panel(&[
            Component {
                numeric: Numeric::PapSystolic,
                codes: &[
                    loinc("8440-0", "Pulmonary artery Systolic blood pressure"),
                    mdc("150045", "MDC_PRESS_BLD_ART_PULM_SYS"),
                ],
            },
            Component {
                numeric: Numeric::PapDiastolic,
                codes: &[
                    loinc("8385-7", "Pulmonary artery Diastolic blood pressure"),
                    mdc("150046", "MDC_PRESS_BLD_ART_PULM_DIA"),
                ],
            },
            Component {
                numeric: Numeric::PapMean,
                codes: &[
                    loinc("8414-5", "Pulmonary artery Mean blood pressure"),
                    mdc("150047", "MDC_PRESS_BLD_ART_PULM_MEAN"),
                ],
            },
        ]),
    },
];

/// The vital sign with this logical id.
pub fn find(id: &str) -> Option<&'static Vital> {
    VITALS.iter().find(|vital| vital.id == id)
}

impl Vital {
    /// Whether a search for `code` (in `system`, where one is named) finds it.
    pub fn matches(&self, system: Option<&str>, code: &str) -> bool {
        let components: &[Component] = match &self.shape {
            Shape::Value(..) => &[],
            Shape::Panel(components) => components,
        };
        (self.codes.iter())
            .chain(components.iter().flat_map(|component| component.codes))
            .any(|coding| coding.code == code && system.is_none_or(|s| s == coding.system))
    }
}
