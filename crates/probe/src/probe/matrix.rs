//! Features as matrices of faer, split by folds.

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};

use super::error::ProbeError;
use super::folds::{Folds, check_extent};

/// A · B on one thread, so that sums are in one order.
pub(super) fn product(a: MatRef<'_, f64>, b: MatRef<'_, f64>) -> Mat<f64> {
    let mut out = Mat::zeros(a.nrows(), b.ncols());
    matmul(out.as_mut(), Accum::Replace, a, b, 1.0, Par::Seq);
    out
}

/// The rows of a fold, with the mean of each column over all rows taken away, which loses no digits to large means and changes no head
/// that has an intercept.
#[derive(Debug)]
pub(super) struct FoldRows {
    /// The rows' numbers in the whole matrix.
    pub(super) rows: Vec<usize>,
    /// rows × width.
    pub(super) x: Mat<f64>,
}

/// All rows by folds.
#[derive(Debug)]
pub(super) struct Parts {
    pub(super) folds: Vec<FoldRows>,
    /// What was taken away from each column.
    pub(super) shift: Vec<f64>,
    pub(super) width: usize,
    /// The largest magnitude of each column before that.
    pub(super) largest: Vec<f64>,
}

impl Parts {
    /// Splits rows × width numbers, row-major.
    pub(super) fn new(values: &[f32], width: usize, folds: &Folds) -> Result<Self, ProbeError> {
        let num_rows = folds.of_row.len();
        check_extent("numbers", values.len(), num_rows * width)?;
        check_extent("rows without numbers", usize::from(width == 0), 0)?;
        if let Some(at) = values.iter().position(|value| !value.is_finite()) {
            return Err(ProbeError::NotFinite { row: at / width, column: at % width, value: values[at] });
        }
        let (mut shift, mut largest) = (vec![0.0; width], vec![0.0f64; width]);
        for row in values.chunks_exact(width) {
            for ((sum, most), value) in shift.iter_mut().zip(&mut largest).zip(row) {
                *sum += f64::from(*value);
                *most = most.max(f64::from(value.abs()));
            }
        }
        for sum in &mut shift {
            *sum /= num_rows as f64;
        }
        let folds = (0..folds.num)
            .map(|fold| {
                let rows = folds.rows(fold);
                let x = Mat::from_fn(rows.len(), width, |row, column| {
                    f64::from(values[rows[row] * width + column]) - shift[column]
                });
                FoldRows { rows, x }
            })
            .collect();
        Ok(Self { folds, shift, width, largest })
    }

    /// The folds that are not left out.
    pub(super) fn kept(&self, out: (usize, Option<usize>)) -> impl Iterator<Item = (usize, &FoldRows)> {
        self.folds.iter().enumerate().filter(move |(fold, _)| *fold != out.0 && Some(*fold) != out.1)
    }
}

/// Mean and deviation of each column over some folds, as scikit-learn's `StandardScaler` has them: a constant column's deviation is 1.
#[derive(Clone, Debug)]
pub(super) struct Standard {
    pub(super) mean: Vec<f64>,
    pub(super) deviation: Vec<f64>,
    pub(super) num_rows: usize,
}

impl Standard {
    pub(super) fn of(parts: &Parts, out: (usize, Option<usize>)) -> Self {
        let num_rows: usize = parts.kept(out).map(|(_, fold)| fold.rows.len()).sum();
        let (mut mean, mut deviation) = (vec![0.0; parts.width], vec![0.0; parts.width]);
        for column in 0..parts.width {
            let values = || parts.kept(out).flat_map(|(_, fold)| fold.x.col(column).iter());
            let average = values().sum::<f64>() / num_rows as f64;
            let variance = values().map(|value| (value - average).powi(2)).sum::<f64>() / num_rows as f64;
            mean[column] = average;
            deviation[column] = sound_deviation(variance, parts.largest[column]);
        }
        Self { mean, deviation, num_rows }
    }

    /// A head on standardised columns (columns × outputs) as one on the features as they are: its weights, and what they take from the
    /// intercepts.
    pub(super) fn undo(&self, parts: &Parts, weights: &Mat<f64>) -> (Mat<f64>, Vec<f64>) {
        let plain = Mat::from_fn(weights.nrows(), weights.ncols(), |row, column| {
            weights[(row, column)] / self.deviation[row]
        });
        let taken = |column| {
            let means =
                (0..plain.nrows()).map(|row| (parts.shift[row] + self.mean[row]) * plain[(row, column)]);
            means.sum::<f64>()
        };
        let taken = (0..plain.ncols()).map(taken).collect();
        (plain, taken)
    }

    /// A fold's rows with mean 0 and deviation 1.
    pub(super) fn apply(&self, x: MatRef<'_, f64>) -> Mat<f64> {
        Mat::from_fn(x.nrows(), x.ncols(), |row, column| {
            (x[(row, column)] - self.mean[column]) / self.deviation[column]
        })
    }
}

/// The deviation, or 1 where what varies is only the rounding of a constant.
fn sound_deviation(variance: f64, largest: f64) -> f64 {
    let rounding = 1e-12 * largest;
    if variance <= rounding * rounding { 1.0 } else { variance.sqrt() }
}

/// The place of the largest value; of equal ones the first.
pub(super) fn largest<'a>(values: impl Iterator<Item = &'a f64>) -> usize {
    let mut best = (0, f64::NEG_INFINITY);
    for (place, value) in values.enumerate() {
        if *value > best.1 {
            best = (place, *value);
        }
    }
    best.0
}
