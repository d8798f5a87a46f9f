//! Winograd's minimal filtering for 3×3 kernels of stride 1: F(4×4, 3×3), which needs a quarter of the multiplications, and
//! F(2×2, 3×3), which needs four ninths and rounds less (Lavin & Gray, 2016, "Fast Algorithms for Convolutional Neural Networks",
//! with their points 0, ±1, ±2, ∞). An output of `M`×`M` values comes from an input tile of `T`×`T`, `T = M + 2`:
//! `Y = Aᵀ [ Σ_channels (G g Gᵀ) ⊙ (Bᵀ d B) ] A`, where the sum over channels is one matrix product per cell of the tile.
//!
//! Rounding: the error is small relative to the largest value of the tile, not relative to each value. A value that isn't finite
//! spreads over its tile; [`winograd`] reports the images where that happened, so that they can be computed again directly.
#![expect(
    unsafe_code,
    reason = "kernels run with the instructions of a level and write disjoint parts of one map"
)]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::prelude::*;

use super::cores::Cores;
use super::direct::{Epilogue, bias_cells};
use super::elementwise::activate_in_place;
use super::lanes::{Lanes, PixelBlock};
use super::level::{Kernel, Level};
use super::maps::{BLOCK, Extent, Maps, MapsMut};
use super::scratch::Workspace;
use super::tile::{Shared, Tile, even_parts, tiles, values_between_prefetches};
use crate::graph::{Conv2d, Sides};
use crate::tensor::MapShape;

/// Number of output rows and columns of a tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::engine) enum TileSize {
    /// F(2×2, 3×3).
    Two,
    /// F(4×4, 3×3).
    Four,
}

impl TileSize {
    const fn output(self) -> usize {
        match self {
            Self::Two => 2,
            Self::Four => 4,
        }
    }

    pub(in crate::engine) const fn cells(self) -> usize {
        let side = self.output() + 2;
        side * side
    }

    /// The matrix `G`, with one row for each row of the tile.
    const fn kernel_transform(self) -> &'static [[f64; 3]] {
        match self {
            Self::Two => &[[1.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.0, 0.0, 1.0]],
            Self::Four => &[
                [0.25, 0.0, 0.0],
                [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
                [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
                [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
                [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
                [0.0, 0.0, 1.0],
            ],
        }
    }

    /// The tile size with which a convolution is computed fastest. `None` if Winograd can't compute it or wouldn't be faster. It
    /// depends on the size of one image only, so that a batch gives the same bits.
    pub(in crate::engine) fn for_conv(conv: &Conv2d, out: MapShape) -> Option<Self> {
        let fits =
            conv.kernel == [3, 3] && conv.stride == [1, 1] && conv.dilation == [1, 1] && conv.groups == 1;
        if !fits || conv.c_in < BLOCK || conv.c_out < BLOCK {
            return None;
        }
        // Each value of the transformed kernel is used once for every tile. If there are few tiles, reading the kernel from
        // memory costs more than the multiplications that are saved, unless it fits into a core's own cache.
        [Self::Four, Self::Two].into_iter().find(|size| {
            let num_tiles = out.height.div_ceil(size.output()) * out.width.div_ceil(size.output());
            let is_small = size.cells() * conv.c_in * conv.c_out * size_of::<f32>() <= NEAR_BYTES;
            num_tiles >= if is_small { MIN_TILES_NEAR } else { MIN_TILES }
        })
    }
}

/// Number of bytes that a core's own cache holds.
const NEAR_BYTES: usize = 1 << 20;

/// The fewest tiles for which Winograd is worthwhile, measured on Zen 5; `MIN_TILES_NEAR` is for kernels that fit into the cache.
const MIN_TILES: usize = 28;
const MIN_TILES_NEAR: usize = 9;

/// Transformed kernels, `[group of blocks][cell of the tile][input][output]`.
#[derive(Debug)]
pub(in crate::engine) struct PackedWinograd {
    size: TileSize,
    cells: Vec<PixelBlock>,
    bias: Vec<PixelBlock>,
    c_in: usize,
    group: usize,
}

impl PackedWinograd {
    /// Packs a kernel `[out, in, 3, 3]`. It is transformed in f64 and rounded once.
    pub(in crate::engine) fn new(
        level: Level,
        size: TileSize,
        kernel: &[f32],
        bias: Option<&[f32]>,
        conv: &Conv2d,
    ) -> Self {
        let [c_out, c_in, ..] = conv.weight_shape();
        let group = level.tile().1;
        let num_blocks = c_out.div_ceil(BLOCK);
        let mut cells = vec![PixelBlock::ZERO; num_blocks * c_in * size.cells()];
        cells.par_chunks_mut((group * c_in * size.cells()).max(1)).enumerate().for_each(|(at, cells)| {
            let in_group = group.min(num_blocks - at * group);
            for b in 0..in_group {
                let first = (at * group + b) * BLOCK;
                let filters = &kernel[first * c_in * 9..c_out.min(first + BLOCK) * c_in * 9];
                level.run(Transform { size, filters, c_in, in_group, block: b, to: &mut *cells });
            }
        });
        Self { size, cells, bias: bias_cells(bias, c_out), c_in, group }
    }
}

/// Transforms the filters of a block.
struct Transform<'a> {
    size: TileSize,
    filters: &'a [f32],
    c_in: usize,
    in_group: usize,
    block: usize,
    to: &'a mut [PixelBlock],
}

impl Kernel for Transform<'_> {
    /// Plain Rust, which the compiler vectorises with the level's instructions.
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let rows = self.size.kernel_transform();
        let side = rows.len();
        for input in 0..self.c_in {
            let mut taps = [[0f64; BLOCK]; 9];
            for (lane, filter) in self.filters.chunks(self.c_in * 9).enumerate() {
                for (tap, weight) in taps.iter_mut().zip(&filter[input * 9..][..9]) {
                    tap[lane] = f64::from(*weight);
                }
            }
            for (y, by_row) in rows.iter().enumerate() {
                let mut half = [[0f64; BLOCK]; 3];
                for (kx, half) in half.iter_mut().enumerate() {
                    for (lane, value) in half.iter_mut().enumerate() {
                        *value = (0..3).map(|ky| by_row[ky] * taps[ky * 3 + kx][lane]).sum();
                    }
                }
                for (x, by_column) in rows.iter().enumerate() {
                    let cell = ((y * side + x) * self.c_in + input) * self.in_group + self.block;
                    for (lane, value) in self.to[cell].0.iter_mut().enumerate() {
                        *value = (0..3).map(|kx| by_column[kx] * half[kx][lane]).sum::<f64>() as f32;
                    }
                }
            }
        }
    }
}

/// Convolves `x`, which is surrounded by `border` cells of zeros. Returns the images in which a sum (before residual and
/// activation) isn't finite: their output is not that of a convolution. Sums depend neither on the threads nor on the batch.
pub(in crate::engine) fn winograd(
    cores: &Cores<'_>,
    x: Maps<'_>,
    packed: &PackedWinograd,
    border: Sides,
    epilogue: Epilogue<'_>,
    scratch: &mut Workspace,
    out: &mut MapsMut<'_>,
) -> Vec<usize> {
    match packed.size {
        TileSize::Two => run::<4, 2>(cores, x, packed, border, epilogue, scratch, out),
        TileSize::Four => run::<6, 4>(cores, x, packed, border, epilogue, scratch, out),
    }
}

/// About how many cells of scratch memory a chunk of tiles may take: what a core's own cache holds.
const CHUNK_CELLS: usize = 1 << 14;

fn run<const T: usize, const M: usize>(
    cores: &Cores<'_>,
    x: Maps<'_>,
    packed: &PackedWinograd,
    border: Sides,
    epilogue: Epilogue<'_>,
    scratch: &mut Workspace,
    out: &mut MapsMut<'_>,
) -> Vec<usize> {
    let (from, to) = (x.extent(), out.extent());
    let (height, width) = (from.shape.height, from.shape.width);
    assert!(from.shape.channels == packed.c_in && packed.bias.len() == to.num_blocks());
    assert!(from.num_images == to.num_images);
    assert!(to.shape.height + 2 == height + border.top + border.bottom);
    assert!(to.shape.width + 2 == width + border.left + border.right);
    assert!(packed.cells.len() == to.num_blocks() * packed.c_in * T * T);
    epilogue.check(to);

    let grid = (to.shape.height.div_ceil(M), to.shape.width.div_ceil(M));
    let num_tiles = to.num_images * grid.0 * grid.1;
    let (most_pixels, _) = cores.level.tile();
    let per_tile = T * T * (from.num_blocks() + to.num_blocks());
    // The whole transformed kernel is read for each chunk. If it comes from memory, each chunk should have many tiles.
    let is_near = size_of_val(packed.cells.as_slice()) <= NEAR_BYTES;
    let fewest = if is_near { 2 * most_pixels } else { 4 * most_pixels };
    let at_most = (CHUNK_CELLS / per_tile).next_multiple_of(most_pixels).clamp(fewest, 8 * most_pixels);
    let chunks: Vec<(usize, usize)> = even_parts(num_tiles, at_most).collect();
    let longest = num_tiles.div_ceil(chunks.len().max(1));
    let job = Job::<T, M> {
        level: cores.level,
        x,
        packed,
        border,
        epilogue,
        grid,
        extent: to,
        output: Shared(out.cells_mut().as_mut_ptr()),
        is_spoilt: (0..to.num_images).map(|_| AtomicBool::new(false)).collect(),
    };
    let num_threads = cores.num_threads();
    // If there are few chunks, all threads work on each of them together; if there are many, each thread has its own.
    if chunks.len() < 2 * num_threads && num_threads > 1 {
        let scratch = scratch.take(longest * per_tile);
        for (first, end) in chunks {
            job.together(cores, first..end, scratch);
        }
    } else {
        let num_workers = num_threads.min(chunks.len()).max(1);
        let scratch = scratch.take(num_workers * longest * per_tile);
        let next = AtomicUsize::new(0);
        cores.for_chunks(scratch, longest * per_tile, |_, own| {
            while let Some((first, end)) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) {
                job.alone(*first..*end, own);
            }
        });
    }
    let is_spoilt = job.is_spoilt;
    if let Some(function) = epilogue.later() {
        activate_in_place(cores, function, out);
    }
    (0..is_spoilt.len()).filter(|image| is_spoilt[*image].load(Ordering::Relaxed)).collect()
}

/// A convolution that is being computed.
struct Job<'a, const T: usize, const M: usize> {
    level: Level,
    x: Maps<'a>,
    packed: &'a PackedWinograd,
    border: Sides,
    epilogue: Epilogue<'a>,
    /// Number of tiles of an image, as rows and columns.
    grid: (usize, usize),
    extent: Extent,
    output: Shared,
    /// For each image, whether one of its sums isn't finite.
    is_spoilt: Vec<AtomicBool>,
}

/// Where the transformed tiles of a chunk are stored: `[cell of the tile][block][tile][16]`, inputs and products.
#[derive(Clone, Copy)]
struct Chunk {
    inputs: Shared,
    products: Shared,
}

impl<const T: usize, const M: usize> Job<'_, T, M> {
    fn split(&self, scratch: &mut [PixelBlock], num_tiles: usize) -> Chunk {
        let num_inputs = T * T * self.x.extent().num_blocks() * num_tiles;
        let num_products = T * T * self.extent.num_blocks() * num_tiles;
        assert!(scratch.len() >= num_inputs + num_products);
        let (inputs, products) = scratch.split_at_mut(num_inputs);
        Chunk { inputs: Shared(inputs.as_mut_ptr()), products: Shared(products.as_mut_ptr()) }
    }

    /// Computes these tiles on one thread.
    fn alone(&self, tiles: std::ops::Range<usize>, scratch: &mut [PixelBlock]) {
        let at = self.split(scratch, tiles.len());
        (0..self.x.extent().num_blocks()).for_each(|block| self.transform(&tiles, block, at));
        for cell in 0..T * T {
            (0..self.num_groups()).for_each(|group| self.multiply(tiles.len(), cell, group, at));
        }
        (0..self.extent.num_blocks()).for_each(|block| self.put_out(&tiles, block, at));
    }

    /// Computes these tiles on all threads.
    fn together(&self, cores: &Cores<'_>, tiles: std::ops::Range<usize>, scratch: &mut [PixelBlock]) {
        let at = self.split(scratch, tiles.len());
        let num_groups = self.num_groups();
        cores.for_each(self.x.extent().num_blocks(), |block| self.transform(&tiles, block, at));
        cores.for_each(T * T * num_groups, |task| {
            self.multiply(tiles.len(), task / num_groups, task % num_groups, at);
        });
        cores.for_each(self.extent.num_blocks(), |block| self.put_out(&tiles, block, at));
    }

    fn num_groups(&self) -> usize {
        self.extent.num_blocks().div_ceil(self.packed.group)
    }

    /// Image, first row and first column of a tile's output.
    fn place(&self, tile: usize) -> (usize, usize, usize) {
        let per_image = self.grid.0 * self.grid.1;
        let in_image = tile % per_image;
        (tile / per_image, in_image / self.grid.1 * M, in_image % self.grid.1 * M)
    }

    /// Copies the input of a tile that reaches beyond the edge of the map, with zeros outside the map.
    fn copy_edge(&self, plane: &[PixelBlock], (y, x): (usize, usize), to: &mut [[PixelBlock; T]; T]) {
        let (shape, border) = (self.x.shape(), self.border);
        for (i, row) in to.iter_mut().enumerate() {
            row.fill(PixelBlock::ZERO);
            let Some(y) = (y + i).checked_sub(border.top).filter(|y| *y < shape.height) else { continue };
            for (j, cell) in row.iter_mut().enumerate() {
                if let Some(x) = (x + j).checked_sub(border.left).filter(|x| *x < shape.width) {
                    *cell = plane[y * shape.width + x];
                }
            }
        }
    }

    /// Computes `Bᵀ d B` for a block of channels.
    fn transform(&self, tiles: &std::ops::Range<usize>, block: usize, at: Chunk) {
        self.level.run(InputTiles { job: self, tiles: tiles.clone(), block, at });
    }

    /// Computes the products of one cell for a group of output blocks.
    fn multiply(&self, num_tiles: usize, cell: usize, group: usize, at: Chunk) {
        const NO_BIAS: [PixelBlock; 2] = [PixelBlock::ZERO; 2];
        let Job { packed, extent, .. } = self;
        let first_block = group * packed.group;
        let in_group = packed.group.min(extent.num_blocks() - first_block);
        let weights = (first_block * T * T + cell * in_group) * packed.c_in;
        let most = self.level.tile().0;
        let (slice, num_parts) = (in_group * packed.c_in * BLOCK, num_tiles.div_ceil(most).max(1));
        let mut number = 0;
        // The product that follows is that of the next group, for the same cell.
        for (first, width, count) in tiles(0, num_tiles, most) {
            if count == 0 {
                continue;
            }
            let weights = packed.cells.as_ptr().wrapping_add(weights).cast::<f32>();
            // SAFETY: the buffers of inputs, products and weights were made large enough; the products of a cell and a group are
            // written by one task only.
            unsafe {
                Tile {
                    count,
                    input: at.inputs.0.add(cell * self.x.extent().num_blocks() * num_tiles + first).cast(),
                    block_step: num_tiles * BLOCK,
                    row_step: 0,
                    column_step: 0,
                    pixel_step: BLOCK,
                    first_lane: 0,
                    c_in: packed.c_in,
                    lanes: BLOCK,
                    kernel: [1, 1],
                    weights,
                    ahead: weights.wrapping_add(slice * T * T + number * (slice / num_parts)),
                    ahead_apart: slice / num_parts,
                    ahead_step: (in_group * BLOCK * values_between_prefetches(in_group)).div_ceil(num_parts),
                    input_ahead: 0,
                    start: NO_BIAS.as_ptr().cast(),
                    start_block_step: BLOCK,
                    start_pixel_step: 0,
                    output: at
                        .products
                        .0
                        .add((cell * extent.num_blocks() + first_block) * num_tiles + first)
                        .cast(),
                    output_block_step: num_tiles * BLOCK,
                    residual: std::ptr::null(),
                    residual_block_step: 0,
                    low: f32::NEG_INFINITY,
                    high: f32::INFINITY,
                }
                .run(self.level, width, in_group);
            }
            number += count;
        }
    }

    /// Computes `Aᵀ m A`, and applies bias, residual and limits, for a block of channels.
    fn put_out(&self, tiles: &std::ops::Range<usize>, block: usize, at: Chunk) {
        self.level.run(OutputTiles { job: self, tiles: tiles.clone(), block, at });
    }
}

struct InputTiles<'a, const T: usize, const M: usize> {
    job: &'a Job<'a, T, M>,
    tiles: std::ops::Range<usize>,
    block: usize,
    at: Chunk,
}

impl<const T: usize, const M: usize> Kernel for InputTiles<'_, T, M> {
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "rows and columns of small squares")]
    unsafe fn run<L: Lanes>(self) {
        let Self { job, block, .. } = self;
        let (shape, border) = (job.x.shape(), job.border);
        let num_tiles = self.tiles.len();
        let step = job.x.extent().num_blocks() * num_tiles * BLOCK;
        // SAFETY: a tile inside the map is read from the map, one at the edge from a copy; `split` checked the size of what is
        // written to; the caller guarantees the level.
        unsafe {
            let to = self.at.inputs.0.add(block * num_tiles).cast::<f32>();
            let zero = L::splat(0.0);
            let mut edge = [[PixelBlock::ZERO; T]; T];
            for (number, tile) in self.tiles.enumerate() {
                let (image, y, x) = job.place(tile);
                let plane = job.x.plane(image, block);
                let is_inside = y >= border.top
                    && x >= border.left
                    && y + T <= shape.height + border.top
                    && x + T <= shape.width + border.left;
                let (from, row_step) = if is_inside {
                    let first = (y - border.top) * shape.width + (x - border.left);
                    (plane.as_ptr().add(first).cast::<f32>(), shape.width * BLOCK)
                } else {
                    self.job.copy_edge(plane, (y, x), &mut edge);
                    (edge.as_ptr().cast::<f32>(), T * BLOCK)
                };
                let mut half = [[zero; T]; T];
                for j in 0..T {
                    let mut column = [zero; T];
                    for i in 0..T {
                        column[i] = L::load(from.add(i * row_step + j * BLOCK));
                    }
                    let column = into_tile(column);
                    for i in 0..T {
                        half[i][j] = column[i];
                    }
                }
                for i in 0..T {
                    let row = into_tile(half[i]);
                    for j in 0..T {
                        row[j].store(to.add((i * T + j) * step + number * BLOCK));
                    }
                }
            }
        }
    }
}

/// `Bᵀ` times a column.
///
/// # Safety
/// The processor has the level.
#[inline(always)]
unsafe fn into_tile<L: Lanes, const T: usize>(d: [L; T]) -> [L; T] {
    let mut o = d;
    if T == 4 {
        o[0] = d[0].sub(d[2]);
        o[1] = d[1].add(d[2]);
        o[2] = d[2].sub(d[1]);
        o[3] = d[1].sub(d[3]);
        return o;
    }
    // SAFETY: the caller guarantees the level.
    let [two, four, minus_four, minus_five] =
        unsafe { [L::splat(2.0), L::splat(4.0), L::splat(-4.0), L::splat(-5.0)] };
    let even = d[2].mul_add(minus_four, d[4]);
    let odd = d[1].mul_add(minus_four, d[3]);
    let (near, far) = (d[4].sub(d[2]), d[3].sub(d[1]).mul(two));
    o[0] = d[0].mul_add(four, d[2].mul_add(minus_five, d[4]));
    o[1] = even.add(odd);
    o[2] = even.sub(odd);
    o[3] = near.add(far);
    o[4] = near.sub(far);
    o[5] = d[1].mul_add(four, d[3].mul_add(minus_five, d[5]));
    o
}

struct OutputTiles<'a, const T: usize, const M: usize> {
    job: &'a Job<'a, T, M>,
    tiles: std::ops::Range<usize>,
    block: usize,
    at: Chunk,
}

impl<const T: usize, const M: usize> Kernel for OutputTiles<'_, T, M> {
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "rows and columns of small squares")]
    unsafe fn run<L: Lanes>(self) {
        let Self { job, block, .. } = self;
        let MapShape { height, width, .. } = job.extent.shape;
        let num_tiles = self.tiles.len();
        let step = job.extent.num_blocks() * num_tiles * BLOCK;
        let (low, high) = job.epilogue.bounds();
        // SAFETY: `split` checked the size of what is read; each tile's outputs inside the map are written by one task only; the
        // caller guarantees the level.
        unsafe {
            let products = self.at.products.0.add(block * num_tiles).cast::<f32>();
            let zero = L::splat(0.0);
            let (low, high) = (L::splat(low), L::splat(high));
            let bias = L::load(job.packed.bias[block].0.as_ptr());
            for (number, tile) in self.tiles.enumerate() {
                let (image, y, x) = job.place(tile);
                let mut spoilt = zero;
                let mut half = [[zero; T]; M];
                for j in 0..T {
                    let mut column = [zero; T];
                    for i in 0..T {
                        column[i] = L::load(products.add((i * T + j) * step + number * BLOCK));
                    }
                    let column: [L; M] = out_of_tile(column);
                    for i in 0..M {
                        half[i][j] = column[i];
                    }
                }
                let first = y * width + x;
                let residual = job.epilogue.residual.map(|r| r.plane(image, block));
                let to = { job.output }.0.add(job.extent.plane_at(image, block) + first);
                for i in 0..M.min(height - y) {
                    let row: [L; M] = out_of_tile(half[i]);
                    for j in 0..M {
                        if j < width - x {
                            let mut value = row[j].add(bias);
                            // A value times zero is zero, unless the value isn't finite.
                            spoilt = value.mul_add(zero, spoilt);
                            if let Some(plane) = residual {
                                value = value.add(L::load(plane[first + i * width + j].0.as_ptr()));
                            }
                            value.clamp(low, high).store(to.add(i * width + j).cast());
                        }
                    }
                }
                if spoilt.any_nan() {
                    job.is_spoilt[image].store(true, Ordering::Relaxed);
                }
            }
        }
    }
}

/// `Aᵀ` times a column.
///
/// # Safety
/// The processor has the level.
#[inline(always)]
unsafe fn out_of_tile<L: Lanes, const T: usize, const M: usize>(m: [L; T]) -> [L; M] {
    let mut o = [m[0]; M];
    if T == 4 {
        o[0] = m[0].add(m[1]).add(m[2]);
        o[1] = m[1].sub(m[2]).sub(m[3]);
        return o;
    }
    // SAFETY: the caller guarantees the level.
    let [two, four, eight] = unsafe { [L::splat(2.0), L::splat(4.0), L::splat(8.0)] };
    let (sum, difference) = (m[1].add(m[2]), m[1].sub(m[2]));
    let (far_sum, far_difference) = (m[3].add(m[4]), m[3].sub(m[4]));
    o[0] = m[0].add(sum).add(far_sum);
    o[1] = far_difference.mul_add(two, difference);
    o[2] = far_sum.mul_add(four, sum);
    o[3] = far_difference.mul_add(eight, difference).add(m[5]);
    o
}
