//! The header of a record (header(5) of the WFDB manual): text to model, checked.

use super::{Format, WfdbError};
use std::path::{Path, PathBuf};

/// A header's lines, each still knowing its number.
#[derive(Clone, Debug, PartialEq)]
pub struct Header {
    /// The header file.
    pub file: PathBuf,
    /// Name of the record.
    pub name: String,
    /// Frames per second.
    pub frequency: f64,
    /// Frames of the record; none when the header does not say.
    pub frames: Option<usize>,
    /// Time of day of the first frame as written, `H:M:S[.fff]`.
    pub base_time: Option<String>,
    /// Date of the first frame as written, `D/M/Y`.
    pub base_date: Option<String>,
    /// What the lines below the first one describe.
    pub body: Body,
}

/// A record is signals, or segments that are records themselves.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Signals of a single-segment record.
    Signals(Vec<SignalLine>),
    /// Segments of a multi-segment record, and how many signals each has.
    Segments(usize, Vec<SegmentLine>),
}

/// One signal's line.
#[derive(Clone, Debug, PartialEq)]
pub struct SignalLine {
    /// Line of the header, from 1.
    pub line: usize,
    /// Signal file, beside the header.
    pub file: String,
    /// Storage format.
    pub format: Format,
    /// Samples per frame.
    pub per_frame: usize,
    /// Frames by which the stored signal runs behind the others.
    pub skew: usize,
    /// Offset in bytes of the first sample.
    pub offset: usize,
    /// Stored units per physical unit.
    pub gain: f64,
    /// Whether the header gives a gain: without one there is no physical value.
    pub calibrated: bool,
    /// Stored value of physical zero.
    pub baseline: f64,
    /// Physical unit; the format's default is mV.
    pub unit: String,
    /// Resolution of the converter in bits.
    pub resolution: u32,
    /// Middle of the converter's range.
    pub zero: i32,
    /// Stored value of the first sample, where given.
    pub initial: Option<i32>,
    /// Sum of all stored samples modulo 2^16, where given.
    pub checksum: Option<i16>,
    /// What the signal is, such as `ABP`.
    pub description: String,
}

/// One segment's line.
#[derive(Clone, Debug, PartialEq)]
pub struct SegmentLine {
    /// Line of the header, from 1.
    pub line: usize,
    /// Record name of the segment, or `~` for a gap.
    pub name: String,
    /// Frames of the segment.
    pub frames: usize,
}

/// More than a bedside monitor has, and few enough to bound memory.
const SIGNALS_MAX: usize = 64;
/// A week of hourly segments and more.
const SEGMENTS_MAX: usize = 4096;

impl Header {
    /// Parses a header; `file` names it in errors.
    pub fn parse(text: &str, file: &Path) -> Result<Self, WfdbError> {
        let mut lines = text
            .lines()
            .enumerate()
            .map(|(index, line)| (index + 1, line.trim()))
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let Some((number, first)) = lines.next() else {
            return Err(WfdbError::header(file, 1, "the header has no record line"));
        };
        let record = RecordLine::parse(first, number, file)?;
        let body = match record.segments {
            None => {
                let mut signals = Vec::new();
                for (number, line) in lines.by_ref().take(record.signals) {
                    signals.push(signal_line(line, number, file)?);
                }
                expect_count(signals.len(), record.signals, "signal", number, file)?;
                Body::Signals(signals)
            }
            Some(count) => {
                let mut segments = Vec::new();
                for (number, line) in lines.by_ref().take(count) {
                    segments.push(segment_line(line, number, file)?);
                }
                expect_count(segments.len(), count, "segment", number, file)?;
                Body::Segments(record.signals, segments)
            }
        };
        if let Some((number, _)) = lines.next() {
            let what = "a line too many: the record line announces fewer";
            return Err(WfdbError::header(file, number, what));
        }
        Ok(Self {
            file: file.into(),
            name: record.name,
            frequency: record.frequency,
            frames: record.frames,
            base_time: record.base_time,
            base_date: record.base_date,
            body,
        })
    }
}

struct RecordLine {
    name: String,
    segments: Option<usize>,
    signals: usize,
    frequency: f64,
    frames: Option<usize>,
    base_time: Option<String>,
    base_date: Option<String>,
}

impl RecordLine {
    fn parse(line: &str, number: usize, file: &Path) -> Result<Self, WfdbError> {
        let wrong = |what: String| WfdbError::header(file, number, what);
        let mut words = line.split_whitespace();
        let name = words.next().unwrap_or_default();
        let (name, segments) = match name.split_once('/') {
            None => (name, None),
            Some((name, count)) => {
                let count = parse_count(count, 1, SEGMENTS_MAX).ok_or_else(|| {
                    wrong(format!(
                        "'{count}' is not a number of segments from 1 to {SEGMENTS_MAX}"
                    ))
                })?;
                (name, Some(count))
            }
        };
        if !is_file_name(name) {
            return Err(wrong(format!("'{name}' is not a record's name")));
        }
        let word = words
            .next()
            .ok_or_else(|| wrong("the number of signals is missing".into()))?;
        let signals = parse_count(word, 1, SIGNALS_MAX).ok_or_else(|| {
            wrong(format!(
                "'{word}' is not a number of signals from 1 to {SIGNALS_MAX}"
            ))
        })?;
        // FREQUENCY[/COUNTER[(BASE)]]; the counter only names ticks of a tape.
        let word = words.next().unwrap_or("250");
        let frequency = word
            .split('/')
            .next()
            .and_then(|text| text.parse::<f64>().ok())
            .filter(|value| value.is_finite() && *value > 0.0 && *value <= 10_000.0)
            .ok_or_else(|| wrong(format!("'{word}' is not a sampling frequency in Hz")))?;
        let frames =
            match words.next() {
                None => None,
                Some(word) => Some(parse_count(word, 0, usize::MAX).ok_or_else(|| {
                    wrong(format!("'{word}' is not a number of samples per signal"))
                })?),
            };
        Ok(Self {
            name: name.into(),
            segments,
            signals,
            frequency,
            frames: frames.filter(|&count| count > 0),
            base_time: words.next().map(Into::into),
            base_date: words.next().map(Into::into),
        })
    }
}

fn signal_line(line: &str, number: usize, file: &Path) -> Result<SignalLine, WfdbError> {
    let wrong = |what: String| WfdbError::header(file, number, what);
    let mut rest = line;
    let mut word = || {
        let trimmed = rest.trim_start();
        let end = trimmed.find(char::is_whitespace).unwrap_or(trimmed.len());
        let (word, after) = trimmed.split_at(end);
        rest = after;
        (!word.is_empty()).then_some(word)
    };
    let name = word().unwrap_or_default();
    if !is_file_name(name) {
        return Err(wrong(format!("'{name}' is not a file beside the header")));
    }
    let text = word().ok_or_else(|| wrong("the storage format is missing".into()))?;
    let storage = Storage::parse(text)
        .ok_or_else(|| wrong(format!("'{text}' is not a format such as 212x4:2+16")))?;
    let format = Format::from_number(storage.format).ok_or_else(|| {
        let what = format!("storage format {}; 16 and 212 are", storage.format);
        WfdbError::unsupported(file, number, what)
    })?;
    if !(1..=1024).contains(&storage.per_frame) || storage.skew > 1_000_000 {
        return Err(wrong(format!("'{text}' is out of bounds")));
    }
    let gain = match word() {
        None => Gain::default(),
        Some(text) => Gain::parse(text).ok_or_else(|| {
            wrong(format!(
                "'{text}' is not a gain such as 2000, 200/mV or 20(-1600)/mmHg"
            ))
        })?,
    };
    let mut integer = |what: &str| match word() {
        None => Ok(None),
        Some(text) => text
            .parse::<i32>()
            .map(Some)
            .map_err(|_| wrong(format!("'{text}' is not {what}, a whole number"))),
    };
    let resolution = integer("the converter's resolution")?;
    let zero = integer("the converter's zero")?.unwrap_or(0);
    let initial = integer("the initial value")?;
    let checksum = integer("the checksum")?;
    integer("the block size")?;
    let resolution = match resolution {
        None | Some(0) => format.default_resolution(),
        Some(bits @ 1..=32) => bits as u32,
        Some(bits) => return Err(wrong(format!("{bits} is not a resolution in bits"))),
    };
    Ok(SignalLine {
        line: number,
        file: name.into(),
        format,
        per_frame: storage.per_frame,
        skew: storage.skew,
        offset: storage.offset,
        gain: gain.gain,
        calibrated: gain.calibrated,
        baseline: gain.baseline.unwrap_or(f64::from(zero)),
        unit: gain.unit,
        resolution,
        zero,
        initial,
        // A checksum may be written signed or unsigned: it is a sum modulo 2^16.
        checksum: checksum.map(|sum| sum as i16),
        description: rest.trim().into(),
    })
}

fn segment_line(line: &str, number: usize, file: &Path) -> Result<SegmentLine, WfdbError> {
    let wrong = |what: String| WfdbError::header(file, number, what);
    let mut words = line.split_whitespace();
    let (Some(name), Some(frames)) = (words.next(), words.next()) else {
        return Err(wrong(
            "a segment is a record's name and its number of samples".into(),
        ));
    };
    if name != "~" && !is_file_name(name) {
        return Err(wrong(format!("'{name}' is not a record's name")));
    }
    let frames = parse_count(frames, 0, usize::MAX)
        .ok_or_else(|| wrong(format!("'{frames}' is not a number of samples")))?;
    if frames == 0 {
        let what = "a multi-segment record of variable layout; fixed layout is";
        return Err(WfdbError::unsupported(file, number, what));
    }
    Ok(SegmentLine {
        line: number,
        name: name.into(),
        frames,
    })
}

/// `FORMAT[xSAMPLES][:SKEW][+OFFSET]`.
struct Storage {
    format: u32,
    per_frame: usize,
    skew: usize,
    offset: usize,
}

impl Storage {
    fn parse(text: &str) -> Option<Self> {
        let (text, offset) = split_number(text, '+', 0)?;
        let (text, skew) = split_number(text, ':', 0)?;
        let (text, per_frame) = split_number(text, 'x', 1)?;
        Some(Self {
            format: text.parse().ok()?,
            per_frame,
            skew,
            offset,
        })
    }
}

/// Splits off `MARK NUMBER` at the end, or gives the default.
fn split_number(text: &str, mark: char, default: usize) -> Option<(&str, usize)> {
    match text.split_once(mark) {
        None => Some((text, default)),
        Some((text, number)) => Some((text, number.parse().ok()?)),
    }
}

/// `GAIN[(BASELINE)][/UNIT]`.
struct Gain {
    gain: f64,
    calibrated: bool,
    baseline: Option<f64>,
    unit: String,
}

impl Default for Gain {
    /// What the manual prescribes where a header is silent.
    fn default() -> Self {
        Self {
            gain: 200.0,
            calibrated: false,
            baseline: None,
            unit: "mV".into(),
        }
    }
}

impl Gain {
    fn parse(text: &str) -> Option<Self> {
        let (text, unit) = text.split_once('/').unwrap_or((text, "mV"));
        let (text, baseline) = match text.split_once('(') {
            None => (text, None),
            Some((text, inner)) => (
                text,
                Some(f64::from(inner.strip_suffix(')')?.parse::<i32>().ok()?)),
            ),
        };
        // Beyond these a sample is no finite number, or none that differs from another's.
        let plausible = |gain: &f64| *gain == 0.0 || (1e-9..=1e12).contains(&gain.abs());
        let gain: f64 = text.parse().ok().filter(plausible)?;
        // 0 means 'not calibrated', for which the manual prescribes the default.
        let calibrated = gain != 0.0;
        let gain = if calibrated { gain } else { 200.0 };
        Some(Self {
            gain,
            calibrated,
            baseline,
            unit: unit.into(),
        })
    }
}

fn expect_count(
    found: usize,
    announced: usize,
    noun: &str,
    line: usize,
    file: &Path,
) -> Result<(), WfdbError> {
    if found == announced {
        return Ok(());
    }
    let what = format!("{announced} {noun} lines are announced, {found} follow");
    Err(WfdbError::header(file, line, what))
}

fn parse_count(text: &str, min: usize, max: usize) -> Option<usize> {
    text.parse()
        .ok()
        .filter(|count| (min..=max).contains(count))
}

/// A plain name: a record never leads out of its own directory.
fn is_file_name(name: &str) -> bool {
    !name.is_empty()
        && name != "."
        && name != ".."
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

#[cfg(test)]
#[path = "header_tests.rs"]
mod tests;
