//! The legend of the special looks, which don't show a value.

use super::{DeadLook, Paper, PixelRect, Pixels, SpecialLook, text};

/// Swatches with their labels, wrapped into rows of the available width.
pub(super) struct Legend {
    entries: Vec<Entry>,
    px: f32,
    paper: Paper,
    dead: DeadLook,
    width: u32,
    height: u32,
}

struct Entry {
    look: SpecialLook,
    x: u32,
    y: u32,
}

impl Legend {
    pub(super) fn new(looks: &[SpecialLook], px: f32, max_width: u32, paper: Paper, dead: DeadLook) -> Self {
        let row = text::line_height(px);
        let (mut x, mut y, mut width) = (0, 0, 0);
        let mut entries = Vec::with_capacity(looks.len());
        for &look in looks {
            let entry = swatch_side(px) + gap(px) + text::width(look.name(), px);
            if x > 0 && x + entry > max_width {
                (x, y) = (0, y + row + gap(px));
            }
            entries.push(Entry { look, x, y });
            width = width.max(x + entry);
            x += entry + 2 * gap(px);
        }
        let height = if entries.is_empty() { 0 } else { y + row };
        Self { entries, px, paper, dead, width, height }
    }

    /// Columns it takes.
    pub(super) fn width(&self) -> u32 {
        self.width
    }

    /// Rows it takes.
    pub(super) fn height(&self) -> u32 {
        self.height
    }

    /// Draws it with its top left corner at (x, y).
    pub(super) fn draw(&self, pixels: &mut Pixels, x: u32, y: u32) {
        let side = swatch_side(self.px);
        for entry in &self.entries {
            let (left, top) = (x + entry.x, y + entry.y);
            for dy in 0..side {
                for dx in 0..side {
                    pixels.set(left + dx, top + dy, entry.look.tile_colour(self.paper, self.dead, dx, dy));
                }
            }
            pixels.frame(PixelRect { x: left, y: top, width: side, height: side }, self.paper.line());
            let label = left + side + gap(self.px);
            text::draw(pixels, label, top, entry.look.name(), self.px, self.paper.quiet_ink());
        }
    }
}

fn swatch_side(px: f32) -> u32 {
    px.round() as u32
}

fn gap(px: f32) -> u32 {
    (px * 0.5).round() as u32
}
