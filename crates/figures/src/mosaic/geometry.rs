//! Where each value of a layer is found in the mosaic, and the inverse: which value a pixel shows.
//!
//! Both layouts are a grid of tiles, and each tile is a grid of values. In one layout the outer grid is that of the channels, in the
//! other the inner one.

use super::{
    Grid, MosaicError, MosaicLayout,
    limits::{MAX_SIDE, within_limits},
};
use crate::tensor::MapShape;

/// A rectangle of pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PixelRect {
    /// First column.
    pub x: u32,
    /// First row.
    pub y: u32,
    /// Columns.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// What a pixel of a mosaic shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MosaicSpot {
    /// A value of the channel at `position` (counted in reading order of the channels' grid), at (row, column) of its map.
    Value {
        /// Place of the channel in the order of tiles.
        position: usize,
        /// Row of the map.
        row: usize,
        /// Column of the map.
        column: usize,
    },
    /// A place of the grid without a channel.
    Blank,
    /// The gap between two tiles.
    Gap,
}

/// The geometry of one mosaic. Gaps are between tiles only, never around the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    layout: MosaicLayout,
    num_channels: usize,
    grid: Grid,
    map: Grid,
    scale: u32,
    gap: u32,
    width: u32,
    height: u32,
}

impl Geometry {
    /// The geometry of `shape.channels` channels of `shape.height`×`shape.width` values each. A value is a square of `scale`×`scale`
    /// pixels, and there are `gap` pixels between tiles. Without a `grid`, [`Grid::for_channels`] chooses one.
    ///
    /// # Errors
    /// An empty shape, a grid too small for the channels, a scale of 0, a picture over [`MAX_SIDE`] or
    /// [`MAX_BYTES`](super::MAX_BYTES).
    pub fn new(
        layout: MosaicLayout,
        shape: MapShape,
        grid: Option<Grid>,
        scale: u32,
        gap: u32,
    ) -> Result<Self, MosaicError> {
        if shape.channels == 0 || shape.height == 0 || shape.width == 0 {
            return Err(MosaicError::Empty { what: format!("a layer of {shape} values") });
        }
        if scale == 0 {
            return Err(MosaicError::ZeroScale);
        }
        let num_channels = shape.channels;
        let grid = grid.unwrap_or_else(|| Grid::for_channels(num_channels));
        if grid.capacity() < num_channels {
            let rows = grid.rows.max(1);
            let needed = Grid { rows, columns: num_channels.div_ceil(rows) };
            return Err(MosaicError::GridTooSmall { grid, num_tiles: num_channels, needed });
        }
        let map = Grid { rows: shape.height, columns: shape.width };
        let (tiles, values) = match layout {
            MosaicLayout::Channels => (grid, map),
            MosaicLayout::Locations => (map, grid),
        };
        let side = |tiles: usize, values: usize| {
            let tile = (values as u64).saturating_mul(u64::from(scale));
            (tiles as u64).saturating_mul(tile).saturating_add((tiles as u64 - 1).saturating_mul(gap.into()))
        };
        let (width, height) = (side(tiles.columns, values.columns), side(tiles.rows, values.rows));
        if !within_limits(width, height) {
            return Err(MosaicError::TooLarge { what: "the mosaic".into(), width, height });
        }
        let (width, height) = (width as u32, height as u32);
        // A single tile has no gap, so its size was not checked above; sums with it must not overflow.
        let gap = gap.min(MAX_SIDE);
        Ok(Self { layout, num_channels, grid, map, scale, gap, width, height })
    }

    /// Which of the two layouts the mosaic has.
    pub fn layout(&self) -> MosaicLayout {
        self.layout
    }

    /// Channels that are shown.
    pub fn num_channels(&self) -> usize {
        self.num_channels
    }

    /// Rows × columns of channels.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// Rows × columns of each channel's map.
    pub fn map(&self) -> Grid {
        self.map
    }

    /// Pixels of a value's side.
    pub fn scale(&self) -> u32 {
        self.scale
    }

    /// Pixels between two tiles.
    pub fn gap(&self) -> u32 {
        self.gap
    }

    /// Columns of the picture, in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Rows of the picture, in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// Number of places of the channels' grid that stay blank; they are the last ones.
    pub fn num_blank(&self) -> usize {
        self.grid.capacity() - self.num_channels
    }

    /// Rows × columns of tiles: of channels, or of locations in the locations layout.
    pub fn tiles(&self) -> Grid {
        match self.layout {
            MosaicLayout::Channels => self.grid,
            MosaicLayout::Locations => self.map,
        }
    }

    /// Rows × columns of values in each tile.
    pub fn tile_values(&self) -> Grid {
        match self.layout {
            MosaicLayout::Channels => self.map,
            MosaicLayout::Locations => self.grid,
        }
    }

    /// The rectangle of the tile at a row and column of [`Geometry::tiles`].
    pub fn tile_rect(&self, tile_row: usize, tile_column: usize) -> Option<PixelRect> {
        let (tiles, values) = (self.tiles(), self.tile_values());
        (tile_row < tiles.rows && tile_column < tiles.columns).then(|| {
            let (width, height) = (values.columns as u32 * self.scale, values.rows as u32 * self.scale);
            let x = tile_column as u32 * (width + self.gap);
            let y = tile_row as u32 * (height + self.gap);
            PixelRect { x, y, width, height }
        })
    }

    /// The tile of the channel at a position; `None` in the locations layout, where a channel has one value in every tile.
    pub fn channel_rect(&self, position: usize) -> Option<PixelRect> {
        (self.layout == MosaicLayout::Channels && position < self.num_channels)
            .then(|| self.tile_rect(position / self.grid.columns, position % self.grid.columns))
            .flatten()
    }

    /// The square of one value: the channel at `position`, at (row, column) of its map.
    pub fn value_rect(&self, position: usize, row: usize, column: usize) -> Option<PixelRect> {
        if position >= self.num_channels || row >= self.map.rows || column >= self.map.columns {
            return None;
        }
        let at_grid = (position / self.grid.columns, position % self.grid.columns);
        let (tile, value) = match self.layout {
            MosaicLayout::Channels => (at_grid, (row, column)),
            MosaicLayout::Locations => ((row, column), at_grid),
        };
        let rect = self.tile_rect(tile.0, tile.1)?;
        let (x, y) = (rect.x + value.1 as u32 * self.scale, rect.y + value.0 as u32 * self.scale);
        Some(PixelRect { x, y, width: self.scale, height: self.scale })
    }

    /// What the pixel at (x, y) shows; `None` outside the picture. The exact inverse of [`Geometry::value_rect`].
    pub fn spot_at(&self, x: u32, y: u32) -> Option<MosaicSpot> {
        self.spot(x, y, false)
    }

    /// Like [`spot_at`](Self::spot_at), but a gap belongs to the value before it, so that every pixel of the mosaic belongs to a tile.
    pub fn spot_near(&self, x: u32, y: u32) -> Option<MosaicSpot> {
        self.spot(x, y, true)
    }

    fn spot(&self, x: u32, y: u32, has_no_gaps: bool) -> Option<MosaicSpot> {
        if x >= self.width || y >= self.height {
            return None;
        }
        let values = self.tile_values();
        let along = |pixel: u32, num_values: usize| {
            let tile = num_values as u32 * self.scale;
            let (index, inside) = (pixel / (tile + self.gap), pixel % (tile + self.gap));
            let inside = if has_no_gaps { inside.min(tile.saturating_sub(1)) } else { inside };
            (inside < tile).then_some((index as usize, (inside / self.scale) as usize))
        };
        let (Some((tile_row, value_row)), Some((tile_column, value_column))) =
            (along(y, values.rows), along(x, values.columns))
        else {
            return Some(MosaicSpot::Gap);
        };
        let (at_grid, at_map) = match self.layout {
            MosaicLayout::Channels => ((tile_row, tile_column), (value_row, value_column)),
            MosaicLayout::Locations => ((value_row, value_column), (tile_row, tile_column)),
        };
        let position = at_grid.0 * self.grid.columns + at_grid.1;
        Some(if position < self.num_channels {
            MosaicSpot::Value { position, row: at_map.0, column: at_map.1 }
        } else {
            MosaicSpot::Blank
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pixel_leads_to_its_value_and_back() {
        let grid = Some(Grid { rows: 3, columns: 4 });
        for layout in MosaicLayout::ALL {
            for (scale, gap) in [(1, 0), (1, 1), (3, 0), (2, 3)] {
                for (channels, grid) in [(6, None), (10, grid), (1, None), (12, grid)] {
                    let shape = MapShape::new(channels, 2, 5);
                    let geometry = Geometry::new(layout, shape, grid, scale, gap).unwrap();
                    let mut num_shown = 0;
                    let mut num_blank = 0;
                    for y in 0..geometry.height() {
                        for x in 0..geometry.width() {
                            match geometry.spot_at(x, y).unwrap() {
                                MosaicSpot::Value { position, row, column } => {
                                    let rect = geometry.value_rect(position, row, column).unwrap();
                                    assert!((rect.x..rect.x + rect.width).contains(&x));
                                    assert!((rect.y..rect.y + rect.height).contains(&y));
                                    num_shown += 1;
                                }
                                MosaicSpot::Blank => num_blank += 1,
                                MosaicSpot::Gap => assert_ne!(gap, 0),
                            }
                        }
                    }
                    let area = (scale * scale) as usize;
                    assert_eq!(num_shown, shape.len() * area, "every value is shown exactly once");
                    assert_eq!(num_blank, geometry.num_blank() * shape.plane() * area);
                    assert_eq!(geometry.spot_at(geometry.width(), 0), None);
                    assert_eq!(geometry.spot_at(0, geometry.height()), None);
                    assert_eq!(geometry.value_rect(channels, 0, 0), None);
                    assert_eq!(geometry.value_rect(0, 2, 0), None);
                }
            }
        }
    }

    #[test]
    fn the_two_layouts_of_2048_channels() {
        let shape = MapShape::new(2048, 13, 18);
        let tiles = Geometry::new(MosaicLayout::Channels, shape, None, 2, 1).unwrap();
        assert_eq!((tiles.width(), tiles.height()), (64 * 36 + 63, 32 * 26 + 31));
        assert_eq!(tiles.channel_rect(65), Some(PixelRect { x: 37, y: 27, width: 36, height: 26 }));
        let cells = Geometry::new(MosaicLayout::Locations, shape, None, 1, 0).unwrap();
        assert_eq!((cells.width(), cells.height()), (18 * 64, 13 * 32));
        assert_eq!(cells.channel_rect(65), None);
        assert_eq!(
            cells.value_rect(65, 2, 3),
            Some(PixelRect { x: 3 * 64 + 1, y: 2 * 32 + 1, width: 1, height: 1 })
        );
    }

    #[test]
    fn what_cannot_be_laid_out_says_why() {
        let shape = MapShape::new(2048, 8, 8);
        let message = |shape, grid, scale, gap| {
            Geometry::new(MosaicLayout::Channels, shape, grid, scale, gap).unwrap_err().to_string()
        };
        assert_eq!(
            message(shape, Some(Grid { rows: 16, columns: 64 }), 1, 0),
            "grid 16x64 holds 1024 tiles, but there are 2048 channels; take 16x128 or larger"
        );
        assert_eq!(message(shape, None, 0, 0), "scale must be at least 1 pixel per value, got 0");
        assert_eq!(
            message(MapShape::new(4, 0, 8), None, 1, 0),
            "nothing to show: a layer of 4×0×8 values is empty"
        );
        assert_eq!(
            message(shape, None, 100, 0),
            "the mosaic would be 51200×25600 pixels; the limit is 65535 a side and 2 GiB in all, so lower the scale or the gap"
        );
        let huge = Grid { rows: usize::MAX, columns: usize::MAX };
        let lone = Geometry::new(MosaicLayout::Channels, MapShape::new(1, 2, 2), None, 1, u32::MAX).unwrap();
        assert_eq!(lone.spot_at(1, 1), Some(MosaicSpot::Value { position: 0, row: 1, column: 1 }));
        for (grid, scale, gap) in
            [(Some(huge), 1, 0), (Some(huge), u32::MAX, u32::MAX), (None, u32::MAX, 1), (None, 1, u32::MAX)]
        {
            let error = Geometry::new(MosaicLayout::Locations, shape, grid, scale, gap).unwrap_err();
            assert!(matches!(error, MosaicError::TooLarge { .. }), "{error}");
        }
    }
}
