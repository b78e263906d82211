//! One moving wave: a pen that runs from left to right and wipes the old trace before it.

use super::canvas::{Area, Canvas};
use super::colour::{BLACK, Colour};

/// Seconds a wave takes from left to right.
const SWEEP_SECONDS: f32 = 6.0;
/// Frames of the screen per second.
const FRAMES: f32 = 25.0;
/// Pixels wiped before the pen.
const WIPE: f32 = 18.0;
/// Points drawn per frame at most; a wave that runs faster than life is thinned.
const POINTS: usize = 32;

/// How the pen moves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Motion {
    /// Evenly, whether or not samples come.
    Wave,
    /// This many pixels with each sample: a series of numbers, held until the next.
    Trend(f32),
}

/// The values between the lower and the upper edge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// At the lower edge.
    pub low: f32,
    /// At the upper edge.
    pub high: f32,
}

/// A step of the pen: from where, to where, in pixels from the left edge, at which value.
#[derive(Clone, Copy, Debug)]
struct Step {
    from: f32,
    to: f32,
    value: Option<f32>,
}

/// A wave's area and pen.
#[derive(Clone, Debug)]
pub struct Sweep {
    area: Area,
    colour: Colour,
    motion: Motion,
    range: Range,
    steps: &'static [f32],
    /// Pen, in pixels from the left edge.
    x: f32,
    /// Where the trace ended, if it did not break.
    last: Option<(f32, f32)>,
    /// Steps since the left edge, and those of the turn before: drawn anew when the range
    /// changes, so that one lane has one scale.
    trace: Vec<Step>,
    before: Vec<Step>,
    frames: u64,
}

impl Sweep {
    /// A wave in `area`. Its range begins as `range` and follows the wave in `steps` (the
    /// sizes it may have; empty for a fixed range).
    pub fn new(
        area: Area,
        colour: Colour,
        motion: Motion,
        range: Range,
        steps: &'static [f32],
    ) -> Self {
        Self {
            area,
            colour,
            motion,
            range,
            steps,
            x: 0.0,
            last: None,
            trace: Vec::new(),
            before: Vec::new(),
            frames: 0,
        }
    }

    /// The values at the edges.
    pub fn range(&self) -> Range {
        self.range
    }

    /// Moves the pen by one frame, through `samples`; true when the range changed.
    pub fn advance(&mut self, canvas: &mut Canvas, samples: &[Option<f32>]) -> bool {
        let stride = samples.len().div_ceil(POINTS).max(1);
        let count = samples.len().div_ceil(stride);
        let (total, step) = match self.motion {
            Motion::Wave => {
                let total = self.area.width as f32 / (SWEEP_SECONDS * FRAMES);
                (total, total / count.max(1) as f32)
            }
            Motion::Trend(step) => (step * count as f32, step),
        };
        self.frames += 1;
        if total <= 0.0 {
            return false;
        }
        self.wipe(canvas, total);
        // A tick without any sample is a gap as wide as the tick.
        let missing = [None];
        let (samples, step) = match samples {
            [] => (&missing[..], total),
            some => (some, step),
        };
        let mut run: Vec<(f32, f32)> = self.last.into_iter().collect();
        let mut wrapped = false;
        for &value in samples.iter().step_by(stride) {
            let step = Step {
                from: self.x,
                to: self.x + step,
                value,
            };
            self.trace.push(step);
            self.extend(canvas, &mut run, step);
            self.x = step.to;
            if self.x >= self.area.width as f32 {
                self.stroke(canvas, &mut run);
                self.x = 0.0;
                self.before = std::mem::take(&mut self.trace);
                wrapped = true;
            }
        }
        self.last = run.last().copied();
        self.stroke(canvas, &mut run);
        let due = wrapped || self.frames.is_multiple_of(FRAMES as u64);
        let changed = due && self.adapt(wrapped || self.frames == 2 * FRAMES as u64);
        if changed {
            self.redraw(canvas);
        }
        changed
    }

    /// Adds a step to a run; strokes the run where the trace breaks.
    fn extend(&self, canvas: &mut Canvas, run: &mut Vec<(f32, f32)>, step: Step) {
        let Some(value) = step.value else {
            // Never a line across a gap.
            self.stroke(canvas, run);
            return;
        };
        let left = self.area.x as f32;
        let y = self.height_of(value);
        if let Motion::Trend(_) = self.motion {
            run.push((left + step.from, y));
        }
        run.push((left + step.to.min(self.area.width as f32 - 1.0), y));
    }

    fn stroke(&self, canvas: &mut Canvas, run: &mut Vec<(f32, f32)>) {
        if !run.is_empty() {
            canvas.line(run, 2.0, self.colour);
            run.clear();
        }
    }

    /// Wipes what the pen is about to cross, and a little more.
    fn wipe(&mut self, canvas: &mut Canvas, total: f32) {
        let from = self.x.ceil() as i32 + 1;
        let to = (self.x + total + WIPE) as i32;
        let width = self.area.width;
        let mut clear = |from: i32, to: i32| {
            if from < to {
                let area = Area::new(self.area.x + from, self.area.y, to - from, self.area.height);
                canvas.fill(area, BLACK);
            }
        };
        clear(from, to.min(width));
        clear(0, to - width);
    }

    /// Draws both turns anew, in the range of now.
    fn redraw(&mut self, canvas: &mut Canvas) {
        canvas.fill(self.area, BLACK);
        let behind = self.x + WIPE;
        let mut run = Vec::new();
        for &step in self.before.iter().filter(|step| step.from > behind) {
            self.extend(canvas, &mut run, step);
        }
        self.stroke(canvas, &mut run);
        for &step in &self.trace {
            self.extend(canvas, &mut run, step);
        }
        self.last = run.last().copied();
        self.stroke(canvas, &mut run);
    }

    fn height_of(&self, value: f32) -> f32 {
        let part = (value - self.range.low) / (self.range.high - self.range.low);
        let (top, bottom) = (self.area.y as f32 + 2.0, self.area.bottom() as f32 - 3.0);
        bottom - part.clamp(0.0, 1.0) * (bottom - top)
    }

    /// A range that cuts the wave, or (where it `may_shrink`) leaves it flat, is exchanged
    /// for the smallest step that holds what is on the screen.
    fn adapt(&mut self, may_shrink: bool) -> bool {
        let values = self
            .before
            .iter()
            .chain(&self.trace)
            .filter_map(|step| step.value);
        let seen = values.fold(None, |seen: Option<Range>, value| {
            let seen = seen.unwrap_or(Range {
                low: value,
                high: value,
            });
            Some(Range {
                low: seen.low.min(value),
                high: seen.high.max(value),
            })
        });
        let Some(seen) = seen else { return false };
        let span = seen.high - seen.low;
        let size = self.range.high - self.range.low;
        let cut = seen.low < self.range.low || seen.high > self.range.high;
        if self.steps.is_empty() || !(cut || may_shrink && span < size * 0.35) {
            return false;
        }
        let Some(&step) = self.steps.iter().find(|&&step| step >= span * 1.15) else {
            return false;
        };
        // The lower edge lies on a tenth of the step, so that the scale reads well.
        let grid = step / 10.0;
        let low = ((seen.low + seen.high - step) / 2.0 / grid).floor() * grid;
        let range = Range {
            low,
            high: low + step,
        };
        let changed = range != self.range;
        self.range = range;
        changed
    }
}
