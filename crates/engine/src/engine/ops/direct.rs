//! Dense convolutions, computed directly: each value is written once, and the input isn't unrolled into a matrix first.
#![expect(
    unsafe_code,
    reason = "kernels run with the instructions of a level and write disjoint parts of one map"
)]

use std::ops::Range;

use rayon::prelude::*;

use super::cores::Cores;
use super::elementwise::{activate_cells, bounds};
use super::lanes::PixelBlock;
use super::level::Level;
use super::maps::{BLOCK, Extent, Maps, MapsMut, clear_beyond};
use super::tile::{Shared, Tile, even_parts, tiles, values_between_prefetches};
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
/// at most as many blocks of output channels as a tile of the level.
#[derive(Debug)]
pub(in crate::engine) struct PackedDense {
    cells: Vec<PixelBlock>,
    bias: Vec<PixelBlock>,
    groups: Vec<BlockGroup>,
    c_in: usize,
    /// Input channels of a block.
    lanes: usize,
}

/// Blocks of output channels that are computed together.
#[derive(Clone, Debug, PartialEq)]
struct BlockGroup {
    blocks: Range<usize>,
    /// Input channels that they are computed from.
    inputs: Range<usize>,
    /// Index of the first cell of their kernels.
    first_cell: usize,
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
        Self::with_lanes(level, kernel, bias, &Conv2d { groups: 1, ..*conv }, lanes)
    }

    /// Packs a kernel `[out, in of a group, rows, columns]` of groups of channels, for reading blocked maps. Blocks of output
    /// channels are computed from the groups of their channels; between groups, weights are zero.
    pub(super) fn of_groups(level: Level, kernel: &[f32], bias: Option<&[f32]>, conv: &Conv2d) -> Self {
        Self::with_lanes(level, kernel, bias, conv, BLOCK)
    }

    fn with_lanes(level: Level, kernel: &[f32], bias: Option<&[f32]>, conv: &Conv2d, lanes: usize) -> Self {
        let [c_out, group_in, rows, columns] = conv.weight_shape();
        let (num_taps, group_out) = (rows * columns, c_out / conv.groups);
        let mut groups = Vec::<BlockGroup>::new();
        let mut num_cells = 0;
        for block in 0..c_out.div_ceil(BLOCK) {
            let (first, last) = (block * BLOCK, c_out.min((block + 1) * BLOCK) - 1);
            let inputs = first / group_out * group_in..(last / group_out + 1) * group_in;
            match groups.last_mut() {
                // Blocks from other inputs would add zeros to each other's sums.
                Some(group) if group.inputs == inputs && group.blocks.len() < level.tile().1 => {
                    group.blocks.end += 1;
                }
                _ => groups.push(BlockGroup {
                    blocks: block..block + 1,
                    inputs: inputs.clone(),
                    first_cell: num_cells,
                }),
            }
            num_cells += inputs.len() * num_taps;
        }
        let mut cells = vec![PixelBlock::ZERO; num_cells];
        let mut rest = cells.as_mut_slice();
        let parts: Vec<(&BlockGroup, &mut [PixelBlock])> = groups
            .iter()
            .map(|group| {
                let (own, others) = std::mem::take(&mut rest).split_at_mut(group.num_cells(num_taps));
                rest = others;
                (group, own)
            })
            .collect();
        parts.into_par_iter().for_each(|(group, cells)| {
            let in_group = group.blocks.len();
            let mut first_cell = 0;
            let mut input = group.inputs.start;
            while input < group.inputs.end {
                let end = ((input / lanes + 1) * lanes).min(group.inputs.end);
                // One filter after the other, as they are in memory: filters are often a power of two apart and would evict each
                // other from the cache.
                for output in group.blocks.start * BLOCK..c_out.min(group.blocks.end * BLOCK) {
                    let (of_group, lane) =
                        (output / group_out * group_in, output - group.blocks.start * BLOCK);
                    let own = input.max(of_group)..end.min(of_group + group_in);
                    for own_input in own {
                        let from =
                            &kernel[(output * group_in + own_input - of_group) * num_taps..][..num_taps];
                        for (tap, weight) in from.iter().enumerate() {
                            let at = tap * (end - input) + own_input - input;
                            cells[first_cell + at * in_group + lane / BLOCK].0[lane % BLOCK] = *weight;
                        }
                    }
                }
                first_cell += (end - input) * num_taps * in_group;
                input = end;
            }
        });
        Self { cells, bias: bias_cells(bias, c_out), groups, c_in: conv.c_in, lanes }
    }
}

impl BlockGroup {
    /// Number of cells of its kernels.
    fn num_cells(&self, num_taps: usize) -> usize {
        self.blocks.len() * self.inputs.len() * num_taps
    }
}

/// The most bytes of input that a piece should have: what fits into a core's second-level cache next to the weights.
const PIECE_BYTES: usize = 384 << 10;

/// The fewest tiles for which depth is split into panels: each panel's sums are stored and read again.
const MIN_TILES_OF_PANEL: usize = 16;

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
    let Window { kernel, stride, .. } = window;
    let (from, to, extent) = (x.shape(), out.shape(), out.extent());
    // A 1×1 kernel of stride 1 can take the map as one long row, so that tiles needn't end where a row ends.
    let is_flat = kernel == [1, 1] && stride == [1, 1];
    let (num_rows, width) = if is_flat { (1, to.plane()) } else { (to.height, to.width) };
    let from_width = if is_flat { from.plane() } else { from.width };
    check(&x, packed, window, &epilogue, out.extent());
    let ((low, high), later) = (epilogue.bounds(), epilogue.later());

    let level = cores.level;
    let (most_pixels, _) = level.tile();
    let num_groups = packed.groups.len();
    let num_images = extent.num_images;
    // Tasks take some of these units: rows, or the tiles of the one long row.
    let num_units = if is_flat { width.div_ceil(most_pixels) } else { num_rows };
    let num_taps = kernel[0] * kernel[1];
    let most_cells = packed.groups.iter().map(|group| group.num_cells(num_taps)).max().unwrap_or(0);
    let most_inputs = packed.groups.iter().map(|group| group.inputs.len()).max().unwrap_or(0);
    let unit_bytes =
        most_inputs * size_of::<f32>() * if is_flat { most_pixels } else { stride[0] * from_width };
    let macs_of_group = to.plane() * most_cells * BLOCK;
    // The pieces are small enough for their inputs to stay in a core's cache while all groups of output channels are computed
    // from them. But the weights are read again for each piece, so a piece mustn't be too small. There should be enough pieces for all
    // threads to end at about the same time, each large enough to be worth handing out.
    let all_units = num_images * num_units;
    let fitting = all_units.div_ceil((PIECE_BYTES / unit_bytes.max(1)).max(4));
    let for_threads = (cores.num_threads() * 8).div_ceil(num_groups);
    let worthwhile = (num_images * macs_of_group).div_ceil(TASK);
    let num_pieces = for_threads.min(worthwhile).max(fitting).clamp(1, all_units);
    let job = Job {
        level,
        x,
        packed,
        window,
        residual: epilogue.residual,
        limits: (low, high),
        width,
        from_width,
        extent,
        output: Shared(out.cells_mut().as_mut_ptr()),
    };
    let num_threads = cores.num_threads();
    cores.for_each(num_pieces * num_groups, |task| {
        let piece = task / num_groups;
        let units = piece * all_units / num_pieces..(piece + 1) * all_units / num_pieces;
        let group = &packed.groups[task % num_groups];
        // After the last group, the first one follows, with other pixels.
        let next = packed.groups.get(task % num_groups + 1).unwrap_or(&packed.groups[0]);
        // The units of one image after the other.
        let images = (units.start / num_units..units.end.div_ceil(num_units)).map(|image| {
            let start = image * num_units;
            (image, units.start.max(start) - start..units.end.min(start + num_units) - start)
        });
        // A row of the map, or the piece's part of the one long row, as the image, the row, and the first and last pixel.
        let rows: Vec<Span> = images
            .flat_map(|(image, own)| {
                let part = is_flat.then(|| Span {
                    image,
                    row: 0,
                    pixels: own.start * width / num_units..own.end * width / num_units,
                });
                let rows = if is_flat { 0..0 } else { own };
                part.into_iter().chain(rows.map(move |row| Span { image, row, pixels: 0..width }))
            })
            .collect();
        // The first groups bring a piece's inputs into the caches of the cores; small tiles have no time to ask again.
        let is_first_read = task % num_groups < num_threads || level.panel().is_none();
        job.compute(group, next, &rows, is_first_read);
        for Span { image, row, pixels } in rows {
            for block in group.blocks.clone() {
                let start = extent.plane_at(image, block) + row * width + pixels.start;
                // SAFETY: the cells that this task's tiles wrote, and no other task's.
                let cells = unsafe { job.output.part(start, pixels.len()) };
                if let Some(function) = later {
                    activate_cells(level, function, cells);
                }
                // In lanes without a channel, infinity times their zero weights gives NaN.
                clear_beyond(cells, to.channels - block * BLOCK);
            }
        }
    });
}

/// Pixels of a row that a task computes.
struct Span {
    image: usize,
    row: usize,
    pixels: Range<usize>,
}

/// A convolution that is being computed.
struct Job<'a> {
    level: Level,
    x: ConvInput<'a>,
    packed: &'a PackedDense,
    window: Window,
    residual: Option<Maps<'a>>,
    limits: (f32, f32),
    /// Width of the output's rows, or of the one long row.
    width: usize,
    from_width: usize,
    extent: Extent,
    output: Shared,
}

impl Job<'_> {
    /// Computes a group of blocks for these rows, and meanwhile prefetches the weights of the next group.
    fn compute(&self, group: &BlockGroup, next: &BlockGroup, rows: &[Span], is_first_read: bool) {
        let Self { x, packed, extent, .. } = self;
        let Window { kernel, stride, dilation, .. } = self.window;
        let (most_pixels, _) = self.level.tile();
        let (num_taps, in_group) = (kernel[0] * kernel[1], group.blocks.len());
        let num_tiles: usize = rows.iter().map(|row| row.pixels.len().div_ceil(most_pixels)).sum();
        let (from_plane, plane) = (x.shape().plane(), extent.shape.plane());
        // The columns of a kernel on a planar map are adjacent, like the channels of a block.
        let by_columns = packed.lanes == 1 && dilation[1] == 1;
        let cells = packed.cells.as_ptr();
        for inputs in self.panels(group, num_tiles) {
            let (is_first, is_last) = (inputs.start == group.inputs.start, inputs.end == group.inputs.end);
            let before = group.num_cells(num_taps) / group.inputs.len() * (inputs.start - group.inputs.start);
            // The same part of the next group, which may have fewer inputs. The pointer is only prefetched from.
            let ahead = cells.wrapping_add(next.first_cell + before).cast::<f32>();
            let ahead_of_tile = in_group * inputs.len() * num_taps * BLOCK / num_tiles.max(1);
            let first_block = inputs.start / packed.lanes;
            let mut number = 0;
            for Span { image, row, pixels } in rows {
                let residual = self.residual.filter(|_| is_last);
                for (first, width, count) in tiles(pixels.start, pixels.end, most_pixels) {
                    if count == 0 {
                        continue;
                    }
                    let pixel = row * self.width + first;
                    let input = image * x.image_step()
                        + (first_block * from_plane + row * stride[0] * self.from_width + first * stride[1])
                            * packed.lanes;
                    // SAFETY: the window is inside the map, and the group's weights are inside the packed kernel (both checked
                    // before); the output's pixels belong to this task.
                    unsafe {
                        let output: *mut f32 =
                            self.output.0.add(extent.plane_at(*image, group.blocks.start) + pixel).cast();
                        let (start, start_block_step, start_pixel_step) = if is_first {
                            (packed.bias.as_ptr().add(group.blocks.start).cast(), BLOCK, 0)
                        } else {
                            (output.cast_const(), plane * BLOCK, BLOCK)
                        };
                        Tile {
                            count,
                            input: x.start().add(input),
                            block_step: from_plane * packed.lanes,
                            row_step: dilation[0] * self.from_width * packed.lanes,
                            column_step: dilation[1] * packed.lanes,
                            pixel_step: stride[1] * packed.lanes,
                            first_lane: inputs.start % packed.lanes,
                            c_in: inputs.len() * if by_columns { kernel[1] } else { 1 },
                            lanes: if by_columns { kernel[1] } else { packed.lanes },
                            kernel: if by_columns { [kernel[0], 1] } else { kernel },
                            weights: cells.add(group.first_cell + before).cast(),
                            ahead: ahead.wrapping_add(number * ahead_of_tile),
                            ahead_apart: ahead_of_tile,
                            ahead_step: (in_group * BLOCK * values_between_prefetches(in_group))
                                .div_ceil(num_tiles.max(1)),
                            input_ahead: if kernel == [1, 1] && is_first_read {
                                width * stride[1] * packed.lanes
                            } else {
                                0
                            },
                            start,
                            start_block_step,
                            start_pixel_step,
                            output,
                            output_block_step: plane * BLOCK,
                            residual: residual.map_or(std::ptr::null(), |r| {
                                r.plane(*image, group.blocks.start)[pixel..].as_ptr().cast()
                            }),
                            residual_block_step: plane * BLOCK,
                            low: if is_last { self.limits.0 } else { f32::NEG_INFINITY },
                            high: if is_last { self.limits.1 } else { f32::INFINITY },
                        }
                        .run(self.level, width, in_group);
                    }
                    number += count;
                }
            }
        }
    }

    /// Splits a group's input channels into parts whose weights stay in a core's first cache while all tiles read them, if that is
    /// worthwhile.
    fn panels(&self, group: &BlockGroup, num_tiles: usize) -> impl Iterator<Item = Range<usize>> {
        let inputs = group.inputs.clone();
        let lanes = self.packed.lanes;
        let is_worthwhile = self.window.kernel == [1, 1] && num_tiles >= MIN_TILES_OF_PANEL;
        let most = self.level.panel().filter(|_| is_worthwhile).unwrap_or(inputs.len());
        let (first, end) = (inputs.start / lanes, inputs.end.div_ceil(lanes));
        even_parts(end - first, most.div_ceil(lanes)).map(move |(from, to)| {
            inputs.start.max((first + from) * lanes)..inputs.end.min((first + to) * lanes)
        })
    }
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
    let num_taps = kernel[0] * kernel[1];
    let num_cells: usize = packed.groups.iter().map(|group| group.num_cells(num_taps)).sum();
    assert!(packed.cells.len() == num_cells && packed.groups.iter().all(|group| !group.inputs.is_empty()));
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
