//! Operations on all channels of a position.
#![expect(
    unsafe_code,
    reason = "kernels run with the instructions of a level and write disjoint parts of one map"
)]

use super::cores::Cores;
use super::lanes::{Lanes, PixelBlock};
use super::level::Kernel;
use super::maps::{BLOCK, Extent, Maps, MapsMut};
use super::tile::Shared;

/// About how many cells a task should read, to be worth handing to another thread.
const TASK: usize = 1 << 12;

/// Number of positions whose sums are kept in registers together.
const TOGETHER: usize = 4;

/// Parameters of a layer norm, with one cell per block of channels.
#[derive(Debug)]
pub(in crate::engine) struct PackedLayerNorm {
    pub(in crate::engine) gamma: Vec<PixelBlock>,
    pub(in crate::engine) beta: Vec<PixelBlock>,
    pub(in crate::engine) eps: f32,
}

/// Normalises the channels of each position. First the mean is computed, then the mean square of the differences from it, so that
/// nothing cancels. A value that isn't finite spreads over its position, as in torch, and no further.
pub(in crate::engine) fn layer_norm(
    cores: &Cores<'_>,
    x: Maps<'_>,
    packed: &PackedLayerNorm,
    out: &mut MapsMut<'_>,
) {
    let extent = out.extent();
    let num_blocks = extent.num_blocks();
    assert!(packed.gamma.len() == num_blocks && packed.beta.len() == num_blocks);
    // One in lanes with a channel, zero in lanes without.
    let mut mask = PixelBlock([1.0; BLOCK]);
    mask.0[extent.shape.channels - (num_blocks - 1) * BLOCK..].fill(0.0);
    let level = cores.level;
    each_position(cores, Some(x), out, |part| {
        level.run(Normalise { part, packed, mask: &mask, num_channels: extent.shape.channels });
    });
}

/// Some positions of one image: in each block, the same number of cells, beginning at the same one.
pub(super) struct PositionRange {
    pub(super) from: *const PixelBlock,
    pub(super) from_block_step: usize,
    pub(super) to: *mut PixelBlock,
    pub(super) to_block_step: usize,
    pub(super) num_blocks: usize,
    pub(super) num_positions: usize,
}

/// Calls `body` for parts that together cover all positions of all images. Without an `x`, the values of `out` are read.
pub(super) fn each_position(
    cores: &Cores<'_>,
    x: Option<Maps<'_>>,
    out: &mut MapsMut<'_>,
    body: impl Fn(PositionRange) + Sync,
) {
    let extent: Extent = out.extent();
    assert!(x.is_none_or(|x| x.shape() == extent.shape && x.extent().num_images == extent.num_images));
    let (num_blocks, plane) = (extent.num_blocks(), extent.shape.plane());
    let per_task = (TASK / num_blocks).clamp(1, plane.max(1));
    let num_parts = plane.div_ceil(per_task);
    let output = Shared(out.cells_mut().as_mut_ptr());
    cores.for_each(extent.num_images * num_parts, |task| {
        let (image, first) = (task / num_parts, task % num_parts * per_task);
        let num_positions = per_task.min(plane - first);
        // SAFETY: all blocks of the image's positions are inside both maps, and these positions belong to this task.
        let to = unsafe { { output }.0.add(extent.plane_at(image, 0) + first) };
        let from = x.map_or(to.cast_const(), |x| x.plane(image, 0)[first..].as_ptr());
        body(PositionRange {
            from,
            from_block_step: plane,
            to,
            to_block_step: plane,
            num_blocks,
            num_positions,
        });
    });
}

struct Normalise<'a> {
    part: PositionRange,
    packed: &'a PackedLayerNorm,
    mask: &'a PixelBlock,
    num_channels: usize,
}

impl Kernel for Normalise<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let mut position = 0;
        while position < self.part.num_positions {
            // SAFETY: these positions exist; the caller guarantees the level.
            unsafe {
                position += match self.part.num_positions - position {
                    TOGETHER.. => self.some::<L, TOGETHER>(position),
                    _ => self.some::<L, 1>(position),
                };
            }
        }
    }
}

impl Normalise<'_> {
    /// # Safety
    /// The positions exist; the processor has the level.
    #[inline(always)]
    unsafe fn some<L: Lanes, const P: usize>(&self, position: usize) -> usize {
        let PositionRange { from, from_block_step, to, to_block_step, num_blocks, .. } = self.part;
        let share = 1.0 / self.num_channels as f32;
        // SAFETY: guaranteed by the caller; `each_position` checked that all blocks are there.
        unsafe {
            let load = |block: usize, p: usize| {
                L::load(from.add(block * from_block_step + position + p).cast::<f32>())
            };
            // Lanes without a channel are zero.
            let mut sums = [L::splat(0.0); P];
            for block in 0..num_blocks {
                for (p, sum) in sums.iter_mut().enumerate() {
                    *sum = sum.add(load(block, p));
                }
            }
            let means = sums.map(|sum| L::splat(total(sum) * share));
            let mut squares = [L::splat(0.0); P];
            for block in 0..num_blocks - 1 {
                for p in 0..P {
                    let rest = load(block, p).sub(means[p]);
                    squares[p] = rest.mul_add(rest, squares[p]);
                }
            }
            let mask = L::load(self.mask.0.as_ptr());
            for p in 0..P {
                let rest = load(num_blocks - 1, p).sub(means[p]).mul(mask);
                squares[p] = rest.mul_add(rest, squares[p]);
            }
            let scales = squares.map(|sum| L::splat(1.0 / (total(sum) * share + self.packed.eps).sqrt()));
            for block in 0..num_blocks {
                let gamma = L::load(self.packed.gamma.get_unchecked(block).0.as_ptr());
                let beta = L::load(self.packed.beta.get_unchecked(block).0.as_ptr());
                for p in 0..P {
                    let value = load(block, p).sub(means[p]).mul(scales[p]).mul_add(gamma, beta);
                    // A lane without a channel would become NaN if its position has a NaN.
                    let value = if block + 1 == num_blocks { keep(value, self.mask) } else { value };
                    value.store(to.add(block * to_block_step + position + p).cast::<f32>());
                }
            }
        }
        P
    }
}

/// Sets the lanes to zero in which the mask is zero.
///
/// # Safety
/// The processor has the level.
#[inline(always)]
unsafe fn keep<L: Lanes>(value: L, mask: &PixelBlock) -> L {
    let mut cell = PixelBlock::ZERO;
    // SAFETY: cells are aligned; the caller guarantees the level.
    unsafe {
        value.store(cell.0.as_mut_ptr());
        for (value, mask) in cell.0.iter_mut().zip(mask.0) {
            *value = if mask == 0.0 { 0.0 } else { *value };
        }
        L::load(cell.0.as_ptr())
    }
}

/// Sum of the sixteen lanes, adding halves first.
///
/// # Safety
/// The processor has the level.
#[inline(always)]
fn total<L: Lanes>(value: L) -> f32 {
    let mut cell = PixelBlock::ZERO;
    // SAFETY: a value exists, so the processor has the level, and the cell is aligned.
    unsafe { value.store(cell.0.as_mut_ptr()) };
    let v = &mut cell.0;
    let mut half = BLOCK / 2;
    while half > 0 {
        for lane in 0..half {
            v[lane] += v[lane + half];
        }
        half /= 2;
    }
    v[0]
}
