//! The tile with which all dense sums are computed: the sums of some pixels × blocks of output channels stay in registers while
//! the whole kernel and all input channels are read. Direct convolutions use it, and so do the products in Winograd convolutions.
#![expect(
    unsafe_code,
    reason = "kernels run with the instructions of a level and write disjoint parts of one map"
)]

use super::lanes::{Lanes, PixelBlock};
use super::level::{Kernel, Level};
use super::maps::BLOCK;

/// All that a tile needs. Steps are counted in f32 values.
pub(super) struct Tile {
    /// The input value of the first pixel under the kernel's first cell.
    pub(super) input: *const f32,
    pub(super) block_step: usize,
    pub(super) row_step: usize,
    pub(super) column_step: usize,
    pub(super) pixel_step: usize,
    pub(super) c_in: usize,
    /// Number of input channels that are adjacent in memory: sixteen in blocked maps, one in planar ones.
    pub(super) lanes: usize,
    pub(super) kernel: [usize; 2],
    pub(super) weights: *const f32,
    /// What will be read after this tile, to be prefetched because weights come from distant memory; `ahead_step` is how far to
    /// advance in it with each input value.
    pub(super) ahead: *const f32,
    pub(super) ahead_step: usize,
    /// Distance from a pixel to the one in the same place of the next tile, which will be read soon, too.
    pub(super) input_ahead: usize,
    pub(super) bias: *const f32,
    pub(super) output: *mut f32,
    pub(super) output_block_step: usize,
    /// Values that are added before the limits apply, laid out like the output; null if there are none.
    pub(super) residual: *const f32,
    pub(super) residual_block_step: usize,
    pub(super) low: f32,
    pub(super) high: f32,
}

/// `PX` pixels × `NB` blocks of channels. Pixels are `STEP` values apart, or `pixel_step` values if `STEP` is 0.
struct TileKernel<'a, const PX: usize, const NB: usize, const STEP: usize>(&'a Tile);

impl<const PX: usize, const NB: usize, const STEP: usize> Kernel for TileKernel<'_, PX, NB, STEP> {
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "plain counts become registers")]
    unsafe fn run<L: Lanes>(self) {
        if PX > L::PIXELS || NB > L::BLOCKS {
            return;
        }
        let tile = self.0;
        let step = if STEP == 0 { tile.pixel_step } else { STEP };
        // SAFETY: whoever made the tile guarantees that its pixels, weights and outputs are inside their buffers.
        unsafe {
            let zero = L::splat(0.0);
            let mut sums = [[zero; NB]; PX];
            for b in 0..NB {
                let bias = L::load(tile.bias.add(b * BLOCK));
                for p in 0..PX {
                    sums[p][b] = bias;
                }
            }
            if !tile.residual.is_null() {
                for b in 0..NB {
                    for p in 0..PX {
                        L::fetch_ahead(tile.residual.add(b * tile.residual_block_step + p * BLOCK));
                    }
                }
            }
            let (mut weights, mut block, mut left) = (tile.weights, tile.input, tile.c_in);
            let mut ahead = tile.ahead;
            while left > 0 {
                let lanes = if left < tile.lanes { left } else { tile.lanes };
                left -= lanes;
                let mut row = block;
                for _ in 0..tile.kernel[0] {
                    let mut cell = row;
                    for _ in 0..tile.kernel[1] {
                        for lane in 0..lanes {
                            let mut weight = [zero; NB];
                            for b in 0..NB {
                                weight[b] = L::load(weights.add(b * BLOCK));
                            }
                            weights = weights.add(NB * BLOCK);
                            L::fetch_ahead(ahead);
                            ahead = ahead.wrapping_add(tile.ahead_step);
                            L::fetch_ahead(cell.wrapping_add(tile.input_ahead + lane * step));
                            for p in 0..PX {
                                let value = L::splat(*cell.add(p * step + lane));
                                for b in 0..NB {
                                    sums[p][b] = value.mul_add(weight[b], sums[p][b]);
                                }
                            }
                        }
                        cell = cell.wrapping_add(tile.column_step);
                    }
                    row = row.wrapping_add(tile.row_step);
                }
                block = block.wrapping_add(tile.block_step);
            }
            if !tile.residual.is_null() {
                for b in 0..NB {
                    for p in 0..PX {
                        let other = tile.residual.add(b * tile.residual_block_step + p * BLOCK);
                        sums[p][b] = sums[p][b].add(L::load(other));
                    }
                }
            }
            let (low, high) = (L::splat(tile.low), L::splat(tile.high));
            for p in 0..PX {
                for b in 0..NB {
                    let to = tile.output.add(b * tile.output_block_step + p * BLOCK);
                    sums[p][b].clamp(low, high).store(to);
                }
            }
        }
    }
}

impl Tile {
    /// Computes the tile for this many pixels and blocks.
    ///
    /// # Safety
    /// All that the tile points to must be valid: the windows of the pixels, weights, biases, and an output that nobody else
    /// uses.
    pub(super) unsafe fn run(&self, level: Level, num_pixels: usize, num_blocks: usize) {
        match num_pixels {
            1 => self.of_width::<1>(level, num_blocks),
            2 => self.of_width::<2>(level, num_blocks),
            3 => self.of_width::<3>(level, num_blocks),
            4 => self.of_width::<4>(level, num_blocks),
            5 => self.of_width::<5>(level, num_blocks),
            6 => self.of_width::<6>(level, num_blocks),
            7 => self.of_width::<7>(level, num_blocks),
            8 => self.of_width::<8>(level, num_blocks),
            9 => self.of_width::<9>(level, num_blocks),
            10 => self.of_width::<10>(level, num_blocks),
            11 => self.of_width::<11>(level, num_blocks),
            12 => self.of_width::<12>(level, num_blocks),
            13 => self.of_width::<13>(level, num_blocks),
            _ => self.of_width::<14>(level, num_blocks),
        }
    }

    fn of_width<const PX: usize>(&self, level: Level, num_blocks: usize) {
        match (num_blocks, self.pixel_step) {
            (1, 16) => level.run(TileKernel::<PX, 1, 16>(self)),
            (1, 32) => level.run(TileKernel::<PX, 1, 32>(self)),
            (1, _) => level.run(TileKernel::<PX, 1, 0>(self)),
            (_, 16) => level.run(TileKernel::<PX, 2, 16>(self)),
            (_, 32) => level.run(TileKernel::<PX, 2, 32>(self)),
            (_, 1) => level.run(TileKernel::<PX, 2, 1>(self)),
            (_, 2) => level.run(TileKernel::<PX, 2, 2>(self)),
            (_, _) => level.run(TileKernel::<PX, 2, 0>(self)),
        }
    }
}

/// A pointer that several tasks share; each task writes to its own part.
#[derive(Clone, Copy)]
pub(super) struct Shared(pub(super) *mut PixelBlock);

// SAFETY: tasks write to disjoint parts, which whoever makes a `Shared` guarantees.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    /// # Safety
    /// The range is inside the buffer, and nobody else uses it as long as the slice lives.
    pub(super) unsafe fn part<'a>(self, from: usize, len: usize) -> &'a mut [PixelBlock] {
        // SAFETY: guaranteed by the caller.
        unsafe { std::slice::from_raw_parts_mut(self.0.add(from), len) }
    }
}

/// Splits `0..len` into parts of at most `most`, as equal as possible. Gives the start and end of each part.
pub(super) fn even_parts(len: usize, most: usize) -> impl Iterator<Item = (usize, usize)> + Clone {
    let num = len.div_ceil(most);
    (0..num).map(move |at| (at * len / num, (at + 1) * len / num))
}
