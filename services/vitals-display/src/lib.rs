//! The bedside monitor's display: owns the sensor input and the screen, publishes the
//! vital signs.
//!
//! One thread, one frame every 40 ms: samples are taken ([`input`]), numbers derived
//! ([`mod@derive`], [`patient`]), limits watched ([`alarm`]), the frame drawn and written
//! ([`screen`]), a record published ([`link`]). It fails operational and loud: a font that
//! cannot be read, a channel that is absent or talks nonsense, a supervisor that does not
//! listen, a log that is full never stop the numbers. A number that is not known is `---`
//! and a technical alarm; an old number is never shown as one of now.
//!
//! # A screen that cannot be written
//! A frame that is not written whole is a high technical alarm (`SCREEN NOT WRITTEN`) on the
//! vitals channel and in `shown`, until a whole frame is. READY=1 waits for the first whole
//! frame; after one second without one, WATCHDOG=1 is withheld, so that the supervisor kills
//! and restarts the display (its manifest needs `watchdog:` for it). Until then the numbers
//! and alarms go on to the nurse's station.
//!
//! # System calls
//! At start: what the loader and Rust's runtime need, `openat`, `read`, `statx`, `close`,
//! `mmap` for the record and the fonts, `getpid`, `fcntl` for inherited descriptors,
//! `socket` (AF_UNIX, datagram) for notifications, `mmap`, `madvise`, `mlock` when a
//! channel is attached; `mlockall` with `--lock-memory`. In each frame: `clock_nanosleep`, `pwrite64` of the whole frame,
//! `recvmsg` on the control socket; now and then `write` to `shown` and to standard error,
//! `sendto` to the supervisor, `brk`, `mmap`, `munmap`. `clock_gettime` is the vDSO's. No
//! thread, no signal handler: SIGTERM ends it.
//!
//! # Exit codes
//! See [`Failure`].
#![forbid(unsafe_code)]

pub mod alarm;
mod arguments;
pub mod clock;
pub mod derive;
mod failure;
pub mod input;
pub mod link;
pub mod monitor;
pub mod notify;
pub mod patient;
pub mod screen;
pub mod shown;
pub mod wfdb;

pub use arguments::{Command, Options, USAGE, UsageError, parse};
pub use failure::Failure;

use cordon_channel::Control;
use input::{Demo, Input, Replay};
use link::Link;
use monitor::{Monitor, Parts};
use notify::Notify;
use screen::{Output, Text};
use shown::Shown;
use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::path::Path;

/// The simulated patient is the same at every start.
const DEMO_SEED: u64 = 2003;

/// Does what the arguments say. Does not return while vital signs are shown.
pub fn start(arguments: impl IntoIterator<Item = OsString>) -> Result<(), Failure> {
    match parse(arguments).map_err(Failure::Usage)? {
        Command::Help => {
            println!("{USAGE}");
            Ok(())
        }
        Command::Snapshot {
            raw,
            geometry,
            picture,
        } => screen::snapshot(&raw, geometry, &picture).map_err(Failure::Snapshot),
        Command::Show(options) => show(options),
    }
}

fn show(options: Options) -> Result<(), Failure> {
    let input = open_input(&options)?;
    let mut descriptors = cordon_channel::descriptors();
    let mut inherited = |name: &str| {
        let index = descriptors.iter().position(|(known, _)| known == name)?;
        Some(File::from(descriptors.swap_remove(index).1))
    };
    let screen = match &options.screen {
        Some(file) => open(
            file,
            OpenOptions::new().write(true).create(true).truncate(false),
        )?,
        None => inherited("screen").ok_or(Failure::NoScreen)?,
    };
    let shown = match &options.shown {
        Some(file) => Some(open(file, OpenOptions::new().append(true).create(true))?),
        None => inherited("shown"),
    };
    let text = Text::open(&options.fonts);
    for error in &text.1 {
        eprintln!("vitals-display: {error}; built-in letters are drawn");
    }
    let link =
        Link::new(Control::from_listen_fds()).map_err(|error| Failure::Build(error.to_string()))?;
    let parts = Parts {
        input,
        geometry: options.geometry,
        text,
        lock_memory: options.lock_memory,
        output: Some(Output::new(screen, options.geometry)),
        link,
        shown: Shown::new(shown),
        notify: Notify::from_environment(),
    };
    let mut monitor =
        Monitor::new(parts).ok_or_else(|| Failure::Build("a geometry without picture".into()))?;
    monitor.run()
}

fn open_input(options: &Options) -> Result<Box<dyn Input>, Failure> {
    let Some(path) = &options.record else {
        return Ok(Box::new(Demo::new(options.speed, DEMO_SEED)));
    };
    let record = wfdb::Record::open(path).map_err(Failure::Record)?;
    let replay = Replay::new(record, options.speed, options.repeat);
    if replay.signals().is_empty() {
        return Err(Failure::NoSignal(path.clone()));
    }
    Ok(Box::new(replay))
}

fn open(file: &Path, how: &OpenOptions) -> Result<File, Failure> {
    how.open(file)
        .map_err(|error| Failure::File(file.into(), error))
}
