//! A frame of an animation: a mosaic in the middle, and below it a strip that marks which channel of which layer is shown.

use super::{MosaicError, Paper, PixelRect, Pixels, text};

/// Height of one bar in pixels.
const BAR: u32 = 8;
/// Pixels between the elements of a frame.
const GAP: u32 = 4;
/// Text size in pixels.
const TEXT_PX: f32 = 13.0;

/// The place that a strip marks: one of several parts, and one step of this part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StripMark {
    /// The text below the bars.
    pub words: String,
    /// Number of parts, such as layers.
    pub num_parts: usize,
    /// The part that is shown, from 0.
    pub part: usize,
    /// Number of steps of this part, such as channels.
    pub num_steps: usize,
    /// The step that is shown, from 0.
    pub step: usize,
}

/// Size and colours of all frames of an animation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameLook {
    /// Columns of the middle, without margins.
    pub width: u32,
    /// Rows of the middle, without margins and strip.
    pub height: u32,
    /// Colours of the background and the text.
    pub paper: Paper,
}

impl FrameLook {
    /// Colour of the mark.
    pub const MARK: [u8; 4] = [0xd6, 0x4b, 0x2a, 0xff];

    /// Columns and rows of a whole frame.
    pub fn size(&self) -> (u32, u32) {
        (self.width + 2 * GAP, self.height + 2 * GAP + strip_height())
    }

    /// The columns of the strip's upper bar that belong to a part; the end is not included.
    pub fn part_columns(&self, num_parts: usize, part: usize) -> std::ops::Range<u32> {
        self.columns(num_parts, part)
    }

    /// Row of the upper bar's middle, where the part is marked.
    pub fn part_row(&self) -> u32 {
        self.height + 2 * GAP + BAR / 2
    }

    /// Row of the lower bar's middle, where the step is marked.
    pub fn step_row(&self) -> u32 {
        self.part_row() + BAR + GAP
    }

    /// A whole frame: `middle` is centred and is clipped where it is too large.
    pub fn frame(&self, middle: &Pixels, mark: &StripMark) -> Result<Pixels, MosaicError> {
        let (width, height) = self.size();
        let mut frame = Pixels::filled("the frame", width.into(), height.into(), self.paper.ground())?;
        let x = GAP + self.width.saturating_sub(middle.width()) / 2;
        let y = GAP + self.height.saturating_sub(middle.height()) / 2;
        frame.paste(x, y, middle);
        let bars =
            [(mark.num_parts, mark.part, self.part_row()), (mark.num_steps, mark.step, self.step_row())];
        // A bar with only one part or step needs no mark.
        for (num, at, row) in bars.into_iter().filter(|(num, ..)| *num > 1) {
            let bar = PixelRect { x: GAP, y: row - BAR / 2, width: self.width, height: BAR };
            frame.fill(bar, self.paper.line());
            let marked = self.columns(num, at);
            let width = marked.end - marked.start;
            frame.fill(PixelRect { x: marked.start, width, ..bar }, Self::MARK);
        }
        let words = text::shorten(&mark.words, TEXT_PX, self.width);
        let y = self.step_row() + BAR / 2 + GAP;
        text::draw(&mut frame, GAP, y, &words, TEXT_PX, self.paper.ink());
        Ok(frame)
    }

    /// The columns of a bar that belong to item `at` of `num`; at least one column.
    fn columns(&self, num: usize, at: usize) -> std::ops::Range<u32> {
        let column = |at: usize| (at as u64 * u64::from(self.width) / num.max(1) as u64) as u32;
        let start = column(at).min(self.width.saturating_sub(1));
        GAP + start..GAP + column(at + 1).max(start + 1)
    }
}

fn strip_height() -> u32 {
    2 * BAR + 3 * GAP + text::line_height(TEXT_PX)
}
