//! Representational similarity analysis: dissimilarities of pictures in each layer, and how alike their orders are in two layers.

use rayon::prelude::*;

use super::error::SimilarityError;
use super::layer::{ComparedLayer, LayerNumbers};
use super::matrix::{ResampleInterval, SimilarityMatrix, Undefined};
use super::pairs::for_each_picture;
use super::products::{Centre, Rows};
use super::ranks::{CentredRanks, Levels};
use super::step::{Pace, SimilarityStep};
use super::survey::survey;
use crate::tensor::Random;

/// Pictures this alike are equal: rounding must not give an order to equal pictures.
const EQUAL: f64 = 1e-12;

/// 1 − Pearson's correlation between the features of each two pictures: (0, 1), (0, 2) … (n − 2, n − 1) (Kriegeskorte, Mur and
/// Bandettini 2008, "Representational similarity analysis").
fn dissimilarities(
    rows: &mut Rows<'_>,
    layer: &str,
    pictures: &[String],
    pace: &mut Pace<'_>,
) -> Result<Result<Vec<f64>, Undefined>, SimilarityError> {
    let known = survey(rows, layer, pictures, pace)?;
    if let Err(undefined) = known.constant() {
        return Ok(Err(undefined));
    }
    if let Some(picture) = known.first_flat {
        let picture = pictures.get(picture).cloned().unwrap_or_default();
        return Ok(Err(Undefined::FlatPicture { picture }));
    }
    let lengths: Vec<f64> = known.squares_around_mean.iter().map(|squares| squares.sqrt()).collect();
    let n = pictures.len();
    let mut all = Vec::with_capacity(n * (n - 1) / 2);
    for_each_picture(rows, Centre::Pictures(&known.picture_means), pace, |picture, products| {
        for (product, other) in products.iter().zip(&lengths).skip(picture + 1) {
            let dissimilarity = 1.0 - (product / (lengths[picture] * other)).clamp(-1.0, 1.0);
            all.push(if dissimilarity < EQUAL { 0.0 } else { dissimilarity });
        }
    })?;
    Ok(Ok(all))
}

/// The levels of each layer's dissimilarities, or why there are none.
pub(super) fn levels(
    layers: Vec<ComparedLayer>,
    pictures: &[String],
    pace: &mut Pace<'_>,
) -> Result<Vec<Result<Levels, Undefined>>, SimilarityError> {
    pace.begin(SimilarityStep::Layers, layers.len() as u64)?;
    let mut found = Vec::with_capacity(layers.len());
    for layer in layers {
        let dissimilarities = match layer.numbers {
            LayerNumbers::Features(mut features) => {
                let mut rows = Rows::kept(&mut *features, pictures.len())?;
                dissimilarities(&mut rows, &layer.name, pictures, pace)?
            }
            LayerNumbers::Dissimilarities(all) => Ok(all),
        };
        found.push(dissimilarities.and_then(|all| {
            let levels = Levels::of(&all);
            if levels.are_equal() { Err(Undefined::AllEqual) } else { Ok(levels) }
        }));
        pace.done()?;
    }
    Ok(found)
}

/// Fills in Spearman's correlation of the dissimilarities of each two layers.
pub(super) fn correlate(
    levels: &[Option<Levels>],
    into: &mut SimilarityMatrix,
    pace: &mut Pace<'_>,
) -> Result<(), SimilarityError> {
    pace.begin(SimilarityStep::Pairs, 1)?;
    let n = into.num_pictures;
    let each: Vec<(usize, f64)> = (0..n * (n - 1) / 2).map(|pair| (pair, 1.0)).collect();
    for (a, b, value) in correlations(levels, &each) {
        into.set(a, b, value);
    }
    for at in (0..levels.len()).filter(|at| levels[*at].is_some()) {
        into.set(at, at, Some(1.0));
    }
    pace.done()
}

/// Spearman's correlation of each two layers, over pairs that count this often.
fn correlations(levels: &[Option<Levels>], pairs: &[(usize, f64)]) -> Vec<(usize, usize, Option<f64>)> {
    let ranks: Vec<Option<CentredRanks>> = levels
        .par_iter()
        .map(|levels| levels.as_ref().and_then(|levels| CentredRanks::new(levels.ranks(pairs), pairs)))
        .collect();
    let num = levels.len();
    let which: Vec<(usize, usize)> = (0..num).flat_map(|a| (a + 1..num).map(move |b| (a, b))).collect();
    which
        .into_par_iter()
        .map(|(a, b)| {
            let both = ranks[a].as_ref().zip(ranks[b].as_ref());
            (a, b, both.map(|(a, b)| a.correlation(b)))
        })
        .collect()
}

/// Fills in what resampled pictures give: as many pictures are drawn with replacement as there are, in one way for all layers. A pair of a
/// picture with itself has no dissimilarity and is left out (Nili et al. 2014, "A toolbox for representational similarity analysis").
pub(super) fn bootstrap(
    levels: &[Option<Levels>],
    num_resamples: usize,
    seed: u64,
    into: &mut SimilarityMatrix,
    pace: &mut Pace<'_>,
) -> Result<(), SimilarityError> {
    pace.begin(SimilarityStep::Resamples, num_resamples as u64)?;
    let n = into.num_pictures;
    let mut random = Random::new(seed);
    let mut values: Vec<Vec<f64>> = into.pairs().map(|_| Vec::with_capacity(num_resamples)).collect();
    for _ in 0..num_resamples {
        let mut counts = vec![0u32; n];
        (0..n).for_each(|_| counts[random.below(n)] += 1);
        let mut pairs = Vec::new();
        let mut pair = 0;
        for first in 0..n {
            for second in first + 1..n {
                let count = counts[first] * counts[second];
                if count > 0 {
                    pairs.push((pair, f64::from(count)));
                }
                pair += 1;
            }
        }
        for ((_, _, value), all) in correlations(levels, &pairs).into_iter().zip(&mut values) {
            all.extend(value);
        }
        pace.done()?;
    }
    for ((a, b), all) in into.pairs().zip(values) {
        into.set_interval(a, b, interval(all));
    }
    Ok(())
}

/// Percentiles as numpy has them (linear), and the deviation with n − 1.
fn interval(mut values: Vec<f64>) -> Option<ResampleInterval> {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    if n < 2 {
        return None;
    }
    let at = |share: f64| {
        let place = share * (n - 1) as f64;
        let below = place.floor() as usize;
        let (low, high) = (values[below], values[(below + 1).min(n - 1)]);
        low + (high - low) * (place - below as f64)
    };
    let mean = values.iter().sum::<f64>() / n as f64;
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let standard_error = (squares / (n - 1) as f64).sqrt();
    Some(ResampleInterval { low: at(0.025), high: at(0.975), standard_error, num_resamples: n })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_is_numpys_percentiles() {
        // numpy.percentile(range(1, 6), [2.5, 97.5]) = 1.1, 4.9; numpy.std(range(1, 6), ddof=1) = 1.5811…
        let found = interval(vec![3.0, 1.0, 5.0, 2.0, 4.0]).unwrap();
        assert!((found.low - 1.1).abs() < 1e-12 && (found.high - 4.9).abs() < 1e-12);
        assert!((found.standard_error - 2.5f64.sqrt()).abs() < 1e-12);
        assert_eq!(interval(vec![1.0]), None);
    }
}
