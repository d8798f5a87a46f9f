//! Convolutions in groups of channels, and depthwise ones with several filters per channel. They are computed as dense
//! convolutions in which each block of output channels reads the groups that its channels belong to. If that is more than one
//! group, the weights between groups are zero.

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
    dense: PackedDense,
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
        let dense = PackedDense::of_groups(level, &kernel, bias.as_deref(), conv);
        // If groups end where blocks end, no weight is between groups.
        let is_whole = (conv.c_out / conv.groups).is_multiple_of(BLOCK);
        let plain = (!is_whole).then_some(PlainGroups { kernel, bias, conv: *conv });
        Self { dense, plain }
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
    convolve(cores, ConvInput::Blocked(x), &packed.dense, window, epilogue, out);
    let Some(plain) = &packed.plain else { return };
    for image in 0..x.extent().num_images {
        let x = x.image(image);
        if !is_finite(cores, x) {
            let residual = epilogue.residual.map(|other| other.image(image));
            plain.convolve(cores, x, Epilogue { residual, ..epilogue }, &mut out.image(image));
        }
    }
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
