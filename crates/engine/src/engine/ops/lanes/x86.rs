//! Sixteen f32 on x86-64: one register of AVX-512, or two of AVX2.
#![expect(unsafe_code, reason = "vector instructions and raw loads")]

use std::arch::x86_64::{
    __m256, __m512, _CMP_UNORD_Q, _MM_HINT_T1, _mm_prefetch, _mm256_add_ps, _mm256_blendv_ps, _mm256_cmp_ps,
    _mm256_fmadd_ps, _mm256_load_ps, _mm256_max_ps, _mm256_min_ps, _mm256_movemask_ps, _mm256_mul_ps,
    _mm256_set1_ps, _mm256_store_ps, _mm256_sub_ps, _mm512_add_ps, _mm512_cmp_ps_mask, _mm512_fmadd_ps,
    _mm512_load_ps, _mm512_mask_mov_ps, _mm512_max_ps, _mm512_min_ps, _mm512_mul_ps, _mm512_set1_ps,
    _mm512_store_ps, _mm512_sub_ps,
};

use super::Lanes;

/// One register of AVX-512.
#[derive(Clone, Copy)]
pub(in crate::engine::ops) struct Avx512(__m512);

impl Lanes for Avx512 {
    const PIXELS: usize = 14;
    const BLOCKS: usize = 2;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: guaranteed by the caller.
        Self(unsafe { _mm512_load_ps(from) })
    }

    #[inline(always)]
    fn fetch_ahead(from: *const f32) {
        // SAFETY: only a hint, which may point anywhere; the instruction is part of the base set.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(from.cast()) }
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: guaranteed by the caller.
        Self(unsafe { _mm512_set1_ps(value) })
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: guaranteed by the caller.
        unsafe { _mm512_store_ps(to, self.0) }
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        // SAFETY: a value exists, so the processor has the instructions.
        Self(unsafe { _mm512_fmadd_ps(self.0, factor.0, addend.0) })
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_add_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_sub_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: as above.
        Self(unsafe { _mm512_mul_ps(self.0, other.0) })
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // The instruction gives its second operand if either is NaN, so only a NaN in the first would get lost.
        // SAFETY: as above.
        Self(unsafe {
            let is_nan = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(self.0, self.0);
            _mm512_mask_mov_ps(_mm512_max_ps(self.0, other.0), is_nan, self.0)
        })
    }

    #[inline(always)]
    fn clamp(self, low: Self, high: Self) -> Self {
        // If the second operand is NaN, the result is NaN.
        // SAFETY: as above.
        Self(unsafe { _mm512_min_ps(high.0, _mm512_max_ps(low.0, self.0)) })
    }

    #[inline(always)]
    fn any_nan(self) -> bool {
        // SAFETY: as above.
        unsafe { _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(self.0, self.0) != 0 }
    }
}

/// Two registers of AVX2, with FMA.
#[derive(Clone, Copy)]
pub(in crate::engine::ops) struct Avx2(__m256, __m256);

impl Lanes for Avx2 {
    const PIXELS: usize = 6;
    const BLOCKS: usize = 1;
    /// Their weights take 8 kB. A tile is so small that the weights of many inputs would come from the second cache for each.
    const PANEL: Option<usize> = Some(128);

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: guaranteed by the caller.
        unsafe { Self(_mm256_load_ps(from), _mm256_load_ps(from.add(8))) }
    }

    #[inline(always)]
    fn fetch_ahead(from: *const f32) {
        // SAFETY: only a hint, which may point anywhere; the instruction is part of the base set.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(from.cast()) }
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        // SAFETY: guaranteed by the caller.
        let v = unsafe { _mm256_set1_ps(value) };
        Self(v, v)
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: guaranteed by the caller.
        unsafe {
            _mm256_store_ps(to, self.0);
            _mm256_store_ps(to.add(8), self.1);
        }
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        // SAFETY: a value exists, so the processor has the instructions.
        unsafe {
            Self(_mm256_fmadd_ps(self.0, factor.0, addend.0), _mm256_fmadd_ps(self.1, factor.1, addend.1))
        }
    }

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm256_add_ps(self.0, other.0), _mm256_add_ps(self.1, other.1)) }
    }

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm256_sub_ps(self.0, other.0), _mm256_sub_ps(self.1, other.1)) }
    }

    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        // SAFETY: as above.
        unsafe { Self(_mm256_mul_ps(self.0, other.0), _mm256_mul_ps(self.1, other.1)) }
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        // As with AVX-512, a NaN in the first operand would get lost.
        #[inline(always)]
        fn half(a: __m256, b: __m256) -> __m256 {
            // SAFETY: as above; called with halves of a value.
            unsafe { _mm256_blendv_ps(_mm256_max_ps(a, b), a, _mm256_cmp_ps::<_CMP_UNORD_Q>(a, a)) }
        }
        Self(half(self.0, other.0), half(self.1, other.1))
    }

    #[inline(always)]
    fn clamp(self, low: Self, high: Self) -> Self {
        // SAFETY: as above.
        unsafe {
            Self(
                _mm256_min_ps(high.0, _mm256_max_ps(low.0, self.0)),
                _mm256_min_ps(high.1, _mm256_max_ps(low.1, self.1)),
            )
        }
    }

    #[inline(always)]
    fn any_nan(self) -> bool {
        // SAFETY: as above. Compares two halves at once: the comparison is true if either value is NaN.
        unsafe { _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_UNORD_Q>(self.0, self.1)) != 0 }
    }
}
