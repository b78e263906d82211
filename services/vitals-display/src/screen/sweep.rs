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
    seen: Option<Range>,
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
            seen: None,
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
        if total <= 0.0 {
            return false;
        }
        self.wipe(canvas, total);
        if samples.is_empty() {
            self.last = None;
            return self.forward(total);
        }
        let mut changed = false;
        let mut run: Vec<(f32, f32)> = self.last.into_iter().collect();
        for sample in samples.iter().step_by(stride) {
            let before = self.x;
            let wrapped = self.x + step >= self.area.width as f32;
            match sample {
                Some(value) => {
                    self.see(*value);
                    let y = self.height_of(*value);
                    let left = self.area.x as f32;
                    if let Motion::Trend(_) = self.motion {
                        run.push((left + before, y));
                    }
                    run.push((left + (before + step).min(self.area.width as f32 - 1.0), y));
                }
                // Never a line across a gap.
                None => self.stroke(canvas, &mut run),
            }
            if wrapped {
                self.stroke(canvas, &mut run);
            }
            changed |= self.forward(step);
        }
        self.last = run.last().copied();
        self.stroke(canvas, &mut run);
        changed
    }

    fn stroke(&self, canvas: &mut Canvas, run: &mut Vec<(f32, f32)>) {
        if !run.is_empty() {
            canvas.line(run, 2.0, self.colour);
            run.clear();
        }
    }

    fn forward(&mut self, step: f32) -> bool {
        self.x += step;
        if self.x < self.area.width as f32 {
            return false;
        }
        self.x = 0.0;
        self.last = None;
        self.adapt()
    }

    /// Wipes what the pen is about to cross, and a little more.
    fn wipe(&mut self, canvas: &mut Canvas, total: f32) {
        let from = self.x.ceil() as i32 + 1;
        let to = (self.x + total + WIPE) as i32;
        let width = self.area.width;
        // The trace's own thickness may stand above and below the range.
        let mut clear = |from: i32, to: i32| {
            if from < to {
                let area = Area::new(self.area.x + from, self.area.y, to - from, self.area.height);
                canvas.fill(area, BLACK);
            }
        };
        clear(from, to.min(width));
        clear(0, to - width);
    }

    fn height_of(&self, value: f32) -> f32 {
        let part = (value - self.range.low) / (self.range.high - self.range.low);
        let (top, bottom) = (self.area.y as f32 + 2.0, self.area.bottom() as f32 - 3.0);
        bottom - part.clamp(0.0, 1.0) * (bottom - top)
    }

    fn see(&mut self, value: f32) {
        let seen = self.seen.get_or_insert(Range {
            low: value,
            high: value,
        });
        seen.low = seen.low.min(value);
        seen.high = seen.high.max(value);
    }

    /// At the right edge: a range that cuts the wave, or leaves it flat, is exchanged for
    /// the smallest step that holds it.
    fn adapt(&mut self) -> bool {
        let Some(seen) = self.seen.take() else {
            return false;
        };
        let span = seen.high - seen.low;
        let size = self.range.high - self.range.low;
        let cut = seen.low < self.range.low || seen.high > self.range.high;
        if self.steps.is_empty() || (!cut && span > size * 0.35) {
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
