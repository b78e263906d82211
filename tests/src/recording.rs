//! Recordings as the tests read them: a second, independent reader of WFDB, so
//! that what the display showed is compared with the record and not with itself.
//!
//! It reads one segment in format 16 or 212 with one frequency per signal
//! (header(5), signal(5) of the WFDB Applications Guide).

use std::fs;
use std::io;
use std::path::Path;

/// A signal in physical units; none where the record has no valid sample.
#[derive(Clone, Debug)]
pub struct Signal {
    /// Its description.
    pub name: String,
    /// Unit as the header writes it.
    pub unit: String,
    /// Samples per frame.
    pub per_frame: usize,
    /// Samples in physical units.
    pub samples: Vec<Option<f64>>,
}

struct Form {
    file: String,
    format: u16,
    per_frame: usize,
    gain: f64,
    baseline: f64,
    /// 16-bit sum of the raw samples.
    checksum: i16,
}

/// Reads the signals of a header file.
///
/// # Errors
/// When it or its signal file cannot be read, is of another kind, or a signal's
/// samples do not give the checksum of the header.
pub fn read(header: &Path) -> io::Result<Vec<Signal>> {
    let text = fs::read_to_string(header)?;
    let mut lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    lines.next();
    let mut signals = Vec::new();
    let mut forms = Vec::new();
    for line in lines {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (form, unit) =
            form(&words).ok_or_else(|| io::Error::other(format!("not a signal line: {line}")))?;
        let name = words
            .get(8..)
            .map(|words| words.join(" "))
            .unwrap_or_default();
        signals.push(Signal {
            name,
            unit,
            per_frame: form.per_frame,
            samples: Vec::new(),
        });
        forms.push(form);
    }
    let first = forms.first().ok_or_else(|| io::Error::other("no signal"))?;
    let bytes = fs::read(header.with_file_name(&first.file))?;
    let (raw, invalid): (Vec<i16>, i16) = match first.format {
        16 => (
            bytes
                .chunks_exact(2)
                .map(|b| i16::from_le_bytes([b[0], b[1]]))
                .collect(),
            i16::MIN,
        ),
        212 => (bytes.chunks_exact(3).flat_map(pair).collect(), -2048),
        other => return Err(io::Error::other(format!("format {other}"))),
    };
    let frame: usize = forms.iter().map(|form| form.per_frame).sum();
    let mut sums = vec![0i16; forms.len()];
    for values in raw.chunks_exact(frame) {
        let mut at = 0;
        for ((form, signal), sum) in forms.iter().zip(&mut signals).zip(&mut sums) {
            for value in &values[at..at + form.per_frame] {
                *sum = sum.wrapping_add(*value);
                let physical = (f64::from(*value) - form.baseline) / form.gain;
                signal.samples.push((*value != invalid).then_some(physical));
            }
            at += form.per_frame;
        }
    }
    match forms
        .iter()
        .zip(&sums)
        .position(|(form, sum)| form.checksum != *sum)
    {
        Some(wrong) => Err(io::Error::other(format!(
            "checksum of signal {wrong} differs"
        ))),
        None => Ok(signals),
    }
}

/// Two 12-bit samples in three bytes.
fn pair(bytes: &[u8]) -> [i16; 2] {
    let signed = |value: u16| (value << 4).cast_signed() >> 4;
    let middle = u16::from(bytes[1]);
    [
        signed(u16::from(bytes[0]) | (middle & 0x0f) << 8),
        signed(u16::from(bytes[2]) | (middle & 0xf0) << 4),
    ]
}

/// `FILE FORMAT[xSAMPLES] GAIN[(BASELINE)][/UNIT] BITS ZERO ...`
fn form(words: &[&str]) -> Option<(Form, String)> {
    let (format, per_frame) = words
        .get(1)?
        .split_once('x')
        .unwrap_or((words.get(1)?, "1"));
    let (gain, unit) = words
        .get(2)?
        .split_once('/')
        .unwrap_or((words.get(2)?, "mV"));
    let zero: f64 = words
        .get(4)
        .and_then(|word| word.parse().ok())
        .unwrap_or(0.0);
    let (gain, baseline) = match gain.split_once('(') {
        Some((gain, baseline)) => (gain, baseline.trim_end_matches(')').parse().ok()?),
        None => (gain, zero),
    };
    let gain: f64 = gain.parse().ok()?;
    let form = Form {
        file: (*words.first()?).to_owned(),
        format: format.split([':', '+']).next()?.parse().ok()?,
        per_frame: per_frame.split([':', '+']).next()?.parse().ok()?,
        gain: if gain == 0.0 { 200.0 } else { gain },
        baseline,
        checksum: words.get(6)?.parse().ok()?,
    };
    Some((form, unit.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::needs::{Need, met};

    #[test]
    fn both_formats_agree_with_the_headers_checksums() {
        if !met(&[Need::Recordings]) {
            return;
        }
        let vitals = crate::workspace::data().join("vitals");
        let numerics = read(&vitals.join("mimic2_s25047/s25047-2704-05-04-10-44n.hea")).unwrap();
        assert_eq!(numerics[0].name, "HR");
        assert_eq!(numerics[0].samples.len(), 72);
        assert_eq!(numerics[0].samples[0], Some(101.3));
        let waves = read(&vitals.join("mimicdb_041/041s01.hea")).unwrap();
        assert_eq!(waves[0].samples.len(), 4000);
        assert_eq!(waves[3].samples.len(), 1000);
    }
}
