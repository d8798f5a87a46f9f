//! Operations on one position at a time.
#![expect(unsafe_code, reason = "kernels run with the instructions of a level")]

use super::cores::Cores;
use super::lanes::{Lanes, PixelBlock};
use super::level::{Kernel, Level};
use super::maps::{Maps, MapsMut};
use crate::graph::ActivationFn;

/// Applies a function to every value. NaN stays NaN with all functions.
pub(in crate::engine) fn activate(
    cores: &Cores<'_>,
    function: ActivationFn,
    x: Maps<'_>,
    out: &mut MapsMut<'_>,
) {
    let width = x.shape().width;
    let level = cores.level;
    out.fill_rows(cores, 2, |image, block, y, row| {
        row.copy_from_slice(&x.plane(image, block)[y * width..][..width]);
        activate_cells(level, function, row);
    });
}

/// Applies a function in place.
pub(in crate::engine) fn activate_in_place(cores: &Cores<'_>, function: ActivationFn, out: &mut MapsMut<'_>) {
    let level = cores.level;
    out.fill_rows(cores, 2, |_, _, _, row| activate_cells(level, function, row));
}

/// Applies a function to some cells. Lanes without a channel change, too (the sigmoid of 0 is one half), and must be cleared
/// afterwards.
pub(super) fn activate_cells(level: Level, function: ActivationFn, cells: &mut [PixelBlock]) {
    level.run(Activate { function, cells });
}

/// The limits of an activation that only limits values and leaves zero unchanged. Zero matters because lanes without a channel
/// hold it.
pub(super) const fn bounds(function: ActivationFn) -> Option<(f32, f32)> {
    match function {
        ActivationFn::Relu => Some((0.0, f32::INFINITY)),
        ActivationFn::Relu6 => Some((0.0, 6.0)),
        ActivationFn::Clip(low, high) if low <= 0.0 && high >= 0.0 => Some((low, high)),
        _ => None,
    }
}

struct Activate<'a> {
    function: ActivationFn,
    cells: &'a mut [PixelBlock],
}

impl Kernel for Activate<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        if let Some((low, high)) = bounds(self.function) {
            // SAFETY: cells are aligned, and the caller guarantees the level.
            unsafe {
                let (low, high) = (L::splat(low), L::splat(high));
                for cell in self.cells {
                    L::load(cell.0.as_ptr()).clamp(low, high).store(cell.0.as_mut_ptr());
                }
            }
            return;
        }
        match self.function {
            ActivationFn::Silu => each(self.cells, silu),
            ActivationFn::Sigmoid => each(self.cells, sigmoid),
            // The compiler doesn't see that these are a few instructions.
            // SAFETY: the caller guarantees the level.
            ActivationFn::HardSigmoid => unsafe { each_cell::<L>(self.cells, |x| hard_sigmoid_of(x)) },
            // SAFETY: as above.
            ActivationFn::HardSwish => unsafe {
                each_cell::<L>(self.cells, |x| x.mul(hard_sigmoid_of(x)));
            },
            ActivationFn::Gelu => each(self.cells, gelu),
            ActivationFn::GeluTanh => each(self.cells, gelu_tanh),
            ActivationFn::LeakyRelu(slope) => each(self.cells, |x| leaky(x, slope)),
            ActivationFn::Elu(alpha) => each(self.cells, |x| elu(x, alpha)),
            ActivationFn::Tanh => each(self.cells, tanh),
            ActivationFn::Softplus => each(self.cells, softplus),
            ActivationFn::Mish => each(self.cells, mish),
            ActivationFn::Clip(low, high) => each(self.cells, |x| clip(x, low, high)),
            ActivationFn::Abs => each(self.cells, f32::abs),
            ActivationFn::Sqrt => each(self.cells, f32::sqrt),
            ActivationFn::Reciprocal => each(self.cells, |x| 1.0 / x),
            // These only limit values and are handled above.
            ActivationFn::Relu | ActivationFn::Relu6 => {}
        }
    }
}

/// Applies `f` to every value. Plain Rust, which the compiler vectorises with the level's instructions.
#[inline(always)]
fn each(cells: &mut [PixelBlock], f: impl Fn(f32) -> f32) {
    for cell in cells {
        for value in &mut cell.0 {
            *value = f(*value);
        }
    }
}

#[inline(always)]
fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + exp(-x))
}

#[inline(always)]
fn silu(x: f32) -> f32 {
    x / (1.0 + exp(-x))
}

/// Applies `f` to every cell.
///
/// # Safety
/// The processor has the level.
#[inline(always)]
unsafe fn each_cell<L: Lanes>(cells: &mut [PixelBlock], f: impl Fn(L) -> L) {
    for cell in cells {
        // SAFETY: cells are aligned, and the caller guarantees the level.
        unsafe { f(L::load(cell.0.as_ptr())).store(cell.0.as_mut_ptr()) };
    }
}

#[inline(always)]
fn hard_sigmoid_of<L: Lanes>(x: L) -> L {
    // SAFETY: a value exists, so the processor has the level.
    let [zero, three, six, sixth] =
        unsafe { [L::splat(0.0), L::splat(3.0), L::splat(6.0), L::splat(1.0 / 6.0)] };
    x.add(three).clamp(zero, six).mul(sixth)
}

#[inline(always)]
fn gelu(x: f32) -> f32 {
    x * 0.5 * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2))
}

/// `x · (1 + tanh u) / 2` is `x · σ(2u)`.
#[inline(always)]
fn gelu_tanh(x: f32) -> f32 {
    /// √(2/π), twice.
    const TWICE: f32 = 1.595_769;
    x * sigmoid(TWICE * (x + 0.044_715 * x * x * x))
}

#[inline(always)]
fn clip(x: f32, low: f32, high: f32) -> f32 {
    let raised = if x < low { low } else { x };
    if raised > high { high } else { raised }
}

#[inline(always)]
fn leaky(x: f32, slope: f32) -> f32 {
    if x < 0.0 { x * slope } else { x }
}

#[inline(always)]
fn elu(x: f32, alpha: f32) -> f32 {
    if x < 0.0 { alpha * exp_less_one(x) } else { x }
}

/// `e^x − 1` for `x` that isn't positive. Near 0 it is computed without adding and subtracting 1, so that nothing cancels.
#[inline(always)]
fn exp_less_one(x: f32) -> f32 {
    if x < -0.34 { exp(x) - 1.0 } else { exp_tail(x) }
}

/// As in Cephes: a polynomial near 0, and an exponential elsewhere.
#[inline(always)]
fn tanh(x: f32) -> f32 {
    let s = x * x;
    let p = -5.704_988_7e-3 * s + 2.063_909e-2;
    let p = p * s - 5.373_971_6e-2;
    let p = p * s + 1.333_144_2e-1;
    let p = p * s - 3.333_328e-1;
    let near = p * s * x + x;
    let size = x.abs();
    let far = (1.0 - 2.0 / (exp(2.0 * size) + 1.0)).copysign(x);
    if size > 0.625 { far } else { near }
}

#[inline(always)]
fn softplus(x: f32) -> f32 {
    (if x < 0.0 { 0.0 } else { x }) + exp(-x.abs()).ln_1p()
}

/// `tanh(ln(1 + e))` is `(e² + 2e) / (e² + 2e + 2)`, and 1 where `e` is large.
#[inline(always)]
fn mish(x: f32) -> f32 {
    let e = exp(if x > 20.0 { 20.0 } else { x });
    let n = e * (e + 2.0);
    let product = x * (n / (n + 2.0));
    if x > 20.0 { x } else { product }
}

/// The error function, accurate to 5e-7, without a branch: the quotient of polynomials that Eigen and XLA use for f32. Beyond ±4
/// it is ±1.
#[inline(always)]
fn erf(x: f32) -> f32 {
    let x = if x < -4.0 { -4.0 } else { x };
    let x = if x > 4.0 { 4.0 } else { x };
    let s = x * x;
    let p = -2.726_142_3e-10 * s + 2.770_681_4e-8;
    let p = p * s - 2.101_024e-6;
    let p = p * s - 5.692_506_5e-5;
    let p = p * s - 7.349_906_3e-4;
    let p = p * s - 2.954_6e-3;
    let p = p * s - 1.609_603_3e-2;
    let q = -1.456_607_2e-5 * s - 2.133_740_6e-4;
    let q = q * s - 1.682_827e-3;
    let q = q * s - 7.373_329_2e-3;
    let q = q * s - 1.426_473_9e-2;
    let value = x * p / q;
    let value = if value < -1.0 || x == -4.0 { -1.0 } else { value };
    if value > 1.0 || x == 4.0 { 1.0 } else { value }
}

/// `e^x`, accurate to 2 units in the last place, without a branch (so that the compiler can vectorise it). Below −86 it stays at
/// `e^−86`, which is negligible compared with 1.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    /// Adding this to a small number rounds that to a whole number, which is then in the lowest bits.
    const ROUNDER: f32 = 12_582_912.0;
    const OVERFLOW: f32 = 88.72;
    let low = if x < -86.0 { -86.0 } else { x };
    let inside = if low > OVERFLOW { OVERFLOW } else { low };
    let rounded = inside * std::f32::consts::LOG2_E + ROUNDER;
    let n = rounded - ROUNDER;
    // ln 2 is split into two parts; the first has so few bits that the product is exact.
    let r = (inside - n * 0.693_359_4) + n * 2.121_944_4e-4;
    let p = exp_tail(r) + 1.0;
    let value = f32::from_bits(p.to_bits().wrapping_add(rounded.to_bits() << 23));
    let value = if x > OVERFLOW { f32::INFINITY } else { value };
    if x.is_nan() { x } else { value }
}

/// `e^r − 1` for `r` between −½ ln 2 and ½ ln 2.
#[inline(always)]
fn exp_tail(r: f32) -> f32 {
    let p = 1.987_569_2e-4;
    let p = p * r + 1.398_2e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_58e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 0.5;
    (p * r) * r + r
}

/// Sum of inputs of equal shape.
pub(in crate::engine) fn add(cores: &Cores<'_>, inputs: &[Maps<'_>], out: &mut MapsMut<'_>) {
    let Some((first, rest)) = inputs.split_first() else { return };
    let width = out.shape().width;
    let level = cores.level;
    out.fill_rows(cores, inputs.len(), |image, block, y, row| {
        row.copy_from_slice(&first.plane(image, block)[y * width..][..width]);
        for x in rest {
            level.run(AddTo { to: &mut *row, from: &x.plane(image, block)[y * width..][..width] });
        }
    });
}

struct AddTo<'a> {
    to: &'a mut [PixelBlock],
    from: &'a [PixelBlock],
}

impl Kernel for AddTo<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        for (to, from) in self.to.iter_mut().zip(self.from) {
            // SAFETY: cells are aligned, and the caller guarantees the level.
            unsafe { L::load(to.0.as_ptr()).add(L::load(from.0.as_ptr())).store(to.0.as_mut_ptr()) }
        }
    }
}

/// Multiplies each plane of `x` by its own cell of `factors`.
pub(in crate::engine) fn gate(cores: &Cores<'_>, x: Maps<'_>, factors: Maps<'_>, out: &mut MapsMut<'_>) {
    let width = x.shape().width;
    let shift = PixelBlock::ZERO;
    let level = cores.level;
    out.fill_rows(cores, 2, |image, block, y, row| {
        let from = &x.plane(image, block)[y * width..][..width];
        level.run(Affine { from, to: row, scale: &factors.plane(image, block)[0], shift: &shift });
    });
}

/// Multiplies negative values by their channel's slope; `slopes` has one cell per block. NaN stays NaN.
pub(in crate::engine) fn prelu(cores: &Cores<'_>, x: Maps<'_>, slopes: &[PixelBlock], out: &mut MapsMut<'_>) {
    let width = x.shape().width;
    out.fill_rows(cores, 2, |image, block, y, row| {
        for (to, from) in row.iter_mut().zip(&x.plane(image, block)[y * width..][..width]) {
            for ((to, from), slope) in to.0.iter_mut().zip(from.0).zip(slopes[block].0) {
                *to = leaky(from, slope);
            }
        }
    });
}

/// `x · scale + shift` per channel; both have one cell per block.
pub(in crate::engine) fn affine(
    cores: &Cores<'_>,
    x: Maps<'_>,
    scale: &[PixelBlock],
    shift: &[PixelBlock],
    out: &mut MapsMut<'_>,
) {
    let width = x.shape().width;
    let level = cores.level;
    out.fill_rows(cores, 2, |image, block, y, row| {
        let from = &x.plane(image, block)[y * width..][..width];
        level.run(Affine { from, to: row, scale: &scale[block], shift: &shift[block] });
    });
}

struct Affine<'a> {
    from: &'a [PixelBlock],
    to: &'a mut [PixelBlock],
    scale: &'a PixelBlock,
    shift: &'a PixelBlock,
}

impl Kernel for Affine<'_> {
    #[inline(always)]
    unsafe fn run<L: Lanes>(self) {
        // SAFETY: cells are aligned, and the caller guarantees the level.
        unsafe {
            let (scale, shift) = (L::load(self.scale.0.as_ptr()), L::load(self.shift.0.as_ptr()));
            for (to, from) in self.to.iter_mut().zip(self.from) {
                L::load(from.0.as_ptr()).mul_add(scale, shift).store(to.0.as_mut_ptr());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_good_to_two_ulp() {
        let mut worst = 0f64;
        for step in -85_000..88_700 {
            let x = step as f32 * 1e-3;
            let exact = f64::from(x).exp();
            let ulp = f64::from((exact as f32).next_up() - exact as f32);
            worst = worst.max((f64::from(exp(x)) - exact).abs() / ulp);
        }
        assert!(worst <= 2.0, "{worst} ulp");
        assert_eq!(exp(f32::INFINITY), f32::INFINITY);
        assert!(exp(f32::NAN).is_nan());
        assert_eq!(sigmoid(f32::NEG_INFINITY), 0.0);
        assert_eq!((sigmoid(f32::INFINITY), silu(f32::INFINITY)), (1.0, f32::INFINITY));
        assert!(silu(f32::NEG_INFINITY).is_nan(), "−∞ · 0, as elsewhere");
    }

    #[test]
    fn the_error_function_is_good_and_ends_at_one() {
        // The expected values are those of Python's `math.erf`.
        for (x, right) in [(0.1, 0.112_462_916), (0.5, 0.520_499_9), (1.0, 0.842_700_8), (2.5, 0.999_593_1)] {
            assert!((erf(x) - right).abs() < 5e-7, "{x}: {}", erf(x));
            assert_eq!(erf(-x), -erf(x));
        }
        assert_eq!((erf(0.0), erf(1e30), erf(f32::NEG_INFINITY)), (0.0, 1.0, -1.0));
        assert_eq!((gelu(-1e5), gelu(1e5), gelu(f32::INFINITY)), (0.0, 1e5, f32::INFINITY));
        assert_eq!((gelu_tanh(-1e20), gelu_tanh(1e5), gelu_tanh(f32::INFINITY)), (0.0, 1e5, f32::INFINITY));
        assert!([gelu, gelu_tanh].iter().all(|f| f(f32::NAN).is_nan() && f(f32::NEG_INFINITY).is_nan()));
    }
}
