//! Depthwise convolutions: one filter per channel.
#![expect(unsafe_code, reason = "kernels run with the instructions of a level")]

use super::cores::Cores;
use super::elementwise::{activate_cells, bounds};
use super::lanes::{Lanes, PixelBlock};
use super::level::Level;
use super::maps::{BLOCK, Maps, MapsMut};
use super::window::{Fold, Window, slide};
use crate::graph::ActivationFn;

/// Kernels as `[block][row][column][16]`, biases as `[block][16]`.
#[derive(Debug)]
pub(in crate::engine) struct PackedDepthwise {
    taps: Vec<PixelBlock>,
    num_taps: usize,
    bias: Vec<PixelBlock>,
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
        Self { taps, num_taps, bias: super::bias_cells(bias, channels) }
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
    slide(cores, x, window, Weighted { level: cores.level, packed, low, high, later }, out);
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
