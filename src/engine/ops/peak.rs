//! The most that a level's arithmetic can do: multiply-adds on registers alone. What a kernel's speed is held against.
#![expect(unsafe_code, reason = "entering code compiled for a level")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use super::lanes::{Lanes, PixelBlock};
use super::level::{Kernel, Level};

/// Multiply-adds in a chain per round.
const NUM_STEPS: usize = 4096;
/// Rounds per thread, a few milliseconds in all. The best one counts: whatever else the machine does only makes one slower, and
/// the first ones wake the processor up.
const NUM_ROUNDS: usize = 150;

/// As many chains of multiply-adds as hide the instruction's latency and still fit the registers.
struct Chains<'a, const N: usize> {
    starts: &'a [PixelBlock; N],
    factor: &'a PixelBlock,
    out: &'a mut PixelBlock,
}

impl<const N: usize> Kernel for Chains<'_, N> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        // SAFETY: loads and stores are of whole cells; the caller promises the level.
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

/// Floating-point operations per second of all threads of the pool at once, two to a multiply-add.
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
    // Chains that begin alike would be computed once. Their limit is 1: nothing overflows, nothing becomes denormal.
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
            // Six chains, each at its limit.
            assert_eq!(out, PixelBlock([6.0; 16]), "{}", level.name());
            let flops = peak_flops(level);
            assert!(flops.is_finite() && flops > 0.0, "{}: {flops}", level.name());
        }
    }
}
