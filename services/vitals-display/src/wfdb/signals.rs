//! The signal files of one segment: split into signals, verified against the header.

use super::WfdbError;
use super::header::{Header, SignalLine};
use super::record::{MISSING, Signal, empty_signal, read_bounded};
use std::path::Path;

/// Reads the signals of a single-segment header; gives the frames and the signals.
/// What is read is taken from `budget`, in bytes.
pub(super) fn read(
    header: &Header,
    lines: &[SignalLine],
    directory: &Path,
    budget: &mut u64,
) -> Result<(usize, Vec<Signal>), WfdbError> {
    let mut frames = header.frames;
    let mut signals = Vec::new();
    // Signals of one file stand together and are interleaved frame by frame.
    for group in lines.chunk_by(|a, b| a.file == b.file) {
        let first = &group[0];
        if let Some(other) = group
            .iter()
            .find(|line| (line.format, line.offset) != (first.format, first.offset))
        {
            let what = format!("signals of {} differ in format or offset", first.file);
            return Err(WfdbError::header(&header.file, other.line, what));
        }
        let file = directory.join(&first.file);
        let bytes = read_bounded(&file, *budget)?;
        *budget -= bytes.len() as u64;
        let corrupt = |line: usize, what: String| WfdbError::Corrupt {
            file: file.clone(),
            header: header.file.clone(),
            line,
            what,
        };
        let stored = bytes.get(first.offset..).ok_or_else(|| {
            let what = format!(
                "{} bytes, less than the offset {}",
                bytes.len(),
                first.offset
            );
            corrupt(first.line, what)
        })?;
        let width: usize = group.iter().map(|line| line.per_frame).sum();
        let here = *frames.get_or_insert(match first.format {
            super::Format::F16 => stored.len() / 2 / width,
            super::Format::F212 => stored.len() * 2 / 3 / width,
        });
        let needed = here
            .checked_mul(width)
            .map(|samples| first.format.bytes(samples));
        let Some(needed) = needed.filter(|&needed| needed <= stored.len()) else {
            let what = format!(
                "truncated: {} bytes where {here} frames of {width} samples are announced",
                stored.len()
            );
            return Err(corrupt(first.line, what));
        };
        let samples = first.format.decode(&stored[..needed], here * width);
        let mut column = 0;
        for line in group {
            let signal = pick(line, &samples, here, width, column);
            verify(line, &signal).map_err(|what| corrupt(line.line, what))?;
            signals.push(finish(line, signal));
            column += line.per_frame;
        }
    }
    Ok((frames.unwrap_or(0), signals))
}

/// One signal's samples as stored.
fn pick(
    line: &SignalLine,
    samples: &[i16],
    frames: usize,
    width: usize,
    column: usize,
) -> Vec<i16> {
    let mut picked = Vec::with_capacity(frames * line.per_frame);
    for frame in samples.chunks_exact(width) {
        picked.extend_from_slice(&frame[column..column + line.per_frame]);
    }
    picked
}

/// Holds the stored samples against the first value and the checksum of the header.
fn verify(line: &SignalLine, stored: &[i16]) -> Result<(), String> {
    let name = &line.description;
    if let (Some(expected), Some(&found)) = (line.initial, stored.first())
        && i32::from(found) != expected
    {
        return Err(format!(
            "corrupt: {name} begins with {found}, not {expected}"
        ));
    }
    let sum = stored
        .iter()
        .fold(0i16, |sum, &sample| sum.wrapping_add(sample));
    match line.checksum {
        Some(expected) if expected != sum => Err(format!(
            "corrupt: {name} has checksum {sum}, not {expected}"
        )),
        _ => Ok(()),
    }
}

/// Marks missing samples and moves a skewed signal back to its own time.
fn finish(line: &SignalLine, mut samples: Vec<i16>) -> Signal {
    let invalid = line.format.invalid();
    for sample in &mut samples {
        if *sample == invalid {
            *sample = MISSING;
        }
    }
    let skew = (line.skew * line.per_frame).min(samples.len());
    samples.drain(..skew);
    samples.resize(samples.len() + skew, MISSING);
    Signal {
        samples,
        ..empty_signal(line)
    }
}
