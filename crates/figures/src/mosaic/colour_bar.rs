//! The colour bar: all colours of the map, labelled with the values at its ends, and with zero where the range contains it.

use super::{ColourMap, MosaicScale, Paper, PixelRect, Pixels, RangeUsed, format_value, text};

/// A horizontal bar with tick labels under it.
pub(super) struct ColourBar {
    map: ColourMap,
    ticks: Vec<Tick>,
    note: Option<&'static str>,
    px: f32,
    width: u32,
    paper: Paper,
}

struct Tick {
    /// Distance from the bar's left end, as a share of its length.
    at: f32,
    label: String,
}

impl ColourBar {
    /// A bar for a mosaic's colours and ranges.
    pub(super) fn new(mosaic: &MosaicScale, px: f32, max_width: u32) -> Self {
        let tick = |at: f32, label: String| Tick { at, label };
        let (ticks, note) = match mosaic.range {
            RangeUsed::Shared(range) => {
                let mut ticks = vec![tick(0.0, format_value(range.low)), tick(1.0, format_value(range.high))];
                if range.low < 0.0 && range.high > 0.0 {
                    let (low, high) = (f64::from(range.low), f64::from(range.high));
                    ticks.push(tick((-low / (high - low)) as f32, "0".into()));
                }
                (ticks, None)
            }
            RangeUsed::PerChannel(_) => (own_ticks(mosaic.colour_map), Some("of each channel")),
            RangeUsed::PerLocation(_) => (own_ticks(mosaic.colour_map), Some("of each location")),
        };
        let width = max_width.min((px * 18.0) as u32).max(2);
        Self { map: mosaic.colour_map, ticks, note, px, width, paper: mosaic.paper }
    }

    /// Columns it takes.
    pub(super) fn width(&self) -> u32 {
        self.width
    }

    /// Rows it takes.
    pub(super) fn height(&self) -> u32 {
        let lines = 1 + u32::from(self.note.is_some());
        self.thickness() + self.tick_length() + lines * text::line_height(self.px)
    }

    /// Draws it with its top left corner at (x, y).
    pub(super) fn draw(&self, pixels: &mut Pixels, x: u32, y: u32) {
        let steps = self.map.table();
        let (last_step, last_column) = (steps.len() - 1, self.width as usize - 1);
        for (column, step) in
            (0..self.width).map(|c| (c, (c as usize * last_step + last_column / 2) / last_column))
        {
            pixels.fill(
                PixelRect { x: x + column, y, width: 1, height: self.thickness() },
                steps[step.min(last_step)],
            );
        }
        let bar = PixelRect { x, y, width: self.width, height: self.thickness() };
        pixels.frame(bar, self.paper.line());
        let under = y + self.thickness();
        let words = under + self.tick_length();
        let mut taken: Vec<(u32, u32)> = Vec::new();
        // The labels of the ends are drawn first; one between them is left out where there is no room.
        for tick in &self.ticks {
            let label = text::shorten(&tick.label, self.px, self.width);
            let label_width = text::width(&label, self.px);
            let centre = (tick.at * last_column as f32).round() as u32;
            let left = centre.saturating_sub(label_width / 2).min(self.width.saturating_sub(label_width));
            let right = left + label_width;
            pixels.fill(
                PixelRect { x: x + centre, y: under, width: 1, height: self.tick_length() },
                self.paper.line(),
            );
            let space = (self.px * 0.5) as u32;
            if taken.iter().all(|(from, to)| right + space <= *from || left >= to + space) {
                text::draw(pixels, x + left, words, &label, self.px, self.paper.quiet_ink());
                taken.push((left, right));
            }
        }
        if let Some(note) = self.note {
            let note = text::shorten(note, self.px, self.width);
            let left = x + (self.width.saturating_sub(text::width(&note, self.px))) / 2;
            text::draw(
                pixels,
                left,
                words + text::line_height(self.px),
                &note,
                self.px,
                self.paper.quiet_ink(),
            );
        }
    }

    fn thickness(&self) -> u32 {
        self.px.round() as u32
    }

    fn tick_length(&self) -> u32 {
        (self.px * 0.3).round() as u32
    }
}

/// The ticks for a mosaic whose channels or locations each have their own range.
fn own_ticks(map: ColourMap) -> Vec<Tick> {
    let labels: &[(f32, &str)] = if map.is_diverging() {
        &[(0.0, "−max |x|"), (1.0, "max |x|"), (0.5, "0")]
    } else {
        &[(0.0, "min"), (1.0, "max")]
    };
    labels.iter().map(|&(at, label)| Tick { at, label: label.into() }).collect()
}
