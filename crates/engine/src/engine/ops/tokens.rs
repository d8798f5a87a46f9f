//! Patches as a row of tokens and back, and attention among tokens.
#![expect(unsafe_code, reason = "kernels run with the instructions of a level")]

use super::cores::Cores;
use super::direct::{ConvInput, Epilogue, PackedDense, convolve};
use super::elementwise::exp;
use super::lanes::{Lanes, PixelBlock};
use super::layer_norm::{PositionRange, each_position};
use super::level::Kernel;
use super::maps::{BLOCK, Extent, Maps, MapsMut};
use super::scratch::Workspace;
use super::window::Window;
use crate::graph::{Attention, Conv2d, Sides};
use crate::tensor::MapShape;

/// The tokens before the patches, and the position embeddings; both `[block][token][16]`.
#[derive(Debug)]
pub(in crate::engine) struct PackedTokens {
    before: Vec<PixelBlock>,
    positions: Vec<PixelBlock>,
}

impl PackedTokens {
    /// Packs values in the order `[channel][token]`.
    pub(in crate::engine) fn new(before: &[f32], positions: &[f32], channels: usize) -> Self {
        let blocked = |values: &[f32]| {
            let num = values.len() / channels.max(1);
            let mut cells = vec![PixelBlock::ZERO; channels.div_ceil(BLOCK) * num];
            for (channel, tokens) in values.chunks(num.max(1)).enumerate() {
                for (token, value) in tokens.iter().enumerate() {
                    cells[channel / BLOCK * num + token].0[channel % BLOCK] = *value;
                }
            }
            cells
        };
        Self { before: blocked(before), positions: blocked(positions) }
    }
}

/// Puts the patches of `x`, row by row, after the tokens that belong to no patch, and adds the position embeddings.
pub(in crate::engine) fn tokens(
    cores: &Cores<'_>,
    x: Maps<'_>,
    packed: &PackedTokens,
    out: &mut MapsMut<'_>,
) {
    let (plane, num_tokens) = (x.shape().plane(), out.shape().plane());
    let num_before = num_tokens - plane;
    out.fill_rows(cores, 2, |image, block, _, row| {
        let (before, patches) = row.split_at_mut(num_before);
        before.copy_from_slice(&packed.before[block * num_before..][..num_before]);
        let positions = &packed.positions[block * plane..][..plane];
        for ((to, from), position) in patches.iter_mut().zip(x.plane(image, block)).zip(positions) {
            for (to, (from, position)) in to.0.iter_mut().zip(from.0.iter().zip(position.0)) {
                *to = from + position;
            }
        }
    });
}

/// Turns the last tokens of `x`, which are the patches, back into a grid.
pub(in crate::engine) fn token_grid(cores: &Cores<'_>, x: Maps<'_>, out: &mut MapsMut<'_>) {
    let num_before = x.shape().plane() - out.shape().plane();
    let width = out.shape().width;
    out.fill_rows(cores, 1, |image, block, y, row| {
        row.copy_from_slice(&x.plane(image, block)[num_before + y * width..][..width]);
    });
}

/// Attention, computed for one picture and head after the other. The scores and the weighted sums of values are dense 1×1
/// convolutions with keys and values as their kernels. `x` holds queries, keys and values.
pub(in crate::engine) fn attention(
    cores: &Cores<'_>,
    x: Maps<'_>,
    attention: Attention,
    scratch: &mut Workspace,
    out: &mut MapsMut<'_>,
) {
    let Attention { heads, .. } = attention;
    let (d, num_tokens) = (attention.head_channels(), x.shape().plane());
    let level = cores.level;
    let scale = 1.0 / (d as f32).sqrt();
    let window = Window { kernel: [1, 1], stride: [1, 1], dilation: [1, 1], border: Sides::default() };
    let extent = Extent::of(1, MapShape::new(num_tokens, 1, num_tokens));
    let scores = scratch.take(extent.len());
    for image in 0..x.extent().num_images {
        let of_image = x.image(image);
        for head in 0..heads {
            let part = |number: usize| {
                let first = (number * heads + head) * d;
                of_image.part(first..first + d)
            };
            // Used as kernels: keys in the order `[token][channel]`, values `[channel][token]`.
            let (keys, values) = (part(1).to_planar(0), part(2).to_planar(0));
            let keys: Vec<f32> = (0..num_tokens)
                .flat_map(|token| keys.iter().skip(token).step_by(num_tokens).map(|value| value * scale))
                .collect();
            let keys = PackedDense::new(level, &keys, None, &Conv2d::new(d, num_tokens, 1), false);
            let values = PackedDense::new(level, &values, None, &Conv2d::new(num_tokens, d, 1), false);
            let mut of_head = MapsMut::new(scores, extent);
            convolve(cores, ConvInput::Blocked(part(0)), &keys, window, Epilogue::default(), &mut of_head);
            softmax(cores, &mut of_head);
            let of_head = ConvInput::Blocked(Maps::new(scores, extent));
            let mut out = out.image(image);
            convolve(
                cores,
                of_head,
                &values,
                window,
                Epilogue::default(),
                &mut out.part(head * d..(head + 1) * d),
            );
        }
    }
}

/// Softmax over the channels of each position: `e^x` divided by the sum of all of them.
fn softmax(cores: &Cores<'_>, maps: &mut MapsMut<'_>) {
    let level = cores.level;
    let channels = maps.shape().channels;
    each_position(cores, None, maps, |part| level.run(Softmax { part, channels }));
}

struct Softmax {
    part: PositionRange,
    channels: usize,
}

impl Kernel for Softmax {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let PositionRange { to, to_block_step, num_blocks, num_positions, .. } = self.part;
        for position in 0..num_positions {
            // SAFETY: `each_position` guarantees that all blocks of the position exist and nobody else uses them; the caller
            // guarantees the level.
            unsafe {
                let cell = |block: usize| &mut *to.add(block * to_block_step + position);
                // Lanes without a channel must neither be the maximum nor add to the sum.
                let lanes = |block: usize| (self.channels - block * BLOCK).min(BLOCK);
                let mut largest = L::splat(f32::NEG_INFINITY);
                for block in 0..num_blocks {
                    let cell = cell(block);
                    cell.0[lanes(block)..].fill(f32::NEG_INFINITY);
                    largest = largest.max(L::load(cell.0.as_ptr()));
                }
                let mut all = PixelBlock::ZERO;
                largest.store(all.0.as_mut_ptr());
                let largest =
                    all.0.iter().fold(f32::NEG_INFINITY, |a, b| if *b > a || b.is_nan() { *b } else { a });
                let mut sum = L::splat(0.0);
                for block in 0..num_blocks {
                    let cell = cell(block);
                    for value in &mut cell.0 {
                        *value = exp(*value - largest);
                    }
                    cell.0[lanes(block)..].fill(0.0);
                    sum = sum.add(L::load(cell.0.as_ptr()));
                }
                sum.store(all.0.as_mut_ptr());
                let share = L::splat(1.0 / all.0.iter().sum::<f32>());
                for block in 0..num_blocks {
                    let cell = cell(block);
                    L::load(cell.0.as_ptr()).mul(share).store(cell.0.as_mut_ptr());
                    cell.0[lanes(block)..].fill(0.0);
                }
            }
        }
    }
}
