//! What several tests need: the recordings, a scripted input, a monitor without a screen.
#![allow(dead_code)] // Each test uses its own part of it.

use cordon_vitals_display::clock::TICK_NS;
use cordon_vitals_display::input::{Block, Input, Position, Replay, Signal};
use cordon_vitals_display::link::Link;
use cordon_vitals_display::monitor::{Monitor, Parts};
use cordon_vitals_display::notify::Notify;
use cordon_vitals_display::screen::{Area, Canvas, Colour, Geometry, Output, Text};
use cordon_vitals_display::shown::Shown;
use cordon_vitals_display::wfdb::Record;
use std::collections::VecDeque;
use std::fs::File;
use std::path::{Path, PathBuf};

pub const LOOPABLE: &str = "vitals/mimicdb_041/041s";
pub const HYPOTENSION: &str = "vitals/mimicdb_037/03700181";
pub const DETERIORATION: &str = "vitals/mimic2_s25047/s25047-2704-05-04-10-44n";

/// The workspace's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Says why a test did not run; fails where it must have run.
pub fn cannot_run(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "must run under CI: {why}");
    eprintln!("NOT RUN: {why}");
}

/// Path of a recording; none (and said) where the recordings are not there.
pub fn recording(name: &str) -> Option<PathBuf> {
    let directory = std::env::var_os("CORDON_TEST_DATA")
        .map_or_else(|| root().join("../shared/data"), PathBuf::from);
    let path = directory.join(name);
    if path.with_extension("hea").exists() {
        return Some(path);
    }
    cannot_run(&format!(
        "no recording {} (CORDON_TEST_DATA)",
        path.display()
    ));
    None
}

/// A recording, read and verified.
pub fn record(name: &str) -> Option<Record> {
    recording(name).map(|path| Record::open(&path).unwrap())
}

/// An input that says what a test wants.
pub struct Script {
    pub signals: Vec<Signal>,
    pub blocks: VecDeque<Option<Block>>,
    pub demo: bool,
    pub taken: u64,
}

impl Script {
    pub fn new(signals: Vec<Signal>) -> Self {
        Self {
            signals,
            blocks: VecDeque::new(),
            demo: false,
            taken: 0,
        }
    }

    /// Each signal of an input, so many ticks of it, changed by `edit(tick, block)`.
    pub fn record(
        mut input: impl Input,
        ticks: u64,
        mut edit: impl FnMut(u64, &mut Option<Block>),
    ) -> Self {
        let mut script = Self::new(input.signals().to_vec());
        for tick in 0..ticks {
            let mut block = Block::new();
            let mut block = input.advance(&mut block).then_some(block);
            edit(tick, &mut block);
            script.blocks.push_back(block);
        }
        script
    }
}

impl Input for Script {
    fn name(&self) -> &str {
        "script"
    }
    fn is_demo(&self) -> bool {
        self.demo
    }
    fn speed(&self) -> u16 {
        1
    }
    fn signals(&self) -> &[Signal] {
        &self.signals
    }
    fn ignored(&self) -> &[String] {
        &[]
    }
    fn advance(&mut self, block: &mut Block) -> bool {
        self.taken += 1;
        match self.blocks.pop_front().flatten() {
            Some(next) => {
                *block = next;
                true
            }
            None => false,
        }
    }
    fn position(&self) -> Position {
        Position {
            frames: self.taken * 5,
            ..Position::default()
        }
    }
    fn frames_due(&self, ticks: u64) -> u64 {
        ticks * 5
    }
}

/// A monitor whose clock the test turns, without a screen descriptor.
pub struct Bedside {
    pub monitor: Monitor,
    ticks: u64,
}

impl Bedside {
    pub fn new(input: Box<dyn Input>) -> Self {
        Self::with(input, Text::builtin(), None)
    }

    pub fn with(
        input: Box<dyn Input>,
        text: Text,
        control: Option<cordon_channel::Control>,
    ) -> Self {
        Self::on(None, input, text, control)
    }

    /// With a screen descriptor.
    pub fn on(
        screen: Option<File>,
        input: Box<dyn Input>,
        text: Text,
        control: Option<cordon_channel::Control>,
    ) -> Self {
        let geometry = Geometry::parse("1024x600").unwrap();
        let parts = Parts {
            input,
            geometry,
            text: (text, Vec::new()),
            lock_memory: false,
            output: screen.map(|file| Output::new(file, geometry)),
            link: Link::new(control).unwrap(),
            shown: Shown::default(),
            notify: Notify::default(),
        };
        Self {
            monitor: Monitor::new(parts).unwrap(),
            ticks: 0,
        }
    }

    pub fn replay(record: Record, speed: u16, repeat: bool) -> Self {
        Self::new(Box::new(Replay::new(record, speed, repeat)))
    }

    /// One frame.
    pub fn tick(&mut self) {
        self.ticks += 1;
        let elapsed = self.ticks * TICK_NS;
        self.monitor.step(self.ticks, elapsed, elapsed);
    }

    /// So many seconds of frames.
    pub fn seconds(&mut self, seconds: u64) {
        for _ in 0..seconds * 25 {
            self.tick();
        }
    }

    pub fn canvas(&self) -> &Canvas {
        self.monitor.screen().canvas()
    }

    /// Ids of the active alarms, the most urgent first.
    pub fn alarms(&mut self) -> Vec<u32> {
        self.monitor
            .watch()
            .active()
            .iter()
            .map(|active| active.alarm.id())
            .collect()
    }
}

/// Pixels of exactly this colour in an area.
pub fn count(canvas: &Canvas, area: Area, colour: Colour) -> usize {
    let rows = area.y..area.bottom();
    rows.flat_map(|y| (area.x..area.right()).map(move |x| (x, y)))
        .filter(|&(x, y)| canvas.at(x, y) == Some(colour))
        .count()
}
