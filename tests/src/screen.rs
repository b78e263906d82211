//! The screen as a picture.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

/// Width and height of the screen in tests and the demo, in pixels.
pub const SIZE: (u32, u32) = (1024, 600);

/// Writes the raw screen (XRGB8888, little-endian) as PNG.
///
/// # Errors
/// When it cannot be read, has another size, or the picture cannot be written.
pub fn to_png(raw: &Path, picture: &Path) -> io::Result<()> {
    let (width, height) = SIZE;
    let pixels = std::fs::read(raw)?;
    let expected = width as usize * height as usize * 4;
    if pixels.len() < expected {
        return Err(io::Error::other(format!(
            "the screen has {} bytes, not {expected}",
            pixels.len()
        )));
    }
    let rgb: Vec<u8> = pixels[..expected]
        .chunks_exact(4)
        .flat_map(|p| [p[2], p[1], p[0]])
        .collect();
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(picture)?), width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(io::Error::other)?;
    writer.write_image_data(&rgb).map_err(io::Error::other)
}
