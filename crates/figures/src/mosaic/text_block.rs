//! A title and the smaller lines under it, wrapped to a width.

use super::{Paper, Pixels, text};

/// Wrapped lines with their sizes and colours, ready to draw.
pub(super) struct TextBlock {
    lines: Vec<Line>,
}

struct Line {
    text: String,
    px: f32,
    colour: [u8; 4],
}

/// Most lines that a title or a paragraph may take.
const MAX_LINES: usize = 4;

impl TextBlock {
    /// A title, larger than `px`, and paragraphs of size `px`. Empty texts take no room.
    pub(super) fn new(title: &str, paragraphs: &[String], px: f32, max_width: u32, paper: Paper) -> Self {
        let set = |words: &str, px: f32, colour: [u8; 4]| {
            let lines = text::wrap(words, px, max_width, MAX_LINES);
            lines.into_iter().map(move |text| Line { text, px, colour })
        };
        let mut lines: Vec<Line> = set(title, (px * 1.25).round(), paper.ink()).collect();
        lines.extend(paragraphs.iter().flat_map(|words| set(words, px, paper.quiet_ink())));
        Self { lines }
    }

    /// Rows it takes.
    pub(super) fn height(&self) -> u32 {
        self.lines.iter().map(|line| text::line_height(line.px)).sum()
    }

    /// Draws it with its top left corner at (x, y).
    pub(super) fn draw(&self, pixels: &mut Pixels, x: u32, mut y: u32) {
        for line in &self.lines {
            text::draw(pixels, x, y, &line.text, line.px, line.colour);
            y += text::line_height(line.px);
        }
    }
}
