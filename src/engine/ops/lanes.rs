//! Sixteen f32 at once, on each instruction set.
#![expect(unsafe_code, reason = "vector instructions and raw loads")]

/// Values of sixteen channels at one position.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(C, align(64))]
pub(in crate::engine) struct Cell(pub [f32; 16]);

impl Cell {
    /// Zero everywhere.
    pub(in crate::engine) const ZERO: Self = Self([0.0; 16]);
}

/// A vector of sixteen f32. The constructors demand that the processor has the instructions; a value is the proof for the rest.
pub(super) trait Lanes: Copy {
    /// Pixels of the largest tile of a dense convolution that stays in registers.
    const PIXELS: usize;
    /// Blocks of output channels of that tile.
    const BLOCKS: usize;
    /// Reads a cell.
    ///
    /// # Safety
    /// `from` points to sixteen values aligned to a cell; the processor has this level.
    unsafe fn load(from: *const f32) -> Self;
    /// One value sixteen times.
    ///
    /// # Safety
    /// The processor has this level.
    unsafe fn splat(value: f32) -> Self;
    /// Tells the processor that this will be read soon. May point anywhere.
    #[inline(always)]
    fn fetch_ahead(_: *const f32) {}
    /// Writes a cell.
    ///
    /// # Safety
    /// `to` points to sixteen values aligned to a cell that nobody else uses.
    unsafe fn store(self, to: *mut f32);
    /// `self · factor + addend`, rounded once where there is an instruction for it.
    fn mul_add(self, factor: Self, addend: Self) -> Self;
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    /// The larger; NaN if either is.
    fn max(self, other: Self) -> Self;
    /// Into `low..=high`; NaN stays NaN.
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
    /// Sixteen vector registers on x86 hold two pixels' sums, thirty-two elsewhere four.
    const PIXELS: usize = if cfg!(target_arch = "x86_64") { 2 } else { 4 };
    const BLOCKS: usize = 1;

    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the caller's promise.
        Self(unsafe { from.cast::<[f32; 16]>().read() })
    }

    #[inline(always)]
    unsafe fn splat(value: f32) -> Self {
        Self([value; 16])
    }

    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the caller's promise.
        unsafe { to.cast::<[f32; 16]>().write(self.0) }
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        // `f32::mul_add` without an instruction for it is a slow function.
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

#[cfg(target_arch = "x86_64")]
pub(super) use x86::{Avx2, Avx512};

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{
        __m256, __m512, _CMP_UNORD_Q, _MM_HINT_T1, _mm_prefetch, _mm256_add_ps, _mm256_blendv_ps,
        _mm256_cmp_ps, _mm256_fmadd_ps, _mm256_load_ps, _mm256_max_ps, _mm256_min_ps, _mm256_movemask_ps,
        _mm256_mul_ps, _mm256_set1_ps, _mm256_store_ps, _mm256_sub_ps, _mm512_add_ps, _mm512_cmp_ps_mask,
        _mm512_fmadd_ps, _mm512_load_ps, _mm512_mask_mov_ps, _mm512_max_ps, _mm512_min_ps, _mm512_mul_ps,
        _mm512_set1_ps, _mm512_store_ps, _mm512_sub_ps,
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
            // SAFETY: the caller's promise.
            Self(unsafe { _mm512_load_ps(from) })
        }

        #[inline(always)]
        fn fetch_ahead(from: *const f32) {
            // SAFETY: a hint, whatever it points to; the instruction is part of the base set.
            unsafe { _mm_prefetch::<_MM_HINT_T1>(from.cast()) }
        }

        #[inline(always)]
        unsafe fn splat(value: f32) -> Self {
            // SAFETY: the caller's promise.
            Self(unsafe { _mm512_set1_ps(value) })
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: the caller's promise.
            unsafe { _mm512_store_ps(to, self.0) }
        }

        #[inline(always)]
        fn mul_add(self, factor: Self, addend: Self) -> Self {
            // SAFETY: a value exists, so the instructions do.
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
            // The instruction gives its second operand where either is NaN, so only a NaN in the first gets lost.
            // SAFETY: as above.
            Self(unsafe {
                let is_nan = _mm512_cmp_ps_mask::<_CMP_UNORD_Q>(self.0, self.0);
                _mm512_mask_mov_ps(_mm512_max_ps(self.0, other.0), is_nan, self.0)
            })
        }

        #[inline(always)]
        fn clamp(self, low: Self, high: Self) -> Self {
            // NaN as the second operand is what comes out.
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

        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self {
            // SAFETY: the caller's promise.
            unsafe { Self(_mm256_load_ps(from), _mm256_load_ps(from.add(8))) }
        }

        #[inline(always)]
        fn fetch_ahead(from: *const f32) {
            // SAFETY: a hint, whatever it points to; the instruction is part of the base set.
            unsafe { _mm_prefetch::<_MM_HINT_T1>(from.cast()) }
        }

        #[inline(always)]
        unsafe fn splat(value: f32) -> Self {
            // SAFETY: the caller's promise.
            let v = unsafe { _mm256_set1_ps(value) };
            Self(v, v)
        }

        #[inline(always)]
        unsafe fn store(self, to: *mut f32) {
            // SAFETY: the caller's promise.
            unsafe {
                _mm256_store_ps(to, self.0);
                _mm256_store_ps(to.add(8), self.1);
            }
        }

        #[inline(always)]
        fn mul_add(self, factor: Self, addend: Self) -> Self {
            // SAFETY: a value exists, so the instructions do.
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
            // As with AVX-512: a NaN in the first operand would get lost.
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
            // SAFETY: as above. Two values at once: the comparison tells if either is NaN.
            unsafe { _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_UNORD_Q>(self.0, self.1)) != 0 }
        }
    }
}
