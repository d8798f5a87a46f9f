//! Combines several maps position by position.
#![expect(unsafe_code, reason = "kernels run with the instructions of a level")]

use super::cores::Cores;
use super::lanes::{Lanes, PixelBlock};
use super::level::Kernel;
use super::maps::{BLOCK, Maps, MapsMut};
use crate::graph::PairFn;

/// Combines the values of all inputs at each position with `function`. An input with a single channel, row or column where `out`
/// has more is repeated (broadcast). NaN stays NaN, for the largest and the smallest value too.
pub(in crate::engine) fn pairwise(
    cores: &Cores<'_>,
    function: PairFn,
    inputs: &[Maps<'_>],
    out: &mut MapsMut<'_>,
) {
    let (channels, level) = (out.shape().channels, cores.level);
    out.fill_rows(cores, inputs.len(), |image, block, y, row| {
        for (number, x) in inputs.iter().enumerate() {
            let shape = x.shape();
            let is_one_channel = shape.channels == 1 && channels > 1;
            let plane = x.plane(image, if is_one_channel { 0 } else { block });
            let from = &plane[if shape.height == 1 { 0 } else { y * shape.width }..][..shape.width];
            let step = usize::from(shape.width > 1);
            // The first input is copied, and the others are combined with it.
            let function = (number > 0).then_some(function);
            level.run(Pair { function, to: &mut *row, from, step, is_one_channel });
        }
    });
}

struct Pair<'a> {
    /// `None` if `to` becomes `from`.
    function: Option<PairFn>,
    to: &'a mut [PixelBlock],
    from: &'a [PixelBlock],
    /// Distance from one cell of `from` to the next: 1, or 0 if there is one cell for all columns.
    step: usize,
    /// Whether the first lane of `from` is used for all channels.
    is_one_channel: bool,
}

impl Kernel for Pair<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        match self.function {
            None => self.each(|_, b| b),
            Some(PairFn::Sum) => self.each(|a, b| a + b),
            Some(PairFn::Difference) => self.each(|a, b| a - b),
            Some(PairFn::Product) => self.each(|a, b| a * b),
            Some(PairFn::Quotient) => self.each(|a, b| a / b),
            Some(PairFn::Largest) => self.each(|a, b| if a > b || a.is_nan() { a } else { b }),
            Some(PairFn::Smallest) => self.each(|a, b| if a < b || a.is_nan() { a } else { b }),
        }
    }
}

impl Pair<'_> {
    /// Plain Rust, which the compiler vectorises with the level's instructions.
    #[inline(always)]
    fn each(self, f: impl Fn(f32, f32) -> f32) {
        for (at, to) in self.to.iter_mut().enumerate() {
            let from = &self.from[at * self.step];
            let from = if self.is_one_channel { &PixelBlock([from.0[0]; BLOCK]) } else { from };
            for (to, from) in to.0.iter_mut().zip(from.0) {
                *to = f(*to, from);
            }
        }
    }
}
