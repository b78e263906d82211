//! A raw frame as a PNG, for people and reports. Needs no sensor.

use super::colour::Colour;
use super::layout::Geometry;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

/// Why there is no picture.
#[derive(Debug)]
pub enum SnapshotError {
    /// A file cannot be read or written.
    File(PathBuf, io::Error),
    /// The raw frame has another size than the geometry says.
    Size {
        /// The raw frame.
        file: PathBuf,
        /// Bytes it has.
        found: usize,
        /// Bytes a frame has.
        expected: usize,
    },
    /// The picture cannot be encoded.
    Encode(png::EncodingError),
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(file, error) => write!(f, "{}: {error}", file.display()),
            Self::Size {
                file,
                found,
                expected,
            } => {
                let file = file.display();
                write!(
                    f,
                    "{file}: {found} bytes, a frame of this geometry has {expected}"
                )
            }
            Self::Encode(error) => write!(f, "the picture cannot be encoded: {error}"),
        }
    }
}

impl std::error::Error for SnapshotError {}

/// Writes the raw XRGB8888 frame in `raw` to `picture`.
pub fn snapshot(raw: &Path, geometry: Geometry, picture: &Path) -> Result<(), SnapshotError> {
    let of = |file: &Path| {
        let file = file.to_path_buf();
        move |error| SnapshotError::File(file, error)
    };
    let bytes = fs::read(raw).map_err(of(raw))?;
    if bytes.len() != geometry.bytes() {
        let (found, expected) = (bytes.len(), geometry.bytes());
        return Err(SnapshotError::Size {
            file: raw.into(),
            found,
            expected,
        });
    }
    let mut pixels = Vec::with_capacity(geometry.width as usize * geometry.height as usize * 3);
    for row in bytes.chunks_exact(geometry.stride) {
        for &pixel in row[..geometry.width as usize * 4].as_chunks::<4>().0 {
            let Colour { red, green, blue } = Colour::of_pixel(pixel);
            pixels.extend_from_slice(&[red, green, blue]);
        }
    }
    let file = BufWriter::new(File::create(picture).map_err(of(picture))?);
    let mut encoder = png::Encoder::new(file, geometry.width, geometry.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(SnapshotError::Encode)?;
    writer
        .write_image_data(&pixels)
        .map_err(SnapshotError::Encode)?;
    writer.finish().map_err(SnapshotError::Encode)
}
