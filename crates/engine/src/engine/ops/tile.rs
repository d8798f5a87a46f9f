//! The tile with which all dense sums are computed: the sums of some pixels × blocks of output channels stay in registers while
//! kernel and input channels are read. Direct convolutions use it, and so do the products in Winograd convolutions.
//!
//! Tiles of the same size that follow each other are computed in one call, because entering the kernel takes as long as some
//! dozen multiply-adds. Depth may be split: what a tile starts from is either a bias or the sums that an earlier call stored, so
//! the order in which a value is summed is the same however it is split.
#![expect(
    unsafe_code,
    reason = "kernels run with the instructions of a level and write disjoint parts of one map"
)]

use super::lanes::{Lanes, PixelBlock};
use super::level::{Kernel, Level};
use super::maps::BLOCK;

/// All that a run of tiles needs. Steps are counted in f32 values.
pub(super) struct Tile {
    /// Number of tiles, each as far from the one before as it is wide.
    pub(super) count: usize,
    /// The cell of the first pixel under the kernel's first cell, in the first block of inputs.
    pub(super) input: *const f32,
    pub(super) block_step: usize,
    pub(super) row_step: usize,
    pub(super) column_step: usize,
    pub(super) pixel_step: usize,
    /// The lane of the first input channel in the first block.
    pub(super) first_lane: usize,
    pub(super) c_in: usize,
    /// Number of input values that are adjacent in memory: sixteen channels in blocked maps; in planar ones, the kernel's columns.
    pub(super) lanes: usize,
    pub(super) kernel: [usize; 2],
    pub(super) weights: *const f32,
    /// What will be read after these tiles, to be prefetched because weights come from distant memory.
    pub(super) ahead: *const f32,
    /// How far to advance in it with each tile.
    pub(super) ahead_apart: usize,
    /// How far to advance in it within a tile, with each prefetch (see [`values_between_prefetches`]).
    pub(super) ahead_step: usize,
    /// Distance from a pixel to the one in the same place of the next tile, which is prefetched; 0 to prefetch none.
    pub(super) input_ahead: usize,
    /// What sums start from: biases, which are the same for each pixel (`start_pixel_step` is 0), or sums so far.
    pub(super) start: *const f32,
    pub(super) start_block_step: usize,
    pub(super) start_pixel_step: usize,
    pub(super) output: *mut f32,
    pub(super) output_block_step: usize,
    /// Values that are added before the limits apply, laid out like the output; null if there are none.
    pub(super) residual: *const f32,
    pub(super) residual_block_step: usize,
    pub(super) low: f32,
    pub(super) high: f32,
}

/// Tiles of `PX` pixels × `NB` blocks of channels. Pixels are `STEP` values apart, or `pixel_step` values if `STEP` is 0.
struct TileKernel<'a, const PX: usize, const NB: usize, const STEP: usize>(&'a Tile);

/// Input values that are added without a jump in between.
const STRIDE: usize = 4;

/// Number of input values between two prefetches of weights.
pub(super) const fn values_between_prefetches(num_blocks: usize) -> usize {
    if num_blocks > 1 { STRIDE } else { BLOCK }
}

impl<const PX: usize, const NB: usize, const STEP: usize> TileKernel<'_, PX, NB, STEP> {
    /// Adds the products of `N` adjacent input values of each pixel.
    ///
    /// # Safety
    /// The values and their weights exist; the processor has the level.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "plain counts become registers")]
    unsafe fn add<L: Lanes, const N: usize>(
        sums: &mut [[L; NB]; PX],
        cell: *const f32,
        step: usize,
        weights: *const f32,
    ) {
        for lane in 0..N {
            // SAFETY: as the caller promises.
            unsafe {
                let mut weight = [L::splat(0.0); NB];
                for b in 0..NB {
                    weight[b] = L::load(weights.add((lane * NB + b) * BLOCK));
                }
                for p in 0..PX {
                    let value = L::splat(*cell.add(p.wrapping_mul(step)).add(lane));
                    for b in 0..NB {
                        sums[p][b] = value.mul_add(weight[b], sums[p][b]);
                    }
                }
            }
        }
    }

    /// Adds the products of a whole kernel and all inputs of the tile whose first cell is `block`.
    ///
    /// # Safety
    /// As above; `ahead` may point anywhere.
    #[inline(always)]
    unsafe fn sum<L: Lanes>(
        tile: &Tile,
        sums: &mut [[L; NB]; PX],
        mut block: *const f32,
        mut ahead: *const f32,
    ) {
        // On planar maps, several input values of neighbouring pixels are the same. If a large tile unrolls them, the compiler keeps
        // them in registers, and sums move to memory.
        let is_planar = STEP > 0 && STEP < BLOCK;
        let unrolls = NB == 1 || !is_planar;
        let step = if STEP == 0 { tile.pixel_step } else { STEP };
        let (mut weights, mut left, mut first_lane) = (tile.weights, tile.c_in, tile.first_lane);
        // SAFETY: as the caller promises.
        unsafe {
            while left > 0 {
                let most = tile.lanes.wrapping_sub(first_lane);
                let lanes = if left < most { left } else { most };
                left = left.wrapping_sub(lanes);
                let mut row = block.wrapping_add(first_lane);
                for _ in 0..tile.kernel[0] {
                    let mut column = row;
                    for _ in 0..tile.kernel[1] {
                        let (mut cell, mut next) = (column, column.wrapping_add(tile.input_ahead));
                        for quarter in 0..if unrolls { lanes / STRIDE } else { 0 } {
                            // A small tile takes so little time that one line a block is enough.
                            if NB > 1 || quarter == 0 {
                                L::fetch_ahead(ahead);
                                if tile.ahead_step > BLOCK {
                                    let mut line = BLOCK;
                                    while line < tile.ahead_step {
                                        L::fetch_ahead(ahead.wrapping_add(line));
                                        line = line.wrapping_add(BLOCK);
                                    }
                                }
                                ahead = ahead.wrapping_add(tile.ahead_step);
                            }
                            // A block has as many quarters as it takes to reach all pixels of a tile.
                            if tile.input_ahead != 0 && quarter.wrapping_mul(PX.div_ceil(STRIDE)) < PX {
                                for _ in 0..PX.div_ceil(STRIDE) {
                                    L::fetch_ahead(next);
                                    next = next.wrapping_add(step);
                                }
                            }
                            Self::add::<L, STRIDE>(sums, cell, step, weights);
                            cell = cell.wrapping_add(STRIDE);
                            weights = weights.wrapping_add(STRIDE * NB * BLOCK);
                        }
                        let rest = if unrolls { lanes % STRIDE } else { lanes };
                        // The usual kernels of a first convolution have three or seven columns.
                        if NB == 1 && STEP < BLOCK && rest == 3 {
                            Self::add::<L, 3>(sums, cell, step, weights);
                            weights = weights.wrapping_add(3 * NB * BLOCK);
                        } else {
                            for _ in 0..rest {
                                Self::add::<L, 1>(sums, cell, step, weights);
                                cell = cell.wrapping_add(1);
                                weights = weights.wrapping_add(NB * BLOCK);
                            }
                        }
                        column = column.wrapping_add(tile.column_step);
                    }
                    row = row.wrapping_add(tile.row_step);
                }
                first_lane = 0;
                block = block.wrapping_add(tile.block_step);
            }
        }
    }
}

impl<const PX: usize, const NB: usize, const STEP: usize> Kernel for TileKernel<'_, PX, NB, STEP> {
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "plain counts become registers")]
    unsafe fn run<L: Lanes>(self) {
        if PX > L::PIXELS || NB > L::BLOCKS {
            return;
        }
        let tile = self.0;
        let step = if STEP == 0 { tile.pixel_step } else { STEP };
        // The distance from one block to the next counts as often as there is a next one. Nothing here is checked for overflow,
        // which takes longer than the sums of a small kernel.
        let at = |p: usize, pixel_step: usize, b: usize, block_step: usize| {
            p.wrapping_mul(pixel_step).wrapping_add(if b == 0 { 0 } else { block_step })
        };
        let (mut input, mut ahead) = (tile.input, tile.ahead);
        let (mut start, mut residual, mut output) = (tile.start, tile.residual, tile.output);
        let has_residual = !residual.is_null();
        for _ in 0..tile.count {
            // SAFETY: whoever made the tile guarantees that its pixels, weights and outputs are inside their buffers.
            unsafe {
                let mut sums = [[L::splat(0.0); NB]; PX];
                for b in 0..NB {
                    for p in 0..PX {
                        let from = at(p, tile.start_pixel_step, b, tile.start_block_step);
                        sums[p][b] = L::load(start.wrapping_add(from));
                    }
                }
                if has_residual {
                    for b in 0..NB {
                        for p in 0..PX {
                            let from = at(p, BLOCK, b, tile.residual_block_step);
                            L::fetch_ahead(residual.wrapping_add(from));
                        }
                    }
                }
                Self::sum(tile, &mut sums, input, ahead);
                if has_residual {
                    for b in 0..NB {
                        for p in 0..PX {
                            let from = at(p, BLOCK, b, tile.residual_block_step);
                            sums[p][b] = sums[p][b].add(L::load(residual.wrapping_add(from)));
                        }
                    }
                }
                let (low, high) = (L::splat(tile.low), L::splat(tile.high));
                for p in 0..PX {
                    for b in 0..NB {
                        let to = output.wrapping_add(at(p, BLOCK, b, tile.output_block_step));
                        sums[p][b].clamp(low, high).store(to);
                    }
                }
            }
            input = input.wrapping_add(PX.wrapping_mul(step));
            ahead = ahead.wrapping_add(tile.ahead_apart);
            start = start.wrapping_add(PX.wrapping_mul(tile.start_pixel_step));
            residual = residual.wrapping_add(PX * BLOCK);
            output = output.wrapping_add(PX * BLOCK);
        }
    }
}

impl Tile {
    /// Computes the tiles, each of this many pixels and blocks.
    ///
    /// # Safety
    /// All that the tiles point to must be valid: the windows of the pixels, weights, what sums start from, and an output that
    /// nobody else uses.
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
        // With a known step the compiler keeps values of planar maps that neighbouring pixels share, which takes registers.
        let has_many_registers = level.tile().1 > 1;
        match (num_blocks, self.pixel_step) {
            (1, 16) => level.run(TileKernel::<PX, 1, 16>(self)),
            (1, 32) => level.run(TileKernel::<PX, 1, 32>(self)),
            (1, 1) if has_many_registers => level.run(TileKernel::<PX, 1, 1>(self)),
            (1, 2) if has_many_registers => level.run(TileKernel::<PX, 1, 2>(self)),
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

/// Splits `first..end` into the fewest tiles of at most `most` pixels, as equal as possible. Gives the first pixel, the width and
/// the number of the wider tiles, then of the narrower ones, of which there may be none.
pub(super) fn tiles(first: usize, end: usize, most: usize) -> [(usize, usize, usize); 2] {
    let num = (end - first).div_ceil(most).max(1);
    let (narrow, num_wide) = ((end - first) / num, (end - first) % num);
    [(first, narrow + 1, num_wide), (first + num_wide * (narrow + 1), narrow, num - num_wide)]
}
