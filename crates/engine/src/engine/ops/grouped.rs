//! Convolutions in groups of channels, and depthwise ones with several filters per channel. They are computed as dense
//! convolutions, each of the fewest groups that fill whole blocks of channels. If that is more than one group, the weights
//! between groups are zero.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};

use super::cores::Cores;
use super::direct::{ConvInput, Epilogue, PackedDense, convolve};
use super::elementwise::activate_cells;
use super::lanes::PixelBlock;
use super::level::Level;
use super::maps::{BLOCK, Maps, MapsMut};
use super::window::Window;
use crate::graph::Conv2d;

/// A convolution's parameters, packed for [`grouped`].
#[derive(Debug)]
pub(in crate::engine) struct PackedGroups {
    dense: Vec<PackedDense>,
    /// Input channels of each dense convolution except the last, which may have fewer. `channels_out` likewise.
    channels_in: usize,
    channels_out: usize,
    /// The original kernels, if there are zero weights between groups: infinity times such a weight would be NaN.
    plain: Option<PlainGroups>,
}

/// The kernels of the groups without zeros between them.
#[derive(Debug)]
struct PlainGroups {
    /// `[out, in of a group, rows, columns]`.
    kernel: Vec<f32>,
    bias: Option<Vec<f32>>,
    conv: Conv2d,
}

impl PackedGroups {
    /// Packs a kernel `[out, in of a group, rows, columns]`.
    pub(in crate::engine) fn new(
        level: Level,
        kernel: Vec<f32>,
        bias: Option<Vec<f32>>,
        conv: &Conv2d,
    ) -> Self {
        let (c_in, c_out) = (conv.c_in / conv.groups, conv.c_out / conv.groups);
        let together = (1..=BLOCK)
            .find(|n| (n * c_in).is_multiple_of(BLOCK) && (n * c_out).is_multiple_of(BLOCK))
            .unwrap_or(BLOCK)
            .min(conv.groups);
        let taps = conv.kernel[0] * conv.kernel[1];
        let pack = |first: usize| {
            let num = together.min(conv.groups - first);
            let own = Conv2d { c_in: num * c_in, c_out: num * c_out, groups: 1, ..*conv };
            let bias = bias.as_ref().map(|b| &b[first * c_out..][..own.c_out]);
            let filters = &kernel[first * c_out * c_in * taps..][..own.c_out * c_in * taps];
            if num == 1 {
                return PackedDense::new(level, filters, bias, &own, false);
            }
            let mut wide = vec![0.0; own.c_out * own.c_in * taps];
            for (output, filter) in filters.chunks(c_in * taps).enumerate() {
                let at = (output * own.c_in + output / c_out * c_in) * taps;
                wide[at..at + filter.len()].copy_from_slice(filter);
            }
            PackedDense::new(level, &wide, bias, &own, false)
        };
        let dense = (0..conv.groups).step_by(together).map(pack).collect();
        let plain = (together > 1).then_some(PlainGroups { kernel, bias, conv: *conv });
        Self { dense, channels_in: together * c_in, channels_out: together * c_out, plain }
    }
}

/// Convolves `x`, which already includes its border. Sums depend neither on the threads nor on the batch.
pub(in crate::engine) fn grouped(
    cores: &Cores<'_>,
    x: Maps<'_>,
    packed: &PackedGroups,
    window: Window,
    epilogue: Epilogue<'_>,
    out: &mut MapsMut<'_>,
) {
    epilogue.check(out.extent());
    let ends_in = ends(x.shape().channels, packed.channels_in);
    let ends_out = ends(out.shape().channels, packed.channels_out);
    for (dense, (from, to)) in packed.dense.iter().zip(ends_in.zip(ends_out)) {
        let residual = epilogue.residual.map(|other| other.part(to.clone()));
        let own = Epilogue { residual, ..epilogue };
        convolve(cores, ConvInput::Blocked(x.part(from)), dense, window, own, &mut out.part(to));
    }
    let Some(plain) = &packed.plain else { return };
    for image in 0..x.extent().num_images {
        let x = x.image(image);
        if !is_finite(cores, x) {
            let residual = epilogue.residual.map(|other| other.image(image));
            plain.convolve(cores, x, Epilogue { residual, ..epilogue }, &mut out.image(image));
        }
    }
}

/// Splits `0..channels` into parts of `len`, the last of which may be shorter.
fn ends(channels: usize, len: usize) -> impl Iterator<Item = Range<usize>> {
    (0..channels).step_by(len).map(move |first| first..channels.min(first + len))
}

/// Whether all values of one image are finite.
fn is_finite(cores: &Cores<'_>, x: Maps<'_>) -> bool {
    let is_spoilt = AtomicBool::new(false);
    cores.for_each(x.extent().num_blocks(), |block| {
        let mut spoilt = PixelBlock::ZERO;
        for cell in x.plane(0, block) {
            // A value times zero is zero, unless the value isn't finite.
            spoilt.0.iter_mut().zip(cell.0).for_each(|(spoilt, value)| *spoilt += value * 0.0);
        }
        if spoilt.0.iter().any(|v| v.is_nan()) {
            is_spoilt.store(true, Ordering::Relaxed);
        }
    });
    !is_spoilt.into_inner()
}

impl PlainGroups {
    /// Convolves one image, computing each output from its own group's channels only.
    fn convolve(&self, cores: &Cores<'_>, x: Maps<'_>, epilogue: Epilogue<'_>, out: &mut MapsMut<'_>) {
        let Self { kernel, bias, conv } = self;
        let [c_out, per_group_in, rows, columns] = conv.weight_shape();
        let per_group_out = c_out / conv.groups;
        let width = x.shape().width;
        let level = cores.level;
        out.fill_rows(cores, per_group_in * rows * columns * BLOCK, |image, block, y, row| {
            row.fill(PixelBlock::ZERO);
            let first_out = block * BLOCK;
            for output in first_out..c_out.min(first_out + BLOCK) {
                let lane = output - first_out;
                for cell in row.iter_mut() {
                    cell.0[lane] = bias.as_ref().map_or(0.0, |b| b[output]);
                }
                for input in 0..per_group_in {
                    let channel = output / per_group_out * per_group_in + input;
                    let map = x.plane(image, channel / BLOCK);
                    for ky in 0..rows {
                        let from = &map[(y * conv.stride[0] + ky * conv.dilation[0]) * width..][..width];
                        for kx in 0..columns {
                            let weight = kernel[((output * per_group_in + input) * rows + ky) * columns + kx];
                            for (column, cell) in row.iter_mut().enumerate() {
                                let at = column * conv.stride[1] + kx * conv.dilation[1];
                                cell.0[lane] += from[at].0[channel % BLOCK] * weight;
                            }
                        }
                    }
                }
            }
            if let Some(other) = epilogue.residual {
                let from = &other.plane(image, block)[y * row.len()..][..row.len()];
                for (cell, other) in row.iter_mut().zip(from) {
                    cell.0.iter_mut().zip(other.0).for_each(|(sum, other)| *sum += other);
                }
            }
            if let Some(function) = epilogue.function {
                activate_cells(level, function, row);
            }
        });
    }
}
