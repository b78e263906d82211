//! A whole record, its segments joined.

use super::header::{Body, Header, SegmentLine, SignalLine};
use super::{WfdbError, signals};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// The sample that is not there.
pub const MISSING: i16 = i16::MIN;

/// Bytes of signal files read at most: eight hours of a waveform record. The record
/// is held in memory so that no read can fail while it is on the screen.
const BYTES_MAX: u64 = 32 << 20;
/// Bytes of one header read at most.
const HEADER_MAX: u64 = 1 << 20;

/// A record in memory, verified.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Name without directory.
    pub name: String,
    /// Frames per second.
    pub frequency: f64,
    /// Number of frames.
    pub frames: usize,
    /// Seconds after midnight of the first frame, where the header says.
    pub base_seconds: Option<f64>,
    /// The signals.
    pub signals: Vec<Signal>,
}

/// One signal of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// What it is, such as `ABP`.
    pub description: String,
    /// Physical unit as written.
    pub unit: String,
    /// Stored units per physical unit.
    pub gain: f64,
    /// Whether the header gives a gain.
    pub calibrated: bool,
    /// Stored value of physical zero.
    pub baseline: f64,
    /// Resolution of the converter in bits.
    pub resolution: u32,
    /// Middle of the converter's range.
    pub zero: i32,
    /// Samples per frame.
    pub per_frame: usize,
    /// Stored values, `frames * per_frame` of them; [`MISSING`] where there is none.
    pub samples: Vec<i16>,
}

impl Signal {
    /// The physical value of a sample; none where it is missing or out of range.
    pub fn physical(&self, index: usize) -> Option<f64> {
        let stored = *self.samples.get(index)?;
        (stored != MISSING).then(|| (f64::from(stored) - self.baseline) / self.gain)
    }

    fn of_line(line: &SignalLine) -> Self {
        Self {
            description: line.description.clone(),
            unit: line.unit.clone(),
            gain: line.gain,
            calibrated: line.calibrated,
            baseline: line.baseline,
            resolution: line.resolution,
            zero: line.zero,
            per_frame: line.per_frame,
            samples: Vec::new(),
        }
    }

    /// Whether two segments' signals can be joined without converting.
    fn continues(&self, line: &SignalLine) -> bool {
        Self {
            samples: Vec::new(),
            ..self.clone()
        } == Self::of_line(line)
    }
}

impl Record {
    /// Reads and verifies the record `path`, given without `.hea` (or with it).
    pub fn open(path: &Path) -> Result<Self, WfdbError> {
        let path = match path.extension() {
            Some(extension) if extension == "hea" => path.with_extension(""),
            _ => path.to_path_buf(),
        };
        let header = read_header(&path)?;
        let directory = path.parent().unwrap_or(Path::new("")).to_path_buf();
        let mut budget = BYTES_MAX;
        let (frames, signals) = match &header.body {
            Body::Signals(lines) => signals::read(&header, lines, &directory, &mut budget)?,
            Body::Segments(count, segments) => {
                join(&header, *count, segments, &directory, &mut budget)?
            }
        };
        if let Some(announced) = header.frames.filter(|&announced| announced != frames) {
            let what = format!("{announced} samples per signal are announced, there are {frames}");
            return Err(WfdbError::header(&header.file, 1, what));
        }
        if frames == 0 {
            return Err(WfdbError::header(
                &header.file,
                1,
                "the record has no samples",
            ));
        }
        let base_seconds = header.base_time.as_deref().and_then(seconds_of_day);
        Ok(Self {
            name: header.name,
            frequency: header.frequency,
            frames,
            base_seconds,
            signals,
        })
    }
}

fn read_header(path: &Path) -> Result<Header, WfdbError> {
    // with_extension would cut a name that contains a dot.
    let mut name = path.as_os_str().to_owned();
    name.push(".hea");
    let file = PathBuf::from(name);
    let bytes = read_bounded(&file, HEADER_MAX)?;
    let text = std::str::from_utf8(&bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()]
            .iter()
            .filter(|&&byte| byte == b'\n')
            .count()
            + 1;
        WfdbError::header(&file, line, "not UTF-8 text")
    })?;
    Header::parse(text, &file)
}

/// Reads a file of at most `max` bytes.
pub(super) fn read_bounded(file: &Path, max: u64) -> Result<Vec<u8>, WfdbError> {
    let unreadable = |error| WfdbError::Unreadable {
        file: file.into(),
        error,
    };
    let opened = fs::File::open(file).map_err(unreadable)?;
    let mut bytes = Vec::new();
    opened
        .take(max + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() as u64 > max {
        let what = format!("larger than the {max} bytes that are left of what is read at most");
        return Err(unreadable(std::io::Error::new(
            std::io::ErrorKind::FileTooLarge,
            what,
        )));
    }
    Ok(bytes)
}

fn join(
    header: &Header,
    count: usize,
    segments: &[SegmentLine],
    directory: &Path,
    budget: &mut u64,
) -> Result<(usize, Vec<Signal>), WfdbError> {
    let mut joined: Vec<Signal> = Vec::new();
    let mut frames = 0usize;
    for segment in segments {
        let wrong = |what: String| WfdbError::header(&header.file, segment.line, what);
        frames = frames
            .checked_add(segment.frames)
            .filter(|&frames| frames <= BYTES_MAX as usize)
            .ok_or_else(|| wrong("too many samples".into()))?;
        // A gap takes no bytes of a file, but its samples take memory all the same.
        let width: usize = joined.iter().map(|signal| signal.per_frame).sum();
        if frames.saturating_mul(width) > BYTES_MAX as usize {
            return Err(wrong("too many samples".into()));
        }
        if segment.name == "~" {
            // A gap before the first segment cannot know the signals it is a gap in.
            if joined.is_empty() {
                return Err(wrong("a gap cannot be the first segment".into()));
            }
            for signal in &mut joined {
                signal.samples.resize(frames * signal.per_frame, MISSING);
            }
            continue;
        }
        let inner = read_header(&directory.join(&segment.name))?;
        let Body::Signals(lines) = &inner.body else {
            return Err(wrong(format!(
                "segment {} has segments itself",
                segment.name
            )));
        };
        if inner.frequency != header.frequency {
            return Err(wrong(format!(
                "segment {} is sampled at {} Hz, the record at {} Hz",
                segment.name, inner.frequency, header.frequency
            )));
        }
        if lines.len() != count {
            let what = format!(
                "segment {} has {} signals, not {count}",
                segment.name,
                lines.len()
            );
            return Err(wrong(what));
        }
        if joined.is_empty() {
            joined = lines.iter().map(Signal::of_line).collect();
        }
        if let Some((_, line)) = joined
            .iter()
            .zip(lines)
            .find(|(signal, line)| !signal.continues(line))
        {
            let what = "this signal is not that of the segments before (variable layout)";
            return Err(WfdbError::unsupported(&inner.file, line.line, what));
        }
        let (found, signals) = signals::read(&inner, lines, directory, budget)?;
        if found != segment.frames {
            return Err(wrong(format!(
                "segment {} has {found} samples per signal, not {}",
                segment.name, segment.frames
            )));
        }
        for (signal, more) in joined.iter_mut().zip(signals) {
            signal.samples.extend_from_slice(&more.samples);
        }
    }
    Ok((frames, joined))
}

/// `[H:]M:S[.fff]` in seconds.
fn seconds_of_day(text: &str) -> Option<f64> {
    let mut seconds = 0.0;
    for part in text.split(':') {
        let value: f64 = part.parse().ok()?;
        seconds = seconds * 60.0 + value;
    }
    (0.0..86_400.0).contains(&seconds).then_some(seconds)
}

/// For `signals`: an empty signal of a line.
pub(super) fn empty_signal(line: &SignalLine) -> Signal {
    Signal::of_line(line)
}
