//! Ridge regression (Hoerl and Kennard 1970) on standardised features, with an intercept that is not shrunk: the w and b for which
//! ‖y − Xw − b‖² + α‖w‖² is smallest, in closed form. One decomposition serves all strengths α and any number of targets.

use faer::{Mat, MatRef, Side};

use super::error::ProbeError;
use super::matrix::{Parts, Standard, product};

/// The strengths that are compared.
pub(super) const STRENGTHS: [f64; 11] = [1e-3, 1e-2, 1e-1, 1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7];

/// A decomposition of the rows that are fitted on.
#[derive(Debug)]
pub(super) struct Ridge {
    standard: Standard,
    /// Where rows are fewer than columns: those rows, standardised. Otherwise nothing, and `vectors` are of the columns.
    rows: Option<Mat<f64>>,
    values: Vec<f64>,
    vectors: Mat<f64>,
    /// `vectors`ᵀ times what each target is fitted by.
    projected: Mat<f64>,
    means: Vec<f64>,
}

impl Ridge {
    /// Fits all folds but those left out. `targets` has a column for each target, of all rows.
    pub(super) fn fit(
        parts: &Parts,
        out: (usize, Option<usize>),
        targets: &[Vec<f64>],
    ) -> Result<Self, ProbeError> {
        let standard = Standard::of(parts, out);
        let (num_rows, width) = (standard.num_rows, parts.width);
        let mut x = Mat::zeros(num_rows, width);
        let mut y = Mat::zeros(num_rows, targets.len());
        let mut first = 0;
        for (_, fold) in parts.kept(out) {
            x.as_mut().subrows_mut(first, fold.rows.len()).copy_from(standard.apply(fold.x.as_ref()));
            for (column, target) in targets.iter().enumerate() {
                for (place, row) in fold.rows.iter().enumerate() {
                    y[(first + place, column)] = target[*row];
                }
            }
            first += fold.rows.len();
        }
        let means: Vec<f64> =
            (0..targets.len()).map(|column| y.col(column).iter().sum::<f64>() / num_rows as f64).collect();
        for (column, mean) in means.iter().enumerate() {
            (0..num_rows).for_each(|row| y[(row, column)] -= mean);
        }
        let is_dual = num_rows < width;
        let square =
            if is_dual { product(x.as_ref(), x.transpose()) } else { product(x.transpose(), x.as_ref()) };
        let (values, vectors) = eigen(square.as_ref())?;
        let fitted_by = if is_dual { y } else { product(x.transpose(), y.as_ref()) };
        let projected = product(vectors.transpose(), fitted_by.as_ref());
        Ok(Self { standard, rows: is_dual.then_some(x), values, vectors, projected, means })
    }

    /// Rows in the basis in which all strengths are diagonal.
    pub(super) fn basis(&self, x: MatRef<'_, f64>) -> Mat<f64> {
        let x = self.standard.apply(x);
        match &self.rows {
            Some(rows) => product(product(x.as_ref(), rows.transpose()).as_ref(), self.vectors.as_ref()),
            None => product(x.as_ref(), self.vectors.as_ref()),
        }
    }

    /// Predictions at a strength: rows × targets.
    pub(super) fn predict(&self, basis: MatRef<'_, f64>, strength: f64) -> Mat<f64> {
        let mut out = product(basis, self.shrunk(strength).as_ref());
        for (column, mean) in self.means.iter().enumerate() {
            (0..out.nrows()).for_each(|row| out[(row, column)] += mean);
        }
        out
    }

    /// Weights (columns × targets) and intercepts of the features as they are.
    pub(super) fn plain(&self, parts: &Parts, strength: f64) -> (Mat<f64>, Vec<f64>) {
        let turned = product(self.vectors.as_ref(), self.shrunk(strength).as_ref());
        let weights = match &self.rows {
            Some(rows) => product(rows.transpose(), turned.as_ref()),
            None => turned,
        };
        let (weights, taken) = self.standard.undo(parts, &weights);
        (weights, self.means.iter().zip(taken).map(|(mean, taken)| mean - taken).collect())
    }

    fn shrunk(&self, strength: f64) -> Mat<f64> {
        Mat::from_fn(self.projected.nrows(), self.projected.ncols(), |row, column| {
            self.projected[(row, column)] / (self.values[row] + strength)
        })
    }
}

/// Eigenvalues, none below 0, and the vectors as columns.
pub(super) fn eigen(square: MatRef<'_, f64>) -> Result<(Vec<f64>, Mat<f64>), ProbeError> {
    faer::set_global_parallelism(faer::Par::Seq);
    let found = square.self_adjoint_eigen(Side::Lower).map_err(|_| ProbeError::NoEigenvalues)?;
    let values = found.S().column_vector().iter().map(|value| value.max(0.0)).collect();
    Ok((values, found.U().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::Folds;

    fn fold_of(of_row: &[usize]) -> Folds {
        Folds { of_row: of_row.to_vec(), num: 2, scored: vec![1], inner: vec![] }
    }

    #[test]
    fn three_points_by_hand() {
        // x = 1, 2, 3 has mean 2 and deviation √(2/3); y = 1, 2, 4 has mean 7/3. Standardised, Σx² = 3 and Σxy = 3/√(2/3).
        let parts = Parts::new(&[1.0, 2.0, 3.0, 5.0], 1, &fold_of(&[0, 0, 0, 1])).unwrap();
        let ridge = Ridge::fit(&parts, (1, None), &[vec![1.0, 2.0, 4.0, 0.0]]).unwrap();
        let deviation = (2.0f64 / 3.0).sqrt();
        for strength in [1e-3, 1.0, 1e3] {
            let weight = 3.0 / deviation / (3.0 + strength);
            let expected = 7.0 / 3.0 + weight * (5.0 - 2.0) / deviation;
            let got = ridge.predict(ridge.basis(parts.folds[1].x.as_ref()).as_ref(), strength)[(0, 0)];
            assert!((got - expected).abs() < 1e-12, "{strength}: {got} {expected}");
        }
    }

    #[test]
    fn fewer_rows_than_columns_give_the_same_as_more() {
        // The same three points, with the column four times: its weight is spread over four, as if the strength were a quarter.
        let values: Vec<f32> = [1.0, 2.0, 3.0, 5.0].iter().flat_map(|value| [*value; 4]).collect();
        let target = [vec![1.0, 2.0, 4.0, 0.0]];
        let wide = Parts::new(&values, 4, &fold_of(&[0, 0, 0, 1])).unwrap();
        let narrow = Parts::new(&[1.0, 2.0, 3.0, 5.0], 1, &fold_of(&[0, 0, 0, 1])).unwrap();
        let told = |parts: &Parts, strength: f64| {
            let ridge = Ridge::fit(parts, (1, None), &target).unwrap();
            ridge.predict(ridge.basis(parts.folds[1].x.as_ref()).as_ref(), strength)[(0, 0)]
        };
        assert!((told(&wide, 4.0) - told(&narrow, 1.0)).abs() < 1e-12);
    }

    #[test]
    fn a_constant_column_tells_nothing() {
        let values = [0.1, 1.0, 0.1, 2.0, 0.1, 3.0, 0.1, 5.0];
        let with = Parts::new(&values, 2, &fold_of(&[0, 0, 0, 1])).unwrap();
        let standard = Standard::of(&with, (1, None));
        assert_eq!(standard.deviation[0], 1.0);
        let applied = standard.apply(with.folds[1].x.as_ref());
        assert!(applied[(0, 0)].abs() < 1e-9, "{}", applied[(0, 0)]);
    }
}
