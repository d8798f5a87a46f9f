//! The highest arithmetic speed of a level: multiply-adds on registers alone. Kernels' speeds are compared with it.
#![expect(unsafe_code, reason = "entering code compiled for a level")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::lanes::{Lanes, PixelBlock};
use super::level::{Kernel, Level};

/// Multiply-adds of a chain in each round.
const NUM_STEPS: usize = 4096;
/// Rounds per thread; together they take a few milliseconds. The fastest one counts: other programs can only make a round slower,
/// and during the first rounds the processor may not run at full speed yet.
const NUM_ROUNDS: usize = 150;

/// Enough chains of multiply-adds to hide the instruction's latency, and few enough to fit into the registers.
struct Chains<'a, const N: usize> {
    starts: &'a [PixelBlock; N],
    factor: &'a PixelBlock,
    out: &'a mut PixelBlock,
}

impl<const N: usize> Kernel for Chains<'_, N> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        // SAFETY: loads and stores are of whole cells; the caller guarantees the level.
        unsafe {
            let factor = L::load(self.factor.0.as_ptr());
            let mut sums = self.starts.each_ref().map(|start| L::load(start.0.as_ptr()));
            for _ in 0..NUM_STEPS {
                for sum in &mut sums {
                    *sum = sum.mul_add(factor, factor);
                }
            }
            let [first, rest @ ..] = &sums[..] else { return };
            rest.iter().fold(*first, |all, sum| all.add(*sum)).store(self.out.0.as_mut_ptr());
        }
    }
}

/// Floating-point operations per second of all threads of the pool together. A multiply-add counts as two.
pub(in crate::engine) fn peak_flops(level: Level) -> f64 {
    let (pixels, blocks) = level.tile();
    let of_thread = || match pixels * blocks {
        12.. => best_of::<12>(level),
        6.. => best_of::<6>(level),
        4.. => best_of::<4>(level),
        _ => best_of::<2>(level),
    };
    rayon::broadcast(|_| of_thread()).iter().sum()
}

fn best_of<const N: usize>(level: Level) -> f64 {
    // Chains with the same start would be computed only once. All of them converge to 1, so nothing overflows or becomes
    // denormal.
    let starts: [PixelBlock; N] = std::array::from_fn(|n| PixelBlock([n as f32; 16]));
    let (factor, mut out) = (PixelBlock([0.5; 16]), PixelBlock::ZERO);
    let mut best = Duration::MAX;
    for _ in 0..NUM_ROUNDS {
        let started = Instant::now();
        level.run(Chains { starts: black_box(&starts), factor: black_box(&factor), out: &mut out });
        black_box(&out);
        best = best.min(started.elapsed());
    }
    (NUM_STEPS * N * 16 * 2) as f64 / best.as_secs_f64().max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_level_computes_what_it_is_timed_on() {
        for level in Level::available() {
            let starts: [PixelBlock; 6] = std::array::from_fn(|n| PixelBlock([n as f32; 16]));
            let mut out = PixelBlock::ZERO;
            level.run(Chains { starts: &starts, factor: &PixelBlock([0.5; 16]), out: &mut out });
            // Six chains, each of which has converged to 1.
            assert_eq!(out, PixelBlock([6.0; 16]), "{}", level.name());
            let flops = peak_flops(level);
            assert!(flops.is_finite() && flops > 0.0, "{}: {flops}", level.name());
        }
    }
}
