//! Centred kernel alignment of layers, debiased and in minibatches.

use rayon::prelude::*;

use super::error::SimilarityError;
use super::hsic::{centre_unbiased, hsic_unbiased};
use super::layer::LayerFeatures;
use super::matrix::Undefined;
use super::products::{Centre, Rows, products};
use super::step::{Pace, SimilarityStep};
use super::survey::survey;
use crate::tensor::Random;

/// A kernel whose debiased HSIC with itself is below this share of its mean square is nothing but rounding.
const ROUNDING: f64 = 1e-20;

/// The kernel of a CKA.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CkaKernel {
    /// Products of features.
    Linear,
    /// exp(−d²/2σ²) of the Euclidean distance d.
    Rbf {
        /// σ as a share of the median distance between two pictures.
        bandwidth: f64,
    },
}

/// Sizes of minibatches: as few as possible, of at most `most` pictures, and of sizes that differ by at most one. None has fewer than
/// four, for which a few more than `most` are taken where it must be.
pub(super) fn batch_sizes(num_pictures: usize, most: usize) -> Vec<usize> {
    let count = num_pictures.div_ceil(most.max(1)).min(num_pictures / 4).max(1);
    (0..count).map(|at| num_pictures / count + usize::from(at < num_pictures % count)).collect()
}

/// The pictures of each minibatch. If there is more than one, pictures are drawn at random, since their order may follow their labels.
pub(super) fn batches(num_pictures: usize, most: usize, seed: u64) -> Vec<Vec<usize>> {
    let sizes = batch_sizes(num_pictures, most);
    let order =
        if sizes.len() == 1 { (0..num_pictures).collect() } else { Random::new(seed).shuffled(num_pictures) };
    let mut order = order.into_iter();
    sizes.into_iter().map(|size| order.by_ref().take(size).collect()).collect()
}

/// What the pairs of layers sum up to.
pub(super) struct Alignments {
    /// Sums of HSIC, `[layers, layers]`, above and on the diagonal.
    hsic: Vec<f64>,
    num_layers: usize,
    /// Why a layer has no value.
    pub(super) undefined: Vec<Option<Undefined>>,
}

impl Alignments {
    /// The CKA of two layers.
    pub(super) fn cka(&self, a: usize, b: usize) -> Option<f64> {
        if self.undefined[a].is_some() || self.undefined[b].is_some() {
            return None;
        }
        let at = |a: usize, b: usize| self.hsic[a.min(b) * self.num_layers + a.max(b)];
        Some(if a == b { 1.0 } else { at(a, b) / (at(a, a) * at(b, b)).sqrt() })
    }
}

/// A layer on its way through the minibatches.
struct State {
    means: Vec<f64>,
    /// 2σ² of an RBF kernel, from the first minibatch on.
    width: Option<f64>,
    undefined: Option<Undefined>,
    mean_square: f64,
}

/// Computes the sums of HSIC over minibatches for all pairs of layers.
///
/// # Errors
/// Values that aren't finite, files that can't be read, an interruption.
pub(super) fn align(
    layers: &mut [(String, Box<dyn LayerFeatures>)],
    pictures: &[String],
    kernel: CkaKernel,
    batches: &[Vec<usize>],
    pace: &mut Pace<'_>,
) -> Result<Alignments, SimilarityError> {
    let num_layers = layers.len();
    pace.begin(SimilarityStep::Layers, (num_layers * (batches.len() + 1)) as u64)?;
    let mut states = Vec::with_capacity(num_layers);
    for (name, features) in layers.iter_mut() {
        let mut rows = Rows::streamed(&mut **features, pictures.len());
        let known = survey(&mut rows, name, pictures, pace)?;
        let undefined = known.constant().err();
        states.push(State { means: known.feature_means, width: None, undefined, mean_square: 0.0 });
        pace.done()?;
    }
    let mut hsic = vec![0.0; num_layers * num_layers];
    for batch in batches {
        let n = batch.len();
        let mut centred: Vec<Vec<f64>> = Vec::with_capacity(num_layers);
        for ((_, features), state) in layers.iter_mut().zip(&mut states) {
            if state.undefined.is_some() {
                centred.push(Vec::new());
                pace.done()?;
                continue;
            }
            let mut rows = Rows::streamed(&mut **features, pictures.len());
            let centre = Centre::Features(&state.means);
            let mut values = products(&mut rows, batch, batch, centre, pace)?;
            if let CkaKernel::Rbf { bandwidth } = kernel {
                to_squared_distances(&mut values, n);
                let width = *state
                    .width
                    .get_or_insert_with(|| 2.0 * bandwidth * bandwidth * median_of_pairs(&values, n));
                if width > 0.0 {
                    values.par_iter_mut().for_each(|value| *value = (-*value / width).exp());
                } else {
                    state.undefined = Some(Undefined::NoWidth);
                    values = Vec::new();
                }
            }
            state.mean_square += values.iter().map(|value| value * value).sum::<f64>() / (n * n) as f64;
            if !values.is_empty() {
                centre_unbiased(&mut values, n);
            }
            centred.push(values);
            pace.done()?;
        }
        for a in 0..num_layers {
            pace.go_on()?;
            let sums: Vec<f64> = (a..num_layers)
                .into_par_iter()
                .map(|b| {
                    let is_there = !centred[a].is_empty() && !centred[b].is_empty();
                    if is_there { hsic_unbiased(&centred[a], &centred[b], n) } else { 0.0 }
                })
                .collect();
            for (b, sum) in (a..num_layers).zip(sums) {
                hsic[a * num_layers + b] += sum;
            }
        }
    }
    let undefined = states
        .into_iter()
        .enumerate()
        .map(|(at, state)| {
            let own = hsic[at * num_layers + at];
            let is_rounding = own.is_nan() || own <= ROUNDING * state.mean_square;
            state.undefined.or_else(|| is_rounding.then_some(Undefined::NoVariance))
        })
        .collect();
    Ok(Alignments { hsic, num_layers, undefined })
}

/// From the products of all pairs to their squared distances.
fn to_squared_distances(products: &mut [f64], n: usize) {
    let squares: Vec<f64> = (0..n).map(|at| products[at * n + at]).collect();
    products.par_chunks_exact_mut(n.max(1)).enumerate().for_each(|(row, line)| {
        for (column, value) in line.iter_mut().enumerate() {
            let distance = squares[row] + squares[column] - 2.0 * *value;
            // Rounding must not make a distance negative, nor one picture's distance to itself anything but zero.
            *value = if row == column { 0.0 } else { distance.max(0.0) };
        }
    });
}

/// The median over the pairs of different pictures: as numpy's, the mean of the middle two where their number is even.
fn median_of_pairs(square: &[f64], n: usize) -> f64 {
    let mut pairs: Vec<f64> =
        (0..n).flat_map(|row| square[row * n..(row + 1) * n].iter().skip(row + 1).copied()).collect();
    if pairs.is_empty() {
        return 0.0;
    }
    let middle = pairs.len() / 2;
    let is_even = pairs.len().is_multiple_of(2);
    let (below, upper, _) = pairs.select_nth_unstable_by(middle, f64::total_cmp);
    let upper = *upper;
    if is_even { f64::midpoint(below.iter().copied().fold(0.0, f64::max), upper) } else { upper }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_hold_every_picture_once_and_are_alike_in_size() {
        assert_eq!(batch_sizes(10, 1024), [10]);
        assert_eq!(batch_sizes(2050, 1024), [684, 683, 683]);
        assert_eq!(batch_sizes(8, 4), [4, 4]);
        assert_eq!(batch_sizes(9, 4), [5, 4]);
        assert_eq!(batch_sizes(7, 4), [7]);
        assert_eq!(batches(5, 9, 1), [[0, 1, 2, 3, 4]]);
        let mut all = batches(100, 30, 1).concat();
        assert_ne!(all[..4], [0, 1, 2, 3]);
        all.sort_unstable();
        assert!(all.into_iter().eq(0..100));
    }

    #[test]
    fn a_median_is_numpys() {
        let square = [0.0, 1.0, 5.0, 1.0, 0.0, 2.0, 5.0, 2.0, 0.0];
        assert_eq!(median_of_pairs(&square, 3), 2.0);
        let square: Vec<f64> = (0..16).map(|at| f64::from(at % 4 + at / 4)).collect();
        // Pairs: 1, 2, 3, 3, 4, 5.
        assert_eq!(median_of_pairs(&square, 4), 3.0);
    }
}
