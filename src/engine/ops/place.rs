//! Operations that only move values: borders and concatenation.

use super::blocked::{BLOCK, Blocked};
use super::lanes::Cell;
use crate::graph::Sides;

/// `x` with cells of `value` around it.
pub(in crate::engine) fn bordered(x: &Blocked, sides: Sides, value: f32, out: &mut Blocked) {
    let (height, width) = (x.shape().height, x.shape().width);
    let around = Cell([value; BLOCK]);
    out.fill_rows(|plane, _, y, row| match y.checked_sub(sides.top).filter(|y| *y < height) {
        None => row.fill(around),
        Some(y) => {
            row[..sides.left].fill(around);
            row[sides.left..][..width].copy_from_slice(&x.plane(plane)[y * width..][..width]);
            row[sides.left + width..].fill(around);
        }
    });
}

/// Channels of all inputs one after the other.
pub(in crate::engine) fn concat(inputs: &[&Blocked], out: &mut Blocked) {
    let (num_blocks, channels, width) = (out.num_blocks(), out.shape().channels, out.shape().width);
    // Of each output channel: input, and channel there.
    let sources: Vec<(usize, usize)> = inputs
        .iter()
        .enumerate()
        .flat_map(|(input, x)| (0..x.shape().channels).map(move |channel| (input, channel)))
        .collect();
    out.fill_rows(|plane, block, y, row| {
        let image = plane / num_blocks;
        let of_block = &sources[block * BLOCK..channels.min((block + 1) * BLOCK)];
        let row_of = |input: usize, channel: usize| {
            let x = inputs[input];
            &x.plane(image * x.num_blocks() + channel / BLOCK)[y * width..][..width]
        };
        let Some(&(input, first)) = of_block.first() else { return };
        let is_whole = first % BLOCK == 0
            && (of_block.len() == inputs[input].lanes(first / BLOCK))
            && of_block.iter().all(|(i, _)| *i == input);
        if is_whole {
            row.copy_from_slice(row_of(input, first));
            return;
        }
        row.fill(Cell::ZERO);
        for (lane, &(input, channel)) in of_block.iter().enumerate() {
            for (to, from) in row.iter_mut().zip(row_of(input, channel)) {
                to.0[lane] = from.0[channel % BLOCK];
            }
        }
    });
}
