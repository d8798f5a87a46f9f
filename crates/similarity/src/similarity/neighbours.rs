//! Mutual nearest neighbours: how many of a picture's neighbours two layers share.

use rayon::prelude::*;

use super::error::SimilarityError;
use super::layer::{ComparedLayer, LayerNumbers};
use super::matrix::{SimilarityMatrix, Undefined};
use super::pairs::for_each_picture;
use super::products::{Centre, Rows};
use super::step::{Pace, SimilarityStep};
use super::survey::survey;

/// Cosines this close are equal: rounding must not decide between equal pictures.
const EQUAL: f64 = 1e-12;

/// A picture's neighbours, by their numbers in order, each with the share with which it is one.
type Neighbours = Vec<(u32, f64)>;

/// The `k` pictures nearest to `picture`, by similarity.
///
/// If several are equally near and not all of them are among the `k`, each counts for an equal share of the places that are left for them,
/// so that no order of the pictures decides.
fn nearest(picture: usize, similarities: &[f64], k: usize) -> Neighbours {
    let others = || similarities.iter().enumerate().filter(|(other, _)| *other != picture);
    let mut sorted: Vec<f64> = others().map(|(_, value)| *value).collect();
    if k == 0 || k > sorted.len() {
        return Vec::new();
    }
    let (_, last, _) = sorted.select_nth_unstable_by(k - 1, |a, b| b.total_cmp(a));
    let last = *last;
    let is_nearer = |value: f64| value > last + EQUAL;
    let is_equal = |value: f64| !is_nearer(value) && value >= last - EQUAL;
    let num_nearer = others().filter(|(_, value)| is_nearer(**value)).count();
    let num_equal = others().filter(|(_, value)| is_equal(**value)).count();
    let share = (k - num_nearer) as f64 / num_equal.max(1) as f64;
    let share_of = |value: f64| {
        if is_nearer(value) {
            Some(1.0)
        } else if is_equal(value) {
            Some(share)
        } else {
            None
        }
    };
    others().filter_map(|(other, value)| Some((other as u32, share_of(*value)?))).collect()
}

/// How much of their neighbours two lists have in common: the sum of the smaller shares, divided by k.
fn overlap(a: &Neighbours, b: &Neighbours, k: usize) -> f64 {
    let (mut left, mut right) = (a.iter().peekable(), b.iter().peekable());
    let mut sum = 0.0;
    while let (Some((one, share)), Some((other, its))) = (left.peek(), right.peek()) {
        match one.cmp(other) {
            std::cmp::Ordering::Less => drop(left.next()),
            std::cmp::Ordering::Greater => drop(right.next()),
            std::cmp::Ordering::Equal => {
                sum += share.min(*its);
                left.next();
                right.next();
            }
        }
    }
    sum / k as f64
}

/// The neighbours of each picture in each layer, or why there are none.
pub(super) fn neighbours(
    layers: Vec<ComparedLayer>,
    pictures: &[String],
    k: usize,
    pace: &mut Pace<'_>,
) -> Result<Vec<Result<Vec<Neighbours>, Undefined>>, SimilarityError> {
    pace.begin(SimilarityStep::Layers, layers.len() as u64)?;
    let mut found = Vec::with_capacity(layers.len());
    for layer in layers {
        found.push(match layer.numbers {
            LayerNumbers::Features(mut features) => {
                let mut rows = Rows::kept(&mut *features, pictures.len())?;
                of_features(&mut rows, &layer.name, pictures, k, pace)?
            }
            LayerNumbers::Dissimilarities(all) => Ok(of_dissimilarities(&all, pictures.len(), k)),
        });
        pace.done()?;
    }
    Ok(found)
}

fn of_features(
    rows: &mut Rows<'_>,
    layer: &str,
    pictures: &[String],
    k: usize,
    pace: &mut Pace<'_>,
) -> Result<Result<Vec<Neighbours>, Undefined>, SimilarityError> {
    let known = survey(rows, layer, pictures, pace)?;
    if let Err(undefined) = known.constant() {
        return Ok(Err(undefined));
    }
    if let Some(picture) = known.first_zero {
        return Ok(Err(Undefined::ZeroPicture {
            picture: pictures.get(picture).cloned().unwrap_or_default(),
        }));
    }
    let lengths: Vec<f64> = known.squares.iter().map(|squares| squares.sqrt()).collect();
    let mut all = Vec::with_capacity(pictures.len());
    for_each_picture(rows, Centre::Zero, pace, |picture, products| {
        // The picture's own length divides all of them, and changes no order; it makes them cosines, which are compared with `EQUAL`.
        let own = lengths[picture];
        let cosines: Vec<f64> =
            products.iter().zip(&lengths).map(|(product, length)| product / (own * length)).collect();
        all.push(nearest(picture, &cosines, k));
    })?;
    Ok(Ok(all))
}

/// The neighbours by somebody's dissimilarities.
fn of_dissimilarities(pairs: &[f64], num_pictures: usize, k: usize) -> Vec<Neighbours> {
    let scale = pairs.iter().fold(0.0, |most: f64, value| most.max(value.abs())).max(f64::MIN_POSITIVE);
    let at = |a: usize, b: usize| {
        let (low, high) = (a.min(b), a.max(b));
        if a == b {
            return 0.0;
        }
        let pair = low * num_pictures - low * (low + 1) / 2 + (high - low - 1);
        pairs.get(pair).map_or(0.0, |value| -value / scale)
    };
    let near = |picture| {
        let similarities: Vec<f64> = (0..num_pictures).map(|other| at(picture, other)).collect();
        nearest(picture, &similarities, k)
    };
    (0..num_pictures).into_par_iter().map(near).collect()
}

/// Fills in the mean overlap of each two layers.
pub(super) fn share(
    layers: &[Option<Vec<Neighbours>>],
    k: usize,
    into: &mut SimilarityMatrix,
    pace: &mut Pace<'_>,
) -> Result<(), SimilarityError> {
    pace.begin(SimilarityStep::Pairs, layers.len() as u64)?;
    for a in 0..layers.len() {
        let values: Vec<Option<f64>> = (a..layers.len())
            .into_par_iter()
            .map(|b| {
                let (left, right) = (layers[a].as_ref()?, layers[b].as_ref()?);
                let sum: f64 = left.iter().zip(right).map(|(one, other)| overlap(one, other, k)).sum();
                Some(sum / left.len().max(1) as f64)
            })
            .collect();
        for (b, value) in (a..layers.len()).zip(values) {
            into.set(a, b, if a == b { value.map(|_| 1.0) } else { value });
        }
        pace.done()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equally_near_pictures_share_the_places_left() {
        // Picture 0 is nearest to 3; 1 and 2 share the second place; 4 is far.
        assert_eq!(nearest(0, &[1.0, 0.5, 0.5, 0.9, 0.1], 2), [(1, 0.5), (2, 0.5), (3, 1.0)]);
        assert_eq!(nearest(0, &[1.0, 0.5, 0.5, 0.9, 0.1], 3), [(1, 1.0), (2, 1.0), (3, 1.0)]);
        assert_eq!(nearest(1, &[0.5, 1.0, 0.5 + 1e-15], 1), [(0, 0.5), (2, 0.5)], "rounding decides nothing");
        let a = nearest(0, &[1.0, 0.5, 0.5, 0.9, 0.1], 2);
        assert_eq!(overlap(&a, &a, 2), 1.0);
        // The other has 3 and 1 as neighbours: all of 3, half of 1.
        assert_eq!(overlap(&a, &vec![(1, 1.0), (3, 1.0)], 2), 0.75);
        assert_eq!(overlap(&a, &vec![(4, 1.0), (5, 1.0)], 2), 0.0);
    }

    #[test]
    fn dissimilarities_are_found_by_their_pair() {
        // 0–1: 1, 0–2: 5, 0–3: 6, 1–2: 4, 1–3: 7, 2–3: 2
        let near = of_dissimilarities(&[1.0, 5.0, 6.0, 4.0, 7.0, 2.0], 4, 1);
        let first: Vec<u32> = near.iter().map(|list| list[0].0).collect();
        assert_eq!(first, [1, 0, 3, 2]);
    }
}
