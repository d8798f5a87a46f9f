//! Operations that only move values: borders, concatenation, and channels in another order.

use super::cores::Cores;
use super::lanes::PixelBlock;
use super::maps::{BLOCK, Maps, MapsMut};
use crate::graph::Sides;

/// Copies `x` and surrounds it with zeros.
pub(in crate::engine) fn bordered(cores: &Cores<'_>, x: Maps<'_>, sides: Sides, out: &mut MapsMut<'_>) {
    let (height, width) = (x.shape().height, x.shape().width);
    out.fill_rows(cores, 1, |image, block, y, row| match y.checked_sub(sides.top).filter(|y| *y < height) {
        None => row.fill(PixelBlock::ZERO),
        Some(y) => {
            row[..sides.left].fill(PixelBlock::ZERO);
            row[sides.left..][..width].copy_from_slice(&x.plane(image, block)[y * width..][..width]);
            row[sides.left + width..].fill(PixelBlock::ZERO);
        }
    });
}

/// Copies planar maps, `[N × C, H, W]`, and surrounds them with zeros. `out` gets the length that is needed.
pub(in crate::engine) fn bordered_planar(
    values: &[f32],
    (height, width): (usize, usize),
    sides: Sides,
    out: &mut Vec<f32>,
) {
    let around = width + sides.left + sides.right;
    let plane = (height + sides.top + sides.bottom) * around;
    out.clear();
    out.resize(values.len() / (height * width).max(1) * plane, 0.0);
    for (map, to) in values.chunks(height * width).zip(out.chunks_mut(plane)) {
        for (row, to) in map.chunks(width).zip(to[sides.top * around..].chunks_mut(around)) {
            to[sides.left..][..width].copy_from_slice(row);
        }
    }
}

/// Concatenates the channels of all inputs. An input that is `None` is already in its place in `out`.
pub(in crate::engine) fn concat(
    cores: &Cores<'_>,
    inputs: &[(usize, Option<Maps<'_>>)],
    out: &mut MapsMut<'_>,
) {
    if inputs.iter().all(|(_, x)| x.is_none()) {
        return;
    }
    let (channels, width) = (out.shape().channels, out.shape().width);
    // For each output channel: the input, and the channel of that input.
    let sources: Vec<(Option<Maps<'_>>, usize)> = inputs
        .iter()
        .flat_map(|(num_channels, x)| (0..*num_channels).map(move |channel| (*x, channel)))
        .collect();
    out.fill_rows(cores, 1, |image, block, y, row| {
        let of_block = &sources[block * BLOCK..channels.min((block + 1) * BLOCK)];
        // An input that is already in place begins and ends with a block.
        let Some((Some(x), first)) = of_block.first() else { return };
        let is_whole = first % BLOCK == 0 && first + of_block.len() <= x.shape().channels;
        if is_whole {
            row.copy_from_slice(&x.plane(image, first / BLOCK)[y * width..][..width]);
            return;
        }
        row.fill(PixelBlock::ZERO);
        for (lane, (x, channel)) in of_block.iter().enumerate() {
            let Some(x) = x else { continue };
            for (to, from) in row.iter_mut().zip(&x.plane(image, channel / BLOCK)[y * width..][..width]) {
                to.0[lane] = from.0[channel % BLOCK];
            }
        }
    });
}

/// Fills each channel from the channel of the input that `from` names, as in slices and shuffles.
pub(in crate::engine) fn pick_channels(
    cores: &Cores<'_>,
    x: Maps<'_>,
    from: impl Fn(usize) -> usize,
    out: &mut MapsMut<'_>,
) {
    let width = out.shape().width;
    let sources: Vec<usize> = (0..out.shape().channels).map(from).collect();
    out.fill_rows(cores, 1, |image, block, y, row| {
        let of_block = &sources[block * BLOCK..sources.len().min((block + 1) * BLOCK)];
        let Some(first) = of_block.first() else { return };
        // Lanes beyond the last channel are cleared afterwards.
        if first % BLOCK == 0 && of_block.iter().enumerate().all(|(lane, source)| *source == first + lane) {
            row.copy_from_slice(&x.plane(image, first / BLOCK)[y * width..][..width]);
            return;
        }
        row.fill(PixelBlock::ZERO);
        for (lane, source) in of_block.iter().enumerate() {
            let from = &x.plane(image, source / BLOCK)[y * width..][..width];
            for (to, from) in row.iter_mut().zip(from) {
                to.0[lane] = from.0[source % BLOCK];
            }
        }
    });
}
