//! Pictures as egui needs them, cut into pieces no larger than a graphics driver supports.

use std::sync::Arc;

use egui::{Color32, ColorImage};

use crate::mosaic::Pixels;

/// One piece of a picture that may be too large for a single texture.
pub(crate) struct TileImage {
    /// Position of the left and top edges in the picture, in its pixels.
    pub(crate) at: [usize; 2],
    /// Its pixels.
    pub(crate) image: Arc<ColorImage>,
}

/// Cuts opaque RGBA pixels into pieces of at most `max_side` pixels a side. Called on the worker thread.
pub(crate) fn cut(pixels: &Pixels, max_side: usize) -> Vec<TileImage> {
    let (width, height) = (pixels.width() as usize, pixels.height() as usize);
    let max_side = max_side.max(1);
    let mut parts = Vec::new();
    for top in (0..height).step_by(max_side) {
        for left in (0..width).step_by(max_side) {
            let size = [max_side.min(width - left), max_side.min(height - top)];
            let mut colours = Vec::with_capacity(size[0] * size[1]);
            for y in top..top + size[1] {
                let start = (y * width + left) * 4;
                let line = &pixels.rgba()[start..start + size[0] * 4];
                let opaque = line.as_chunks::<4>().0.iter().map(|[r, g, b, _]| Color32::from_rgb(*r, *g, *b));
                colours.extend(opaque);
            }
            parts.push(TileImage { at: [left, top], image: Arc::new(ColorImage::new(size, colours)) });
        }
    }
    parts
}

/// An 8-bit RGB picture as an egui image.
pub(crate) fn from_rgb(picture: &image::RgbImage) -> Arc<ColorImage> {
    let size = [picture.width() as usize, picture.height() as usize];
    Arc::new(ColorImage::from_rgb(size, picture.as_raw()))
}

/// Opaque RGBA pixels as one egui image.
pub(crate) fn from_pixels(pixels: &Pixels) -> Arc<ColorImage> {
    let size = [pixels.width() as usize, pixels.height() as usize];
    Arc::new(ColorImage::from_rgba_unmultiplied(size, pixels.rgba()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_beyond_the_limit_is_cut_without_losing_a_pixel() {
        let pixels = Pixels::from_rgba(5, 3, (0..15).flat_map(|at| [at, 0, 0, 255]).collect()).unwrap();
        let parts = cut(&pixels, 2);
        assert_eq!(parts.len(), 6);
        let mut seen = vec![None; 15];
        for part in &parts {
            let [width, height] = part.image.size;
            for y in 0..height {
                for x in 0..width {
                    seen[(part.at[1] + y) * 5 + part.at[0] + x] = Some(part.image.pixels[y * width + x].r());
                }
            }
        }
        assert_eq!(seen, (0..15).map(Some).collect::<Vec<_>>());
    }
}
