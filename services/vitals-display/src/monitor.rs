//! The monitor: one tick after the other, from the sensors to the screen.

use crate::alarm::{LIMITS, Watch};
use crate::clock::{self, TICK_NS};
use crate::input::{Block, Input, Kind};
use crate::link::{self, Link};
use crate::notify::Notify;
use crate::patient::Patient;
use crate::screen::{FontError, Frame, Geometry, Output, Screen, Text};
use crate::shown::Shown;
use cordon_vitals_record::{Source, Vitals};
use serde_json::{Map, Value, json};

/// A frame drawn later than this after it was due counts as late, in nanoseconds.
const LATE_NS: u64 = TICK_NS / 2;
/// Ticks whose samples one frame draws at most: one sweep. Older ones are still derived from.
const BLOCKS_MAX: u64 = 150;
/// Ticks behind up to which each frame is still drawn, late; beyond it frames are lost.
const CATCH_UP: u64 = 10;
/// Tick at which memory is locked: fonts are rasterised, buffers have their size.
const LOCK_AT: u64 = 25;
/// Ticks that may have passed for a record still to be published: its deadline.
const PUBLISH_WITHIN: u64 = 25;
/// Time without one whole frame on the screen after which the supervisor hears no sign of
/// life any more, in nanoseconds: the deadline of the vitals channel.
const FROZEN_NS: u64 = 1_000_000_000;

/// Frames since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Frames {
    /// Due by the clock.
    pub due: u64,
    /// Written to the screen whole.
    pub drawn: u64,
    /// Of these, written more than half a tick after they were due.
    pub late: u64,
}

impl Frames {
    /// Due but never written.
    pub fn lost(&self) -> u64 {
        self.due - self.drawn
    }
}

/// The monitor.
pub struct Monitor {
    input: Box<dyn Input>,
    patient: Patient,
    watch: Watch,
    screen: Screen,
    output: Option<Output>,
    link: Link,
    shown: Shown,
    notify: Notify,
    frames: Frames,
    /// Why the last frame is not on the screen, in words.
    screen_error: Option<String>,
    /// When the last whole frame was due to be drawn, monotonic; before the first one, when
    /// the display began.
    whole_at: Option<u64>,
    ready: bool,
    fonts: String,
    lock_memory: bool,
    lock_error: Option<String>,
}

/// What a monitor is made of.
pub struct Parts {
    /// The sensors.
    pub input: Box<dyn Input>,
    /// Size of the screen.
    pub geometry: Geometry,
    /// Fonts, and what is wrong with them.
    pub text: (Text, Vec<FontError>),
    /// Whether to lock memory after the first second.
    pub lock_memory: bool,
    /// The screen; none in tests that look at the picture itself.
    pub output: Option<Output>,
    /// The channels.
    pub link: Link,
    /// Where to tell what was shown.
    pub shown: Shown,
    /// The supervisor.
    pub notify: Notify,
}

impl Monitor {
    /// A monitor; none when the geometry is no picture's.
    pub fn new(parts: Parts) -> Option<Self> {
        let (text, errors) = parts.text;
        let watch = Watch::new(LIMITS, !errors.is_empty());
        let fonts = errors
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ");
        let screen = Screen::new(parts.geometry, text, parts.input.as_ref(), LIMITS)?;
        Some(Self {
            patient: Patient::new(parts.input.signals()),
            input: parts.input,
            watch,
            screen,
            output: parts.output,
            link: parts.link,
            shown: parts.shown,
            notify: parts.notify,
            frames: Frames::default(),
            screen_error: None,
            whole_at: None,
            ready: false,
            fonts,
            lock_memory: parts.lock_memory,
            lock_error: None,
        })
    }

    /// The screen.
    pub fn screen(&self) -> &Screen {
        &self.screen
    }

    /// The patient.
    pub fn patient(&self) -> &Patient {
        &self.patient
    }

    /// The alarms.
    pub fn watch(&mut self) -> &mut Watch {
        &mut self.watch
    }

    /// Frames since the start.
    pub fn frames(&self) -> Frames {
        self.frames
    }

    /// Runs for ever, a frame every 40 ms.
    pub fn run(&mut self) -> ! {
        let start = clock::monotonic();
        loop {
            clock::sleep_until(start + (self.frames.due + 1) * TICK_NS);
            let now = clock::monotonic();
            let ticks = (now - start) / TICK_NS;
            let next = self.frames.due + 1;
            let tick = if ticks <= next + CATCH_UP {
                next
            } else {
                ticks
            };
            self.step(tick, now, now - start);
        }
    }

    /// Catches up with the ticks that have passed since the start, then draws once.
    /// `now` is the monotonic time and `elapsed` the time since the start, in nanoseconds.
    pub fn step(&mut self, ticks: u64, now: u64, elapsed: u64) {
        self.link.poll();
        let mut blocks = Vec::new();
        for tick in self.frames.due + 1..=ticks {
            let mut block = Block::new();
            let block = self.input.advance(&mut block).then_some(block);
            let beat = match &block {
                Some(block) => self.patient.step(block),
                None => {
                    self.patient.lose();
                    false
                }
            };
            self.watch.update(self.patient.readings());
            if ticks - tick < PUBLISH_WITHIN {
                self.publish(block.as_ref(), beat);
            }
            // After a long stop most are too old to be drawn: they are not kept either.
            if ticks - tick < BLOCKS_MAX {
                blocks.push(block);
            }
        }
        for id in self.link.seen() {
            self.watch.see(id);
        }
        self.frames.due = ticks;
        let whole = self.draw(&blocks);
        self.watch.set_screen_written(whole);
        if whole || self.whole_at.is_none() {
            self.whole_at = Some(now);
        }
        let due = ticks * TICK_NS;
        if elapsed.saturating_sub(due) + self.drawing_time(now) > LATE_NS {
            self.frames.late += 1;
        }
        self.tell(now);
        if whole && !self.ready {
            self.ready = true;
            self.notify.ready();
        }
        if self.lock_memory && ticks >= LOCK_AT {
            self.lock_memory = false;
            // What is mapped now is all there is: later maps are not locked, so that a
            // limit reached later cannot end the display.
            let locked = rustix::mm::mlockall(rustix::mm::MlockAllFlags::CURRENT);
            self.lock_error = locked
                .err()
                .map(|error| format!("memory is not locked: {error}"));
        }
        // A screen that stands still shows numbers of then as numbers of now. The
        // supervisor, told of no life, starts the display anew.
        if self
            .whole_at
            .is_some_and(|at| now.saturating_sub(at) <= FROZEN_NS)
        {
            self.notify.alive(now);
        }
        let status = self.status();
        self.notify.status(&status);
    }

    fn drawing_time(&self, since: u64) -> u64 {
        // Without a screen the clock is a test's.
        if self.output.is_some() {
            clock::monotonic().saturating_sub(since)
        } else {
            0
        }
    }

    /// Draws and writes a frame; whether it reached the screen whole.
    fn draw(&mut self, blocks: &[Option<Block>]) -> bool {
        let message = self.message();
        let clock = self.clock();
        let frame = Frame {
            tick: self.frames.due,
            readings: self.patient.readings(),
            alarms: &self.watch.active(),
            blocks,
            clock: &clock,
            message: &message,
        };
        self.screen.draw(&frame);
        match &mut self.output {
            None => self.frames.drawn += 1,
            Some(output) => match output.write(self.screen.canvas()) {
                Ok(()) => {
                    self.frames.drawn += 1;
                    self.screen_error = None;
                }
                // The numbers still go to the nurse's station, with an alarm from the next
                // tick on; the supervisor is told.
                Err(error) => self.screen_error = Some(error.to_string()),
            },
        }
        self.screen_error.is_none()
    }

    fn publish(&mut self, block: Option<&Block>, beat: bool) {
        let active = self.watch.active();
        let signals = self.input.signals();
        let vitals = Vitals {
            source: if self.input.is_demo() {
                Source::Demo
            } else {
                Source::Record
            },
            speed: self.input.speed(),
            beat,
            alarm_priority: self.watch.priority(),
            alarms: active.iter().map(|active| active.alarm.id()).collect(),
            samples: self.input.position().frames,
            numerics: link::numerics(self.patient.readings()),
            ecg: block.and_then(|b| link::wave(signals, b, Kind::Ecg, -10_000..=10_000)),
            abp: block.and_then(|b| link::wave(signals, b, Kind::Abp, -50..=350)),
            pleth: block.and_then(|b| link::wave(signals, b, Kind::Pleth, -1000..=1000)),
            resp: block.and_then(|b| link::wave(signals, b, Kind::Resp, -1000..=1000)),
        };
        self.link.publish(&vitals);
    }

    /// The right of the status line.
    fn clock(&self) -> String {
        let position = self.input.position();
        let record = match position.clock {
            Some(clock) => format!("recorded {}", clock::time_of_day(clock)),
            None => format!("since start {}", clock::time_of_day(position.seconds)),
        };
        let now = clock::realtime() / 1_000_000_000;
        format!(
            "{record}   now {} UTC",
            clock::time_of_day((now % 86_400) as f64)
        )
    }

    /// The middle of the status line: short, for the bedside.
    fn message(&mut self) -> String {
        match (self.link.vitals_state(), self.link.seen_state()) {
            ("attached", "attached" | "absent" | "lost") => String::new(),
            ("attached", state) => format!("remote marks: {state}"),
            ("refused", _) => "nurse's station: refused".into(),
            _ => "nurse's station: not connected".into(),
        }
    }

    /// STATUS= for the supervisor: everything that is not as it should be.
    fn status(&mut self) -> String {
        let mut words = vec![match self.input.is_demo() {
            true => "DEMO".to_owned(),
            false => format!("record {}", self.input.name()),
        }];
        if !self.input.ignored().is_empty() {
            words.push(format!("not shown: {}", self.input.ignored().join(", ")));
        }
        words.push(format!("vitals channel {}", self.link.vitals_state()));
        words.push(format!("seen-remotely channel {}", self.link.seen_state()));
        if !self.fonts.is_empty() {
            words.push(self.fonts.clone());
        }
        words.extend(self.screen_error.clone());
        words.extend(self.lock_error.clone());
        if self.shown.has_failed() {
            words.push("what is shown cannot be written down any more".into());
        }
        words.join("; ")
    }

    fn tell(&mut self, now: u64) {
        let numerics = link::numerics(self.patient.readings());
        let numerics: Map<String, Value> = numerics
            .fields()
            .iter()
            .map(|(name, value)| ((*name).into(), json!(value)))
            .collect();
        let alarms: Vec<Value> = self
            .watch
            .active()
            .iter()
            .map(|active| {
                json!({
                    "id": active.alarm.id(),
                    "priority": active.alarm.priority().name(),
                    "text": active.alarm.text(),
                    "seen-remotely": active.seen_remotely,
                })
            })
            .collect();
        let Self {
            input,
            link,
            frames,
            shown,
            ..
        } = self;
        shown.tell(frames.due, numerics.into(), alarms.into(), || {
            let position = input.position();
            let expected = input.frames_due(frames.due);
            let (published, refused) = link.counts();
            let mut line = Map::new();
            line.insert("monotonic-ns".into(), json!(now));
            line.insert("time".into(), json!(clock::iso(clock::realtime())));
            line.insert(
                "source".into(),
                json!(if input.is_demo() { "demo" } else { "record" }),
            );
            line.insert("record".into(), json!(input.name()));
            line.insert("speed".into(), json!(input.speed()));
            line.insert("sample".into(), json!(position.frame));
            line.insert("record-seconds".into(), json!(position.seconds));
            let clock = position.clock.map(clock::time_of_day);
            line.insert("record-time".into(), json!(clock));
            line.insert(
                "samples".into(),
                json!({
                    "expected": expected,
                    "consumed": position.frames,
                    "lost": expected.saturating_sub(position.frames),
                }),
            );
            line.insert(
                "frames".into(),
                json!({
                    "due": frames.due,
                    "drawn": frames.drawn,
                    "late": frames.late,
                    "lost": frames.lost(),
                }),
            );
            line.insert(
                "channel".into(),
                json!({
                    "vitals": {
                        "state": link.vitals_state(),
                        "epoch": link.vitals_epoch(),
                        "published": published,
                        "refused": refused,
                    },
                    "seen-remotely": {
                        "state": link.seen_state(),
                        "epoch": link.seen_epoch(),
                    },
                }),
            );
            line
        });
    }
}
