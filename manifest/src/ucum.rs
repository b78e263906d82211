//! Units by their UCUM codes (<https://ucum.org/ucum>, the units FHIR speaks).
//!
//! The grammar is UCUM's; the atoms are those a medical device measures in. A unit
//! that is missing here is a line in [`ATOMS`].

use crate::scalar::{Wrong, short};

/// Atoms, and whether they take a metric prefix.
const ATOMS: &[(&str, bool)] = &[
    ("1", false),
    ("%", false),
    ("[ppth]", false),
    ("[ppm]", false),
    ("[pH]", false),
    ("s", true),
    ("min", false),
    ("h", false),
    ("d", false),
    ("wk", false),
    ("mo", false),
    ("a", false),
    ("m", true),
    ("g", true),
    ("L", true),
    ("l", true),
    ("mol", true),
    ("eq", true),
    ("osm", true),
    ("K", true),
    ("Cel", true),
    ("[degF]", false),
    ("rad", true),
    ("deg", false),
    ("sr", true),
    ("Pa", true),
    ("bar", true),
    ("m[Hg]", true),
    ("m[H2O]", true),
    ("[psi]", false),
    ("atm", false),
    ("V", true),
    ("A", true),
    ("Ohm", true),
    ("F", true),
    ("C", true),
    ("S", true),
    ("T", true),
    ("H", true),
    ("W", true),
    ("J", true),
    ("N", true),
    ("Hz", true),
    ("Bq", true),
    ("Gy", true),
    ("Sv", true),
    ("cd", true),
    ("lm", true),
    ("lx", true),
    ("cal", true),
    ("[Cal]", false),
    ("eV", true),
    ("u", true),
    ("U", true),
    ("[iU]", true),
    ("[IU]", true),
    ("kat", true),
    ("dyn", true),
    ("B", true),
    ("By", true),
    ("bit", true),
    ("[drp]", false),
    ("[lb_av]", false),
    ("[in_i]", false),
    ("[ft_i]", false),
];

const PREFIXES: &[&str] = &[
    "da", "Y", "Z", "E", "P", "T", "G", "M", "k", "h", "d", "c", "m", "u", "n", "p", "f", "a", "z",
    "y",
];

/// What people write, and UCUM's code for it.
const MEANT: &[(&str, &str)] = &[
    ("mmHg", "mm[Hg]"),
    ("mmhg", "mm[Hg]"),
    ("cmH2O", "cm[H2O]"),
    ("cmh2o", "cm[H2O]"),
    ("bpm", "/min"),
    ("BPM", "/min"),
    ("breaths/min", "/min"),
    ("beats/min", "/min"),
    ("°C", "Cel"),
    ("degC", "Cel"),
    ("celsius", "Cel"),
    ("°F", "[degF]"),
    ("percent", "%"),
    ("µV", "uV"),
    ("μV", "uV"),
    ("microvolt", "uV"),
    ("sec", "s"),
    ("seconds", "s"),
    ("hour", "h"),
    ("ohm", "Ohm"),
    ("Ω", "Ohm"),
    ("mcg", "ug"),
    ("IU", "[iU]"),
    ("iu", "[iU]"),
    ("psi", "[psi]"),
    ("ppm", "[ppm]"),
    ("hz", "Hz"),
    ("byte", "By"),
    ("bytes", "By"),
];

/// The code, if it is one.
pub(crate) fn code(text: &str) -> Result<String, Wrong> {
    let help = match MEANT.iter().find(|(written, _)| *written == text) {
        Some((_, code)) => format!("the UCUM code is `{}`", quoted(code)),
        None if !text.is_empty() && text.len() <= 32 && term(text) => return Ok(text.to_owned()),
        None => "for example `/min`, `\"%\"`, `mm[Hg]`, `uV`, `Cel`, `mL/h`, `1` for a bare number"
            .to_owned(),
    };
    Err(Wrong {
        code: "unit",
        message: format!("`{}` is no UCUM code of a unit", short(text)),
        help,
    })
}

fn quoted(code: &str) -> String {
    if code.starts_with(['%', '[']) {
        format!("\"{code}\"")
    } else {
        code.to_owned()
    }
}

/// Components joined by `.` and `/`; a leading `/` divides 1.
fn term(text: &str) -> bool {
    text.strip_prefix('/')
        .unwrap_or(text)
        .split(['.', '/'])
        .all(component)
}

fn component(text: &str) -> bool {
    let (text, annotated) = match text.split_once('{') {
        Some((before, note)) => match note.strip_suffix('}') {
            Some(note)
                if note
                    .bytes()
                    .all(|b| b.is_ascii_graphic() && b != b'{' && b != b'}') =>
            {
                (before, true)
            }
            _ => return false,
        },
        None => (text, false),
    };
    if text.is_empty() {
        return annotated;
    }
    if text == "10*" || text == "1" {
        return true;
    }
    let stem = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let exponent = &text[stem.len()..];
    let stem = if exponent.is_empty() {
        stem
    } else {
        stem.strip_suffix(['-', '+']).unwrap_or(stem)
    };
    if exponent.len() > 2 {
        return false;
    }
    stem == "10*" || atom(stem)
}

fn atom(text: &str) -> bool {
    ATOMS.iter().any(|(name, _)| *name == text)
        || PREFIXES.iter().any(|prefix| {
            text.strip_prefix(prefix)
                .is_some_and(|rest| ATOMS.iter().any(|(name, metric)| *metric && *name == rest))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_the_field_pass() {
        for good in [
            "/min",
            "%",
            "mm[Hg]",
            "cm[H2O]",
            "uV",
            "mV",
            "Cel",
            "1",
            "mL/h",
            "L/min",
            "mmol/L",
            "ms",
            "kPa",
            "m/s2",
            "10*3/uL",
            "ug/kg/min",
            "{beats}/min",
            "mL",
            "[degF]",
            "Hz",
            "kg/m2",
        ] {
            assert_eq!(code(good).as_deref(), Ok(good));
        }
    }

    #[test]
    fn what_people_write_is_answered_with_the_code() {
        assert!(code("mmHg").is_err_and(|wrong| wrong.help.contains("mm[Hg]")));
        for bad in [
            "", "bpm", "°C", "xyz", "m m", "/", "//", "mm[hg]", "{", "s999", "%%",
        ] {
            assert!(code(bad).is_err(), "{bad}");
        }
    }
}
