//! Sixteen f32 on ARM's 64-bit processors, all of which have NEON: four registers.
#![expect(unsafe_code, reason = "vector instructions and raw loads")]

use std::arch::aarch64::{
    float32x4_t, vaddq_f32, vdupq_n_f32, vfmaq_f32, vld1q_f32, vmaxq_f32, vmaxvq_f32, vminq_f32, vmulq_f32,
    vst1q_f32, vsubq_f32,
};

use super::Lanes;

/// Four registers of NEON.
#[derive(Clone, Copy)]
pub(in crate::engine::ops) struct Neon([float32x4_t; 4]);

impl Neon {
    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(float32x4_t, float32x4_t) -> float32x4_t) -> Self {
        let ([a, b, c, d], [e, g, h, i]) = (self.0, other.0);
        Self([f(a, e), f(b, g), f(c, h), f(d, i)])
    }
}

impl Lanes for Neon {
    /// Thirty-two registers hold the sums of six pixels, a weight and a value.
    const PIXELS: usize = 6;
    const BLOCKS: usize = 1;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: guaranteed by the caller.
        unsafe {
            Self([vld1q_f32(from), vld1q_f32(from.add(4)), vld1q_f32(from.add(8)), vld1q_f32(from.add(12))])
        }
    }

    #[inline(always)]
    fn fetch_ahead(from: *const f32) {
        // SAFETY: only a hint, which may point anywhere.
        unsafe {
            std::arch::asm!("prfm pldl2keep, [{}]", in(reg) from, options(nostack, preserves_flags, readonly));
        }
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: guaranteed by the caller.
        let v = unsafe { vdupq_n_f32(value) };
        Self([v; 4])
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: guaranteed by the caller.
        unsafe {
            for (at, part) in self.0.into_iter().enumerate() {
                vst1q_f32(to.add(4 * at), part);
            }
        }
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        let ([a, b, c, d], [e, g, h, i], [j, k, l, m]) = (self.0, factor.0, addend.0);
        // SAFETY: a value exists, so the processor has the instructions.
        Self(unsafe { [vfmaq_f32(j, a, e), vfmaq_f32(k, b, g), vfmaq_f32(l, c, h), vfmaq_f32(m, d, i)] })
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: as above.
        self.zip(other, |a, b| unsafe { vaddq_f32(a, b) })
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: as above.
        self.zip(other, |a, b| unsafe { vsubq_f32(a, b) })
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: as above.
        self.zip(other, |a, b| unsafe { vmulq_f32(a, b) })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // The instruction gives NaN if either operand is NaN.
        // SAFETY: as above.
        self.zip(other, |a, b| unsafe { vmaxq_f32(a, b) })
    }

    #[inline(always)]
    fn clamp(self, low: Self, high: Self) -> Self {
        // SAFETY: as above.
        self.max(low).zip(high, |a, b| unsafe { vminq_f32(a, b) })
    }

    #[inline(always)]
    fn any_nan(self) -> bool {
        let [a, b, c, d] = self.0;
        // SAFETY: as above.
        unsafe { vmaxvq_f32(vmaxq_f32(vmaxq_f32(a, b), vmaxq_f32(c, d))).is_nan() }
    }
}
