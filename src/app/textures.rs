//! Pictures as textures: cut to what the graphics driver takes, uploaded once, freed when replaced.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use egui::{Color32, ColorImage, Context, Rect, TextureFilter, TextureHandle, TextureOptions, pos2, vec2};

use super::event::Walked;
use super::job::ThumbKey;
use super::kept::Kept;
use super::shown::Shown;
use super::state::State;
use super::wanted::ViewId;
use crate::graph::NodeId;
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

/// Opaque RGBA as egui takes it, whole.
pub(super) fn from_pixels(pixels: &Pixels) -> Arc<ColorImage> {
    let size = [pixels.width() as usize, pixels.height() as usize];
    Arc::new(ColorImage::from_rgba_unmultiplied(size, pixels.rgba()))
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

    /// Draws the whole picture over a rectangle, tinted (see-through where the tint is).
    pub(super) fn paint_over(&self, painter: &egui::Painter, rect: Rect, tint: Color32) {
        let whole = self.parts.iter().fold(Rect::NOTHING, |all, (part, _)| all.union(*part));
        let scale = vec2(rect.width() / whole.width().max(1.0), rect.height() / whole.height().max(1.0));
        let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        for (part, handle) in &self.parts {
            let at = |p: egui::Pos2| rect.min + p.to_vec2() * scale;
            painter.image(handle.id(), Rect::from_min_max(at(part.min), at(part.max)), uv, tint);
        }
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

/// Moments' small pictures kept: thousands.
const THUMB_BUDGET_BYTES: usize = 64 << 20;

/// A moment's small picture and its size; none where it can't be read.
pub(super) type Thumb = Option<(Texture, egui::Vec2)>;

/// Pictures on the graphics card.
pub(super) struct Textures {
    views: HashMap<ViewId, ViewTextures>,
    layers: Option<(Arc<Walked>, HashMap<NodeId, Texture>)>,
    inspected: Option<(Weak<Shown>, usize, Texture, Vec<Texture>)>,
    pins: HashMap<u64, (Arc<ColorImage>, Texture)>,
    /// Of moments of a data set, with their sizes; none where the picture can't be read.
    thumbs: Kept<ThumbKey, Arc<Thumb>>,
    /// The view that the window's title is about.
    titled: Option<ViewId>,
}

/// Those of one view, and the view they were made from.
pub(super) struct ViewTextures {
    of: Arc<Shown>,
    pub(super) mosaic: Texture,
    pub(super) seen: Texture,
    pub(super) thumbnail: Texture,
}

impl Default for Textures {
    fn default() -> Self {
        Self {
            views: HashMap::new(),
            layers: None,
            inspected: None,
            pins: HashMap::new(),
            thumbs: Kept::new(THUMB_BUDGET_BYTES),
            titled: None,
        }
    }
}

impl Textures {
    /// Takes a moment's small picture.
    pub(super) fn take_thumb(&mut self, ctx: &Context, key: ThumbKey, image: Option<&Arc<ColorImage>>) {
        let num_bytes = image.map_or(64, |image| image.pixels.len() * 4);
        let thumb = image.map(|image| {
            let size = vec2(image.size[0] as f32, image.size[1] as f32);
            (Texture::of_image(ctx, "moment", image), size)
        });
        self.thumbs.insert(key, Arc::new(thumb), num_bytes);
    }

    /// A moment's small picture, if it is here.
    pub(super) fn thumb(&self, key: &ThumbKey) -> Option<&Thumb> {
        self.thumbs.peek(key).map(|thumb| &**thumb)
    }

    /// Uploads what is new; says whether the active view shows something new.
    pub(super) fn refresh(&mut self, ctx: &Context, state: &State) -> bool {
        let mut is_active_new = false;
        for view in &state.views {
            let Some(shown) = &view.shown else {
                self.views.remove(&view.id);
                continue;
            };
            if self.views.get(&view.id).is_some_and(|kept| Arc::ptr_eq(&kept.of, shown)) {
                continue;
            }
            let kept = self.views.remove(&view.id);
            is_active_new |= view.id == state.view().id;
            let mosaic = Texture::of_tiles(ctx, "mosaic", &shown.tiles);
            let (seen, thumbnail) = match kept {
                Some(kept) if Arc::ptr_eq(&kept.of.seen, &shown.seen) => (kept.seen, kept.thumbnail),
                _ => (
                    Texture::of_image(ctx, "seen", &shown.seen),
                    Texture::of_image(ctx, "thumbnail", &shown.thumbnail),
                ),
            };
            self.views.insert(view.id, ViewTextures { of: Arc::clone(shown), mosaic, seen, thumbnail });
        }
        self.refresh_layers(ctx, state);
        self.refresh_filters(ctx, state);
        // The title is that of the active view, whichever became it.
        is_active_new |= self.titled != Some(state.view().id);
        self.titled = Some(state.view().id);
        is_active_new
    }

    fn refresh_layers(&mut self, ctx: &Context, state: &State) {
        let Some(walked) = &state.walk.done else { return };
        if self.layers.as_ref().is_some_and(|(of, _)| Arc::ptr_eq(of, walked)) {
            return;
        }
        let textures = walked
            .layers
            .iter()
            .map(|(node, layer)| (*node, Texture::of_image(ctx, "layer", &layer.mean_map)))
            .collect();
        self.layers = Some((Arc::clone(walked), textures));
    }

    fn refresh_filters(&mut self, ctx: &Context, state: &State) {
        if let Some(found) = &state.inspected {
            let is_kept = self
                .inspected
                .as_ref()
                .is_some_and(|(of, channel, ..)| of.ptr_eq(&found.of) && *channel == found.channel);
            if !is_kept {
                let map = Texture::of_image(ctx, "filter", &found.map);
                let nearest =
                    found.nearest.iter().map(|(.., map)| Texture::of_image(ctx, "nearest", map)).collect();
                self.inspected = Some((found.of.clone(), found.channel, map, nearest));
            }
        }
        self.pins.retain(|id, _| state.pins.iter().any(|pin| pin.filter.id == *id));
        for pin in &state.pins {
            let Some(image) = &pin.image else { continue };
            let is_kept = self.pins.get(&image.id).is_some_and(|(of, _)| Arc::ptr_eq(of, &image.map));
            if !is_kept {
                let texture = Texture::of_image(ctx, "pin", &image.map);
                self.pins.insert(image.id, (Arc::clone(&image.map), texture));
            }
        }
    }

    pub(super) fn view(&self, id: ViewId) -> Option<&ViewTextures> {
        self.views.get(&id)
    }

    /// A layer's small picture.
    pub(super) fn layer(&self, node: NodeId) -> Option<&Texture> {
        self.layers.as_ref()?.1.get(&node)
    }

    /// The map of the filter that was looked into, and those of its nearest.
    pub(super) fn inspected(&self) -> Option<(&Texture, &[Texture])> {
        self.inspected.as_ref().map(|(.., map, nearest)| (map, nearest.as_slice()))
    }

    pub(super) fn pin(&self, id: u64) -> Option<&Texture> {
        self.pins.get(&id).map(|(_, texture)| texture)
    }

    pub(super) fn forget(&mut self, id: ViewId) {
        self.views.remove(&id);
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
