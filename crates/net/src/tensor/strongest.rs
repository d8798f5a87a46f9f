//! The strongest channels of a layer, without those that are much like a stronger one.

use super::{Activation, LayerStats, OrderBy};

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
        let stats = &stats.channels[channel];
        match order {
            OrderBy::Index | OrderBy::Similarity | OrderBy::Mean => stats.mean,
            OrderBy::Max => stats.max,
            OrderBy::Variance => stats.variance,
            // The fewest zeros answer most.
            OrderBy::Sparsity => -stats.zero_share,
        }
    };
    let mut channels: Vec<usize> = (0..stats.channels.len())
        .filter(|channel| stats.channels[*channel].kind == super::ChannelKind::Live)
        .collect();
    channels.sort_by(|a, b| of(*b).total_cmp(&of(*a)).then(a.cmp(b)));
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
}
