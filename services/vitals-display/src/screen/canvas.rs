//! The picture: rectangles, antialiased lines, masks of glyphs.
//!
//! It is kept in the order of bytes the screen wants (blue first), so that a frame is
//! written as it stands. tiny-skia is told red where blue is meant; it cannot tell.

use super::colour::Colour;
use tiny_skia::{Color, LineCap, LineJoin, Paint, PathBuilder, Pixmap, Stroke, Transform};

/// A rectangle in whole pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Area {
    /// Left edge.
    pub x: i32,
    /// Upper edge.
    pub y: i32,
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
}

impl Area {
    /// A rectangle.
    pub const fn new(x: i32, y: i32, width: i32, height: i32) -> Self {
        Self {
            x,
            y,
            width,
            height,
        }
    }

    /// Right edge, exclusive.
    pub const fn right(self) -> i32 {
        self.x + self.width
    }

    /// Lower edge, exclusive.
    pub const fn bottom(self) -> i32 {
        self.y + self.height
    }
}

/// The picture.
#[derive(Clone, Debug)]
pub struct Canvas {
    pixmap: Pixmap,
}

impl Canvas {
    /// A black picture; none when the size is no picture's.
    pub fn new(width: u32, height: u32) -> Option<Self> {
        let mut pixmap = Pixmap::new(width, height)?;
        pixmap.fill(Color::BLACK);
        Some(Self { pixmap })
    }

    /// Width in pixels.
    pub fn width(&self) -> i32 {
        self.pixmap.width() as i32
    }

    /// Height in pixels.
    pub fn height(&self) -> i32 {
        self.pixmap.height() as i32
    }

    /// The bytes, XRGB8888 little-endian, row by row.
    pub fn bytes(&self) -> &[u8] {
        self.pixmap.data()
    }

    /// The colour at a pixel; none outside.
    pub fn at(&self, x: i32, y: i32) -> Option<Colour> {
        let index = self.index(x, y)?;
        let pixel = self.pixmap.data().get(index..index + 4)?;
        Some(Colour::of_pixel([pixel[0], pixel[1], pixel[2], pixel[3]]))
    }

    /// Fills a rectangle.
    pub fn fill(&mut self, area: Area, colour: Colour) {
        let (left, right) = (
            area.x.clamp(0, self.width()),
            area.right().clamp(0, self.width()),
        );
        let (top, bottom) = (
            area.y.clamp(0, self.height()),
            area.bottom().clamp(0, self.height()),
        );
        if left >= right {
            return;
        }
        let stride = self.width() as usize * 4;
        let pixel = colour.pixel();
        for row in top..bottom {
            let start = row as usize * stride;
            let line =
                &mut self.pixmap.data_mut()[start + left as usize * 4..start + right as usize * 4];
            line.as_chunks_mut::<4>().0.fill(pixel);
        }
    }

    /// Strokes a line through `points`, antialiased, `width` pixels wide.
    pub fn line(&mut self, points: &[(f32, f32)], width: f32, colour: Colour) {
        let mut path = PathBuilder::new();
        let Some((&(x, y), rest)) = points.split_first() else {
            return;
        };
        path.move_to(x, y);
        for &(x, y) in rest {
            path.line_to(x, y);
        }
        if rest.is_empty() {
            path.line_to(x + 0.01, y);
        }
        let Some(path) = path.finish() else { return };
        let stroke = Stroke {
            width,
            line_cap: LineCap::Round,
            line_join: LineJoin::Round,
            ..Stroke::default()
        };
        self.pixmap
            .stroke_path(&path, &paint(colour), &stroke, Transform::identity(), None);
    }

    /// Lays `colour` through a mask of coverage, `width` wide, its upper left corner at `x`, `y`.
    pub fn mask(&mut self, x: i32, y: i32, width: usize, coverage: &[u8], colour: Colour) {
        if width == 0 {
            return;
        }
        let pixel = colour.pixel();
        for (row, line) in coverage.chunks_exact(width).enumerate() {
            for (column, &cover) in line.iter().enumerate() {
                if cover == 0 {
                    continue;
                }
                let Some(index) = self.index(x + column as i32, y + row as i32) else {
                    continue;
                };
                let under = &mut self.pixmap.data_mut()[index..index + 3];
                for (under, over) in under.iter_mut().zip(pixel) {
                    let (a, b) = (u32::from(*under), u32::from(over));
                    let cover = u32::from(cover);
                    *under = ((a * (255 - cover) + b * cover + 127) / 255) as u8;
                }
            }
        }
    }

    fn index(&self, x: i32, y: i32) -> Option<usize> {
        let inside = (0..self.width()).contains(&x) && (0..self.height()).contains(&y);
        inside.then(|| (y as usize * self.width() as usize + x as usize) * 4)
    }
}

fn paint(colour: Colour) -> Paint<'static> {
    let [first, second, third, _] = colour.pixel();
    let mut paint = Paint {
        anti_alias: true,
        ..Paint::default()
    };
    paint.set_color_rgba8(first, second, third, 0xff);
    paint
}
