//! A mosaic as it lies on the screen: the rectangles of tiles and values, and what is under the pointer. Arithmetic only, no widgets.
//!
//! Tiles begin and end at whole screen pixels, and the separator after a tile is one screen pixel wide at any zoom, as in
//! [`on_screen`](crate::mosaic::on_screen).

use egui::{Pos2, Rect, pos2};

use crate::mosaic::{Geometry, MosaicLayout};

/// A tile of at most this many screen pixels has no separator, as in the picture that is drawn for the screen.
const MIN_TILE: f32 = 4.0;

/// A mosaic with its place on the screen.
#[derive(Clone, Copy)]
pub(crate) struct PlacedMosaic<'a> {
    pub(crate) geometry: &'a Geometry,
    /// The mosaic's left top corner, in points.
    pub(crate) origin: Pos2,
    /// Points per mosaic pixel.
    pub(crate) scale: f32,
    pub(crate) pixels_per_point: f32,
}

impl PlacedMosaic<'_> {
    /// Where a tile begins and ends along one axis, in points.
    fn along(&self, origin: f32, at: usize, num: usize, length: u32) -> (f32, f32) {
        let gap = self.geometry.gap();
        let start = at as u32 * (length + gap);
        let pixel = |at: u32| ((origin + at as f32 * self.scale) * self.pixels_per_point).round();
        let first = pixel(start);
        let end = if at + 1 == num || gap == 0 {
            pixel(start + length)
        } else {
            let next = pixel(start + length + gap);
            if next - first > MIN_TILE { next - 1.0 } else { next }
        };
        (first / self.pixels_per_point, end.max(first + 1.0) / self.pixels_per_point)
    }

    /// Width and height of a tile in mosaic pixels.
    fn tile_size(&self) -> (u32, u32) {
        self.geometry.tile_rect(0, 0).map_or((1, 1), |tile| (tile.width, tile.height))
    }

    /// The rectangle of a tile.
    pub(crate) fn tile(&self, row: usize, column: usize) -> Rect {
        let (width, height) = self.tile_size();
        let tiles = self.geometry.tiles();
        let (left, right) = self.along(self.origin.x, column, tiles.columns, width);
        let (top, bottom) = self.along(self.origin.y, row, tiles.rows, height);
        Rect::from_min_max(pos2(left, top), pos2(right, bottom))
    }

    /// The rectangle of the tile of the channel at `position`, in the layout that has one for each channel.
    pub(crate) fn channel(&self, position: usize) -> Option<Rect> {
        let columns = self.geometry.grid().columns;
        self.geometry.channel_rect(position).map(|_| self.tile(position / columns, position % columns))
    }

    /// The rectangle of one value.
    pub(crate) fn value(&self, position: usize, row: usize, column: usize) -> Option<Rect> {
        self.geometry.value_rect(position, row, column)?;
        let grid = self.geometry.grid();
        let (at_grid, at_map) = ((position / grid.columns, position % grid.columns), (row, column));
        let (tile, value, values) = match self.geometry.layout() {
            MosaicLayout::Channels => (at_grid, at_map, self.geometry.map()),
            MosaicLayout::Locations => (at_map, at_grid, grid),
        };
        let tile = self.tile(tile.0, tile.1);
        let cell = tile.size() / egui::vec2(values.columns as f32, values.rows as f32);
        Some(Rect::from_min_size(tile.min + egui::vec2(value.1 as f32, value.0 as f32) * cell, cell))
    }

    /// The pixel of the mosaic that is drawn at a place of the screen; a separator belongs to the tile before it. None beside the mosaic.
    pub(crate) fn pixel_at(&self, at: Pos2) -> Option<(u32, u32)> {
        let tiles = self.geometry.tiles();
        let (width, height) = self.tile_size();
        let along = |at: f32, origin: f32, num: usize, length: u32| {
            let period = (length + self.geometry.gap()) as f32 * self.scale;
            let guess = ((at - origin) / period).floor().clamp(0.0, num.saturating_sub(1) as f32) as usize;
            // Rounding to screen pixels may move a tile's edge by half a pixel.
            let near = guess.saturating_sub(1)..(guess + 2).min(num);
            let tile = near.rev().find(|tile| at >= self.along(origin, *tile, num, length).0)?;
            let (first, end) = self.along(origin, tile, num, length);
            let is_last = tile + 1 == num;
            if is_last && at >= end {
                return None;
            }
            let share = ((at - first) / (end - first)).clamp(0.0, 1.0);
            let inside = ((share * length as f32) as u32).min(length.saturating_sub(1));
            Some(tile as u32 * (length + self.geometry.gap()) + inside)
        };
        Some((
            along(at.x, self.origin.x, tiles.columns, width)?,
            along(at.y, self.origin.y, tiles.rows, height)?,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mosaic::{Mosaic, MosaicSettings, compose};
    use crate::tensor::{Activation, LayerStats, MapShape};

    fn mosaic() -> Mosaic {
        let shape = MapShape { channels: 30, height: 7, width: 5 };
        let values: Vec<f32> = (0..shape.len()).map(|at| at as f32).collect();
        let layer = Activation::new("layer", shape, values).unwrap();
        compose(&layer, &LayerStats::of(&layer), &MosaicSettings::default()).unwrap()
    }

    #[test]
    fn what_is_under_the_pointer_is_what_is_drawn_there() {
        let mosaic = mosaic();
        for (scale, pixels_per_point) in [(0.7, 1.0), (1.3, 1.0), (3.7, 2.0), (22.4, 1.5)] {
            let placed = PlacedMosaic {
                geometry: &mosaic.geometry,
                origin: pos2(13.3, 41.8),
                scale,
                pixels_per_point,
            };
            for position in 0..30 {
                for (row, column) in [(0, 0), (6, 4), (3, 2)] {
                    let value = placed.value(position, row, column).unwrap();
                    let found = placed.pixel_at(value.center()).and_then(|(x, y)| mosaic.value_near(x, y));
                    let found = found.map(|v| (v.position, v.row, v.column));
                    assert_eq!(found, Some((position, row, column)), "×{scale}");
                }
            }
        }
    }

    #[test]
    fn every_point_of_the_mosaic_belongs_to_a_tile_and_none_beside_it() {
        let mosaic = mosaic();
        let placed = PlacedMosaic {
            geometry: &mosaic.geometry,
            origin: pos2(10.0, 20.0),
            scale: 6.5,
            pixels_per_point: 1.0,
        };
        let tiles = mosaic.geometry.tiles();
        let end = placed.tile(tiles.rows - 1, tiles.columns - 1).max;
        for x in 10..end.x as i32 {
            assert!(placed.pixel_at(pos2(x as f32 + 0.5, 21.5)).is_some(), "{x}");
        }
        assert_eq!(placed.pixel_at(pos2(9.0, 30.0)), None);
        assert_eq!(placed.pixel_at(pos2(end.x + 1.0, 30.0)), None);
    }
}
