//! Text: fonts read once, each glyph rasterised once.

use super::builtin;
use super::canvas::Canvas;
use super::colour::Colour;
use fontdue::{Font, FontSettings};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

/// Which face of the font.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Face {
    /// Labels, limits.
    Regular,
    /// Numbers, alarms.
    Bold,
}

/// Why a font is not used.
#[derive(Debug)]
pub enum FontError {
    /// The file cannot be read.
    Unreadable(PathBuf, io::Error),
    /// The file is no font, or lacks a letter the screen needs.
    Unusable(PathBuf, String),
}

impl fmt::Display for FontError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(file, error) => write!(f, "font {}: {error}", file.display()),
            Self::Unusable(file, what) => write!(f, "font {}: {what}", file.display()),
        }
    }
}

impl std::error::Error for FontError {}

/// A rasterised glyph.
#[derive(Clone, Debug)]
struct Glyph {
    left: i32,
    bottom: i32,
    width: usize,
    height: usize,
    advance: f32,
    coverage: Vec<u8>,
}

/// The fonts, or the built-in letters where there is none.
#[derive(Clone, Debug, Default)]
pub struct Text {
    regular: Option<Font>,
    bold: Option<Font>,
    glyphs: HashMap<(Face, char, u32), Glyph>,
}

/// No font file is larger.
const FONT_MAX: u64 = 16 << 20;
/// Letters without which a font shows no vital signs.
const NEEDED: &str = "0123456789-/()!HRSpO2mg";

impl Text {
    /// The built-in letters.
    pub fn builtin() -> Self {
        Self::default()
    }

    /// Reads the fonts: the first is the regular face, the second, or else the first, the
    /// bold one. What cannot be read is told, and the built-in letters stand in for it.
    pub fn open(files: &[PathBuf]) -> (Self, Vec<FontError>) {
        let mut errors = Vec::new();
        let mut fonts = files.iter().map(|file| match read_font(file) {
            Ok(font) => Some(font),
            Err(error) => {
                errors.push(error);
                None
            }
        });
        let regular = fonts.next().flatten();
        let bold = fonts.next().flatten();
        drop(fonts);
        let any = regular.clone().or(bold.clone());
        let text = Self {
            regular: regular.or(any.clone()),
            bold: bold.or(any),
            glyphs: HashMap::new(),
        };
        (text, errors)
    }

    /// Whether the built-in letters are drawn.
    pub fn is_builtin(&self) -> bool {
        self.regular.is_none()
    }

    /// Draws `text` with its baseline at `y`, `size` pixels high; gives where it ends.
    pub fn draw(&mut self, canvas: &mut Canvas, at: (f32, f32), style: Style, text: &str) -> f32 {
        let (mut x, y) = at;
        for letter in text.chars() {
            let glyph = self.glyph(style, letter);
            let left = x.round() as i32 + glyph.left;
            let top = y.round() as i32 - glyph.bottom - glyph.height as i32;
            canvas.mask(left, top, glyph.width, &glyph.coverage, style.colour);
            x += glyph.advance;
        }
        x
    }

    /// Draws `text` so that it ends at `x`.
    pub fn draw_right(&mut self, canvas: &mut Canvas, at: (f32, f32), style: Style, text: &str) {
        let width = self.width(style, text);
        self.draw(canvas, (at.0 - width, at.1), style, text);
    }

    /// Width of `text` in pixels.
    pub fn width(&mut self, style: Style, text: &str) -> f32 {
        text.chars()
            .map(|letter| self.glyph(style, letter).advance)
            .sum()
    }

    /// `style` made small enough for `text` to be at most `width` pixels wide.
    pub fn fit(&mut self, style: Style, text: &str, width: f32) -> Style {
        let needed = self.width(style, text);
        if needed <= width {
            return style;
        }
        Style {
            size: (style.size * width / needed).floor().max(6.0),
            ..style
        }
    }

    fn glyph(&mut self, style: Style, letter: char) -> &Glyph {
        let font = match style.face {
            Face::Regular => &self.regular,
            Face::Bold => &self.bold,
        };
        self.glyphs
            .entry((style.face, letter, style.size.to_bits()))
            .or_insert_with(|| match font {
                Some(font) => {
                    let (metrics, coverage) = font.rasterize(letter, style.size);
                    Glyph {
                        left: metrics.xmin,
                        bottom: metrics.ymin,
                        width: metrics.width,
                        height: metrics.height,
                        advance: metrics.advance_width,
                        coverage,
                    }
                }
                None => builtin_glyph(letter, style.size),
            })
    }
}

/// How a text is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Style {
    /// Face.
    pub face: Face,
    /// Size in pixels.
    pub size: f32,
    /// Colour.
    pub colour: Colour,
}

impl Style {
    /// Regular face.
    pub const fn regular(size: f32, colour: Colour) -> Self {
        Self {
            face: Face::Regular,
            size,
            colour,
        }
    }

    /// Bold face.
    pub const fn bold(size: f32, colour: Colour) -> Self {
        Self {
            face: Face::Bold,
            size,
            colour,
        }
    }
}

fn read_font(file: &Path) -> Result<Font, FontError> {
    let unreadable = |error| FontError::Unreadable(file.into(), error);
    let unusable = |what: String| FontError::Unusable(file.into(), what);
    let length = fs::metadata(file).map_err(unreadable)?.len();
    if length > FONT_MAX {
        return Err(unusable(format!(
            "{length} bytes are no font for a monitor"
        )));
    }
    let bytes = fs::read(file).map_err(unreadable)?;
    let font = Font::from_bytes(bytes, FontSettings::default())
        .map_err(|error| unusable(error.to_string()))?;
    match NEEDED
        .chars()
        .find(|&letter| font.lookup_glyph_index(letter) == 0)
    {
        Some(letter) => Err(unusable(format!("has no '{letter}'"))),
        None => Ok(font),
    }
}

fn builtin_glyph(letter: char, size: f32) -> Glyph {
    // Capitals are about 0.7 of a font's size.
    let scale = ((size * 0.72 / builtin::ROWS as f32).round() as usize).max(1);
    let (width, height) = (builtin::COLUMNS * scale, builtin::ROWS * scale);
    let coverage = (0..width * height)
        .map(|index| {
            let (column, row) = (index % width / scale, index / width / scale);
            if builtin::dot(letter, column, row) {
                255
            } else {
                0
            }
        })
        .collect();
    Glyph {
        left: 0,
        bottom: 0,
        width,
        height,
        advance: (width + scale) as f32,
        coverage,
    }
}
