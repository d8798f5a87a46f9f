//! Windows that take a maximum or a mean. The input already has its border.
#![expect(unsafe_code, reason = "kernels run with the instructions of a level")]

use super::blocked::{BLOCK, Blocked};
use super::lanes::{Cell, Lanes};
use super::level::{Kernel, Level};
use crate::graph::Sides;

/// Largest value of each window; a border has −∞ for that. A NaN in a window is what comes out, as in torch.
pub(in crate::engine) fn max_pool(
    level: Level,
    x: &Blocked,
    kernel: [usize; 2],
    stride: [usize; 2],
    out: &mut Blocked,
) {
    let width = x.shape().width;
    out.fill_rows(|plane, _, y, row| {
        level.run(MaxRow {
            from: &x.plane(plane)[y * stride[0] * width..],
            width,
            kernel,
            stride: stride[1],
            to: row,
        });
    });
}

struct MaxRow<'a> {
    from: &'a [Cell],
    width: usize,
    kernel: [usize; 2],
    stride: usize,
    to: &'a mut [Cell],
}

impl Kernel for MaxRow<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        for (column, to) in self.to.iter_mut().enumerate() {
            // SAFETY: cells are aligned, and the caller vouches for the level.
            unsafe {
                let mut largest = L::splat(f32::NEG_INFINITY);
                for ky in 0..self.kernel[0] {
                    for cell in &self.from[ky * self.width + column * self.stride..][..self.kernel[1]] {
                        largest = largest.max(L::load(cell.0.as_ptr()));
                    }
                }
                largest.store(to.0.as_mut_ptr());
            }
        }
    }
}

/// Mean of each window of a map with a border of zeros. With `inside`, the border's widths, only cells inside it count.
pub(in crate::engine) fn avg_pool(
    level: Level,
    x: &Blocked,
    kernel: [usize; 2],
    stride: [usize; 2],
    inside: Option<Sides>,
    out: &mut Blocked,
) {
    let (height, width) = (x.shape().height, x.shape().width);
    let columns: Vec<usize> = (0..out.shape().width)
        .map(|column| {
            inside.map_or(kernel[1], |s| overlap(column * stride[1], kernel[1], s.left, width - s.right))
        })
        .collect();
    out.fill_rows(|plane, _, y, row| {
        let num_rows =
            inside.map_or(kernel[0], |s| overlap(y * stride[0], kernel[0], s.top, height - s.bottom));
        level.run(MeanRow {
            from: &x.plane(plane)[y * stride[0] * width..],
            width,
            kernel,
            stride: stride[1],
            num_rows,
            num_columns: &columns,
            to: row,
        });
    });
}

/// Cells of `start..start + len` that lie in `from..to`.
fn overlap(start: usize, len: usize, from: usize, to: usize) -> usize {
    (start + len).min(to).saturating_sub(start.max(from))
}

struct MeanRow<'a> {
    from: &'a [Cell],
    width: usize,
    kernel: [usize; 2],
    stride: usize,
    num_rows: usize,
    num_columns: &'a [usize],
    to: &'a mut [Cell],
}

impl Kernel for MeanRow<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        for ((column, to), num_columns) in self.to.iter_mut().enumerate().zip(self.num_columns) {
            // SAFETY: cells are aligned, and the caller vouches for the level.
            unsafe {
                let mut sum = L::splat(0.0);
                for ky in 0..self.kernel[0] {
                    for cell in &self.from[ky * self.width + column * self.stride..][..self.kernel[1]] {
                        sum = sum.add(L::load(cell.0.as_ptr()));
                    }
                }
                sum.mul(L::splat(1.0 / (self.num_rows * num_columns) as f32)).store(to.0.as_mut_ptr());
            }
        }
    }
}

/// Mean of each whole map. Rows are summed in f32 and added up in f64.
pub(in crate::engine) fn global_avg_pool(level: Level, x: &Blocked, out: &mut Blocked) {
    let shape = x.shape();
    out.fill_rows(|plane, _, _, row| {
        let mut sums = [0f64; BLOCK];
        for from in x.plane(plane).chunks(shape.width.max(1)) {
            let mut of_row = Cell::ZERO;
            level.run(SumRow { from, to: &mut of_row });
            for (sum, value) in sums.iter_mut().zip(of_row.0) {
                *sum += f64::from(value);
            }
        }
        row.fill(Cell(sums.map(|sum| (sum / shape.plane() as f64) as f32)));
    });
}

struct SumRow<'a> {
    from: &'a [Cell],
    to: &'a mut Cell,
}

impl Kernel for SumRow<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        // SAFETY: cells are aligned, and the caller vouches for the level.
        unsafe {
            let mut sum = L::splat(0.0);
            for cell in self.from {
                sum = sum.add(L::load(cell.0.as_ptr()));
            }
            sum.store(self.to.0.as_mut_ptr());
        }
    }
}
