//! Max and average pools.
#![expect(unsafe_code, reason = "kernels run with the instructions of a level")]

use super::cores::Cores;
use super::lanes::{Lanes, PixelBlock};
use super::level::Kernel;
use super::maps::{BLOCK, Maps, MapsMut};
use super::window::{Fold, Window, slide};
use crate::graph::BorderMean;

/// Largest value of each window. If a window has a NaN, the result is NaN, as in torch.
pub(in crate::engine) fn max_pool(cores: &Cores<'_>, x: Maps<'_>, window: Window, out: &mut MapsMut<'_>) {
    slide(cores, x, window, Largest, out);
}

/// Mean of each window.
pub(in crate::engine) fn avg_pool(
    cores: &Cores<'_>,
    x: Maps<'_>,
    window: Window,
    mean: BorderMean,
    out: &mut MapsMut<'_>,
) {
    let of_all = window.kernel[0] * window.kernel[1];
    slide(cores, x, window, Mean { of: (mean == BorderMean::CountBorder).then_some(of_all) }, out);
}

#[derive(Clone, Copy)]
struct Largest;

impl Fold for Largest {
    #[inline(always)]
    unsafe fn start<L: Lanes>(&self, _: usize) -> L {
        // SAFETY: the caller guarantees the level.
        unsafe { L::splat(f32::NEG_INFINITY) }
    }

    #[inline(always)]
    unsafe fn step<L: Lanes>(&self, _: usize, so_far: L, value: L, _: usize) -> L {
        so_far.max(value)
    }

    #[inline(always)]
    unsafe fn end<L: Lanes>(&self, so_far: L, _: usize) -> L {
        so_far
    }
}

/// Divides by this number of cells, or by the number of cells inside the map.
#[derive(Clone, Copy)]
struct Mean {
    of: Option<usize>,
}

impl Fold for Mean {
    #[inline(always)]
    unsafe fn start<L: Lanes>(&self, _: usize) -> L {
        // SAFETY: the caller guarantees the level.
        unsafe { L::splat(0.0) }
    }

    #[inline(always)]
    unsafe fn step<L: Lanes>(&self, _: usize, so_far: L, value: L, _: usize) -> L {
        so_far.add(value)
    }

    #[inline(always)]
    unsafe fn end<L: Lanes>(&self, so_far: L, num_inside: usize) -> L {
        // SAFETY: the caller guarantees the level.
        unsafe { so_far.mul(L::splat(1.0 / self.of.unwrap_or(num_inside) as f32)) }
    }
}

/// Mean of each whole map. Each row is summed in f32, and the rows are added up in f64.
pub(in crate::engine) fn global_avg_pool(cores: &Cores<'_>, x: Maps<'_>, out: &mut MapsMut<'_>) {
    let shape = x.shape();
    let level = cores.level;
    out.fill_rows(cores, shape.plane(), |image, block, _, row| {
        let mut sums = [0f64; BLOCK];
        for from in x.plane(image, block).chunks(shape.width.max(1)) {
            let mut of_spec = PixelBlock::ZERO;
            level.run(SumRow { from, to: &mut of_spec });
            for (sum, value) in sums.iter_mut().zip(of_spec.0) {
                *sum += f64::from(value);
            }
        }
        row.fill(PixelBlock(sums.map(|sum| (sum / shape.plane() as f64) as f32)));
    });
}

/// Largest value of each whole map. If a map has a NaN, the result is NaN.
pub(in crate::engine) fn global_max_pool(cores: &Cores<'_>, x: Maps<'_>, out: &mut MapsMut<'_>) {
    let level = cores.level;
    out.fill_rows(cores, x.shape().plane(), |image, block, _, row| {
        let mut largest = PixelBlock([f32::NEG_INFINITY; BLOCK]);
        level.run(LargestOf { from: x.plane(image, block), to: &mut largest });
        row.fill(largest);
    });
}

struct LargestOf<'a> {
    from: &'a [PixelBlock],
    to: &'a mut PixelBlock,
}

impl Kernel for LargestOf<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        // SAFETY: cells are aligned, and the caller guarantees the level.
        unsafe {
            let mut largest = L::load(self.to.0.as_ptr());
            for cell in self.from {
                largest = largest.max(L::load(cell.0.as_ptr()));
            }
            largest.store(self.to.0.as_mut_ptr());
        }
    }
}

struct SumRow<'a> {
    from: &'a [PixelBlock],
    to: &'a mut PixelBlock,
}

impl Kernel for SumRow<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        // SAFETY: cells are aligned, and the caller guarantees the level.
        unsafe {
            let mut sum = L::splat(0.0);
            for cell in self.from {
                sum = sum.add(L::load(cell.0.as_ptr()));
            }
            sum.store(self.to.0.as_mut_ptr());
        }
    }
}
