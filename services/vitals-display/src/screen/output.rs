//! The descriptor the frames go to: a frame buffer, or a file in tests and the demo.

use super::canvas::Canvas;
use super::layout::Geometry;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::{fmt, io};

/// Why a frame did not reach the screen.
#[derive(Debug)]
pub enum OutputError {
    /// The system refused the write.
    Write(io::Error),
    /// The system took only so many bytes of the frame.
    Short(usize),
}

impl fmt::Display for OutputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(error) => write!(f, "the screen cannot be written: {error}"),
            Self::Short(bytes) => write!(f, "the screen took {bytes} bytes of a frame"),
        }
    }
}

impl std::error::Error for OutputError {}

/// Writes whole frames at offset 0, one pwrite each: a frame buffer that is written line
/// by line may never show it.
#[derive(Debug)]
pub struct Output {
    file: File,
    geometry: Geometry,
    /// The frame with its rows spread, where rows are longer than the picture.
    spread: Vec<u8>,
}

impl Output {
    /// For a descriptor open for writing.
    pub fn new(file: File, geometry: Geometry) -> Self {
        let packed = geometry.stride == geometry.width as usize * 4;
        let spread = if packed {
            Vec::new()
        } else {
            vec![0; geometry.bytes()]
        };
        Self {
            file,
            geometry,
            spread,
        }
    }

    /// Writes a frame.
    pub fn write(&mut self, canvas: &Canvas) -> Result<(), OutputError> {
        let bytes = if self.spread.is_empty() {
            canvas.bytes()
        } else {
            let width = self.geometry.width as usize * 4;
            let rows = self.spread.chunks_exact_mut(self.geometry.stride);
            for (row, line) in rows.zip(canvas.bytes().chunks_exact(width)) {
                row[..width].copy_from_slice(line);
            }
            &self.spread
        };
        match self.file.write_at(bytes, 0).map_err(OutputError::Write)? {
            written if written == bytes.len() => Ok(()),
            written => Err(OutputError::Short(written)),
        }
    }
}
