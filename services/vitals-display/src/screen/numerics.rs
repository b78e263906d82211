//! The numbers of a lane, with unit and limits; `---` where there is none.

use super::canvas::{Area, Canvas};
use super::colour::{ALARM_HIGH, BLACK, Colour, GREY, RULE, WHITE};
use super::layout::Parameter;
use super::text::{Style, Text};
use crate::alarm::Limits;
use crate::patient::{PressureReading, Reading, Readings};
use cordon_vitals_record::Alarm;

/// What stands in for a number that is not known.
pub const NO_VALUE: &str = "---";

/// What a lane's box says; drawn anew only when it differs.
#[derive(Clone, Debug, PartialEq)]
pub struct NumericsBox {
    title: &'static str,
    unit: &'static str,
    high: Option<i32>,
    low: Option<i32>,
    value: String,
    second: Option<String>,
    colour: Colour,
    /// Background while the alarm of this box flashes.
    flash: Option<Colour>,
}

impl NumericsBox {
    /// Of a parameter's readings.
    pub fn new(
        parameter: Parameter,
        colour: Colour,
        now: &Readings,
        limits: &Limits,
        flash: Option<Colour>,
    ) -> Self {
        let single = |title, unit, reading, high, low| Self {
            title,
            unit,
            high,
            low,
            value: number(reading),
            second: None,
            colour,
            flash,
        };
        let pressure = |title, reading: PressureReading, high, low| Self {
            title,
            unit: "mmHg",
            high,
            low,
            value: both(reading),
            second: Some(format!("({})", number(reading.mean))),
            colour,
            flash,
        };
        match parameter {
            Parameter::Heart => single(
                "HR",
                "/min",
                now.heart_rate,
                limits.rate.high,
                limits.rate.low,
            ),
            Parameter::Abp => pressure("ABP", now.abp, limits.systolic.high, limits.systolic.low),
            Parameter::Nibp => {
                pressure("NIBP", now.nibp, limits.systolic.high, limits.systolic.low)
            }
            Parameter::Pap => pressure("PAP", now.pap, limits.pap.high, limits.pap.low),
            Parameter::SpO2 => Self {
                second: Some(format!("PULSE {}", number(now.pulse_rate))),
                ..single("SpO2", "%", now.spo2, limits.spo2.high, limits.spo2.low)
            },
            Parameter::Respiration => {
                let band = &limits.respiration;
                single("RR", "/min", now.respiration_rate, band.high, band.low)
            }
        }
    }

    /// Draws the box.
    pub fn draw(&self, canvas: &mut Canvas, text: &mut Text, area: Area, scale: f32) {
        canvas.fill(area, self.flash.unwrap_or(BLACK));
        canvas.fill(Area::new(area.x, area.bottom() - 1, area.width, 1), RULE);
        // On the colour of an alarm the numbers stand in what can be read on it.
        let (colour, quiet) = match self.flash {
            None => (self.colour, GREY),
            Some(ALARM_HIGH) => (WHITE, WHITE),
            Some(_) => (BLACK, BLACK),
        };
        let (left, top) = (area.x as f32 + 8.0 * scale, area.y as f32);
        let right = area.right() as f32 - 10.0 * scale;
        let height = area.height as f32;

        let end = text.draw(
            canvas,
            (left, top + 21.0 * scale),
            Style::bold(18.0 * scale, colour),
            self.title,
        );
        let unit = Style::regular(14.0 * scale, colour);
        text.draw(
            canvas,
            (end + 6.0 * scale, top + 21.0 * scale),
            unit,
            self.unit,
        );
        let limit = Style::regular(14.0 * scale, quiet);
        for (row, value) in [self.high, self.low].into_iter().enumerate() {
            if let Some(value) = value {
                let y = top + (19.0 + 17.0 * row as f32) * scale;
                text.draw_right(canvas, (right, y), limit, &value.to_string());
            }
        }
        // Numbers stand left of the limits and never over them.
        let room = right - left - 34.0 * scale;
        let (size, base) = match &self.second {
            Some(_) if self.value.contains('/') => (height * 0.54, height * 0.66),
            Some(_) => (height * 0.58, height * 0.68),
            None => (height * 0.84, height * 0.88),
        };
        let style = text.fit(Style::bold(size, colour), &self.value, room);
        text.draw(canvas, (left, top + base), style, &self.value);
        if let Some(second) = &self.second {
            let style = Style::bold(height * 0.18, colour);
            text.draw(canvas, (left, top + height - 8.0 * scale), style, second);
        }
    }
}

/// `SYS/DIA`; one `---` where neither is known.
fn both(reading: PressureReading) -> String {
    match (reading.systolic.value(), reading.diastolic.value()) {
        (None, None) => NO_VALUE.into(),
        _ => format!("{}/{}", number(reading.systolic), number(reading.diastolic)),
    }
}

fn number(reading: Reading) -> String {
    reading
        .value()
        .map_or_else(|| NO_VALUE.into(), |value| value.to_string())
}

/// The box in which an alarm's number stands.
pub fn parameter_of(alarm: Alarm) -> Option<Parameter> {
    Some(match alarm {
        Alarm::Asystole
        | Alarm::HeartRateExtremeHigh
        | Alarm::HeartRateExtremeLow
        | Alarm::HeartRateHigh
        | Alarm::HeartRateLow => Parameter::Heart,
        Alarm::Desaturation
        | Alarm::SpO2Low
        | Alarm::PulseExtremeHigh
        | Alarm::PulseExtremeLow
        | Alarm::PulseHigh
        | Alarm::PulseLow => Parameter::SpO2,
        Alarm::Apnea | Alarm::RespirationHigh | Alarm::RespirationLow => Parameter::Respiration,
        Alarm::NoPulse | Alarm::AbpMeanExtremeLow | Alarm::AbpHigh | Alarm::AbpLow => {
            Parameter::Abp
        }
        Alarm::PapHigh => Parameter::Pap,
        Alarm::NibpMeanExtremeLow | Alarm::NibpHigh | Alarm::NibpLow => Parameter::Nibp,
        _ => return None,
    })
}
