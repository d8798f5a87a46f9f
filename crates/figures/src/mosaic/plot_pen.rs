//! Lines and dots with smooth edges, within an area.

use super::{PixelRect, Pixels};

/// Draws on pixels within an area.
pub(super) struct Pen<'a> {
    pub(super) pixels: &'a mut Pixels,
    pub(super) area: PixelRect,
}

impl Pen<'_> {
    /// A dot; `share` is how much of its colour covers what is below.
    pub(super) fn dot(&mut self, centre: (f32, f32), radius: f32, colour: [u8; 4], share: f32) {
        self.line(centre, centre, 2.0 * radius, colour, share);
    }

    /// A line with round ends.
    pub(super) fn line(&mut self, a: (f32, f32), b: (f32, f32), width: f32, colour: [u8; 4], share: f32) {
        let reach = width / 2.0 + 1.0;
        let PixelRect { x, y, width: columns, height: rows } = self.area;
        let inside = |low: f32, high: f32, first: u32, num: u32| {
            let end = (first + num) as f32;
            (low - reach).clamp(first as f32, end) as u32
                ..(high + reach).ceil().clamp(first as f32, end) as u32
        };
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let length = dx.mul_add(dx, dy * dy);
        for row in inside(a.1.min(b.1), a.1.max(b.1), y, rows) {
            for column in inside(a.0.min(b.0), a.0.max(b.0), x, columns) {
                // From the middle of the pixel to the nearest place of the line.
                let (px, py) = (column as f32 + 0.5 - a.0, row as f32 + 0.5 - a.1);
                let along =
                    if length > 0.0 { (px.mul_add(dx, py * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
                let distance = (px - along * dx).hypot(py - along * dy);
                let coverage = (width / 2.0 + 0.5 - distance).clamp(0.0, 1.0);
                if coverage > 0.0 {
                    self.pixels.blend(column, row, colour, coverage * share);
                }
            }
        }
    }

    /// A dashed line to the right.
    pub(super) fn dashed(&mut self, (mut x, y): (f32, f32), end: f32, dash: f32, colour: [u8; 4]) {
        while x < end {
            self.line((x, y), ((x + dash).min(end), y), 1.2, colour, 0.9);
            x += 2.0 * dash;
        }
    }
}

/// A rectangle that something takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spot {
    pub(super) left: f32,
    pub(super) top: f32,
    pub(super) right: f32,
    pub(super) bottom: f32,
}

impl Spot {
    pub(super) fn of(rect: PixelRect) -> Self {
        let (left, top) = (rect.x as f32, rect.y as f32);
        Self { left, top, right: left + rect.width as f32, bottom: top + rect.height as f32 }
    }

    pub(super) fn around((x, y): (f32, f32), reach: f32) -> Self {
        Self { left: x - reach, top: y - reach, right: x + reach, bottom: y + reach }
    }

    pub(super) fn meets(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    /// How far a place is from it; 0 inside.
    pub(super) fn distance(&self, (x, y): (f32, f32)) -> f32 {
        let off = |at: f32, from: f32, to: f32| (from - at).max(at - to).max(0.0);
        off(x, self.left, self.right).hypot(off(y, self.top, self.bottom))
    }

    pub(super) fn holds(&self, other: &Self) -> bool {
        self.left <= other.left
            && other.right <= self.right
            && self.top <= other.top
            && other.bottom <= self.bottom
    }
}
