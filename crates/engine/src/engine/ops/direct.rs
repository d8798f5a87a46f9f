//! Dense convolutions, computed directly: each value is written once, and the input isn't unrolled into a matrix first.
#![expect(
    unsafe_code,
    reason = "kernels run with the instructions of a level and write disjoint parts of one map"
)]

use rayon::prelude::*;

use super::cores::Cores;
use super::elementwise::{activate_cells, bounds};
use super::lanes::PixelBlock;
use super::level::Level;
use super::maps::{BLOCK, Extent, Maps, MapsMut, clear_beyond};
use super::tile::{Shared, Tile, even_parts};
use super::window::Window;
use crate::graph::{ActivationFn, Conv2d};
use crate::tensor::MapShape;

/// The input of a dense convolution, including its border.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) enum ConvInput<'a> {
    /// Maps in blocks of sixteen channels.
    Blocked(Maps<'a>),
    /// Planar maps, `[N, C, H, W]`. In blocks, a picture's three channels would leave thirteen lanes empty.
    Planar(&'a [f32], MapShape),
}

impl ConvInput<'_> {
    fn shape(&self) -> MapShape {
        match self {
            Self::Blocked(maps) => maps.shape(),
            Self::Planar(_, shape) => *shape,
        }
    }

    /// Number of channels that are adjacent in memory.
    fn lanes(&self) -> usize {
        match self {
            Self::Blocked(_) => BLOCK,
            Self::Planar(..) => 1,
        }
    }

    /// Distance from one image to the next, in f32 values.
    fn image_step(&self) -> usize {
        match self {
            Self::Blocked(maps) => maps.extent().image_step * BLOCK,
            Self::Planar(_, shape) => shape.len(),
        }
    }

    fn num_images(&self) -> usize {
        match self {
            Self::Blocked(maps) => maps.extent().num_images,
            Self::Planar(values, shape) => values.len() / shape.len().max(1),
        }
    }

    fn start(&self) -> *const f32 {
        match self {
            Self::Blocked(maps) => maps.cells().as_ptr().cast(),
            Self::Planar(values, _) => values.as_ptr(),
        }
    }
}

/// What is done to a sum before it is written.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct Epilogue<'a> {
    /// Values that are added first.
    pub(in crate::engine) residual: Option<Maps<'a>>,
    /// The activation that is applied then.
    pub(in crate::engine) function: Option<ActivationFn>,
}

impl Epilogue<'_> {
    /// The limits that are applied when a sum is stored.
    pub(super) fn bounds(&self) -> (f32, f32) {
        self.function.and_then(bounds).unwrap_or((f32::NEG_INFINITY, f32::INFINITY))
    }

    /// The activation, if it is more than a pair of limits. It is applied after storing.
    pub(super) fn later(&self) -> Option<ActivationFn> {
        self.function.filter(|f| bounds(*f).is_none())
    }

    /// # Panics
    /// If the residual's shape or number of images is not that of `out`.
    pub(super) fn check(&self, out: Extent) {
        assert!(
            self.residual
                .is_none_or(|r| { r.shape() == out.shape && r.extent().num_images == out.num_images })
        );
    }
}

/// Kernels in the order in which tiles read them: `[group of blocks][block of inputs][row][column][input][output]`. A group has
/// as many blocks of output channels as a tile of the level; the last group may be smaller.
#[derive(Debug)]
pub(in crate::engine) struct PackedDense {
    cells: Vec<PixelBlock>,
    bias: Vec<PixelBlock>,
    c_in: usize,
    /// Input channels of a block.
    lanes: usize,
    per_group: usize,
    group: usize,
}

impl PackedDense {
    /// Packs a kernel `[out, in, rows, columns]`, for reading blocked or planar maps.
    pub(in crate::engine) fn new(
        level: Level,
        kernel: &[f32],
        bias: Option<&[f32]>,
        conv: &Conv2d,
        is_planar: bool,
    ) -> Self {
        let lanes = if is_planar { 1 } else { BLOCK };
        let [c_out, c_in, rows, columns] = conv.weight_shape();
        let num_taps = rows * columns;
        let group = level.tile().1;
        let per_group = group * c_in * num_taps;
        let num_blocks = c_out.div_ceil(BLOCK);
        let mut cells = vec![PixelBlock::ZERO; num_blocks * c_in * num_taps];
        cells.par_chunks_mut(per_group.max(1)).enumerate().for_each(|(at, cells)| {
            let in_group = group.min(num_blocks - at * group);
            let outputs = at * group * BLOCK..c_out.min((at + 1) * group * BLOCK);
            for (block_in, cells) in cells.chunks_mut(lanes * num_taps * in_group).enumerate() {
                let inputs = block_in * lanes..c_in.min((block_in + 1) * lanes);
                // One filter after the other, as they are in memory: filters are often a power of two apart and would evict each
                // other from the cache.
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
        Self { cells, bias: bias_cells(bias, c_out), c_in, lanes, per_group, group }
    }
}

/// The most bytes of input that a piece should have: what fits into a core's second-level cache next to the weights.
const PIECE_BYTES: usize = 384 << 10;

/// About how many multiply-adds a task should have, to be worth handing to another thread.
pub(super) const TASK: usize = 1 << 18;

/// Convolves `x`, which already includes its border. The size of tasks depends on the number of threads, but the order in which a
/// value is summed doesn't: bias, then input blocks, kernel rows, kernel columns and inputs (nested in that order), then the
/// residual.
pub(in crate::engine) fn convolve(
    cores: &Cores<'_>,
    x: ConvInput<'_>,
    packed: &PackedDense,
    window: Window,
    epilogue: Epilogue<'_>,
    out: &mut MapsMut<'_>,
) {
    let Window { kernel, stride, dilation, .. } = window;
    let (from, to, extent) = (x.shape(), out.shape(), out.extent());
    // A 1×1 kernel of stride 1 can take the map as one long row, so that tiles needn't end where a row ends.
    let is_flat = kernel == [1, 1] && stride == [1, 1];
    let (num_rows, width) = if is_flat { (1, to.plane()) } else { (to.height, to.width) };
    let from_width = if is_flat { from.plane() } else { from.width };
    check(&x, packed, window, &epilogue, out.extent());
    let ((low, high), later) = (epilogue.bounds(), epilogue.later());

    let level = cores.level;
    let (most_pixels, _) = level.tile();
    let num_blocks = extent.num_blocks();
    let num_groups = num_blocks.div_ceil(packed.group);
    let num_images = extent.num_images;
    // Tasks take some of these units: rows, or the tiles of the one long row.
    let num_units = if is_flat { width.div_ceil(most_pixels) } else { num_rows };
    let unit_bytes =
        packed.c_in * size_of::<f32>() * if is_flat { most_pixels } else { stride[0] * from_width };
    let macs_of_group = to.plane() * packed.per_group * BLOCK;
    // The pieces are small enough for their inputs to stay in a core's cache while all groups of output channels are computed
    // from them. But the weights are read again for each piece, so a piece mustn't be too small. There should be enough pieces for all
    // threads to end at about the same time, each large enough to be worth handing out.
    let all_units = num_images * num_units;
    let fitting = all_units.div_ceil((PIECE_BYTES / unit_bytes.max(1)).max(4));
    let for_threads = (cores.num_threads() * 8).div_ceil(num_groups);
    let worthwhile = (num_images * macs_of_group).div_ceil(TASK);
    let num_pieces = for_threads.min(worthwhile).max(fitting).clamp(1, all_units);
    let output = Shared(out.cells_mut().as_mut_ptr());
    cores.for_each(num_pieces * num_groups, |task| {
        let piece = task / num_groups;
        let units = piece * all_units / num_pieces..(piece + 1) * all_units / num_pieces;
        let group = task % num_groups;
        let first_block = group * packed.group;
        let in_group = packed.group.min(num_blocks - first_block);
        let tiles = even_parts(width, most_pixels);
        let per_unit = if is_flat { 1 } else { tiles.clone().count() };
        let num_tiles = per_unit * units.len();
        // Each tile of the task prefetches a part of the next group's weights.
        let ahead_step = packed.group * BLOCK / num_tiles.max(1);
        let ahead_of_tile = packed.per_group * BLOCK / num_tiles.max(1);
        // After the last group, the first one follows, with other pixels.
        let next = if group + 1 < num_groups { packed.per_group * BLOCK } else { 0 };
        let tile = |number: usize, image: usize, row: usize, column: usize, num_pixels: usize| {
            let weights = packed.cells.as_ptr().wrapping_add(group * packed.per_group).cast::<f32>();
            let input =
                image * x.image_step() + (row * stride[0] * from_width + column * stride[1]) * packed.lanes;
            let pixel = row * width + column;
            let residual = epilogue
                .residual
                .map_or(std::ptr::null(), |r| r.plane(image, first_block)[pixel..].as_ptr().cast());
            // SAFETY: the window is inside the map, and the group's weights are inside the packed kernel (both checked above);
            // the output's pixels belong to this task.
            unsafe {
                Tile {
                    input: x.start().add(input),
                    block_step: from.plane() * packed.lanes,
                    row_step: dilation[0] * from_width * packed.lanes,
                    column_step: dilation[1] * packed.lanes,
                    pixel_step: stride[1] * packed.lanes,
                    c_in: packed.c_in,
                    lanes: packed.lanes,
                    kernel,
                    weights,
                    ahead: weights.wrapping_add(next + number * ahead_of_tile),
                    ahead_step,
                    input_ahead: if kernel == [1, 1] { num_pixels * stride[1] * packed.lanes } else { 0 },
                    bias: packed.bias.as_ptr().add(first_block).cast(),
                    // The braces make the closure capture the whole `Shared`, which may be sent to other threads, and not its
                    // pointer.
                    output: { output }.0.add(extent.plane_at(image, first_block) + pixel).cast(),
                    output_block_step: to.plane() * BLOCK,
                    residual,
                    residual_block_step: to.plane() * BLOCK,
                    low,
                    high,
                }
                .run(level, num_pixels, in_group);
            }
        };
        let mut number = 0;
        // The units of one image after the other.
        for image in units.start / num_units..units.end.div_ceil(num_units) {
            let start = image * num_units;
            let own = units.start.max(start) - start..units.end.min(start + num_units) - start;
            let written = if is_flat {
                for (first, end) in tiles.clone().skip(own.start).take(own.len()) {
                    tile(number, image, 0, first, end - first);
                    number += 1;
                }
                own.start * width / num_units..own.end * width / num_units
            } else {
                for (row, (first, end)) in
                    own.clone().flat_map(|row| tiles.clone().map(move |tile| (row, tile)))
                {
                    tile(number, image, row, first, end - first);
                    number += 1;
                }
                own.start * width..own.end * width
            };
            for block in first_block..first_block + in_group {
                let start = extent.plane_at(image, block) + written.start;
                // SAFETY: the cells that this task's tiles wrote, and no other task's.
                let cells = unsafe { { output }.part(start, written.len()) };
                if let Some(function) = later {
                    activate_cells(level, function, cells);
                }
                // In lanes without a channel, infinity times their zero weights gives NaN.
                clear_beyond(cells, to.channels - block * BLOCK);
            }
        }
    });
}

/// Checks that all that the kernel reads and writes by pointer is inside its buffers.
///
/// # Panics
/// If a size doesn't fit.
fn check(x: &ConvInput<'_>, packed: &PackedDense, window: Window, epilogue: &Epilogue<'_>, out: Extent) {
    let Window { kernel, stride, dilation, .. } = window;
    let (from, to) = (x.shape(), out.shape);
    assert!(from.channels == packed.c_in && x.lanes() == packed.lanes);
    assert!(x.num_images() == out.num_images && packed.bias.len() == out.num_blocks());
    assert!(
        (to.height - 1) * stride[0] + (kernel[0] - 1) * dilation[0] < from.height
            && (to.width - 1) * stride[1] + (kernel[1] - 1) * dilation[1] < from.width
    );
    assert!(kernel != [1, 1] || stride != [1, 1] || from.plane() == to.plane());
    assert!(packed.cells.len() == out.num_blocks() * packed.c_in * kernel[0] * kernel[1]);
    epilogue.check(out);
}

/// A bias as cells, one cell per block of channels; zeros if there is no bias.
pub(super) fn bias_cells(bias: Option<&[f32]>, channels: usize) -> Vec<PixelBlock> {
    let mut cells = vec![PixelBlock::ZERO; channels.div_ceil(BLOCK)];
    for (channel, value) in bias.unwrap_or_default().iter().enumerate() {
        cells[channel / BLOCK].0[channel % BLOCK] = *value;
    }
    cells
}
