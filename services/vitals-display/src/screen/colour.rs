//! Colours as clinicians expect them, and as the screen stores them.

/// A colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Colour {
    /// Red, 0 to 255.
    pub red: u8,
    /// Green, 0 to 255.
    pub green: u8,
    /// Blue, 0 to 255.
    pub blue: u8,
}

impl Colour {
    const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }

    /// A pixel of the screen: XRGB8888, little-endian, so blue comes first.
    pub const fn pixel(self) -> [u8; 4] {
        [self.blue, self.green, self.red, 0xff]
    }

    /// The colour of a pixel of the screen.
    pub const fn of_pixel(pixel: [u8; 4]) -> Self {
        Self::new(pixel[2], pixel[1], pixel[0])
    }
}

/// Background.
pub const BLACK: Colour = Colour::new(0, 0, 0);
/// Text of no parameter and no alarm.
pub const WHITE: Colour = Colour::new(235, 235, 235);
/// Limits, scales, the status line.
pub const GREY: Colour = Colour::new(150, 150, 150);
/// Lines between the areas.
pub const RULE: Colour = Colour::new(48, 48, 48);
/// ECG and heart rate.
pub const GREEN: Colour = Colour::new(0, 255, 64);
/// Pleth and saturation.
pub const CYAN: Colour = Colour::new(0, 229, 255);
/// Pressures in the arteries.
pub const RED: Colour = Colour::new(255, 64, 64);
/// Respiration.
pub const YELLOW: Colour = Colour::new(255, 230, 0);
/// Pressure in the pulmonary artery.
pub const ORANGE: Colour = Colour::new(255, 170, 60);
/// The mark of what is no patient's.
pub const MAGENTA: Colour = Colour::new(216, 27, 180);
/// Alarm of high priority (IEC 60601-1-8: red).
pub const ALARM_HIGH: Colour = Colour::new(255, 0, 0);
/// Alarm of medium priority (IEC 60601-1-8: yellow).
pub const ALARM_MEDIUM: Colour = Colour::new(255, 255, 0);
/// Alarm of low priority (IEC 60601-1-8: cyan or yellow).
pub const ALARM_LOW: Colour = Colour::new(0, 255, 255);
