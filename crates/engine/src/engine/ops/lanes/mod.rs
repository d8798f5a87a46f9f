//! Vectors of sixteen f32, for each instruction set.
#![expect(unsafe_code, reason = "vector instructions and raw loads")]

#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(target_arch = "x86_64")]
mod x86;

#[cfg(target_arch = "aarch64")]
pub(super) use neon::Neon;
#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Avx2, Avx512};

/// Values of sixteen channels at one position.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(in crate::engine) struct PixelBlock(pub [f32; 16]);

impl PixelBlock {
    /// Zero everywhere.
    pub(in crate::engine) const ZERO: Self = Self([0.0; 16]);
}

/// A vector of sixteen f32. The constructors require that the processor has the instructions; the other methods rely on that,
/// because without a constructor there is no value.
pub(super) trait Lanes: Copy {
    /// Pixels of the largest tile of a dense convolution that fits into the registers.
    const PIXELS: usize;
    /// Blocks of output channels of this tile.
    const BLOCKS: usize;
    /// See [`Level::panel`](super::level::Level::panel).
    const PANEL: Option<usize> = None;
    /// Reads a cell.
    ///
    /// # Safety
    /// `from` points to sixteen values aligned to a cell; the processor has this level.
    unsafe fn load(from: *const f32) -> Self;
    /// A vector with the same value in all sixteen lanes.
    ///
    /// # Safety
    /// The processor has this level.
    unsafe fn splat(value: f32) -> Self;
    /// Tells the processor that this address will be read soon (a prefetch). The address need not be valid.
    #[inline(always)]
    fn fetch_ahead(_: *const f32) {}
    /// Writes a cell.
    ///
    /// # Safety
    /// `to` points to sixteen values aligned to a cell that nobody else uses.
    unsafe fn store(self, to: *mut f32);
    /// `self · factor + addend`, rounded only once if there is an instruction for it.
    fn mul_add(self, factor: Self, addend: Self) -> Self;
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    /// The larger value in each lane; NaN if either is NaN.
    fn max(self, other: Self) -> Self;
    /// Limits each lane to `low..=high`; NaN stays NaN.
    fn clamp(self, low: Self, high: Self) -> Self;
    /// Whether one of the sixteen is NaN.
    fn any_nan(self) -> bool;
}

/// Plain Rust, for any processor.
#[derive(Clone, Copy)]
pub(super) struct Portable([f32; 16]);

impl Portable {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f32, f32) -> f32) -> Self {
        let mut out = self.0;
        for (a, b) in out.iter_mut().zip(other.0) {
            *a = f(*a, b);
        }
        Self(out)
    }
}

#[inline(always)]
fn larger(a: f32, b: f32) -> f32 {
    if a > b || a.is_nan() { a } else { b }
}

impl Lanes for Portable {
    /// On x86, sixteen vector registers hold the sums of two pixels; elsewhere, thirty-two hold those of four.
    const PIXELS: usize = if cfg!(target_arch = "x86_64") { 2 } else { 4 };
    const BLOCKS: usize = 1;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: guaranteed by the caller.
        Self(unsafe { from.cast::<[f32; 16]>().read() })
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; 16])
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: guaranteed by the caller.
        unsafe { to.cast::<[f32; 16]>().write(self.0) }
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        // Where there is no instruction for it, `f32::mul_add` is a slow function.
        self.mul(factor).add(addend)
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        self.zip(other, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        self.zip(other, |a, b| a * b)
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        self.zip(other, larger)
    }

    #[inline(always)]
    fn clamp(self, low: Self, high: Self) -> Self {
        let raised = self.zip(low, |x, low| if x < low { low } else { x });
        raised.zip(high, |x, high| if x > high { high } else { x })
    }

    #[inline(always)]
    fn any_nan(self) -> bool {
        self.0.iter().any(|v| v.is_nan())
    }
}
