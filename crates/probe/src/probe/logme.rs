//! `LogME` (You, Liu, Wang, Long 2021): the logarithm of the evidence of a Bayesian linear model, per row. Larger is better; no split.
//!
//! The authors' published code leaves out a part of the determinant where rows are fewer than columns; it is in here (its eigenvalues
//! beyond the rank are the prior's α).

use faer::Mat;

use super::error::ProbeError;
use super::folds::check_extent;
use super::matrix::product;
use super::ridge::eigen;
use super::target::Target;

/// Rounds of the fixed point at most, and the change of the ratio below which it ends: the authors' values.
const MOST_ROUNDS: usize = 11;
const CHANGE: f64 = 1e-3;
/// Keeps ratios defined, as in the authors' code.
const FLOOR: f64 = 1e-5;

/// The evidence of the features (rows × width, row-major); of classes the mean over a column of 0 and 1 for each.
///
/// # Errors
/// Eigenvalues that are not found; numbers that are not rows × width.
pub fn logme(values: &[f32], width: usize, target: &Target) -> Result<f64, ProbeError> {
    let num_rows = target.num_rows();
    check_extent("numbers", values.len(), num_rows * width)?;
    let x = Mat::from_fn(num_rows, width, |row, column| f64::from(values[row * width + column]));
    let columns = target.columns();
    let y = Mat::from_fn(num_rows, columns.len(), |row, column| columns[column][row]);
    // σ are the squared singular values, and `x2` the squared parts of y along the left singular vectors.
    let (sigma, parts) = if num_rows <= width {
        let (sigma, left) = eigen(product(x.as_ref(), x.transpose()).as_ref())?;
        (sigma, product(left.transpose(), y.as_ref()))
    } else {
        let (sigma, right) = eigen(product(x.transpose(), x.as_ref()).as_ref())?;
        let mut parts = product(right.transpose(), product(x.transpose(), y.as_ref()).as_ref());
        let largest = sigma.iter().fold(0.0f64, |most, value| most.max(*value));
        for (row, value) in sigma.iter().enumerate() {
            let scale = if *value > 1e-13 * largest { value.sqrt().recip() } else { 0.0 };
            (0..parts.ncols()).for_each(|column| parts[(row, column)] *= scale);
        }
        (sigma, parts)
    };
    let all: Vec<f64> = (0..columns.len())
        .map(|column| {
            let x2: Vec<f64> = parts.col(column).iter().map(|part| part * part).collect();
            let total: f64 = columns[column].iter().map(|value| value * value).sum();
            evidence(&sigma, &x2, total, num_rows as f64)
        })
        .collect();
    Ok(all.iter().sum::<f64>() / all.len() as f64)
}

fn evidence(sigma: &[f64], x2: &[f64], total: f64, num_rows: f64) -> f64 {
    let outside = total - x2.iter().sum::<f64>();
    let (mut alpha, mut beta) = (1.0f64, 1.0f64);
    let residual = |ratio: f64| {
        sigma.iter().zip(x2).map(|(s, x2)| x2 / (1.0 + s / ratio).powi(2)).sum::<f64>() + outside
    };
    let square = |ratio: f64| sigma.iter().zip(x2).map(|(s, x2)| s * x2 / (ratio + s).powi(2)).sum::<f64>();
    let (mut m2, mut res2) = (0.0, 0.0);
    for _ in 0..MOST_ROUNDS {
        let ratio = alpha / beta;
        let gamma: f64 = sigma.iter().map(|s| s / (s + ratio)).sum();
        (m2, res2) = (square(ratio), residual(ratio));
        alpha = gamma / (m2 + FLOOR);
        beta = (num_rows - gamma) / (res2 + FLOOR);
        let now = alpha / beta;
        if (now - ratio).abs() / ratio <= CHANGE {
            break;
        }
    }
    let rank = sigma.len() as f64;
    let determinant: f64 = sigma.iter().map(|s| (alpha + beta * s).ln()).sum();
    let sum = rank * alpha.ln() + num_rows * beta.ln()
        - determinant
        - beta * res2
        - alpha * m2
        - num_rows * (2.0 * std::f64::consts::PI).ln();
    0.5 * sum / num_rows
}
