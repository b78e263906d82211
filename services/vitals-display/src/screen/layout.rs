//! Where everything stands: alarms on top, waves on the left, numbers beside them, the
//! status line below.

use super::canvas::Area;
use crate::input::{Kind, Numeric, Pressure, Signal};

/// Size of the screen and of a row in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    /// Width in pixels.
    pub width: u32,
    /// Height in pixels.
    pub height: u32,
    /// Bytes from one row to the next, at least four times the width.
    pub stride: usize,
}

/// Smallest and largest screens the layout is readable and the memory bounded on.
const WIDTHS: std::ops::RangeInclusive<u32> = 480..=3840;
const HEIGHTS: std::ops::RangeInclusive<u32> = 320..=2160;

impl Geometry {
    /// Of `WIDTHxHEIGHT`; none when it is not one, or too small or large for a monitor.
    pub fn parse(text: &str) -> Option<Self> {
        let (width, height) = text.split_once('x')?;
        let (width, height) = (width.parse().ok()?, height.parse().ok()?);
        let legal = WIDTHS.contains(&width) && HEIGHTS.contains(&height);
        legal.then_some(Self {
            width,
            height,
            stride: width as usize * 4,
        })
    }

    /// Size in bytes of a whole frame.
    pub fn bytes(&self) -> usize {
        self.stride * self.height as usize
    }
}

/// What a lane shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Parameter {
    /// Heart rate and ECG.
    Heart,
    /// Arterial pressure.
    Abp,
    /// Pulmonary artery pressure.
    Pap,
    /// Non-invasive pressure.
    Nibp,
    /// Oxygen saturation and pleth.
    SpO2,
    /// Respiration.
    Respiration,
}

/// One lane: a wave and its numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// What it shows.
    pub parameter: Parameter,
    /// Index of the wave among the input's signals, or of the number whose trend is drawn.
    pub signal: Option<usize>,
    /// The wave's name and scale.
    pub label: Area,
    /// Where the wave runs.
    pub wave: Area,
    /// Where the numbers stand.
    pub numerics: Area,
}

/// The whole screen.
#[derive(Clone, Debug, PartialEq)]
pub struct Layout {
    /// How much larger than on 1024 by 600 everything is.
    pub scale: f32,
    /// Active alarms.
    pub alarms: Area,
    /// The lanes, from top to bottom.
    pub lanes: Vec<Lane>,
    /// Source, marks, clock.
    pub status: Area,
}

impl Layout {
    /// For a screen and the signals of an input. Heart, pressure, saturation and
    /// respiration have a lane even when the input has no signal for them.
    pub fn new(geometry: Geometry, signals: &[Signal]) -> Self {
        let (width, height) = (geometry.width as i32, geometry.height as i32);
        let scale = (width as f32 / 1024.0).min(height as f32 / 600.0);
        let size = |pixels: f32| (pixels * scale).round() as i32;
        let parameters = parameters(signals);
        let alarms = Area::new(0, 0, width, size(72.0));
        let status = Area::new(0, height - size(28.0), width, size(28.0));
        let split = width - size(264.0);
        let room = status.y - alarms.bottom();
        let count = parameters.len() as i32;
        let lanes = parameters
            .into_iter()
            .enumerate()
            .map(|(index, (parameter, signal))| {
                let top = alarms.bottom() + room * index as i32 / count;
                let bottom = alarms.bottom() + room * (index as i32 + 1) / count;
                let strip = size(22.0);
                Lane {
                    parameter,
                    signal,
                    label: Area::new(0, top + 1, split - size(8.0), strip),
                    wave: Area::new(
                        0,
                        top + 1 + strip,
                        split - size(8.0),
                        bottom - top - strip - size(4.0),
                    ),
                    numerics: Area::new(split, top + 1, width - split, bottom - top - 1),
                }
            })
            .collect();
        Self {
            scale,
            alarms,
            lanes,
            status,
        }
    }
}

/// The parameters of an input, each with the signal that is drawn for it.
fn parameters(signals: &[Signal]) -> Vec<(Parameter, Option<usize>)> {
    let find = |kinds: &[Kind]| {
        kinds
            .iter()
            .find_map(|kind| signals.iter().position(|signal| signal.kind == *kind))
    };
    let numeric = Kind::Numeric;
    let abp = find(&[
        Kind::Abp,
        numeric(Numeric::Abp(Pressure::Mean)),
        numeric(Numeric::Abp(Pressure::Systolic)),
    ]);
    let pap = find(&[Kind::Pap, numeric(Numeric::Pap(Pressure::Mean))]);
    let nibp = find(&[
        numeric(Numeric::Nibp(Pressure::Mean)),
        numeric(Numeric::Nibp(Pressure::Systolic)),
    ]);
    let mut lanes = vec![(
        Parameter::Heart,
        find(&[Kind::Ecg, numeric(Numeric::HeartRate)]),
    )];
    if abp.is_some() || nibp.is_none() {
        lanes.push((Parameter::Abp, abp));
    }
    if nibp.is_some() {
        lanes.push((Parameter::Nibp, nibp));
    }
    if pap.is_some() {
        lanes.push((Parameter::Pap, pap));
    }
    lanes.push((
        Parameter::SpO2,
        find(&[Kind::Pleth, numeric(Numeric::SpO2)]),
    ));
    lanes.push((
        Parameter::Respiration,
        find(&[Kind::Resp, numeric(Numeric::RespirationRate)]),
    ));
    lanes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_geometry_is_bounded() {
        let geometry = Geometry::parse("1024x600").unwrap();
        assert_eq!(
            (geometry.width, geometry.height, geometry.stride),
            (1024, 600, 4096)
        );
        for text in [
            "",
            "1024",
            "1024x",
            "0x0",
            "100000x600",
            "-1x600",
            "1024x600x2",
            "1e3x600",
        ] {
            assert_eq!(Geometry::parse(text), None, "{text}");
        }
    }

    #[test]
    fn test_the_four_vital_signs_have_a_lane_without_any_signal() {
        let layout = Layout::new(Geometry::parse("1024x600").unwrap(), &[]);
        let parameters: Vec<_> = layout.lanes.iter().map(|lane| lane.parameter).collect();
        assert_eq!(
            parameters,
            [
                Parameter::Heart,
                Parameter::Abp,
                Parameter::SpO2,
                Parameter::Respiration
            ]
        );
    }

    #[test]
    fn test_areas_do_not_overlap() {
        for text in ["480x320", "1024x600", "1920x1080"] {
            let layout = Layout::new(Geometry::parse(text).unwrap(), &[]);
            let mut bottom = layout.alarms.bottom();
            for lane in &layout.lanes {
                assert!(lane.label.y >= bottom && lane.wave.y >= lane.label.bottom());
                assert!(lane.wave.height > 10 && lane.wave.right() <= lane.numerics.x);
                bottom = lane.wave.bottom();
            }
            assert!(layout.status.y >= bottom);
        }
    }
}
