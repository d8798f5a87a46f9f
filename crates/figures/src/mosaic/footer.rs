//! What stands under a mosaic in a figure: the colour bar, and the legend of the looks that show no value.

use super::{MosaicScale, Pixels, colour_bar::ColourBar, legend::Legend};

/// Colour bar and legend, next to each other where they fit.
pub(super) struct Footer {
    bar: ColourBar,
    legend: Legend,
    /// Offset of the legend from the bar's top left corner.
    legend_at: (u32, u32),
}

impl Footer {
    /// The footer of a mosaic whose colours mean this, with text `px` pixels high, at most `max_width` columns wide.
    pub(super) fn new(mosaic: &MosaicScale, px: f32, max_width: u32) -> Self {
        let bar = ColourBar::new(mosaic, px, max_width);
        let beside = bar.width() + 2 * px as u32;
        let legend = Legend::new(&mosaic.looks, px, max_width, mosaic.paper, mosaic.dead);
        let legend_at = if beside + legend.width() <= max_width {
            (beside, 0)
        } else {
            (0, bar.height() + px as u32 / 2)
        };
        Self { bar, legend, legend_at }
    }

    /// Rows it takes.
    pub(super) fn height(&self) -> u32 {
        let legend_bottom =
            if self.legend.height() > 0 { self.legend_at.1 + self.legend.height() } else { 0 };
        self.bar.height().max(legend_bottom)
    }

    /// Draws it with its top left corner at (x, y).
    pub(super) fn draw(&self, pixels: &mut Pixels, x: u32, y: u32) {
        self.bar.draw(pixels, x, y);
        self.legend.draw(pixels, x + self.legend_at.0, y + self.legend_at.1);
    }
}
