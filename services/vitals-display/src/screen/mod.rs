//! The screen: what is drawn where, frame by frame.

mod alarms;
mod builtin;
mod canvas;
mod colour;
mod layout;
mod numerics;
mod output;
mod snapshot;
mod sweep;
mod text;

pub use alarms::{colour_of, is_lit};
pub use canvas::{Area, Canvas};
pub use colour::{
    ALARM_HIGH, ALARM_LOW, ALARM_MEDIUM, BLACK, CYAN, Colour, GREEN, MAGENTA, ORANGE, RED, WHITE,
    YELLOW,
};
pub use layout::{Geometry, Lane, Layout, Parameter};
pub use numerics::NO_VALUE;
pub use output::{Output, OutputError};
pub use snapshot::{SnapshotError, snapshot};
pub use text::{FontError, Text};

use crate::alarm::{Active, Limits};
use crate::input::{Block, Input, Kind, Signal};
use crate::patient::Readings;
use alarms::draw as draw_alarms;
use colour::{GREY, RULE};
use numerics::{NumericsBox, parameter_of};
use sweep::{Motion, Range, Sweep};
use text::Style;

/// What one frame shows.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Number of the frame.
    pub tick: u64,
    /// The readings of now.
    pub readings: &'a Readings,
    /// The active alarms, the most urgent first.
    pub alarms: &'a [Active],
    /// The samples of each tick since the last frame drawn; one, unless frames were lost.
    /// A tick without input has none.
    pub blocks: &'a [Option<Block>],
    /// The right of the status line: times.
    pub clock: &'a str,
    /// The middle of the status line: what is not as it should be, but no alarm.
    pub message: &'a str,
}

/// The screen of one input.
#[derive(Clone, Debug)]
pub struct Screen {
    canvas: Canvas,
    text: Text,
    layout: Layout,
    limits: Limits,
    lanes: Vec<LaneView>,
    source: String,
    demo: bool,
    speed: u16,
    drawn_alarms: Option<(Vec<Active>, Vec<bool>)>,
    drawn_status: Option<(String, String)>,
}

/// What is known of a drawn lane.
#[derive(Clone, Debug)]
struct LaneView {
    colour: Colour,
    sweep: Option<(usize, Sweep)>,
    name: String,
    kind: Option<Kind>,
    drawn: Option<NumericsBox>,
}

impl Screen {
    /// A screen for an input; none when the geometry is no picture's.
    pub fn new(geometry: Geometry, text: Text, input: &dyn Input, limits: Limits) -> Option<Self> {
        let canvas = Canvas::new(geometry.width, geometry.height)?;
        let layout = Layout::new(geometry, input.signals());
        let lanes = layout
            .lanes
            .iter()
            .map(|lane| LaneView::new(lane, input.signals()))
            .collect();
        let source = match input.is_demo() {
            true => format!("simulated by {}: not a patient", input.name()),
            false => format!("record {}", input.name()),
        };
        let mut screen = Self {
            canvas,
            text,
            layout,
            limits,
            lanes,
            source,
            demo: input.is_demo(),
            speed: input.speed(),
            drawn_alarms: None,
            drawn_status: None,
        };
        for index in 0..screen.lanes.len() {
            screen.draw_label(index);
        }
        Some(screen)
    }

    /// The picture as last drawn.
    pub fn canvas(&self) -> &Canvas {
        &self.canvas
    }

    /// Where everything stands.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Draws a frame: waves move on, numbers and alarms are drawn where they changed.
    pub fn draw(&mut self, frame: &Frame<'_>) {
        for index in 0..self.lanes.len() {
            self.draw_wave(index, frame.blocks);
            self.draw_numerics(index, frame);
        }
        let lit: Vec<bool> = frame
            .alarms
            .iter()
            .map(|active| is_lit(active.alarm.priority(), frame.tick))
            .collect();
        let alarms = (frame.alarms.to_vec(), lit);
        if self.drawn_alarms.as_ref() != Some(&alarms) {
            let (area, scale) = (self.layout.alarms, self.layout.scale);
            draw_alarms(
                &mut self.canvas,
                &mut self.text,
                area,
                scale,
                frame.alarms,
                frame.tick,
            );
            self.drawn_alarms = Some(alarms);
        }
        let status = (frame.message.to_owned(), frame.clock.to_owned());
        if self.drawn_status.as_ref() != Some(&status) {
            self.draw_status(&status.0, &status.1);
            self.drawn_status = Some(status);
        }
    }

    fn draw_wave(&mut self, index: usize, blocks: &[Option<Block>]) {
        let mut rescaled = false;
        if let Some((signal, sweep)) = &mut self.lanes[index].sweep {
            for block in blocks {
                let samples = block.as_ref().and_then(|block| block.get(*signal));
                let samples = samples.map_or(&[][..], Vec::as_slice);
                rescaled |= sweep.advance(&mut self.canvas, samples);
            }
        }
        if rescaled {
            self.draw_label(index);
        }
    }

    fn draw_numerics(&mut self, index: usize, frame: &Frame<'_>) {
        let lane = &self.layout.lanes[index];
        let view = &mut self.lanes[index];
        // The box flashes with the most urgent alarm of its numbers.
        let flash = frame
            .alarms
            .iter()
            .find(|active| parameter_of(active.alarm) == Some(lane.parameter))
            .map(|active| active.alarm.priority())
            .filter(|&priority| is_lit(priority, frame.tick))
            .map(colour_of);
        let next = NumericsBox::new(
            lane.parameter,
            view.colour,
            frame.readings,
            &self.limits,
            flash,
        );
        if view.drawn.as_ref() != Some(&next) {
            next.draw(
                &mut self.canvas,
                &mut self.text,
                lane.numerics,
                self.layout.scale,
            );
            view.drawn = Some(next);
        }
    }

    /// The strip above a wave: name, scale, and on the first one what is not a patient's
    /// life as it happens.
    fn draw_label(&mut self, index: usize) {
        let (lane, view, scale) = (
            &self.layout.lanes[index],
            &self.lanes[index],
            self.layout.scale,
        );
        let area = lane.label;
        self.canvas.fill(area, BLACK);
        let rule = Area::new(0, area.y - 1, self.canvas.width(), 1);
        self.canvas.fill(rule, RULE);
        let base = area.y as f32 + 16.0 * scale;
        let style = Style::bold(15.0 * scale, view.colour);
        let end = self
            .text
            .draw(&mut self.canvas, (8.0 * scale, base), style, &view.name);
        let style = Style::regular(13.0 * scale, GREY);
        self.text.draw(
            &mut self.canvas,
            (end + 12.0 * scale, base),
            style,
            &view.scale(),
        );
        if index == 0 {
            let mut right = area.right() as f32;
            if self.demo {
                right = self.badge(right, area, "DEMO");
            }
            if self.speed != 1 {
                self.badge(right, area, &format!("SPEED x{}", self.speed));
            }
        }
    }

    /// A filled mark that ends at `right`; gives where it begins.
    fn badge(&mut self, right: f32, area: Area, words: &str) -> f32 {
        let scale = self.layout.scale;
        let style = Style::bold(16.0 * scale, WHITE);
        let width = self.text.width(style, words) + 20.0 * scale;
        let left = right - width;
        let fill = Area::new(left as i32, area.y + 1, width as i32, area.height - 2);
        self.canvas.fill(fill, MAGENTA);
        let base = area.y as f32 + area.height as f32 * 0.5 + 6.0 * scale;
        self.text
            .draw(&mut self.canvas, (left + 10.0 * scale, base), style, words);
        left - 8.0 * scale
    }

    fn draw_status(&mut self, message: &str, clock: &str) {
        let (area, scale) = (self.layout.status, self.layout.scale);
        self.canvas.fill(area, BLACK);
        self.canvas
            .fill(Area::new(area.x, area.y, area.width, 1), RULE);
        let base = area.y as f32 + 19.0 * scale;
        let mut left = 8.0 * scale;
        if self.demo {
            let mark = self.text.width(Style::bold(16.0 * scale, WHITE), "DEMO") + 20.0 * scale;
            self.badge(
                left + mark,
                Area::new(0, area.y + 3, area.width, area.height - 5),
                "DEMO",
            );
            left += mark + 10.0 * scale;
        }
        let style = Style::regular(14.0 * scale, GREY);
        let mut end = self
            .text
            .draw(&mut self.canvas, (left, base), style, &self.source);
        if self.speed != 1 {
            let words = format!(" at {} times its speed", self.speed);
            end = self.text.draw(&mut self.canvas, (end, base), style, &words);
        }
        let clock_style = Style::regular(14.0 * scale, WHITE);
        let clock_left = area.right() as f32 - 10.0 * scale - self.text.width(clock_style, clock);
        self.text
            .draw(&mut self.canvas, (clock_left, base), clock_style, clock);
        let room = clock_left - end - 40.0 * scale;
        if !message.is_empty() && room > 20.0 * scale {
            let style = self
                .text
                .fit(Style::regular(14.0 * scale, WHITE), message, room);
            self.text
                .draw(&mut self.canvas, (end + 20.0 * scale, base), style, message);
        }
    }
}

/// Half of a lane in microvolt, mmHg and thousandths, and its multiples.
const ECG_STEPS: &[f32] = &[500.0, 1000.0, 2000.0, 4000.0, 8000.0, 20000.0];
const PRESSURE_STEPS: &[f32] = &[20.0, 40.0, 60.0, 80.0, 120.0, 160.0, 240.0, 400.0];
const PART_STEPS: &[f32] = &[100.0, 200.0, 500.0, 1000.0, 1500.0, 2000.0];

impl LaneView {
    fn new(lane: &Lane, signals: &[Signal]) -> Self {
        let colour = match lane.parameter {
            Parameter::Heart => GREEN,
            Parameter::Abp | Parameter::Nibp => RED,
            Parameter::Pap => ORANGE,
            Parameter::SpO2 => CYAN,
            Parameter::Respiration => YELLOW,
        };
        let signal = lane
            .signal
            .and_then(|index| signals.get(index).map(|s| (index, s)));
        let Some((index, signal)) = signal else {
            let name = match lane.parameter {
                Parameter::Heart => "ECG",
                Parameter::Abp => "ABP",
                Parameter::Nibp => "NIBP",
                Parameter::Pap => "PAP",
                Parameter::SpO2 => "PLETH",
                Parameter::Respiration => "RESP",
            };
            let name = format!("{name} not in the input");
            return Self {
                colour,
                sweep: None,
                name,
                kind: None,
                drawn: None,
            };
        };
        let range = |low, high| Range { low, high };
        let (motion, range, steps): (_, _, &'static [f32]) = match signal.kind {
            Kind::Ecg => (Motion::Wave, range(-500.0, 1500.0), ECG_STEPS),
            Kind::Abp => (Motion::Wave, range(0.0, 160.0), PRESSURE_STEPS),
            Kind::Pap => (Motion::Wave, range(0.0, 40.0), PRESSURE_STEPS),
            Kind::Pleth | Kind::Resp => (Motion::Wave, range(-750.0, 750.0), PART_STEPS),
            Kind::Numeric(_) => {
                let high = match lane.parameter {
                    Parameter::SpO2 => 100.0,
                    Parameter::Respiration => 60.0,
                    _ => 200.0,
                };
                // 90 values, an hour and a half of one a minute, from left to right.
                (
                    Motion::Trend(lane.wave.width as f32 / 90.0),
                    range(0.0, high),
                    &[],
                )
            }
        };
        let sweep = Sweep::new(lane.wave, colour, motion, range, steps);
        let name = signal.label.clone();
        let kind = Some(signal.kind);
        Self {
            colour,
            sweep: Some((index, sweep)),
            name,
            kind,
            drawn: None,
        }
    }

    /// The scale in words, where the wave has a unit.
    fn scale(&self) -> String {
        let Some((_, sweep)) = &self.sweep else {
            return String::new();
        };
        let Range { low, high } = sweep.range();
        match self.kind {
            Some(Kind::Ecg) => format!("{:.1} to {:.1} mV", low / 1000.0, high / 1000.0),
            Some(Kind::Abp | Kind::Pap) => format!("{low:.0} to {high:.0} mmHg"),
            Some(Kind::Numeric(_)) => format!("trend, {low:.0} to {high:.0}"),
            _ => String::new(),
        }
    }
}
