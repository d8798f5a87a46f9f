//! Dense and grouped convolutions, done directly: a tile of pixels × channels stays in registers while all of the kernel and all
//! input channels go by, so a value is written once and nothing is unrolled into a matrix first.
#![expect(
    unsafe_code,
    reason = "kernels run with the instructions of a level and write disjoint parts of one map"
)]

use rayon::prelude::*;

use super::blocked::{BLOCK, Blocked, clear_beyond};
use super::elementwise::{activate_cells, bounds};
use super::lanes::{Cell, Lanes};
use super::level::{Kernel, Level};
use crate::graph::{ActivationFn, Conv2d};

/// How a kernel slides over a map that has its border.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Window {
    /// Rows, columns.
    pub(in crate::engine) kernel: [usize; 2],
    /// In rows, columns.
    pub(in crate::engine) stride: [usize; 2],
    /// Distance between kernel cells.
    pub(in crate::engine) dilation: usize,
}

impl Window {
    pub(in crate::engine) fn of(conv: &Conv2d) -> Self {
        Self { kernel: conv.kernel, stride: conv.stride, dilation: conv.dilation }
    }
}

/// One cell per block of channels, zero without a bias.
pub(super) fn bias_cells(bias: Option<&[f32]>, channels: usize) -> Vec<Cell> {
    let mut cells = vec![Cell::ZERO; channels.div_ceil(BLOCK)];
    for (channel, value) in bias.unwrap_or_default().iter().enumerate() {
        cells[channel / BLOCK].0[channel % BLOCK] = *value;
    }
    cells
}

/// Kernels in the order in which tiles read them: `[group of blocks][block of inputs][row][column][input][output]`. A group is
/// as many blocks of output channels as a tile of the level has; the last one may be smaller.
#[derive(Debug)]
pub(in crate::engine) struct PackedDense {
    cells: Vec<Cell>,
    bias: Vec<Cell>,
    c_in: usize,
    per_group: usize,
    group: usize,
}

impl PackedDense {
    /// From `[out, in, rows, columns]`.
    pub(in crate::engine) fn new(level: Level, kernel: &[f32], bias: Option<&[f32]>, conv: &Conv2d) -> Self {
        let [c_out, c_in, rows, columns] = conv.weight_shape();
        let num_taps = rows * columns;
        let group = level.tile().1;
        let per_group = group * c_in * num_taps;
        let num_blocks = c_out.div_ceil(BLOCK);
        let mut cells = vec![Cell::ZERO; num_blocks * c_in * num_taps];
        cells.par_chunks_mut(per_group.max(1)).enumerate().for_each(|(at, cells)| {
            let in_group = group.min(num_blocks - at * group);
            let outputs = at * group * BLOCK..c_out.min((at + 1) * group * BLOCK);
            for (block_in, cells) in cells.chunks_mut(BLOCK * num_taps * in_group).enumerate() {
                let inputs = block_in * BLOCK..c_in.min((block_in + 1) * BLOCK);
                // A filter after the other, as they lie: filters are often powers of two apart and would evict each other.
                for (lane, output) in outputs.clone().enumerate() {
                    let from =
                        &kernel[(output * c_in + inputs.start) * num_taps..][..inputs.len() * num_taps];
                    for (input, taps) in from.chunks(num_taps).enumerate() {
                        for (tap, weight) in taps.iter().enumerate() {
                            let cell = (tap * inputs.len() + input) * in_group + lane / BLOCK;
                            cells[cell].0[lane % BLOCK] = *weight;
                        }
                    }
                }
            }
        });
        Self { cells, bias: bias_cells(bias, c_out), c_in, per_group, group }
    }
}

/// Everything that a tile needs to know. Steps count f32.
struct Tile {
    /// The first pixel's cell under the kernel's first.
    input: *const f32,
    block_step: usize,
    row_step: usize,
    column_step: usize,
    pixel_step: usize,
    c_in: usize,
    kernel: [usize; 2],
    weights: *const f32,
    bias: *const f32,
    output: *mut f32,
    output_block_step: usize,
    low: f32,
    high: f32,
}

/// `PX` pixels × `NB` blocks of channels. Pixels lie `STEP` values apart, or as the tile says if that is 0.
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
        // SAFETY: whoever made the tile promises that its pixels, weights and outputs lie inside their buffers.
        unsafe {
            let zero = L::splat(0.0);
            let mut sums = [[zero; NB]; PX];
            for b in 0..NB {
                let bias = L::load(tile.bias.add(b * BLOCK));
                for p in 0..PX {
                    sums[p][b] = bias;
                }
            }
            let (mut weights, mut block, mut left) = (tile.weights, tile.input, tile.c_in);
            while left > 0 {
                let lanes = if left < BLOCK { left } else { BLOCK };
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
    fn run(&self, level: Level, num_pixels: usize, num_blocks: usize) {
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
            (_, _) => level.run(TileKernel::<PX, 2, 0>(self)),
        }
    }
}

/// A pointer that tasks share, each to write its own part.
#[derive(Clone, Copy)]
struct Shared(*mut Cell);

// SAFETY: tasks write disjoint parts, see `convolve`.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

impl Shared {
    /// # Safety
    /// The range lies inside and nobody else uses it as long as the slice lives.
    unsafe fn part<'a>(self, from: usize, len: usize) -> &'a mut [Cell] {
        // SAFETY: the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.0.add(from), len) }
    }
}

/// `0..len` in parts of at most `most`, as even as they come.
fn even_parts(len: usize, most: usize) -> impl Iterator<Item = (usize, usize)> + Clone {
    let num = len.div_ceil(most);
    (0..num).map(move |at| (at * len / num, (at + 1) * len / num))
}

/// Convolves `x`, which already has its border. How much a task does depends on the number of threads, but how a value is summed
/// doesn't: it is bias, then input blocks, kernel rows, kernel columns, inputs, in that order.
pub(in crate::engine) fn convolve(
    level: Level,
    x: &Blocked,
    packed: &PackedDense,
    window: Window,
    function: Option<ActivationFn>,
    out: &mut Blocked,
) {
    let Window { kernel, stride, dilation } = window;
    let (from, to) = (x.shape(), out.shape());
    // A 1×1 kernel that leaves nothing out sees one long row: tiles then needn't end with a row.
    let is_flat = kernel == [1, 1] && stride == [1, 1];
    let (num_rows, width) = if is_flat { (1, to.plane()) } else { (to.height, to.width) };
    let from_width = if is_flat { from.plane() } else { from.width };
    // The kernel reads and writes by pointer: these are the checks that all of it lies inside.
    assert!(from.channels == packed.c_in && x.num_images() == out.num_images());
    assert!(packed.bias.len() == out.num_blocks());
    assert!(
        (to.height - 1) * stride[0] + (kernel[0] - 1) * dilation < from.height
            && (to.width - 1) * stride[1] + (kernel[1] - 1) * dilation < from.width
    );
    assert!(packed.cells.len() == out.num_blocks() * packed.c_in * kernel[0] * kernel[1]);
    let (low, high) = function.and_then(bounds).unwrap_or((f32::NEG_INFINITY, f32::INFINITY));
    let later = function.filter(|f| bounds(*f).is_none());

    let (most_pixels, _) = level.tile();
    let (num_blocks, from_blocks) = (out.num_blocks(), x.num_blocks());
    let num_groups = num_blocks.div_ceil(packed.group);
    let num_images = x.num_images();
    // Units that a task takes some of: rows, or the tiles of the one long row.
    let num_units = if is_flat { width.div_ceil(most_pixels) } else { num_rows };
    let wanted = (rayon::current_num_threads() * 4).div_ceil(num_images * num_groups);
    let num_chunks = wanted.clamp(1, num_units);
    let output = Shared(out.cells_mut().as_mut_ptr());
    (0..num_images * num_groups * num_chunks).into_par_iter().for_each(|task| {
        let (image, group, chunk) =
            (task / (num_groups * num_chunks), task / num_chunks % num_groups, task % num_chunks);
        let (first_unit, end_unit) = (chunk * num_units / num_chunks, (chunk + 1) * num_units / num_chunks);
        let first_block = group * packed.group;
        let in_group = packed.group.min(num_blocks - first_block);
        let plane = |block: usize| (image * num_blocks + block) * to.plane();
        let tile = |row: usize, column: usize, num_pixels: usize| {
            let cell =
                image * from_blocks * from.plane() + (row * stride[0] * from_width) + column * stride[1];
            // SAFETY: the window lies inside the map (checked above), and so do the weights of the group.
            let tile = unsafe {
                Tile {
                    input: x.cells().as_ptr().add(cell).cast(),
                    block_step: from.plane() * BLOCK,
                    row_step: dilation * from_width * BLOCK,
                    column_step: dilation * BLOCK,
                    pixel_step: stride[1] * BLOCK,
                    c_in: packed.c_in,
                    kernel,
                    weights: packed.cells.as_ptr().add(group * packed.per_group).cast(),
                    bias: packed.bias.as_ptr().add(first_block).cast(),
                    // Captured whole, as it is what may be sent.
                    output: { output }.0.add(plane(first_block) + row * width + column).cast(),
                    output_block_step: to.plane() * BLOCK,
                    low,
                    high,
                }
            };
            tile.run(level, num_pixels, in_group);
        };
        let tiles = even_parts(width, most_pixels);
        let written = if is_flat {
            for (first, end) in tiles.clone().skip(first_unit).take(end_unit - first_unit) {
                tile(0, first, end - first);
            }
            first_unit * width / num_units..end_unit * width / num_units
        } else {
            for row in first_unit..end_unit {
                for (first, end) in tiles.clone() {
                    tile(row, first, end - first);
                }
            }
            first_unit * width..end_unit * width
        };
        for block in first_block..first_block + in_group {
            // SAFETY: the cells that this task's tiles wrote, and no other task's.
            let cells = unsafe { { output }.part(plane(block) + written.start, written.len()) };
            let num_channels = to.channels - block * BLOCK;
            if let Some(function) = later {
                activate_cells(level, function, cells, num_channels);
            }
            // Infinity times the zero weight of a channel that isn't there would be NaN.
            clear_beyond(cells, num_channels);
        }
    });
}

/// Convolution in groups of channels, and depthwise with several filters per channel. No network of the registry has one: right,
/// and no faster than plain Rust.
pub(in crate::engine) fn grouped(
    level: Level,
    x: &Blocked,
    kernel: &[f32],
    bias: Option<&[f32]>,
    conv: &Conv2d,
    function: Option<ActivationFn>,
    out: &mut Blocked,
) {
    let [c_out, per_group_in, rows, columns] = conv.weight_shape();
    let per_group_out = c_out / conv.groups;
    let (from_blocks, num_blocks, width) = (x.num_blocks(), out.num_blocks(), x.shape().width);
    out.fill_rows(|plane, block, y, row| {
        let image = plane / num_blocks;
        row.fill(Cell::ZERO);
        let first_out = block * BLOCK;
        for output in first_out..c_out.min(first_out + BLOCK) {
            let lane = output - first_out;
            for cell in row.iter_mut() {
                cell.0[lane] = bias.map_or(0.0, |b| b[output]);
            }
            for input in 0..per_group_in {
                let channel = output / per_group_out * per_group_in + input;
                let map = x.plane(image * from_blocks + channel / BLOCK);
                for ky in 0..rows {
                    let from = &map[(y * conv.stride[0] + ky * conv.dilation) * width..][..width];
                    for kx in 0..columns {
                        let weight = kernel[((output * per_group_in + input) * rows + ky) * columns + kx];
                        for (column, cell) in row.iter_mut().enumerate() {
                            let at = column * conv.stride[1] + kx * conv.dilation;
                            cell.0[lane] += from[at].0[channel % BLOCK] * weight;
                        }
                    }
                }
            }
        }
        if let Some(function) = function {
            activate_cells(level, function, row, c_out - first_out);
        }
    });
}
