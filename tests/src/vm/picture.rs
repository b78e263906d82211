//! The screen as QEMU sees it, and whether given numerics stand on it.

use cordon_vitals_display::alarm::LIMITS;
use cordon_vitals_display::input::Demo;
use cordon_vitals_display::patient::{PressureReading, Reading, Readings};
use cordon_vitals_display::screen::{Area, Colour, Frame, Geometry, Parameter, Screen, Text};
use serde_json::Value;
use std::fs::File;
use std::io::{self, BufReader, Error};
use std::path::{Path, PathBuf};

/// A picture of the screen.
#[derive(Clone, Debug)]
pub struct Picture {
    width: usize,
    height: usize,
    /// Red, green, blue.
    pixels: Vec<[u8; 3]>,
}

impl Picture {
    /// Reads a PNG without transparency.
    ///
    /// # Errors
    /// When it is not one.
    pub fn read(path: &Path) -> io::Result<Self> {
        let decoder = png::Decoder::new(BufReader::new(File::open(path)?));
        let mut reader = decoder.read_info().map_err(Error::other)?;
        let size = reader
            .output_buffer_size()
            .ok_or_else(|| Error::other("too large"))?;
        let mut bytes = vec![0; size];
        let info = reader.next_frame(&mut bytes).map_err(Error::other)?;
        if (info.color_type, info.bit_depth) != (png::ColorType::Rgb, png::BitDepth::Eight) {
            return Err(Error::other(format!(
                "{:?} is not the screen's",
                info.color_type
            )));
        }
        Ok(Self {
            width: info.width as usize,
            height: info.height as usize,
            pixels: bytes.as_chunks::<3>().0.to_vec(),
        })
    }

    /// Pixels of an area that differ from what is drawn there.
    fn difference(&self, drawn: &Screen, area: Area) -> usize {
        let places =
            (area.y..area.bottom()).flat_map(|y| (area.x..area.right()).map(move |x| (x, y)));
        places
            .filter(|&(x, y)| {
                let at = y as usize * self.width + x as usize;
                let seen =
                    self.pixels
                        .get(at)
                        .map(|&[red, green, blue]| Colour { red, green, blue });
                seen != drawn.canvas().at(x, y)
            })
            .count()
    }

    /// Lanes whose numbers are not, to the pixel, what the display draws for
    /// these readings; none where all are.
    ///
    /// # Errors
    /// When the fonts cannot be read, or the picture is not of the screen's size.
    pub fn differing(&self, readings: &Readings, fonts: &[PathBuf]) -> io::Result<Vec<Parameter>> {
        let geometry = Geometry::parse("1024x600").ok_or_else(|| Error::other("geometry"))?;
        if (self.width, self.height) != (geometry.width as usize, geometry.height as usize) {
            return Err(Error::other(format!(
                "{} by {} pixels",
                self.width, self.height
            )));
        }
        let (text, errors) = Text::open(fonts);
        if let Some(error) = errors.first() {
            return Err(Error::other(error.to_string()));
        }
        let input = Demo::new(1, 1);
        let mut screen =
            Screen::new(geometry, text, &input, LIMITS).ok_or_else(|| Error::other("no canvas"))?;
        screen.draw(&Frame {
            tick: 0,
            readings,
            alarms: &[],
            blocks: &[],
            clock: "",
            message: "",
        });
        let lanes = screen.layout().lanes.clone();
        let differing = lanes
            .iter()
            .filter(|lane| self.difference(&screen, lane.numerics) > 0);
        Ok(differing.map(|lane| lane.parameter).collect())
    }
}

/// The readings in a bundle of FHIR Observations.
#[must_use]
pub fn readings(bundle: &Value) -> Readings {
    let observations = || {
        let entries = bundle["entry"].as_array().into_iter().flatten();
        entries.map(|entry| &entry["resource"])
    };
    let find = |id: &str| {
        observations()
            .find(|it| it["id"] == id)
            .unwrap_or(&Value::Null)
    };
    let reading = |quantity: &Value| {
        let value = quantity["value"].as_f64();
        value.map_or(Reading::NotCarried, |value| {
            Reading::Value(value.round() as i32)
        })
    };
    let single = |id: &str| reading(&find(id)["valueQuantity"]);
    let pressure = |id: &str| {
        let part = |code: &str| {
            let parts = find(id)["component"].as_array().into_iter().flatten();
            let mut parts = parts.filter(|it| it["code"]["coding"].to_string().contains(code));
            parts
                .next()
                .map_or(Reading::NotCarried, |it| reading(&it["valueQuantity"]))
        };
        PressureReading {
            systolic: part("8480-6"),
            diastolic: part("8462-4"),
            mean: part("8478-0"),
        }
    };
    Readings {
        input_lost: false,
        heart_rate: single("heart-rate"),
        pulse_rate: single("pulse-rate"),
        spo2: single("spo2"),
        pleth: Reading::NotCarried,
        respiration_rate: single("respiration-rate"),
        abp: pressure("arterial-pressure"),
        pap: PressureReading::default(),
        nibp: PressureReading::default(),
    }
}
