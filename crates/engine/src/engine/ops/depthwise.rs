//! Depthwise convolutions: one filter per channel. Usual kernels read each input of a row once for all the columns that it is part
//! of, with the weights of a kernel row in registers; columns beyond the edge are zeros. All others slide a window.
#![expect(unsafe_code, reason = "kernels run with the instructions of a level")]

use super::cores::Cores;
use super::elementwise::{activate_cells, bounds};
use super::lanes::{Lanes, PixelBlock};
use super::level::{Kernel, Level};
use super::maps::{BLOCK, Maps, MapsMut};
use super::window::{Fold, Window, slide};
use crate::graph::ActivationFn;

/// Kernels as `[block][row][column][16]`, biases as `[block][16]`.
#[derive(Debug)]
pub(in crate::engine) struct PackedDepthwise {
    taps: Vec<PixelBlock>,
    num_taps: usize,
    bias: Vec<PixelBlock>,
    /// Whether zeros beyond the edge add nothing. Infinity times zero would be NaN.
    pub(super) is_finite: bool,
}

impl PackedDepthwise {
    /// Packs a kernel `[channels, 1, rows, columns]`.
    pub(in crate::engine) fn new(kernel: &[f32], bias: Option<&[f32]>, channels: usize) -> Self {
        let num_taps = kernel.len() / channels.max(1);
        let mut taps = vec![PixelBlock::ZERO; channels.div_ceil(BLOCK) * num_taps];
        for (channel, own) in kernel.chunks(num_taps.max(1)).enumerate() {
            for (tap, weight) in own.iter().enumerate() {
                taps[channel / BLOCK * num_taps + tap].0[channel % BLOCK] = *weight;
            }
        }
        let is_finite = kernel.iter().all(|weight| weight.is_finite());
        Self { taps, num_taps, bias: super::bias_cells(bias, channels), is_finite }
    }
}

/// Convolves each channel of `x` with its own kernel.
pub(in crate::engine) fn depthwise(
    cores: &Cores<'_>,
    x: Maps<'_>,
    packed: &PackedDepthwise,
    window: Window,
    function: Option<ActivationFn>,
    out: &mut MapsMut<'_>,
) {
    assert!(packed.num_taps == window.kernel[0] * window.kernel[1]);
    assert!(packed.bias.len() == out.extent().num_blocks());
    let (low, high) = function.and_then(bounds).unwrap_or((f32::NEG_INFINITY, f32::INFINITY));
    let later = function.filter(|f| bounds(*f).is_none());
    let level = cores.level;
    let is_usual =
        matches!((window.kernel[1], window.stride[1], window.dilation[1]), (3 | 5, 1 | 2, 1) | (7, 1, 1));
    if !is_usual || !packed.is_finite {
        slide(cores, x, window, Weighted { level, packed, low, high, later }, out);
        return;
    }
    let (from, to) = (x.shape(), out.shape());
    out.fill_bands(cores, packed.num_taps, |image, block, first_row, rows| {
        let taps = &packed.taps[block * packed.num_taps..][..packed.num_taps];
        let bias = &packed.bias[block];
        let plane = x.plane(image, block);
        let size = (from.height, from.width);
        let to_width = to.width;
        level.run(Band { plane, size, window, taps, bias, low, high, first_row, to_width, rows: &mut *rows });
        if let Some(function) = later {
            activate_cells(level, function, rows);
        }
    });
}

/// Rows of a block.
struct Band<'a> {
    plane: &'a [PixelBlock],
    /// Height and width of the plane.
    size: (usize, usize),
    window: Window,
    /// As many as the kernel has cells.
    taps: &'a [PixelBlock],
    bias: &'a PixelBlock,
    low: f32,
    high: f32,
    first_row: usize,
    to_width: usize,
    rows: &'a mut [PixelBlock],
}

impl Kernel for Band<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        // SAFETY: the caller guarantees the level.
        unsafe {
            match (self.window.kernel[1], self.window.stride[1]) {
                (3, 1) => self.rows::<L, 3, 1>(),
                (3, _) => self.rows::<L, 3, 2>(),
                (5, 1) => self.rows::<L, 5, 1>(),
                (5, _) => self.rows::<L, 5, 2>(),
                _ => self.rows::<L, 7, 1>(),
            }
        }
    }
}

impl Band<'_> {
    /// Computes all rows, for kernels of `K` columns and stride `S`.
    ///
    /// # Safety
    /// The processor has the level; the kernel and stride are those of the window.
    #[inline(always)]
    unsafe fn rows<L: Lanes, const K: usize, const S: usize>(mut self) {
        // SAFETY: the caller guarantees the level.
        unsafe {
            let width = self.to_width;
            // The width with which the fewest columns are computed twice.
            let twice = |most: usize| width.div_ceil(most) * most;
            // With stride 2, eight columns are too many for the compiler to keep apart.
            if S > 1 && width >= 4 {
                self.columns::<L, 4, K, S>();
            } else if L::PIXELS >= 8 && width >= 8 && twice(8) <= twice(7) && twice(8) <= twice(4) {
                self.columns::<L, 8, K, S>();
            } else if L::PIXELS >= 8 && width >= 7 && twice(7) <= twice(4) {
                self.columns::<L, 7, K, S>();
            } else if width >= 4 {
                self.columns::<L, 4, K, S>();
            } else {
                self.columns::<L, 1, K, S>();
            }
        }
    }

    /// Computes all rows, `PX` columns at a time. The last columns are computed twice if they don't fill a tile.
    ///
    /// # Safety
    /// As above; there are at least `PX` columns.
    #[inline(always)]
    unsafe fn columns<L: Lanes, const PX: usize, const K: usize, const S: usize>(&mut self) {
        let Window { stride, dilation, border, .. } = self.window;
        let (height, width) = self.size;
        let whole = self.window.whole(1, self.to_width, width);
        let num_rows = self.rows.len() / self.to_width;
        // Tiles are read and written by pointer.
        assert!(self.to_width >= PX && self.plane.len() == height * width);
        assert!(self.taps.len() == self.window.kernel[0] * K && stride[1] == S);
        for at in 0..num_rows {
            let y = self.first_row + at;
            let inside = self.window.inside(0, y, height);
            let first = (y * stride[0] + inside.start * dilation[0]).wrapping_sub(border.top);
            assert!(inside.is_empty() || first + (inside.len() - 1) * dilation[0] < height);
            let mut column = 0;
            while column < self.to_width {
                column = column.min(self.to_width - PX);
                let tile = Columns::<'_, PX, K, S> {
                    band: self,
                    // If there are no rows, the pointer isn't read and may point anywhere.
                    row: self.plane.as_ptr().cast::<f32>().wrapping_add(first.wrapping_mul(width * BLOCK)),
                    taps: self.taps.as_ptr().cast::<f32>().wrapping_add(inside.start * K * BLOCK),
                    num_rows: inside.len(),
                    first: (column * S) as isize - border.left as isize,
                };
                let is_inside = column >= whole.start && column + PX <= whole.end;
                // SAFETY: the rows are inside the map (checked above), and so are the columns, or each is tested; the caller
                // guarantees the level.
                unsafe {
                    let sums = if is_inside { tile.sums::<L, false>() } else { tile.sums::<L, true>() };
                    let (low, high) = (L::splat(self.low), L::splat(self.high));
                    let to = self.rows.as_mut_ptr().add(at * self.to_width + column).cast::<f32>();
                    for (p, sum) in sums.into_iter().enumerate() {
                        sum.clamp(low, high).store(to.add(p * BLOCK));
                    }
                }
                column += PX;
            }
        }
    }
}

/// Neighbouring columns of a row.
struct Columns<'a, const PX: usize, const K: usize, const S: usize> {
    band: &'a Band<'a>,
    /// The first row of the map that the windows see.
    row: *const f32,
    /// The weights of that row, and of those after it.
    taps: *const f32,
    num_rows: usize,
    /// The map's column under the first column of the first window; it may be outside.
    first: isize,
}

impl<const PX: usize, const K: usize, const S: usize> Columns<'_, PX, K, S> {
    /// The weighted sums of the columns. If they may be at the edge (`EDGE`), what is outside the map counts as zero.
    ///
    /// # Safety
    /// The rows, and without `EDGE` the columns, are inside the map; the processor has the level.
    #[inline(always)]
    #[expect(clippy::needless_range_loop, reason = "plain counts become registers")]
    unsafe fn sums<L: Lanes, const EDGE: bool>(&self) -> [L; PX] {
        const OUTSIDE: PixelBlock = PixelBlock::ZERO;
        // SAFETY: as the caller promises.
        unsafe {
            let mut sums = [L::load(self.band.bias.0.as_ptr()); PX];
            let (mut row, mut taps) = (self.row, self.taps);
            let row_step = self.band.window.dilation[0].wrapping_mul(self.band.size.1).wrapping_mul(BLOCK);
            for _ in 0..self.num_rows {
                let mut weights = [L::splat(0.0); K];
                for kx in 0..K {
                    weights[kx] = L::load(taps.add(kx * BLOCK));
                }
                for column in 0..(PX - 1) * S + K {
                    let x = self.first.wrapping_add(column as isize);
                    let mut from = row.wrapping_offset(x.wrapping_mul(BLOCK as isize));
                    if EDGE && x as usize >= self.band.size.1 {
                        from = OUTSIDE.0.as_ptr();
                    }
                    let value = L::load(from);
                    // Each of the windows that see this column.
                    for kx in 0..K {
                        if column >= kx && (column - kx).is_multiple_of(S) && (column - kx) / S < PX {
                            let sum = &mut sums[(column - kx) / S];
                            *sum = value.mul_add(weights[kx], *sum);
                        }
                    }
                }
                row = row.wrapping_add(row_step);
                taps = taps.wrapping_add(K * BLOCK);
            }
            sums
        }
    }
}

/// A weighted sum that is then limited to a range.
#[derive(Clone, Copy)]
struct Weighted<'a> {
    level: Level,
    packed: &'a PackedDepthwise,
    low: f32,
    high: f32,
    later: Option<ActivationFn>,
}

impl Fold for Weighted<'_> {
    #[inline(always)]
    unsafe fn start<L: Lanes>(&self, block: usize) -> L {
        // SAFETY: the caller guarantees the level.
        unsafe { L::load(self.packed.bias[block].0.as_ptr()) }
    }

    #[inline(always)]
    unsafe fn step<L: Lanes>(&self, block: usize, so_far: L, value: L, tap: usize) -> L {
        // SAFETY: there are as many taps per block as the kernel has cells, see `depthwise`.
        unsafe {
            let weight = self.packed.taps.as_ptr().add(block * self.packed.num_taps + tap);
            value.mul_add(L::load(weight.cast()), so_far)
        }
    }

    #[inline(always)]
    unsafe fn end<L: Lanes>(&self, so_far: L, _: usize) -> L {
        // SAFETY: the caller guarantees the level.
        unsafe { so_far.clamp(L::splat(self.low), L::splat(self.high)) }
    }

    fn finish(&self, row: &mut [PixelBlock]) {
        if let Some(function) = self.later {
            activate_cells(self.level, function, row);
        }
    }
}
