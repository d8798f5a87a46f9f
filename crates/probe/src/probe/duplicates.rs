//! Rows that are nearly the same on both sides of a split: a head that remembers one knows the other.

use faer::Mat;

use super::error::ProbeError;
use super::folds::{Folds, check_extent};
use super::matrix::product;

/// Rows whose features, with each column's mean taken away, have a cosine above this are nearly the same.
pub const DUPLICATE_COSINE: f64 = 0.95;
/// Scored rows that are looked at; of more, evenly spaced ones.
const MOST_LOOKED_AT: usize = 2000;

/// What was found.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Duplicates {
    /// Scored rows that have a near duplicate among the rows fitted on.
    pub count: usize,
    /// Of how many that were looked at.
    pub of: usize,
    /// The first ones: the scored row, its nearest row among those fitted on, their cosine.
    pub named: Vec<(usize, usize, f64)>,
}

/// Counts scored rows with a near duplicate among the rows that their head was fitted on. rows × width numbers, row-major.
///
/// # Errors
/// Numbers that are not rows × width.
pub fn count_duplicates(values: &[f32], width: usize, folds: &Folds) -> Result<Duplicates, ProbeError> {
    use rayon::prelude::*;
    let num_rows = folds.of_row.len();
    check_extent("numbers", values.len(), num_rows * width)?;
    check_extent("rows without numbers", usize::from(width == 0), 0)?;
    let mut means = vec![0.0f64; width];
    for row in values.chunks_exact(width) {
        means.iter_mut().zip(row).for_each(|(mean, value)| *mean += f64::from(*value) / num_rows as f64);
    }
    // Unit rows as columns, so that a block of them lies together.
    let mut unit =
        Mat::from_fn(width, num_rows, |column, row| f64::from(values[row * width + column]) - means[column]);
    for row in 0..num_rows {
        let length = unit.col(row).iter().map(|value| value * value).sum::<f64>().sqrt();
        if length > 0.0 {
            (0..width).for_each(|column| unit[(column, row)] /= length);
        }
    }
    let scored = folds.scored_rows();
    let step = scored.len().div_ceil(MOST_LOOKED_AT).max(1);
    let looked_at: Vec<usize> = scored.into_iter().step_by(step).collect();
    let found: Vec<Vec<(usize, usize, f64)>> = looked_at
        .par_chunks(64)
        .map(|rows| {
            let asked = Mat::from_fn(width, rows.len(), |column, at| unit[(column, rows[at])]);
            let cosines = product(asked.transpose(), unit.as_ref());
            rows.iter()
                .enumerate()
                .filter_map(|(at, row)| {
                    let others = (0..num_rows).filter(|other| folds.of_row[*other] != folds.of_row[*row]);
                    let near = others.map(|other| (other, cosines[(at, other)]));
                    let best = near.fold(None, |best: Option<(usize, f64)>, (other, cosine)| match best {
                        Some((_, most)) if most >= cosine => best,
                        _ => Some((other, cosine)),
                    });
                    best.filter(|(_, cosine)| *cosine > DUPLICATE_COSINE)
                        .map(|(other, cosine)| (*row, other, cosine))
                })
                .collect()
        })
        .collect();
    let all: Vec<_> = found.into_iter().flatten().collect();
    Ok(Duplicates { count: all.len(), of: looked_at.len(), named: all.into_iter().take(5).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_that_are_nearly_the_same_on_both_sides_are_counted_and_named() {
        // Six rows in all directions, and rows 2 and 5 the same but for a little.
        let rows = [[1.0, 0.0], [-1.0, 0.1], [0.5, 0.9], [0.0, -1.0], [-0.5, 0.4], [0.5, 0.91]];
        let values: Vec<f32> = rows.concat();
        let folds =
            |of_row: [usize; 6]| Folds { of_row: of_row.to_vec(), num: 2, scored: vec![0, 1], inner: vec![] };
        let found = count_duplicates(&values, 2, &folds([0, 0, 0, 1, 1, 1])).unwrap();
        let pairs: Vec<(usize, usize)> = found.named.iter().map(|(row, other, _)| (*row, *other)).collect();
        assert_eq!((found.count, found.of, pairs), (2, 6, vec![(2, 5), (5, 2)]));
        let together = count_duplicates(&values, 2, &folds([0, 1, 0, 1, 1, 0])).unwrap();
        assert_eq!(together.count, 0, "{together:?}");
        assert!(count_duplicates(&values, 3, &folds([0; 6])).is_err());
    }
}
