//! Convolutions in groups of channels, and depthwise ones with several filters per channel.

use super::cores::Cores;
use super::direct::{Epilogue, PackedDense, Source, convolve};
use super::elementwise::activate_cells;
use super::lanes::Cell;
use super::maps::{BLOCK, Maps, MapsMut};
use super::window::Window;
use crate::graph::{ActivationFn, Conv2d};

/// Whether every group begins and ends with a block, on both sides.
pub(in crate::engine) fn is_of_whole_blocks(conv: &Conv2d) -> bool {
    [conv.c_in, conv.c_out].iter().all(|c| (c / conv.groups).is_multiple_of(BLOCK))
}

/// A dense convolution per group of whole blocks; `x` already has its border.
pub(in crate::engine) fn convolve_groups(
    cores: &Cores<'_>,
    x: Maps<'_>,
    groups: &[PackedDense],
    window: Window,
    epilogue: Epilogue<'_>,
    out: &mut MapsMut<'_>,
) {
    for (at, packed) in groups.iter().enumerate() {
        let x = x.part(at, groups.len());
        let residual = epilogue.residual.map(|r| r.part(at, groups.len()));
        let own = Epilogue { residual, ..epilogue };
        convolve(cores, Source::Blocked(x), packed, window, own, &mut out.part(at, groups.len()));
    }
}

/// Convolution in groups of channels, and depthwise with several filters per channel that don't meet blocks: right, and no faster than plain
/// Rust.
pub(in crate::engine) fn grouped(
    cores: &Cores<'_>,
    x: Maps<'_>,
    kernel: &[f32],
    bias: Option<&[f32]>,
    conv: &Conv2d,
    function: Option<ActivationFn>,
    out: &mut MapsMut<'_>,
) {
    let [c_out, per_group_in, rows, columns] = conv.weight_shape();
    let per_group_out = c_out / conv.groups;
    let width = x.shape().width;
    let level = cores.level;
    out.fill_rows(cores, per_group_in * rows * columns * BLOCK, |image, block, y, row| {
        row.fill(Cell::ZERO);
        let first_out = block * BLOCK;
        for output in first_out..c_out.min(first_out + BLOCK) {
            let lane = output - first_out;
            for cell in row.iter_mut() {
                cell.0[lane] = bias.map_or(0.0, |b| b[output]);
            }
            for input in 0..per_group_in {
                let channel = output / per_group_out * per_group_in + input;
                let map = x.plane(image, channel / BLOCK);
                for ky in 0..rows {
                    let from = &map[(y * conv.stride[0] + ky * conv.dilation) * width..][..width];
                    for kx in 0..columns {
                        let weight = kernel[((output * per_group_in + input) * rows + ky) * columns + kx];
                        for (column, cell) in row.iter_mut().enumerate() {
                            let at = column * conv.stride[1] + kx * conv.dilation;
                            cell.0[lane] += from[at].0[channel % BLOCK] * weight;
                        }
                    }
                }
            }
        }
        if let Some(function) = function {
            activate_cells(level, function, row);
        }
    });
}
