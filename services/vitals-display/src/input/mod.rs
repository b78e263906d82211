//! What the sensors say: a replayed record, or the simulator.

mod demo;
mod ecgsyn;
mod kind;
mod replay;

pub use demo::Demo;
pub use ecgsyn::Ecgsyn;
pub use kind::{Kind, Numeric, Pressure};
pub use replay::Replay;

/// Duration of a tick on the screen, in seconds: 25 frames and records per second.
pub const TICK: f64 = 0.04;

/// One signal of an input.
#[derive(Clone, Debug, PartialEq)]
pub struct Signal {
    /// What it measures; decides the unit of its samples.
    pub kind: Kind,
    /// What the screen calls it.
    pub label: String,
    /// Samples per second of the input's own time.
    pub rate: f64,
}

/// The samples of one tick, signal by signal; none where there is no sample.
pub type Block = Vec<Vec<Option<f32>>>;

/// How far an input has come.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Position {
    /// Frames handed out since the start, over all turns of a loop.
    pub frames: u64,
    /// Index in the record of the last frame handed out.
    pub frame: u64,
    /// Seconds of the input's own time since its (or this turn's) beginning.
    pub seconds: f64,
    /// Time of day in the record, seconds after midnight.
    pub clock: Option<f64>,
}

/// A source of samples that advances by one tick at a time.
pub trait Input {
    /// Name of the record, or of the simulator.
    fn name(&self) -> &str;
    /// Whether the samples are made up.
    fn is_demo(&self) -> bool;
    /// How many times faster than life.
    fn speed(&self) -> u16;
    /// The signals, always the same.
    fn signals(&self) -> &[Signal];
    /// Signals of the record that this monitor does not know and does not show.
    fn ignored(&self) -> &[String];
    /// Hands out the samples of the next tick; false when nothing comes any more.
    fn advance(&mut self, block: &mut Block) -> bool;
    /// How far it has come.
    fn position(&self) -> Position;
    /// Frames that must have been handed out after so many ticks.
    fn frames_due(&self, ticks: u64) -> u64;
}
