//! The debiased Hilbert-Schmidt independence criterion of two kernels.

/// Rows summed in one go, so that the compiler can use SIMD registers.
const LANES: usize = 8;

/// Centres a kernel, `[n, n]` row-major and symmetric, in place, so that the product of two centred kernels is the unbiased estimate of
/// HSIC (Song et al. 2012, "Feature selection via dependence maximization", eq. 4, times n(n − 3)).
///
/// The diagonal is left out and becomes zero: `U_ij = K_ij − r_i/(n−2) − r_j/(n−2) + s/((n−1)(n−2))`, where r are the sums of rows and s
/// is the sum of all (Székely and Rizzo 2014, "Partial distance correlation", definition 2). n must be at least 4.
pub fn centre_unbiased(kernel: &mut [f64], n: usize) {
    if n < 4 {
        return;
    }
    for at in 0..n {
        kernel[at * n + at] = 0.0;
    }
    let sums: Vec<f64> = kernel.chunks_exact(n).map(|line| line.iter().sum()).collect();
    let total: f64 = sums.iter().sum();
    let (two, all) = ((n - 2) as f64, ((n - 1) * (n - 2)) as f64);
    for (row, line) in kernel.chunks_exact_mut(n).enumerate() {
        for (column, value) in line.iter_mut().enumerate() {
            *value =
                if row == column { 0.0 } else { *value - (sums[row] + sums[column]) / two + total / all };
        }
    }
}

/// The unbiased estimate of HSIC from two centred kernels ([`centre_unbiased`]) of n pictures.
pub fn hsic_unbiased(a: &[f64], b: &[f64], n: usize) -> f64 {
    if n < 4 {
        return f64::NAN;
    }
    dot(a, b) / (n as f64 * (n - 3) as f64)
}

/// The sum of products, always in the same order.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let (a_wide, a_rest) = a.as_chunks::<LANES>();
    let (b_wide, b_rest) = b.as_chunks::<LANES>();
    let mut sums = [0.0; LANES];
    for (x, y) in a_wide.iter().zip(b_wide) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    sums.iter().sum::<f64>() + a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Song's equation as it is printed: [tr(K̃L̃) + 1ᵀK̃1·1ᵀL̃1/((m−1)(m−2)) − 2/(m−2)·1ᵀK̃L̃1] / (m(m−3)).
    fn song(k: &[f64], l: &[f64], n: usize) -> f64 {
        let at = |m: &[f64], i: usize, j: usize| if i == j { 0.0 } else { m[i * n + j] };
        let (mut trace, mut sum_k, mut sum_l, mut both) = (0.0, 0.0, 0.0, 0.0);
        for i in 0..n {
            for j in 0..n {
                trace += at(k, i, j) * at(l, j, i);
                sum_k += at(k, i, j);
                sum_l += at(l, i, j);
                for m in 0..n {
                    both += at(k, i, m) * at(l, m, j);
                }
            }
        }
        let m = n as f64;
        (trace + sum_k * sum_l / ((m - 1.0) * (m - 2.0)) - 2.0 / (m - 2.0) * both) / (m * (m - 3.0))
    }

    #[test]
    fn it_is_the_estimate_of_song() {
        let n = 7;
        let kernel = |seed: usize| -> Vec<f64> {
            let value = |i: usize, j: usize| ((i.min(j) * 13 + i.max(j) * 7 + seed) % 11) as f64 - 3.0;
            (0..n * n).map(|at| value(at / n, at % n)).collect()
        };
        let (mut k, mut l) = (kernel(1), kernel(5));
        let expected = song(&k, &l, n);
        centre_unbiased(&mut k, n);
        centre_unbiased(&mut l, n);
        assert!((hsic_unbiased(&k, &l, n) - expected).abs() < 1e-12, "{expected}");
    }
}
