//! From an array to the dissimilarities of all pairs.

use super::array::{Array, shape_words};

/// Differences up to this share of the largest value are rounding.
const ROUNDING: f64 = 1e-6;

/// How many pictures have this many pairs.
pub(super) fn pictures_of(pairs: u64) -> Option<u64> {
    let guess = f64::midpoint(1.0, (1.0 + 8.0 * pairs as f64).sqrt()).round() as u64;
    (guess >= 2 && guess.checked_mul(guess - 1)? / 2 == pairs).then_some(guess)
}

/// Whether a shape can be that of dissimilarities of at least three pictures: square, or a row of as many numbers as there are pairs.
pub(super) fn is_plausible(shape: &[u64]) -> bool {
    let sides: Vec<u64> = shape.iter().copied().filter(|side| *side != 1).collect();
    match sides[..] {
        [rows, columns] => rows == columns && rows > 2,
        [pairs] => pairs > 2 && pictures_of(pairs).is_some(),
        _ => false,
    }
}

/// The dissimilarities of all pairs, (0, 1), (0, 2) … (n − 2, n − 1), and n.
///
/// Understood are a square matrix that is symmetric or has only one of its triangles (the other all zeros or all NaN), and a row of the
/// pairs in this order, as scipy's and MATLAB's `pdist` have it. The diagonal must be zero or NaN.
pub(super) fn pairs(array: &Array) -> Result<(usize, Vec<f64>), String> {
    let sides: Vec<u64> = array.shape.iter().copied().filter(|side| *side != 1).collect();
    let found = match sides[..] {
        [count] => {
            let n = pictures_of(count).ok_or_else(|| {
                format!(
                    "{count} numbers are no triangle of a matrix: n pictures have n(n − 1)/2 pairs, such as 6 for 4 and 10 for 5"
                )
            })?;
            (n as usize, array.values.clone())
        }
        [rows, columns] if rows == columns => {
            let n = rows as usize;
            (n, square(array, n)?)
        }
        _ => {
            return Err(format!(
                "its shape is {}; dissimilarities are a square matrix, or one row of all pairs",
                shape_words(&array.shape)
            ));
        }
    };
    if let Some(at) = found.1.iter().position(|value| !value.is_finite()) {
        let (row, column) = pair_at(at, found.0);
        return Err(format!("the dissimilarity of pictures {row} and {column} (from 0) is {}", found.1[at]));
    }
    let largest = found.1.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    if let Some(at) = found.1.iter().position(|value| *value < -ROUNDING * largest) {
        let (row, column) = pair_at(at, found.0);
        return Err(format!(
            "the dissimilarity of pictures {row} and {column} (from 0) is {}, and none is below 0; this may be a matrix of similarities",
            found.1[at]
        ));
    }
    Ok(found)
}

fn square(array: &Array, n: usize) -> Result<Vec<f64>, String> {
    let at = |row: usize, column: usize| {
        let place = if array.is_column_major { column * n + row } else { row * n + column };
        array.values.get(place).copied().unwrap_or(f64::NAN)
    };
    let largest = array
        .values
        .iter()
        .filter(|value| value.is_finite())
        .fold(0.0, |most: f64, value| most.max(value.abs()));
    let tolerance = ROUNDING * largest;
    for picture in 0..n {
        let own = at(picture, picture);
        if own.abs() > tolerance {
            return Err(format!(
                "the dissimilarity of picture {picture} (from 0) with itself is {own}, and should be 0; this may be a matrix of similarities"
            ));
        }
    }
    let each = || (0..n).flat_map(move |row| (row + 1..n).map(move |column| (row, column)));
    let is_blank = |value: f64| value == 0.0 || value.is_nan();
    let is_upper_blank = each().all(|(row, column)| is_blank(at(row, column)));
    let is_lower_blank = each().all(|(row, column)| is_blank(at(column, row)));
    if is_lower_blank {
        return Ok(each().map(|(row, column)| at(row, column)).collect());
    }
    if is_upper_blank {
        return Ok(each().map(|(row, column)| at(column, row)).collect());
    }
    each()
        .map(|(row, column)| {
            let (one, other) = (at(row, column), at(column, row));
            if (one - other).abs() > tolerance || one.is_nan() != other.is_nan() {
                return Err(format!(
                    "it isn't symmetric: row {row}, column {column} (from 0) is {one}, and row {column}, column {row} is {other}"
                ));
            }
            Ok(one)
        })
        .collect()
}

/// The pictures of a pair.
fn pair_at(pair: usize, n: usize) -> (usize, usize) {
    let mut left = pair;
    for row in 0..n {
        let in_row = n - row - 1;
        if left < in_row {
            return (row, row + 1 + left);
        }
        left -= in_row;
    }
    (0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(shape: &[u64], values: &[f64]) -> Result<(usize, Vec<f64>), String> {
        pairs(&Array { shape: shape.to_vec(), values: values.to_vec(), is_column_major: false })
    }

    #[test]
    fn a_triangle_is_found_in_every_form() {
        const NAN: f64 = f64::NAN;
        let expected = Ok((3, vec![1.0, 2.0, 3.0]));
        assert_eq!(of(&[3], &[1.0, 2.0, 3.0]), expected);
        assert_eq!(of(&[1, 3], &[1.0, 2.0, 3.0]), expected);
        assert_eq!(of(&[3, 1], &[1.0, 2.0, 3.0]), expected);
        assert_eq!(of(&[3, 3], &[0.0, 1.0, 2.0, 1.0, 0.0, 3.0, 2.0, 3.0, 0.0]), expected);
        assert_eq!(of(&[3, 3], &[0.0, 1.0, 2.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0]), expected);
        assert_eq!(of(&[3, 3], &[NAN, 1.0, 2.0, NAN, NAN, 3.0, NAN, NAN, NAN]), expected);
        assert_eq!(of(&[3, 3], &[0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 2.0, 3.0, 0.0]), expected, "the lower one");
        let turned = Array {
            shape: vec![3, 3],
            values: vec![0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 2.0, 3.0, 0.0],
            is_column_major: true,
        };
        assert_eq!(pairs(&turned), expected);
    }

    #[test]
    fn what_is_no_matrix_of_dissimilarities_is_refused() {
        let error = |shape: &[u64], values: &[f64]| of(shape, values).unwrap_err();
        assert_eq!(
            error(&[3, 3], &[1.0, 0.5, 0.5, 0.5, 1.0, 0.5, 0.5, 0.5, 1.0]),
            "the dissimilarity of picture 0 (from 0) with itself is 1, and should be 0; this may be a matrix of similarities"
        );
        assert_eq!(
            error(&[3, 3], &[0.0, 1.0, 2.0, 1.0, 0.0, 3.0, 2.5, 3.0, 0.0]),
            "it isn't symmetric: row 0, column 2 (from 0) is 2, and row 2, column 0 is 2.5"
        );
        assert_eq!(
            error(&[4], &[1.0; 4]),
            "4 numbers are no triangle of a matrix: n pictures have n(n − 1)/2 pairs, such as 6 for 4 and 10 for 5"
        );
        assert_eq!(
            error(&[2, 3], &[1.0; 6]),
            "its shape is 2×3; dissimilarities are a square matrix, or one row of all pairs"
        );
        assert_eq!(
            error(&[5, 3, 3], &[0.0; 45]),
            "its shape is 5×3×3; dissimilarities are a square matrix, or one row of all pairs"
        );
        assert_eq!(
            error(&[3], &[1.0, f64::NAN, 1.0]),
            "the dissimilarity of pictures 0 and 2 (from 0) is NaN"
        );
        let infinite = error(&[3, 3], &[0.0, 1.0, 2.0, 0.0, 0.0, f64::INFINITY, 0.0, 0.0, 0.0]);
        assert_eq!(infinite, "the dissimilarity of pictures 1 and 2 (from 0) is inf");
    }

    #[test]
    fn what_is_below_zero_is_no_dissimilarity() {
        let words = "the dissimilarity of pictures 0 and 2 (from 0) is -0.2, and none is below 0; this may be a matrix of similarities";
        assert_eq!(of(&[3], &[0.5, -0.2, 1.0]), Err(words.to_owned()));
        assert_eq!(of(&[3, 3], &[0.0, 0.5, -0.2, 0.5, 0.0, 1.0, -0.2, 1.0, 0.0]), Err(words.to_owned()));
        assert!(of(&[3], &[0.5, -1e-17, 1.0]).is_ok(), "rounding");
    }

    #[test]
    fn numbers_of_pairs_are_known() {
        assert_eq!([1, 3, 6, 10].map(pictures_of), [Some(2), Some(3), Some(4), Some(5)]);
        assert_eq!([0, 2, 4, u64::MAX].map(pictures_of), [None; 4]);
    }
}
