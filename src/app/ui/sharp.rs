//! A mosaic on the screen, sharp at every zoom. Where its values are only a few screen pixels large or smaller, each screen pixel is the
//! average of what it covers; larger values are squares drawn from the texture. Separators are one screen pixel.

use std::sync::{Arc, Weak};

use egui::{Color32, Pos2, Rect, TextureHandle, TextureOptions, pos2, vec2};

use crate::app::model::shown::Shown;
use crate::app::ui::placed::PlacedMosaic;
use crate::app::ui::textures::Texture;
use crate::mosaic::{ScreenPlace, on_screen};

/// From this many screen pixels a value on, values are drawn from the texture as squares.
const SQUARES_FROM: f32 = 4.0;

/// The largest side of a picture for the screen, in pixels.
const MAX_SIDE: f32 = 8192.0;

/// A mosaic drawn for one zoom, place and panel.
pub(crate) struct Sharp {
    of: Weak<Shown>,
    place: ScreenPlace,
    ground: Color32,
    texture: TextureHandle,
}

/// Draws the part of a mosaic that is visible. `kept` is what was drawn before, which is used again if nothing has changed.
pub(crate) fn paint(
    painter: &egui::Painter,
    shown: &Arc<Shown>,
    placed: &PlacedMosaic<'_>,
    texture: &Texture,
    ground: Color32,
    kept: &mut Option<Sharp>,
) {
    let tiles = placed.geometry.tiles();
    let end = placed.tile(tiles.rows.saturating_sub(1), tiles.columns.saturating_sub(1)).max;
    let seen = Rect::from_min_max(placed.origin, end).intersect(painter.clip_rect());
    let per_value = placed.scale * placed.pixels_per_point * placed.geometry.scale() as f32;
    if per_value >= SQUARES_FROM {
        *kept = None;
        painter.rect_filled(seen, 0.0, ground);
        return squares(painter, shown, placed, texture);
    }
    let ppp = placed.pixels_per_point;
    if !seen.is_positive() {
        return;
    }
    let (min, max) = ((seen.min.to_vec2() * ppp).floor(), (seen.max.to_vec2() * ppp).ceil());
    let size = (max - min).min(vec2(MAX_SIDE, MAX_SIDE));
    let origin = placed.origin.to_vec2() * ppp - min;
    let place = ScreenPlace {
        origin: (f64::from(origin.x), f64::from(origin.y)),
        scale: f64::from(placed.scale * ppp),
        size: (size.x as u32, size.y as u32),
    };
    let is_kept = kept.as_ref().is_some_and(|kept| {
        kept.place == place && kept.ground == ground && std::ptr::eq(kept.of.as_ptr(), Arc::as_ptr(shown))
    });
    if !is_kept {
        let Ok(pixels) = on_screen(&shown.mosaic.pixels, placed.geometry, place, ground.to_array()) else {
            return;
        };
        let size = [pixels.width() as usize, pixels.height() as usize];
        let image = egui::ColorImage::from_rgba_unmultiplied(size, pixels.rgba());
        let of = Arc::downgrade(shown);
        let texture = if let Some(mut old) = kept.take() {
            old.texture.set(image, TextureOptions::NEAREST);
            old.texture
        } else {
            painter.ctx().load_texture("sharp mosaic", image, TextureOptions::NEAREST)
        };
        *kept = Some(Sharp { of, place, ground, texture });
    }
    if let Some(kept) = kept {
        let at = (min / ppp).to_pos2();
        let rect = Rect::from_min_size(at, size / ppp);
        painter.image(kept.texture.id(), rect, WHOLE, Color32::WHITE);
    }
}

/// All of a texture.
const WHOLE: Rect = Rect { min: Pos2::ZERO, max: Pos2::new(1.0, 1.0) };

/// Draws each visible tile from the texture, in which every value is a square of the same size.
fn squares(painter: &egui::Painter, shown: &Shown, placed: &PlacedMosaic<'_>, texture: &Texture) {
    let clip = painter.clip_rect();
    let tiles = placed.geometry.tiles();
    let enlarged = shown.enlargement as f32;
    for row in 0..tiles.rows {
        let first = placed.tile(row, 0);
        if first.bottom() < clip.top() || first.top() > clip.bottom() {
            continue;
        }
        for column in 0..tiles.columns {
            let to = placed.tile(row, column);
            if !to.intersects(clip) {
                continue;
            }
            if let Some(tile) = placed.geometry.tile_rect(row, column) {
                let from = Rect::from_min_size(
                    pos2(tile.x as f32, tile.y as f32) * enlarged,
                    vec2(tile.width as f32, tile.height as f32) * enlarged,
                );
                texture.paint_part(painter, from, to);
            }
        }
    }
}
