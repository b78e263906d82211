//! The command line.

use crate::screen::Geometry;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

/// How the program is called.
pub const USAGE: &str = "\
vitals-display --geometry WIDTHxHEIGHT [--stride BYTES] [--record PATH/NAME] [--speed N]
               [--loop] [--font FILE]... [--lock-memory] [--screen FILE]
               [--shown FILE]
vitals-display --snapshot RAW --geometry WIDTHxHEIGHT [--stride BYTES] OUT.png

  --geometry WxH   size of the screen, 480x320 to 3840x2160
  --stride BYTES   bytes of one row of the screen, at least 4 times the width
  --record NAME    WFDB record to replay, without .hea; without it the simulator (DEMO)
  --speed N        1 to 3600 times faster than life; said on the screen and on the wire
  --loop           begin again at the end of the record
  --font FILE      regular face, then bold face; B612 where none is given
  --lock-memory    keep everything in memory (realtime with lock-memory in the manifest)
  --screen FILE    write frames to FILE instead of the inherited descriptor `screen`
  --shown FILE     append what is shown to FILE instead of the descriptor `shown`
  --snapshot RAW   turn a raw frame into a PNG and end

Once it shows vital signs nothing ends it but a signal. Exit codes before that:
   2  command line not understood
   3  record unreadable
   4  header of the record malformed
   5  record of a kind not supported, or without a signal this monitor shows
   6  record truncated or corrupt
   7  no descriptor named `screen`, or a file that cannot be opened
   8  the picture could not be made
  70  this build is inconsistent";

/// Fonts where none is given: B612, made for the displays of cockpits, where Debian and
/// other distributions put it. The first directory that has it counts.
const FONTS: [[&str; 2]; 2] = [
    [
        "/usr/share/fonts/opentype/b612/B612-Regular.otf",
        "/usr/share/fonts/opentype/b612/B612-Bold.otf",
    ],
    [
        "/usr/share/fonts/truetype/b612/B612-Regular.ttf",
        "/usr/share/fonts/truetype/b612/B612-Bold.ttf",
    ],
];

/// Fastest replay; the range of `speed` on the vitals channel.
const SPEED_MAX: u16 = 3600;

/// What to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Show vital signs.
    Show(Options),
    /// Turn a raw frame into a PNG.
    Snapshot {
        /// The raw frame.
        raw: PathBuf,
        /// Its size.
        geometry: Geometry,
        /// The PNG.
        picture: PathBuf,
    },
    /// Print [`USAGE`].
    Help,
}

/// What to show and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Size of the screen.
    pub geometry: Geometry,
    /// Record to replay; none for the simulator.
    pub record: Option<PathBuf>,
    /// How many times faster than life.
    pub speed: u16,
    /// Whether the record begins again at its end.
    pub repeat: bool,
    /// Regular face, bold face.
    pub fonts: Vec<PathBuf>,
    /// Whether to lock memory once the first second is on the screen.
    pub lock_memory: bool,
    /// File instead of the descriptor `screen`.
    pub screen: Option<PathBuf>,
    /// File instead of the descriptor `shown`.
    pub shown: Option<PathBuf>,
}

/// A command line that is not one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageError(String);

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UsageError {}

/// Parses the arguments after the program's name.
pub fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, UsageError> {
    let mut arguments = arguments.into_iter();
    let mut geometry: Option<String> = None;
    let mut stride: Option<String> = None;
    let mut speed: Option<String> = None;
    let (mut record, mut screen, mut shown, mut snapshot) = (None, None, None, None);
    let (mut repeat, mut lock_memory) = (false, false);
    let mut fonts = Vec::new();
    let mut rest: Vec<PathBuf> = Vec::new();
    while let Some(argument) = arguments.next() {
        let name = argument.to_str().unwrap_or_default().to_owned();
        let mut value = || {
            arguments
                .next()
                .ok_or_else(|| UsageError(format!("{name} needs a value")))
        };
        match name.as_str() {
            "--help" | "-h" => return Ok(Command::Help),
            "--loop" => repeat = true,
            "--lock-memory" => lock_memory = true,
            "--geometry" => once(&mut geometry, text(value()?)?, &name)?,
            "--stride" => once(&mut stride, text(value()?)?, &name)?,
            "--speed" => once(&mut speed, text(value()?)?, &name)?,
            "--record" => once(&mut record, PathBuf::from(value()?), &name)?,
            "--screen" => once(&mut screen, PathBuf::from(value()?), &name)?,
            "--shown" => once(&mut shown, PathBuf::from(value()?), &name)?,
            "--snapshot" => once(&mut snapshot, PathBuf::from(value()?), &name)?,
            "--font" => fonts.push(PathBuf::from(value()?)),
            other if other.starts_with('-') => {
                return Err(UsageError(format!("unknown option {other}")));
            }
            _ => rest.push(argument.into()),
        }
    }
    let geometry = geometry.ok_or_else(|| UsageError("--geometry is needed".into()))?;
    let geometry = with_stride(&geometry, stride.as_deref())?;
    if let Some(raw) = snapshot {
        let [picture]: [PathBuf; 1] = rest
            .try_into()
            .map_err(|_| UsageError("--snapshot needs the name of one PNG".into()))?;
        return Ok(Command::Snapshot {
            raw,
            geometry,
            picture,
        });
    }
    if let Some(extra) = rest.first() {
        return Err(UsageError(format!("what is {}?", extra.display())));
    }
    let speed = match speed {
        None => 1,
        Some(text) => text
            .parse()
            .ok()
            .filter(|speed| (1..=SPEED_MAX).contains(speed))
            .ok_or_else(|| UsageError(format!("--speed {text} is not from 1 to {SPEED_MAX}")))?,
    };
    if repeat && record.is_none() {
        return Err(UsageError("--loop needs a --record".into()));
    }
    if fonts.is_empty() {
        let there = FONTS.iter().find(|pair| Path::new(pair[0]).exists());
        fonts = there.unwrap_or(&FONTS[0]).map(PathBuf::from).into();
    }
    Ok(Command::Show(Options {
        geometry,
        record,
        speed,
        repeat,
        fonts,
        lock_memory,
        screen,
        shown,
    }))
}

fn with_stride(geometry: &str, stride: Option<&str>) -> Result<Geometry, UsageError> {
    let parsed = Geometry::parse(geometry)
        .ok_or_else(|| UsageError(format!("--geometry {geometry} is not 480x320 to 3840x2160")))?;
    let Some(text) = stride else {
        return Ok(parsed);
    };
    let least = parsed.stride;
    text.parse()
        .ok()
        .filter(|stride| (least..=least * 4).contains(stride))
        .map(|stride| Geometry { stride, ..parsed })
        .ok_or_else(|| {
            UsageError(format!(
                "--stride {text} is not from {least} to {}",
                least * 4
            ))
        })
}

fn once<T>(slot: &mut Option<T>, value: T, name: &str) -> Result<(), UsageError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(UsageError(format!("{name} is given twice"))),
    }
}

fn text(value: OsString) -> Result<String, UsageError> {
    value
        .into_string()
        .map_err(|value| UsageError(format!("{value:?} is not UTF-8")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_words(words: &str) -> Result<Command, UsageError> {
        parse(words.split_whitespace().map(OsString::from))
    }

    #[test]
    fn test_everything_given() {
        let line = "--geometry 800x480 --stride 4096 --record a/b --speed 60 --loop --font x";
        let Ok(Command::Show(options)) = parse_words(line) else {
            panic!("refused")
        };
        assert_eq!(
            options.geometry,
            Geometry {
                width: 800,
                height: 480,
                stride: 4096
            }
        );
        assert_eq!((options.speed, options.repeat), (60, true));
        assert_eq!(options.record, Some("a/b".into()));
        assert_eq!(options.fonts, [PathBuf::from("x")]);
    }

    #[test]
    fn test_refusals_say_why() {
        for (line, expected) in [
            ("", "--geometry is needed"),
            ("--geometry", "--geometry needs a value"),
            (
                "--geometry 1x1",
                "--geometry 1x1 is not 480x320 to 3840x2160",
            ),
            (
                "--geometry 800x480 --stride 3199",
                "--stride 3199 is not from 3200 to 12800",
            ),
            (
                "--geometry 800x480 --speed 0",
                "--speed 0 is not from 1 to 3600",
            ),
            (
                "--geometry 800x480 --speed 1 --speed 2",
                "--speed is given twice",
            ),
            ("--geometry 800x480 --loop", "--loop needs a --record"),
            ("--geometry 800x480 --fast", "unknown option --fast"),
            ("--geometry 800x480 file", "what is file?"),
            (
                "--geometry 800x480 --snapshot a",
                "--snapshot needs the name of one PNG",
            ),
        ] {
            assert_eq!(
                parse_words(line),
                Err(UsageError(expected.into())),
                "{line}"
            );
        }
    }
}
