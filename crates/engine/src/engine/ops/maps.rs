//! Views of maps in blocks of sixteen channels, for reading and for writing. They don't own the memory.
#![expect(
    unsafe_code,
    reason = "fresh memory from the system is zero already, and is first touched by the threads that fill it"
)]

use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::cores::Cores;
use super::lanes::PixelBlock;
use crate::tensor::MapShape;

/// Channels of a block.
pub(in crate::engine) const BLOCK: usize = 16;

/// Maps of a batch for reading, `[image][block of 16 channels][row][column][16]`. Lanes beyond the last channel are always zero,
/// so a sum over a whole block is correct, and no NaN can come from a channel that doesn't exist. Images may be further apart
/// than their maps are long; then the maps are some of the channels of a larger value.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Maps<'a> {
    cells: &'a [PixelBlock],
    extent: Extent,
}

/// A value's maps for writing.
#[derive(Debug)]
pub(in crate::engine) struct MapsMut<'a> {
    cells: &'a mut [PixelBlock],
    extent: Extent,
}

/// The number and shape of maps, and the distance in cells from the start of one image to the start of the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Extent {
    pub(in crate::engine) num_images: usize,
    pub(in crate::engine) shape: MapShape,
    pub(in crate::engine) image_step: usize,
}

impl Extent {
    /// The extent of images that follow each other without gaps.
    pub(in crate::engine) fn of(num_images: usize, shape: MapShape) -> Self {
        Self { num_images, shape, image_step: shape.channels.div_ceil(BLOCK) * shape.plane() }
    }

    /// Number of channel blocks of one image.
    pub(in crate::engine) fn num_blocks(&self) -> usize {
        self.shape.channels.div_ceil(BLOCK)
    }

    /// Number of cells from the first to the end of the last image.
    pub(in crate::engine) fn len(&self) -> usize {
        self.num_images.saturating_sub(1) * self.image_step + self.image_len()
    }

    /// A range of channels: the index of its first cell, and its extent. It must begin with a block and end with a block or with
    /// the last channel.
    fn part(&self, channels: Range<usize>) -> (usize, Self) {
        let MapShape { channels: all, height, width } = self.shape;
        assert!(channels.start.is_multiple_of(BLOCK));
        assert!(channels.end == all || channels.end.is_multiple_of(BLOCK) && channels.end < all);
        let shape = MapShape::new(channels.len(), height, width);
        (channels.start / BLOCK * shape.plane(), Self { shape, ..*self })
    }

    /// One image: the index of its first cell, and its extent.
    fn image(&self, at: usize) -> (usize, Self) {
        assert!(at < self.num_images);
        (at * self.image_step, Self { num_images: 1, ..*self })
    }

    fn image_len(&self) -> usize {
        self.num_blocks() * self.shape.plane()
    }

    /// Index of the first cell of a block's plane.
    pub(super) fn plane_at(&self, image: usize, block: usize) -> usize {
        image * self.image_step + block * self.shape.plane()
    }
}

impl<'a> Maps<'a> {
    /// Maps in the first cells of a slice.
    ///
    /// # Panics
    /// If there are fewer cells than the extent has.
    pub(in crate::engine) fn new(cells: &'a [PixelBlock], extent: Extent) -> Self {
        Self { cells: &cells[..extent.len()], extent }
    }

    pub(in crate::engine) fn extent(&self) -> Extent {
        self.extent
    }

    /// Shape of one image's maps.
    pub(in crate::engine) fn shape(&self) -> MapShape {
        self.extent.shape
    }

    pub(super) fn cells(&self) -> &'a [PixelBlock] {
        self.cells
    }

    /// The cells of one channel block of an image.
    pub(super) fn plane(&self, image: usize, block: usize) -> &'a [PixelBlock] {
        &self.cells[self.extent.plane_at(image, block)..][..self.extent.shape.plane()]
    }

    /// A range of channels, which must begin with a block and end with a block or with the last channel.
    pub(super) fn part(self, channels: Range<usize>) -> Self {
        let (first, extent) = self.extent.part(channels);
        Self::new(&self.cells[first..], extent)
    }

    /// One image alone.
    pub(in crate::engine) fn image(self, at: usize) -> Self {
        let (first, extent) = self.extent.image(at);
        Self::new(&self.cells[first..], extent)
    }

    /// The values of one image as `[C, H, W]`.
    pub(in crate::engine) fn to_planar(self, image: usize) -> Vec<f32> {
        let mut values = vec![0.0; self.extent.shape.len()];
        self.write_planar(image, &mut values);
        values
    }

    /// Like [`to_planar`](Self::to_planar), in memory that can be shared: a layer that is kept is copied once.
    pub(in crate::engine) fn to_shared(self, image: usize) -> Arc<[f32]> {
        let values = Arc::<[f32]>::new_zeroed_slice(self.extent.shape.len());
        // SAFETY: all bits zero are a float, 0.0.
        let mut values = unsafe { values.assume_init() };
        if let Some(values) = Arc::get_mut(&mut values) {
            self.write_planar(image, values);
        }
        values
    }

    fn write_planar(self, image: usize, values: &mut [f32]) {
        /// Cells whose sixteen channels are written before the next cells are read: they stay in a core's first cache.
        const CELLS: usize = 128;
        let plane = self.extent.shape.plane().max(1);
        values.par_chunks_mut(plane * BLOCK).enumerate().for_each(|(block, to)| {
            let mut lanes: Vec<&mut [f32]> = to.chunks_mut(plane).collect();
            for (at, cells) in self.plane(image, block).chunks(CELLS).enumerate() {
                for (lane, to) in lanes.iter_mut().enumerate() {
                    for (value, cell) in to[at * CELLS..].iter_mut().zip(cells) {
                        *value = cell.0[lane];
                    }
                }
            }
        });
    }
}

/// About how many cells one task should read: enough to be worth handing to another thread.
const WORK: usize = 1 << 13;

impl<'a> MapsMut<'a> {
    /// Maps in the first cells of a slice.
    ///
    /// # Panics
    /// If there are fewer cells than the extent has.
    pub(in crate::engine) fn new(cells: &'a mut [PixelBlock], extent: Extent) -> Self {
        Self { cells: &mut cells[..extent.len()], extent }
    }

    pub(in crate::engine) fn extent(&self) -> Extent {
        self.extent
    }

    /// Shape of one image's maps.
    pub(in crate::engine) fn shape(&self) -> MapShape {
        self.extent.shape
    }

    /// All cells from the first to the end of the last image, including those between images.
    pub(super) fn cells_mut(&mut self) -> &mut [PixelBlock] {
        self.cells
    }

    /// A range of channels, which must begin with a block and end with a block or with the last channel.
    pub(super) fn part(&mut self, channels: Range<usize>) -> MapsMut<'_> {
        let (first, extent) = self.extent.part(channels);
        MapsMut::new(&mut self.cells[first..], extent)
    }

    /// One image alone.
    pub(in crate::engine) fn image(&mut self, at: usize) -> MapsMut<'_> {
        let (first, extent) = self.extent.image(at);
        MapsMut::new(&mut self.cells[first..], extent)
    }

    /// Calls `fill` for every row with its image, block, row number and cells, in parallel if that is worthwhile. `cells_read` is
    /// how many cells are read for each cell written. Lanes without a channel are cleared afterwards.
    pub(super) fn fill_rows(
        &mut self,
        cores: &Cores<'_>,
        cells_read: usize,
        fill: impl Fn(usize, usize, usize, &mut [PixelBlock]) + Sync,
    ) {
        let width = self.extent.shape.width.max(1);
        self.fill_bands(cores, cells_read, |image, block, first, rows| {
            for (at, row) in rows.chunks_mut(width).enumerate() {
                fill(image, block, first + at, row);
            }
        });
    }

    /// Like [`fill_rows`](Self::fill_rows), but `fill` gets as many rows of a block at once as one task has, and the number of the
    /// first.
    pub(super) fn fill_bands(
        &mut self,
        cores: &Cores<'_>,
        cells_read: usize,
        fill: impl Fn(usize, usize, usize, &mut [PixelBlock]) + Sync,
    ) {
        let Extent { shape, image_step, .. } = self.extent;
        let (height, width) = (shape.height, shape.width.max(1));
        let image_len = self.extent.image_len();
        let rows_of_task = (WORK / (cells_read * width)).max(1);
        cores.for_chunks_of_each(
            self.cells,
            (image_step, image_len),
            width * rows_of_task,
            |image, task, mut rows| {
                let mut first = task * rows_of_task;
                while !rows.is_empty() {
                    let (block, row) = (first / height, first % height);
                    let num = (height - row).min(rows.len() / width);
                    let (band, rest) = rows.split_at_mut(num * width);
                    fill(image, block, row, band);
                    clear_beyond(band, shape.channels - block * BLOCK);
                    (rows, first) = (rest, first + num);
                }
            },
        );
    }

    /// Fills the maps from values in the order `[N, C, H, W]`.
    pub(in crate::engine) fn read_planar(&mut self, cores: &Cores<'_>, values: &[f32]) {
        let MapShape { channels, width, .. } = self.extent.shape;
        let plane_len = self.extent.shape.plane();
        self.fill_rows(cores, 1, |image, block, y, row| {
            let first = image * channels + block * BLOCK;
            row.fill(PixelBlock::ZERO);
            for lane in 0..(channels - block * BLOCK).min(BLOCK) {
                let from = &values[(first + lane) * plane_len + y * width..][..width];
                for (cell, value) in row.iter_mut().zip(from) {
                    cell.0[lane] = *value;
                }
            }
        });
    }
}

/// Sets the lanes from `num_channels` on to zero.
pub(super) fn clear_beyond(cells: &mut [PixelBlock], num_channels: usize) {
    if num_channels < BLOCK {
        for cell in cells {
            cell.0[num_channels..].fill(0.0);
        }
    }
}
