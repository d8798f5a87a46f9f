//! Resizing of maps.

use super::cores::Cores;
use super::lanes::PixelBlock;
use super::maps::{Maps, MapsMut};
use crate::graph::{Interpolation, Resize};

/// Resizes maps. Each new position is a copy of an old one, or is interpolated between two columns and then between two rows.
pub(in crate::engine) fn resize(cores: &Cores<'_>, x: Maps<'_>, resize: &Resize, out: &mut MapsMut<'_>) {
    let (from, to) = (x.shape(), out.shape());
    let rows = resize.samples(0, from.height, to.height);
    let columns = resize.samples(1, from.width, to.width);
    out.fill_rows(cores, if resize.is_linear() { 4 } else { 1 }, |image, block, y, row| {
        let line = |at: usize| &x.plane(image, block)[at * from.width..][..from.width];
        let Interpolation { low, high, share } = rows[y];
        let (upper, lower) = (line(low), line(high));
        for (to, column) in row.iter_mut().zip(&columns) {
            *to = if resize.is_linear() {
                mixed(&between(upper, column), &between(lower, column), share)
            } else {
                upper[column.low]
            };
        }
    });
}

fn between(line: &[PixelBlock], sample: &Interpolation) -> PixelBlock {
    mixed(&line[sample.low], &line[sample.high], sample.share)
}

fn mixed(low: &PixelBlock, high: &PixelBlock, share: f32) -> PixelBlock {
    let mut cell = *low;
    for (value, high) in cell.0.iter_mut().zip(high.0) {
        *value = *value * (1.0 - share) + high * share;
    }
    cell
}
