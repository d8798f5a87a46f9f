//! A window that slides over one channel at a time, shared by depthwise convolutions and pools. Window cells beyond the map's
//! edge are skipped, so no map with a border is ever made: a border of zeros would add nothing to a sum, and one of −∞ would
//! never be the maximum.
#![expect(unsafe_code, reason = "kernels run with the instructions of a level")]

use super::cores::Cores;
use super::lanes::{Lanes, PixelBlock};
use super::level::Kernel;
use super::maps::{BLOCK, Maps, MapsMut};
use crate::graph::{Conv2d, Sides};

/// How a kernel slides over a map.
#[derive(Clone, Copy, Debug)]
pub(in crate::engine) struct Window {
    /// Rows, columns.
    pub(in crate::engine) kernel: [usize; 2],
    /// Stride in rows, columns.
    pub(in crate::engine) stride: [usize; 2],
    /// Distance between kernel cells in rows, columns.
    pub(in crate::engine) dilation: [usize; 2],
    /// Width of the border around the map.
    pub(in crate::engine) border: Sides,
}

impl Window {
    pub(in crate::engine) fn of(conv: &Conv2d, border: Sides) -> Self {
        Self { kernel: conv.kernel, stride: conv.stride, dilation: conv.dilation, border }
    }

    /// The cells of the window at `position` that are inside a map of `len` rows or columns. `axis` is 0 for rows.
    pub(super) fn inside(&self, axis: usize, position: usize, len: usize) -> std::ops::Range<usize> {
        let before = if axis == 0 { self.border.top } else { self.border.left };
        let start = position * self.stride[axis];
        let first = before.saturating_sub(start).div_ceil(self.dilation[axis]).min(self.kernel[axis]);
        let end = (len + before).saturating_sub(start).div_ceil(self.dilation[axis]).min(self.kernel[axis]);
        first..end.max(first)
    }

    /// The positions among `num` whose whole window is inside the map.
    pub(super) fn whole(&self, axis: usize, num: usize, len: usize) -> std::ops::Range<usize> {
        let before = if axis == 0 { self.border.top } else { self.border.left };
        let first = before.div_ceil(self.stride[axis]).min(num);
        let reach = (self.kernel[axis] - 1) * self.dilation[axis];
        let end = (len + before).checked_sub(reach + 1).map_or(0, |last| last / self.stride[axis] + 1);
        first..end.clamp(first, num)
    }
}

/// How the cells of a window are combined, one after the other.
pub(super) trait Fold: Copy + Sync {
    /// # Safety
    /// The processor has the level.
    unsafe fn start<L: Lanes>(&self, block: usize) -> L;
    /// `tap` counts the kernel's cells, row by row.
    ///
    /// # Safety
    /// As above; `tap` is a cell of the kernel.
    unsafe fn step<L: Lanes>(&self, block: usize, so_far: L, value: L, tap: usize) -> L;
    /// # Safety
    /// As above.
    unsafe fn end<L: Lanes>(&self, so_far: L, num_inside: usize) -> L;
    /// What is done to a finished row.
    fn finish(&self, _row: &mut [PixelBlock]) {}
}

/// Slides the window over every map of `x` and combines the cells with `fold`.
pub(super) fn slide<F: Fold>(cores: &Cores<'_>, x: Maps<'_>, window: Window, fold: F, out: &mut MapsMut<'_>) {
    let (from, to) = (x.shape(), out.shape());
    let columns = window.whole(1, to.width, from.width);
    let num_taps = window.kernel[0] * window.kernel[1];
    let level = cores.level;
    out.fill_rows(cores, num_taps, |image, block, y, row| {
        let rows = window.inside(0, y, from.height);
        let first = y * window.stride[0] + rows.start * window.dilation[0];
        let first = if rows.is_empty() { 0 } else { first - window.border.top };
        level.run(Row {
            from: &x.plane(image, block)[first * from.width..],
            width: from.width,
            window,
            rows,
            columns: columns.clone(),
            fold,
            block,
            to: &mut *row,
        });
        fold.finish(row);
    });
}

struct Row<'a, F> {
    /// The map's cells, from the first row that the window sees.
    from: &'a [PixelBlock],
    width: usize,
    window: Window,
    /// Kernel rows inside the map.
    rows: std::ops::Range<usize>,
    /// Output columns that see all kernel columns.
    columns: std::ops::Range<usize>,
    fold: F,
    block: usize,
    to: &'a mut [PixelBlock],
}

impl<F: Fold> Kernel for Row<'_, F> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(mut self) {
        // SAFETY: the caller guarantees the level.
        unsafe {
            match (self.window.kernel[1], self.window.stride[1], self.window.dilation[1]) {
                (3, 1, 1) => self.row::<L, 3, 1>(),
                (3, 2, 1) => self.row::<L, 3, 2>(),
                (5, 1, 1) => self.row::<L, 5, 1>(),
                (5, 2, 1) => self.row::<L, 5, 2>(),
                (7, 1, 1) => self.row::<L, 7, 1>(),
                _ => self.row::<L, 0, 0>(),
            }
        }
    }
}

impl<F: Fold> Row<'_, F> {
    /// # Safety
    /// The processor has the level.
    #[inline(always)]
    unsafe fn row<L: Lanes, const K: usize, const S: usize>(&mut self) {
        let Window { kernel, stride, dilation, border } = self.window;
        let columns = self.columns.clone();
        if !columns.is_empty() && !self.rows.is_empty() {
            // Whole windows are read by pointer; this single check ensures that all of them are inside the map.
            let last = (self.rows.len() - 1) * dilation[0] * self.width
                + (columns.end - 1) * stride[1]
                + (kernel[1] - 1) * dilation[1]
                - border.left;
            assert!(last < self.from.len() && columns.start * stride[1] >= border.left);
        }
        for column in (0..columns.start).chain(columns.end..self.to.len()) {
            // SAFETY: the caller guarantees the level.
            unsafe { self.at_edge::<L>(column) };
        }
        let mut column = columns.start;
        while column < columns.end {
            let left = columns.end - column;
            // SAFETY: these columns are inside, see above; the caller guarantees the level.
            unsafe {
                column += match left {
                    8.. if L::PIXELS >= 8 => self.tile::<L, 8, K, S>(column),
                    7 if L::PIXELS >= 8 => self.tile::<L, 7, K, S>(column),
                    4.. => self.tile::<L, 4, K, S>(column),
                    2.. => self.tile::<L, 2, K, S>(column),
                    _ => self.tile::<L, 1, K, S>(column),
                };
            }
        }
    }

    /// Computes a column whose window reaches beyond the left or right edge.
    ///
    /// # Safety
    /// The processor has the level.
    #[inline(always)]
    unsafe fn at_edge<L: Lanes>(&mut self, column: usize) {
        let Window { kernel, stride, dilation, border } = self.window;
        let inside = self.window.inside(1, column, self.width);
        // SAFETY: cells are aligned; the caller guarantees the level.
        unsafe {
            let mut sum = self.fold.start::<L>(self.block);
            for (row, ky) in self.rows.clone().enumerate() {
                for kx in inside.clone() {
                    let at =
                        row * dilation[0] * self.width + column * stride[1] + kx * dilation[1] - border.left;
                    let value = L::load(self.from[at].0.as_ptr());
                    sum = self.fold.step(self.block, sum, value, ky * kernel[1] + kx);
                }
            }
            self.fold.end(sum, self.rows.len() * inside.len()).store(self.to[column].0.as_mut_ptr());
        }
    }

    /// Computes `PX` columns that see all kernel columns, and returns `PX`. The kernel has `K` columns and stride `S`; if `K` is
    /// 0, both are taken from the window.
    ///
    /// # Safety
    /// The windows of these columns are inside the map; the processor has the level.
    #[inline(always)]
    unsafe fn tile<L: Lanes, const PX: usize, const K: usize, const S: usize>(
        &mut self,
        column: usize,
    ) -> usize {
        let Window { kernel, stride, dilation, border } = self.window;
        let (num_columns, step, apart) = if K == 0 { (kernel[1], stride[1], dilation[1]) } else { (K, S, 1) };
        // SAFETY: as the caller promises.
        unsafe {
            let mut sums = [self.fold.start::<L>(self.block); PX];
            // If there are no rows, the pointer isn't read and may point anywhere.
            let mut row = self
                .from
                .as_ptr()
                .cast::<f32>()
                .wrapping_add((column * step).wrapping_sub(border.left).wrapping_mul(BLOCK));
            for ky in self.rows.clone() {
                for kx in 0..num_columns {
                    let first = row.add(kx * apart * BLOCK);
                    for (p, sum) in sums.iter_mut().enumerate() {
                        let value = L::load(first.add(p * step * BLOCK));
                        *sum = self.fold.step(self.block, *sum, value, ky * num_columns + kx);
                    }
                }
                row = row.wrapping_add(dilation[0] * self.width * BLOCK);
            }
            let num_inside = self.rows.len() * num_columns;
            let to = self.to.as_mut_ptr().cast::<f32>().add(column * BLOCK);
            for (p, sum) in sums.into_iter().enumerate() {
                self.fold.end(sum, num_inside).store(to.add(p * BLOCK));
            }
        }
        PX
    }
}
