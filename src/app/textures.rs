//! Pictures as textures: cut to what the graphics driver takes, uploaded once, freed when replaced.

use std::sync::Arc;

use egui::{Color32, ColorImage, Context, Rect, TextureFilter, TextureHandle, TextureOptions, pos2, vec2};

use crate::mosaic::Pixels;

/// Part of a picture that is larger than one texture may be.
pub(super) struct TileImage {
    /// Left and top in the picture, in its pixels.
    pub(super) at: [usize; 2],
    /// Its pixels.
    pub(super) image: Arc<ColorImage>,
}

/// A picture on the graphics card.
pub(super) struct Texture {
    parts: Vec<(Rect, TextureHandle)>,
}

/// Cuts opaque RGBA into parts of at most `max_side`. Called on the worker thread.
pub(super) fn cut(pixels: &Pixels, max_side: usize) -> Vec<TileImage> {
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

/// An 8-bit RGB picture as egui takes it.
pub(super) fn from_rgb(picture: &image::RgbImage) -> Arc<ColorImage> {
    let size = [picture.width() as usize, picture.height() as usize];
    Arc::new(ColorImage::from_rgb(size, picture.as_raw()))
}

/// Enlarged values stay squares; a mosaic made smaller is averaged, so that no tile vanishes between two pixels.
const SHARP: TextureOptions = TextureOptions {
    magnification: TextureFilter::Nearest,
    minification: TextureFilter::Linear,
    wrap_mode: egui::TextureWrapMode::ClampToEdge,
    mipmap_mode: None,
};

impl Texture {
    /// Uploads the parts of a picture.
    pub(super) fn of_tiles(ctx: &Context, name: &str, tiles: &[TileImage]) -> Self {
        let parts = tiles
            .iter()
            .map(|tile| {
                let [width, height] = tile.image.size;
                let rect = Rect::from_min_size(
                    pos2(tile.at[0] as f32, tile.at[1] as f32),
                    vec2(width as f32, height as f32),
                );
                (rect, ctx.load_texture(name, Arc::clone(&tile.image), SHARP))
            })
            .collect();
        Self { parts }
    }

    /// Uploads a picture that fits one texture.
    pub(super) fn of_image(ctx: &Context, name: &str, image: &Arc<ColorImage>) -> Self {
        Self::of_tiles(ctx, name, &[TileImage { at: [0, 0], image: Arc::clone(image) }])
    }

    /// Draws the whole picture with its top left pixel at `origin`, each of its pixels `scale` points wide.
    pub(super) fn paint(&self, painter: &egui::Painter, origin: egui::Pos2, scale: f32) {
        let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        for (rect, handle) in &self.parts {
            let place =
                Rect::from_min_max(origin + rect.min.to_vec2() * scale, origin + rect.max.to_vec2() * scale);
            if place.intersects(painter.clip_rect()) {
                painter.image(handle.id(), place, uv, Color32::WHITE);
            }
        }
    }
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
