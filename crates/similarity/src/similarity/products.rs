//! Products of all pairs of pictures' features, in blocks, so that memory stays bounded for any number of pictures and any width.
//!
//! Sums are made in f64, over the features in one order: a product has the same bits whichever block it is computed in, and with any
//! number of threads.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, s};
use rayon::prelude::*;

use super::error::SimilarityError;
use super::layer::LayerFeatures;
use super::step::Pace;

/// Pictures on a side of a block of products.
const TILE: usize = 64;
/// Features that are summed at once.
pub(super) const DEPTH: usize = 256;
/// Bytes of features held at a time, twice (the rows and the columns of a block), and of products.
pub(super) const STRIP_BYTES: usize = 256 << 20;

/// What is subtracted from features before they are multiplied.
#[derive(Clone, Copy, Debug)]
pub(super) enum Centre<'a> {
    /// Nothing.
    Zero,
    /// The mean over the pictures of each feature.
    Features(&'a [f64]),
    /// The mean over the features of each picture, by the picture's number.
    Pictures(&'a [f64]),
}

/// A layer's rows.
pub(super) struct Rows<'a> {
    features: &'a mut dyn LayerFeatures,
    width: usize,
    num_pictures: usize,
    /// All rows, where they fit.
    held: Option<Vec<f32>>,
}

impl<'a> Rows<'a> {
    /// Rows that are read whenever they are needed.
    pub(super) fn streamed(features: &'a mut dyn LayerFeatures, num_pictures: usize) -> Self {
        Self { width: features.width(), features, num_pictures, held: None }
    }

    /// Rows that are needed again and again: a small layer is read at once and kept.
    pub(super) fn kept(
        features: &'a mut dyn LayerFeatures,
        num_pictures: usize,
    ) -> Result<Self, SimilarityError> {
        let mut rows = Self::streamed(features, num_pictures);
        if num_pictures.saturating_mul(rows.width).saturating_mul(4) <= 2 * STRIP_BYTES {
            let all: Vec<usize> = (0..num_pictures).collect();
            let mut values = Vec::with_capacity(num_pictures * rows.width);
            rows.features.read(&all, &mut values)?;
            rows.held = Some(values);
        }
        Ok(rows)
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn num_pictures(&self) -> usize {
        self.num_pictures
    }

    /// How many pictures' features are held at a time.
    pub(super) fn strip(&self) -> usize {
        (STRIP_BYTES / (4 * self.width.max(1))).max(1)
    }

    /// The values of some pictures, in this order.
    pub(super) fn read(&mut self, pictures: &[usize], into: &mut Vec<f32>) -> Result<(), SimilarityError> {
        into.clear();
        match &self.held {
            Some(values) => {
                for picture in pictures {
                    let from = picture * self.width;
                    into.extend(values.get(from..from + self.width).unwrap_or_default());
                }
                Ok(())
            }
            None => self.features.read(pictures, into),
        }
    }
}

/// The products of each of `down` with each of `across`, row-major, `[down.len(), across.len()]`.
pub(super) fn products(
    rows: &mut Rows<'_>,
    down: &[usize],
    across: &[usize],
    centre: Centre<'_>,
    pace: &mut Pace<'_>,
) -> Result<Vec<f64>, SimilarityError> {
    let (width, strip) = (rows.width(), rows.strip());
    let is_square = down == across;
    let mut products = vec![0.0; down.len() * across.len()];
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for (at, part) in down.chunks(strip).enumerate() {
        rows.read(part, &mut left)?;
        let first_row = at * strip * across.len();
        let lines = first_row..first_row + part.len() * across.len();
        let Some(lines) = products.get_mut(lines) else { continue };
        // Of a square matrix only what is on and above the diagonal.
        for (to, other) in across.chunks(strip).enumerate().skip(if is_square { at } else { 0 }) {
            let is_same = is_square && to == at;
            if !is_same {
                rows.read(other, &mut right)?;
            }
            for from in (0..width).step_by(DEPTH) {
                pace.go_on()?;
                let depth = DEPTH.min(width - from);
                let down_part = converted(&left, part, width, from, depth, centre);
                let across_part = (!is_same).then(|| converted(&right, other, width, from, depth, centre));
                let across_part = across_part.as_ref().unwrap_or(&down_part);
                let first_column = to * strip;
                lines.par_chunks_mut(TILE * across.len()).enumerate().for_each(|(tile, lines)| {
                    let begin = if is_same { tile * TILE } else { 0 };
                    let here = down_part.slice(s![tile * TILE..part.len().min((tile + 1) * TILE), ..]);
                    for column in (begin..other.len()).step_by(TILE) {
                        let there = across_part.slice(s![column..other.len().min(column + TILE), ..]);
                        add_product(&here, &there, lines, across.len(), first_column + column);
                    }
                });
            }
        }
    }
    if is_square {
        mirror(&mut products, down.len());
    }
    Ok(products)
}

/// Adds the products of some rows and some others to a matrix of this many columns, from `column` on.
fn add_product(
    down: &ArrayView2<'_, f64>,
    across: &ArrayView2<'_, f64>,
    into: &mut [f64],
    num_columns: usize,
    column: usize,
) {
    let mut sum = Array2::zeros((down.nrows(), across.nrows()));
    general_mat_mul(1.0, down, &across.t(), 0.0, &mut sum);
    for (line, values) in into.chunks_exact_mut(num_columns).zip(sum.outer_iter()) {
        for (to, value) in line.iter_mut().skip(column).zip(values) {
            *to += value;
        }
    }
}

/// Features `from..from + depth` of a strip's pictures, centred, in f64.
fn converted(
    strip: &[f32],
    pictures: &[usize],
    width: usize,
    from: usize,
    depth: usize,
    centre: Centre<'_>,
) -> Array2<f64> {
    let mut part = Array2::zeros((pictures.len(), depth));
    for ((mut line, picture), values) in part.outer_iter_mut().zip(pictures).zip(strip.chunks_exact(width)) {
        let values = values.get(from..from + depth).unwrap_or_default();
        let pairs = line.iter_mut().zip(values);
        match centre {
            Centre::Zero => pairs.for_each(|(to, value)| *to = f64::from(*value)),
            Centre::Features(means) => {
                let means = means.get(from..from + depth).unwrap_or_default();
                pairs.zip(means).for_each(|((to, value), mean)| *to = f64::from(*value) - mean);
            }
            Centre::Pictures(means) => {
                let mean = means.get(*picture).copied().unwrap_or_default();
                pairs.for_each(|(to, value)| *to = f64::from(*value) - mean);
            }
        }
    }
    part
}

/// Copies what is above the diagonal of a square matrix below it.
fn mirror(square: &mut [f64], side: usize) {
    for row in 1..side {
        for column in 0..row {
            square[row * side + column] = square[column * side + row];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::layer::FeaturesInMemory;
    use super::super::step::Pace;
    use super::*;

    #[test]
    fn a_product_has_the_same_bits_in_every_block() {
        let (n, width) = (150, 1100);
        let values: Vec<f32> = (0..n * width).map(|at| ((at * 7919 % 1013) as f32 - 500.0) / 37.0).collect();
        let mut features = FeaturesInMemory::new(width, values.clone());
        let all: Vec<usize> = (0..n).collect();
        let mut go_on = |_, _, _| true;
        let mut pace = Pace::new(&mut go_on);
        let mut rows = Rows::kept(&mut features, n).unwrap();
        let whole = products(&mut rows, &all, &all, Centre::Zero, &mut pace).unwrap();
        let some = [3, 149, 70, 0];
        let part = products(&mut rows, &some, &all, Centre::Zero, &mut pace).unwrap();
        for (row, picture) in some.iter().enumerate() {
            for column in 0..n {
                assert_eq!(part[row * n + column].to_bits(), whole[picture * n + column].to_bits());
            }
        }
        let exact: f64 = (0..width)
            .map(|at| f64::from(values[3 * width + at]) * f64::from(values[149 * width + at]))
            .sum();
        assert!((part[149] - exact).abs() < 1e-9 * exact.abs().max(1.0));
    }
}
