//! Pictures as textures: in pieces that the graphics driver supports, uploaded once, freed when replaced.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use egui::{Color32, ColorImage, Context, Rect, TextureFilter, TextureHandle, TextureOptions, pos2, vec2};

use crate::app::model::Model;
use crate::app::model::cache::LruCache;
use crate::app::model::dataset::ThumbKey;
use crate::app::model::layers::Walked;
use crate::app::model::shown::Shown;
use crate::app::model::tiles::TileImage;
use crate::app::model::view::ViewId;
use crate::graph::NodeId;

/// A picture on the graphics card, in one or more pieces.
pub(crate) struct Texture {
    parts: Vec<(Rect, TextureHandle)>,
}

/// Enlarged values stay sharp squares; a mosaic drawn smaller is interpolated, so that no tile vanishes between two pixels.
const SHARP: TextureOptions = TextureOptions {
    magnification: TextureFilter::Nearest,
    minification: TextureFilter::Linear,
    wrap_mode: egui::TextureWrapMode::ClampToEdge,
    mipmap_mode: None,
};

impl Texture {
    /// Uploads the pieces of a picture.
    pub(crate) fn of_tiles(ctx: &Context, name: &str, tiles: &[TileImage]) -> Self {
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
    pub(crate) fn of_image(ctx: &Context, name: &str, image: &Arc<ColorImage>) -> Self {
        Self::of_tiles(ctx, name, &[TileImage { at: [0, 0], image: Arc::clone(image) }])
    }

    /// Draws the whole picture scaled to a rectangle, multiplied by a tint, whose alpha makes it transparent.
    pub(crate) fn paint_over(&self, painter: &egui::Painter, rect: Rect, tint: Color32) {
        let whole = self.parts.iter().fold(Rect::NOTHING, |all, (part, _)| all.union(*part));
        let scale = vec2(rect.width() / whole.width().max(1.0), rect.height() / whole.height().max(1.0));
        let uv = Rect::from_min_max(pos2(0.0, 0.0), pos2(1.0, 1.0));
        for (part, handle) in &self.parts {
            let at = |p: egui::Pos2| rect.min + p.to_vec2() * scale;
            painter.image(handle.id(), Rect::from_min_max(at(part.min), at(part.max)), uv, tint);
        }
    }

    /// Draws a part of the picture, in its pixels, scaled to a rectangle on the screen.
    pub(crate) fn paint_part(&self, painter: &egui::Painter, from: Rect, to: Rect) {
        let scale = to.size() / from.size().max(vec2(1e-3, 1e-3));
        for (piece, handle) in &self.parts {
            let seen = piece.intersect(from);
            if !seen.is_positive() {
                continue;
            }
            let at = |p: egui::Pos2| to.min + (p - from.min) * scale;
            let uv = |p: egui::Pos2| ((p - piece.min) / piece.size()).to_pos2();
            let (place, uv) = (
                Rect::from_min_max(at(seen.min), at(seen.max)),
                Rect::from_min_max(uv(seen.min), uv(seen.max)),
            );
            painter.image(handle.id(), place, uv, Color32::WHITE);
        }
    }
}

/// Memory budget for thumbnails of frames, in bytes: enough for thousands.
const THUMB_BUDGET_BYTES: usize = 64 << 20;

/// The thumbnail of a frame and its size in pixels; none if it can't be read.
pub(crate) type Thumb = Option<(Texture, egui::Vec2)>;

/// All textures of the window.
pub(crate) struct Textures {
    views: HashMap<ViewId, ViewTextures>,
    layers: Option<(Arc<Walked>, HashMap<NodeId, Texture>)>,
    inspected: Option<(Weak<Shown>, usize, Texture, Vec<Texture>)>,
    pins: HashMap<u64, (Arc<ColorImage>, Texture)>,
    /// Thumbnails of a data set's frames.
    thumbs: LruCache<ThumbKey, Arc<Thumb>>,
}

/// The textures of one view, and the finished view that they were made from.
pub(crate) struct ViewTextures {
    of: Arc<Shown>,
    pub(crate) mosaic: Texture,
    pub(crate) seen: Texture,
    pub(crate) thumbnail: Texture,
}

impl Default for Textures {
    fn default() -> Self {
        Self {
            views: HashMap::new(),
            layers: None,
            inspected: None,
            pins: HashMap::new(),
            thumbs: LruCache::new(THUMB_BUDGET_BYTES),
        }
    }
}

impl Textures {
    /// Uploads and keeps the thumbnail of a frame.
    pub(crate) fn take_thumb(&mut self, ctx: &Context, key: ThumbKey, image: Option<&Arc<ColorImage>>) {
        let num_bytes = image.map_or(64, |image| image.pixels.len() * 4);
        let thumb = image.map(|image| {
            let size = vec2(image.size[0] as f32, image.size[1] as f32);
            (Texture::of_image(ctx, "frame", image), size)
        });
        self.thumbs.insert(key, Arc::new(thumb), num_bytes);
    }

    /// The thumbnail of a frame, if it is available.
    pub(crate) fn thumb(&self, key: &ThumbKey) -> Option<&Thumb> {
        self.thumbs.peek(key).map(|thumb| &**thumb)
    }

    /// Uploads what is new.
    pub(crate) fn refresh(&mut self, ctx: &Context, model: &Model) {
        self.views.retain(|id, _| model.find(*id).is_some());
        for view in &model.views {
            let Some(shown) = &view.shown else {
                self.views.remove(&view.id);
                continue;
            };
            if self.views.get(&view.id).is_some_and(|kept| Arc::ptr_eq(&kept.of, shown)) {
                continue;
            }
            let kept = self.views.remove(&view.id);
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
        self.refresh_layers(ctx, model);
        self.refresh_channels(ctx, model);
    }

    fn refresh_layers(&mut self, ctx: &Context, model: &Model) {
        let Some(walked) = &model.walk.done else { return };
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

    fn refresh_channels(&mut self, ctx: &Context, model: &Model) {
        if let Some(found) = &model.inspected {
            let is_kept = self
                .inspected
                .as_ref()
                .is_some_and(|(of, channel, ..)| of.ptr_eq(&found.of) && *channel == found.channel);
            if !is_kept {
                let map = Texture::of_image(ctx, "channel", &found.map);
                let nearest =
                    found.nearest.iter().map(|(.., map)| Texture::of_image(ctx, "nearest", map)).collect();
                self.inspected = Some((found.of.clone(), found.channel, map, nearest));
            }
        }
        self.pins.retain(|id, _| model.pins.iter().any(|pin| pin.pinned.id == *id));
        for pin in &model.pins {
            let Some(image) = &pin.image else { continue };
            let is_kept = self.pins.get(&image.id).is_some_and(|(of, _)| Arc::ptr_eq(of, &image.map));
            if !is_kept {
                let texture = Texture::of_image(ctx, "pin", &image.map);
                self.pins.insert(image.id, (Arc::clone(&image.map), texture));
            }
        }
    }

    pub(crate) fn view(&self, id: ViewId) -> Option<&ViewTextures> {
        self.views.get(&id)
    }

    /// A layer's small picture.
    pub(crate) fn layer(&self, node: NodeId) -> Option<&Texture> {
        self.layers.as_ref()?.1.get(&node)
    }

    /// The map of the selected channel in the details, and the maps of the channels most similar to it.
    pub(crate) fn inspected(&self) -> Option<(&Texture, &[Texture])> {
        self.inspected.as_ref().map(|(.., map, nearest)| (map, nearest.as_slice()))
    }

    pub(crate) fn pin(&self, id: u64) -> Option<&Texture> {
        self.pins.get(&id).map(|(_, texture)| texture)
    }
}
