//! Maps in blocks of sixteen channels, and the store they come from.

use rayon::prelude::*;

use super::lanes::Cell;
use crate::tensor::MapShape;

/// Channels of a block.
pub(in crate::engine) const BLOCK: usize = 16;

/// Maps of a batch, `[image][block of 16 channels][row][column][16]`. Lanes beyond the last channel are always zero, so a sum
/// over a whole block is right and nothing that isn't there can be NaN.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Blocked {
    cells: Vec<Cell>,
    num_images: usize,
    shape: MapShape,
}

impl Blocked {
    /// Channel blocks of one image.
    pub(in crate::engine) fn num_blocks(&self) -> usize {
        self.shape.channels.div_ceil(BLOCK)
    }

    pub(in crate::engine) fn num_images(&self) -> usize {
        self.num_images
    }

    /// Extent of one image's maps.
    pub(in crate::engine) fn shape(&self) -> MapShape {
        self.shape
    }

    pub(in crate::engine) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    pub(in crate::engine) fn cells_mut(&mut self) -> &mut [Cell] {
        &mut self.cells
    }

    /// Where the plane of a block begins; `plane` counts blocks over all images.
    pub(in crate::engine) fn plane(&self, plane: usize) -> &[Cell] {
        let len = self.shape.plane();
        &self.cells[plane * len..(plane + 1) * len]
    }

    /// Lanes in use in a block of an image.
    pub(in crate::engine) fn lanes(&self, block: usize) -> usize {
        (self.shape.channels - block * BLOCK).min(BLOCK)
    }

    /// Calls `fill` for every row with its plane (over all images), block, row number and cells, in parallel. Whatever `fill`
    /// leaves in lanes without a channel is cleared.
    pub(in crate::engine) fn fill_rows(&mut self, fill: impl Fn(usize, usize, usize, &mut [Cell]) + Sync) {
        let (height, width, num_blocks) = (self.shape.height, self.shape.width, self.num_blocks());
        let channels = self.shape.channels;
        self.cells.par_chunks_mut(width.max(1)).with_min_len(8).enumerate().for_each(|(at, row)| {
            let (plane, y) = (at / height, at % height);
            let block = plane % num_blocks;
            fill(plane, block, y, row);
            clear_beyond(row, channels - block * BLOCK);
        });
    }

    /// Fills from `[N, C, H, W]`.
    pub(in crate::engine) fn read_planar(&mut self, values: &[f32]) {
        let MapShape { channels, width, .. } = self.shape;
        let (num_blocks, plane_len) = (self.num_blocks(), self.shape.plane());
        self.fill_rows(|plane, block, y, row| {
            let first = (plane / num_blocks) * channels + block * BLOCK;
            row.fill(Cell::ZERO);
            for lane in 0..(channels - block * BLOCK).min(BLOCK) {
                let from = &values[(first + lane) * plane_len + y * width..][..width];
                for (cell, value) in row.iter_mut().zip(from) {
                    cell.0[lane] = *value;
                }
            }
        });
    }

    /// One image as `[C, H, W]`.
    pub(in crate::engine) fn to_planar(&self, image: usize) -> Vec<f32> {
        let plane_len = self.shape.plane();
        let mut values = vec![0.0; self.shape.len()];
        values.par_chunks_mut(plane_len.max(1)).enumerate().for_each(|(channel, to)| {
            let (plane, lane) = (image * self.num_blocks() + channel / BLOCK, channel % BLOCK);
            for (value, cell) in to.iter_mut().zip(self.plane(plane)) {
                *value = cell.0[lane];
            }
        });
        values
    }
}

/// Zeroes the lanes from `num_channels` on.
pub(super) fn clear_beyond(cells: &mut [Cell], num_channels: usize) {
    if num_channels < BLOCK {
        for cell in cells {
            cell.0[num_channels..].fill(0.0);
        }
    }
}

/// Memory for maps, taken and given back within a run and from run to run. What a run didn't need is let go at its end, so
/// inputs of ever new sizes don't pile up.
#[derive(Debug, Default)]
pub(in crate::engine) struct Buffers {
    /// Not in use, and whether they were in this run.
    free: Vec<(Vec<Cell>, bool)>,
}

impl Buffers {
    /// Maps of this shape. Their values are anything: whoever takes them writes every cell.
    pub(in crate::engine) fn take(&mut self, num_images: usize, shape: MapShape) -> Blocked {
        let len = num_images * shape.channels.div_ceil(BLOCK) * shape.plane();
        let fits = |cells: &Vec<Cell>| cells.capacity() >= len && cells.capacity() / 2 <= len;
        let best = (0..self.free.len())
            .filter(|at| fits(&self.free[*at].0))
            .min_by_key(|at| self.free[*at].0.capacity());
        let mut cells = best.map_or_else(|| Vec::with_capacity(len), |at| self.free.swap_remove(at).0);
        cells.resize(len, Cell::ZERO);
        Blocked { cells, num_images, shape }
    }

    /// Takes maps back.
    pub(in crate::engine) fn give(&mut self, maps: Blocked) {
        self.free.push((maps.cells, true));
    }

    /// Lets go what wasn't used since the last call.
    pub(in crate::engine) fn end_run(&mut self) {
        self.free.retain(|(_, was_used)| *was_used);
        for (_, was_used) in &mut self.free {
            *was_used = false;
        }
    }

    /// Bytes of the memory that is free.
    pub(in crate::engine) fn free_bytes(&self) -> usize {
        self.free.iter().map(|(cells, _)| cells.capacity() * size_of::<Cell>()).sum()
    }
}
