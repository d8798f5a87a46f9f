//! Convolutions of one filter per channel.
#![expect(unsafe_code, reason = "kernels run with the instructions of a level")]

use super::blocked::{BLOCK, Blocked};
use super::direct::{Window, bias_cells};
use super::elementwise::{activate_cells, bounds};
use super::lanes::{Cell, Lanes};
use super::level::{Kernel, Level};
use crate::graph::ActivationFn;

/// Kernels as `[block][row][column][16]`, biases as `[block][16]`.
#[derive(Debug)]
pub(in crate::engine) struct PackedDepthwise {
    taps: Vec<Cell>,
    bias: Vec<Cell>,
}

impl PackedDepthwise {
    /// From `[channels, 1, rows, columns]`.
    pub(in crate::engine) fn new(kernel: &[f32], bias: Option<&[f32]>, channels: usize) -> Self {
        let num_taps = kernel.len() / channels.max(1);
        let mut taps = vec![Cell::ZERO; channels.div_ceil(BLOCK) * num_taps];
        for (channel, own) in kernel.chunks(num_taps.max(1)).enumerate() {
            for (tap, weight) in own.iter().enumerate() {
                taps[channel / BLOCK * num_taps + tap].0[channel % BLOCK] = *weight;
            }
        }
        Self { taps, bias: bias_cells(bias, channels) }
    }
}

/// Convolves each channel of `x`, which already has its border, with its own kernel.
pub(in crate::engine) fn depthwise(
    level: Level,
    x: &Blocked,
    packed: &PackedDepthwise,
    window: Window,
    function: Option<ActivationFn>,
    out: &mut Blocked,
) {
    let (width, channels) = (x.shape().width, x.shape().channels);
    let num_taps = window.kernel[0] * window.kernel[1];
    let (low, high) = function.and_then(bounds).unwrap_or((f32::NEG_INFINITY, f32::INFINITY));
    let later = function.filter(|f| bounds(*f).is_none());
    out.fill_rows(|plane, block, y, row| {
        level.run(Row {
            from: &x.plane(plane)[y * window.stride[0] * width..],
            width,
            window,
            taps: &packed.taps[block * num_taps..][..num_taps],
            bias: &packed.bias[block],
            low,
            high,
            to: &mut *row,
        });
        if let Some(function) = later {
            activate_cells(level, function, row, channels - block * BLOCK);
        }
    });
}

struct Row<'a> {
    from: &'a [Cell],
    width: usize,
    window: Window,
    taps: &'a [Cell],
    bias: &'a Cell,
    low: f32,
    high: f32,
    to: &'a mut [Cell],
}

impl Kernel for Row<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(mut self) {
        let Window { kernel, stride, dilation } = self.window;
        let num_columns = self.to.len();
        // The kernel reads by pointer: this is the one check that all of it lies inside.
        let last = (kernel[0] - 1) * dilation * self.width
            + (num_columns - 1) * stride[1]
            + (kernel[1] - 1) * dilation;
        assert!(last < self.from.len() && self.taps.len() == kernel[0] * kernel[1]);
        let mut column = 0;
        while column < num_columns {
            let left = num_columns - column;
            // SAFETY: the columns asked for are inside, see above; the caller vouches for the level.
            unsafe {
                column += match left {
                    8.. if L::PIXELS >= 8 => self.tile::<L, 8>(column),
                    4.. => self.tile::<L, 4>(column),
                    2.. => self.tile::<L, 2>(column),
                    _ => self.tile::<L, 1>(column),
                };
            }
        }
    }
}

impl Row<'_> {
    /// # Safety
    /// `PX` columns from `column` on lie inside; the processor has the level.
    #[inline(always)]
    unsafe fn tile<L: Lanes, const PX: usize>(&mut self, column: usize) -> usize {
        let Window { kernel, stride, dilation } = self.window;
        // SAFETY: as the caller promises.
        unsafe {
            let mut sums = [L::load(self.bias.0.as_ptr()); PX];
            let from = self.from.as_ptr().cast::<f32>().add(column * stride[1] * BLOCK);
            let mut tap = self.taps.as_ptr().cast::<f32>();
            for ky in 0..kernel[0] {
                let row = from.add(ky * dilation * self.width * BLOCK);
                for kx in 0..kernel[1] {
                    let weight = L::load(tap);
                    tap = tap.add(BLOCK);
                    let first = row.add(kx * dilation * BLOCK);
                    for (p, sum) in sums.iter_mut().enumerate() {
                        *sum = L::load(first.add(p * stride[1] * BLOCK)).mul_add(weight, *sum);
                    }
                }
            }
            let (low, high) = (L::splat(self.low), L::splat(self.high));
            let to = self.to.as_mut_ptr().cast::<f32>().add(column * BLOCK);
            for (p, sum) in sums.into_iter().enumerate() {
                sum.clamp(low, high).store(to.add(p * BLOCK));
            }
        }
        PX
    }
}
