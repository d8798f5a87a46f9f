//! The strongest channels of a layer, without those that are much like a stronger one.

use std::ops::Range;

use super::{Activation, ChannelKind, LayerStats, OrderBy, responses_in};

/// Two maps with a higher correlation count as alike.
const ALIKE: f64 = 0.9;
/// The most values of a map that are compared; larger maps are sampled evenly.
const MAX_VALUES: usize = 256;
/// How many of the strongest channels are looked through, for each one that is wanted.
const LOOKED_THROUGH: usize = 12;

/// The channels with the largest statistic, strongest first, at most `num`. Dead ones and those whose map correlates with a stronger
/// one's by more than 0.9 are left out, so that the choice is various. If the order uses no statistic, it is the mean.
pub fn strongest(activation: &Activation, stats: &LayerStats, order: OrderBy, num: usize) -> Vec<usize> {
    let of = |channel: usize| {
        let key = order.statistic().key(&stats.channels[channel]).unwrap_or(0.0);
        // The fewest zeros answer most.
        if order == OrderBy::Sparsity { -key } else { key }
    };
    let mut channels: Vec<usize> = (0..stats.channels.len())
        .filter(|channel| stats.channels[*channel].kind == ChannelKind::Live)
        .collect();
    channels.sort_by(|a, b| of(*b).total_cmp(&of(*a)).then(a.cmp(b)));
    various(activation, channels, num)
}

/// The channels that answer most in a rectangle of their maps, by [`responses_in`], strongest first, at most `num`; without those that
/// answer less there than elsewhere, and without those much like a stronger one. Empty for a rectangle outside the map.
pub fn strongest_in(
    activation: &Activation,
    stats: &LayerStats,
    rows: &Range<usize>,
    columns: &Range<usize>,
    num: usize,
) -> Vec<usize> {
    let answers = responses_in(activation, stats, rows, columns);
    let mut found: Vec<usize> = (0..answers.len())
        .filter(|channel| stats.channels[*channel].kind == ChannelKind::Live && answers[*channel] > 0.0)
        .collect();
    found.sort_by(|a, b| answers[*b].total_cmp(&answers[*a]).then(a.cmp(b)));
    various(activation, found, num)
}

/// The first `num` channels without those whose map is much like an earlier one's.
fn various(activation: &Activation, channels: Vec<usize>, num: usize) -> Vec<usize> {
    let mut found: Vec<(usize, Vec<f32>)> = Vec::new();
    for channel in channels.into_iter().take(num.saturating_mul(LOOKED_THROUGH)) {
        if found.len() == num {
            break;
        }
        let map = centred(activation.channel(channel));
        let is_alike = |other: &Vec<f32>| {
            let product: f64 = map.iter().zip(other).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
            product > ALIKE
        };
        if !found.iter().any(|(_, other)| is_alike(other)) {
            found.push((channel, map));
        }
    }
    found.into_iter().map(|(channel, _)| channel).collect()
}

/// The places (row, column) of a map's highest local maxima, highest first: values above zero that no neighbour exceeds, at least a
/// quarter of the highest, and no two beside each other.
pub fn peaks(map: &[f32], height: usize, width: usize, num: usize) -> Vec<(usize, usize)> {
    let value = |row: usize, column: usize| map.get(row * width + column).copied().unwrap_or(f32::NAN);
    let near = |at: usize, length: usize| at.saturating_sub(1)..(at + 2).min(length);
    let highest = map.iter().copied().filter(|v| v.is_finite()).fold(0.0, f32::max);
    let mut found: Vec<(usize, usize)> = (0..height)
        .flat_map(|row| (0..width).map(move |column| (row, column)))
        .filter(|(row, column)| {
            let own = value(*row, *column);
            own > 0.0
                && own >= highest * 0.25
                && near(*row, height)
                    .all(|r| near(*column, width).all(|c| value(r, c).is_nan() || value(r, c) <= own))
        })
        .collect();
    found.sort_by(|a, b| value(b.0, b.1).total_cmp(&value(a.0, a.1)).then(a.cmp(b)));
    let mut apart: Vec<(usize, usize)> = Vec::new();
    for place in found {
        let is_beside =
            |other: &(usize, usize)| other.0.abs_diff(place.0) <= 1 && other.1.abs_diff(place.1) <= 1;
        if apart.len() < num && !apart.iter().any(is_beside) {
            apart.push(place);
        }
    }
    apart
}

/// A sample of a map with mean 0 and length 1, so that the product of two is their correlation.
fn centred(map: &[f32]) -> Vec<f32> {
    let sample: Vec<f32> = map
        .iter()
        .step_by(map.len().div_ceil(MAX_VALUES).max(1))
        .map(|v| if v.is_finite() { *v } else { 0.0 })
        .collect();
    let mean = sample.iter().map(|v| f64::from(*v)).sum::<f64>() / sample.len().max(1) as f64;
    let length = sample.iter().map(|v| (f64::from(*v) - mean).powi(2)).sum::<f64>().sqrt();
    sample.iter().map(|v| if length > 0.0 { ((f64::from(*v) - mean) / length) as f32 } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::MapShape;

    #[test]
    fn dead_channels_and_those_like_a_stronger_one_are_left_out() {
        let shape = MapShape { channels: 5, height: 2, width: 2 };
        let values: Vec<f32> = [
            [0.0, 0.0, 0.0, 0.0],
            [1.0, 2.0, 3.0, 4.0],
            // Twice the one before it.
            [2.0, 4.0, 6.0, 8.0],
            [4.0, 3.0, 2.0, 1.0],
            [0.0, 9.0, 0.0, 0.0],
        ]
        .concat();
        let layer = Activation::new("layer", shape, values).unwrap();
        let stats = LayerStats::of(&layer);
        assert_eq!(strongest(&layer, &stats, OrderBy::Index, 8), [2, 3, 4]);
        assert_eq!(strongest(&layer, &stats, OrderBy::Max, 2), [4, 2]);
    }

    #[test]
    fn channels_are_found_by_a_place_of_their_maps() {
        let shape = MapShape { channels: 3, height: 2, width: 2 };
        let values: Vec<f32> = [[9.0, 9.0, 9.0, 9.0], [0.0, 1.0, 0.0, 0.0], [2.0, 0.0, 0.0, 0.0]].concat();
        let layer = Activation::new("layer", shape, values).unwrap();
        let stats = LayerStats::of(&layer);
        assert_eq!(
            strongest_in(&layer, &stats, &(0..1), &(1..2), 8),
            [1],
            "a constant map isn't about a place"
        );
        assert_eq!(strongest_in(&layer, &stats, &(0..1), &(0..2), 8), [2, 1]);
        assert_eq!(strongest_in(&layer, &stats, &(5..6), &(0..2), 8), [0; 0]);
    }

    #[test]
    fn peaks_are_local_maxima_apart_from_each_other() {
        #[rustfmt::skip]
        let map = [
            1.0, 0.0, 0.0, 0.0, 5.0,
            0.0, 0.0, 0.0, 5.0, 4.0,
            9.0, 0.0, 0.0, 0.0, 0.0,
        ];
        assert_eq!(peaks(&map, 3, 5, 9), [(2, 0), (0, 4)]);
        assert_eq!(peaks(&map, 3, 5, 1), [(2, 0)]);
        assert_eq!(peaks(&[0.0; 4], 2, 2, 3), []);
    }
}
