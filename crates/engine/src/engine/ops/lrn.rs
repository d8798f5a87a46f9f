//! Local response normalisation.
#![expect(unsafe_code, reason = "kernels run with the instructions of a level")]

use super::cores::Cores;
use super::lanes::{Lanes, PixelBlock};
use super::level::Kernel;
use super::maps::{BLOCK, Maps, MapsMut};
use crate::graph::Lrn;

/// `x / (bias + alpha / size · Σ x²)^beta`, where the sum runs over the `size` channels around each channel. A value that isn't
/// finite affects the channels around it and no others.
pub(in crate::engine) fn lrn(cores: &Cores<'_>, x: Maps<'_>, lrn: &Lrn, out: &mut MapsMut<'_>) {
    let shape = out.shape();
    // A window can't reach further than there are channels.
    let reach = (lrn.size / 2).min(shape.channels);
    let last_block = x.extent().num_blocks().saturating_sub(1);
    let level = cores.level;
    out.fill_rows(cores, 4 + lrn.size.min(shape.channels), |image, block, y, row| {
        // The blocks that the windows of this block's channels reach into.
        let first = (block * BLOCK).saturating_sub(reach) / BLOCK;
        let end = ((block + 1) * BLOCK + reach).div_ceil(BLOCK).min(last_block + 1);
        let lines: Vec<&[PixelBlock]> =
            (first..end).map(|b| &x.plane(image, b)[y * shape.width..][..shape.width]).collect();
        // Zeros stand for channels before the first and after the last one.
        let mut squares = vec![0.0; BLOCK + 2 * reach + lines.len() * BLOCK];
        let own = block - first;
        level.run(Normalise { lines: &lines, own, reach, squares: &mut squares, lrn, to: row });
    });
}

struct Normalise<'a> {
    /// One row of each block, and the index of the block that is normalised.
    lines: &'a [&'a [PixelBlock]],
    own: usize,
    reach: usize,
    /// For one position: zeros for the reach of a window, the squares of all channels, and zeros again.
    squares: &'a mut [f32],
    lrn: &'a Lrn,
    to: &'a mut [PixelBlock],
}

impl Kernel for Normalise<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        let Lrn { size, alpha, beta, bias } = *self.lrn;
        let scale = alpha / size as f32;
        for (at, to) in self.to.iter_mut().enumerate() {
            for (line, squares) in self.lines.iter().zip(self.squares[self.reach..].chunks_mut(BLOCK)) {
                for (square, value) in squares.iter_mut().zip(line[at].0) {
                    *square = value * value;
                }
            }
            let mut sums = PixelBlock::ZERO;
            for from in 0..=2 * self.reach {
                let squares = &self.squares[self.own * BLOCK + from..][..BLOCK];
                for (sum, square) in sums.0.iter_mut().zip(squares) {
                    *sum += square;
                }
            }
            *to = self.lines[self.own][at];
            for (value, sum) in to.0.iter_mut().zip(sums.0) {
                let base = bias + scale * sum;
                // 0.75 is what networks use; it needs no function call for each value.
                *value /= if beta == 0.75 {
                    let root = base.sqrt();
                    root * root.sqrt()
                } else {
                    base.powf(beta)
                };
            }
        }
    }
}
