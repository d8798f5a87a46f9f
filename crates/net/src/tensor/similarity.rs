//! How similar the maps of two channels are, and an order that puts similar channels next to each other.
//!
//! Similarity is Pearson's correlation of two maps over the same locations: it depends on where a channel responds, not on how
//! strongly. A map without variance (dead, constant) is similar to no other. Non-finite values count as the map's mean.

use super::Activation;

/// Largest side of a map when channels are ordered by similarity. Larger maps are averaged down; where a channel responds is preserved.
const MAX_SIDE: usize = 16;

/// Correlation of two maps of one size, in −1..=1; `None` where either has no variance or the sizes differ.
pub fn correlation(a: &[f32], b: &[f32]) -> Option<f64> {
    let (a, b) = (standardised(a)?, standardised(b)?);
    (a.len() == b.len()).then(|| dot(&a, &b))
}

/// Standardised maps, ready to be compared: mean 0 and length 1, so that a correlation is a dot product.
#[derive(Clone, Debug)]
pub struct StandardMaps {
    maps: Vec<Option<Vec<f32>>>,
}

impl StandardMaps {
    /// Every channel of a layer, at its full size.
    pub fn of(activation: &Activation) -> Self {
        let channels = 0..activation.shape().channels;
        Self { maps: channels.map(|channel| single(activation.channel(channel))).collect() }
    }

    /// Every channel of a layer, averaged down to at most 16 values a side.
    pub fn pooled(activation: &Activation) -> Self {
        let shape = activation.shape();
        let channels = 0..shape.channels;
        Self {
            maps: channels
                .map(|channel| single(&pool(activation.channel(channel), shape.height, shape.width)))
                .collect(),
        }
    }

    /// Standardises maps that the caller has sampled already.
    pub fn from_maps<'a>(maps: impl IntoIterator<Item = &'a [f32]>) -> Self {
        Self { maps: maps.into_iter().map(single).collect() }
    }

    /// Correlation of two channels; `None` where either doesn't exist or has no variance.
    pub fn correlation(&self, a: usize, b: usize) -> Option<f64> {
        let (a, b) = (self.maps.get(a)?.as_ref()?, self.maps.get(b)?.as_ref()?);
        Some(dot_f32(a, b))
    }

    /// The `k` channels most similar to a map of the same size, with their correlations, best first; channel `without` is left out.
    pub fn nearest_to(&self, map: &[f32], k: usize, without: Option<usize>) -> Vec<(usize, f64)> {
        let Some(wanted) = single(map) else { return Vec::new() };
        let mut found: Vec<(usize, f64)> = self
            .maps
            .iter()
            .enumerate()
            .filter(|(channel, map)| {
                Some(*channel) != without && map.as_ref().is_some_and(|map| map.len() == wanted.len())
            })
            .filter_map(|(channel, map)| Some((channel, dot_f32(map.as_ref()?, &wanted))))
            .collect();
        found.sort_by(|a, b| b.1.total_cmp(&a.1));
        found.truncate(k);
        found
    }

    /// All of `channels` in an order that puts similar ones next to each other. Beginning with the first of `channels`, each is followed
    /// by the most similar of those left (a greedy walk). Channels without variance come last, in the order given.
    ///
    /// `go_on` is called before each step; as soon as it returns false, the result is `None`.
    pub fn walk(&self, channels: &[usize], go_on: &dyn Fn() -> bool) -> Option<Vec<usize>> {
        let has_map = |channel: &usize| self.maps.get(*channel).is_some_and(Option::is_some);
        let (mut left, flat): (Vec<usize>, Vec<usize>) = channels.iter().partition(|c| has_map(c));
        let mut order = Vec::with_capacity(channels.len());
        let mut at = if left.is_empty() { None } else { Some(left.remove(0)) };
        while let Some(channel) = at {
            if !go_on() {
                return None;
            }
            order.push(channel);
            let best = left
                .iter()
                .enumerate()
                .filter_map(|(place, other)| Some((place, self.correlation(channel, *other)?)))
                // Reversed so that the first of equals wins: `max_by` returns the last one.
                .rev()
                .max_by(|a, b| a.1.total_cmp(&b.1));
            at = best.map(|(place, _)| left.remove(place));
        }
        order.extend(flat);
        Some(order)
    }
}

fn standardised(map: &[f32]) -> Option<Vec<f64>> {
    let finite = || map.iter().copied().filter(|v| v.is_finite()).map(f64::from);
    let num_finite = finite().count();
    if num_finite == 0 {
        return None;
    }
    let mean = finite().sum::<f64>() / num_finite as f64;
    let centred: Vec<f64> =
        map.iter().map(|v| if v.is_finite() { f64::from(*v) - mean } else { 0.0 }).collect();
    let length = dot(&centred, &centred).sqrt();
    // Rounding residue of the subtraction doesn't count as variance.
    let largest = finite().fold(0.0f64, |largest, v| largest.max(v.abs()));
    (length > largest * 1e-6).then(|| centred.into_iter().map(|v| v / length).collect())
}

fn single(map: &[f32]) -> Option<Vec<f32>> {
    Some(standardised(map)?.into_iter().map(|v| v as f32).collect())
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Dot product with eight running sums, so that the compiler can use SIMD registers.
fn dot_f32(a: &[f32], b: &[f32]) -> f64 {
    let (a_wide, a_rest) = a.as_chunks::<8>();
    let (b_wide, b_rest) = b.as_chunks::<8>();
    let mut sums = [0.0f32; 8];
    for (x, y) in a_wide.iter().zip(b_wide) {
        for lane in 0..8 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(x, y)| x * y).sum();
    f64::from(sums.iter().sum::<f32>() + rest)
}

/// A map averaged down to at most [`MAX_SIDE`] values a side.
fn pool(map: &[f32], height: usize, width: usize) -> Vec<f32> {
    if height <= MAX_SIDE && width <= MAX_SIDE {
        return map.to_vec();
    }
    let (rows, columns) = (height.min(MAX_SIDE), width.min(MAX_SIDE));
    let mut sums = vec![(0.0f64, 0u32); rows * columns];
    for (at, value) in map.iter().enumerate().filter(|(_, v)| v.is_finite()) {
        let (row, column) = (at / width * rows / height, at % width * columns / width);
        let sum = &mut sums[row * columns + column];
        *sum = (sum.0 + f64::from(*value), sum.1 + 1);
    }
    sums.into_iter().map(|(sum, n)| (sum / f64::from(n.max(1))) as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::MapShape;

    fn maps(maps: &[[f32; 4]]) -> Activation {
        let values: Vec<f32> = maps.iter().flatten().copied().collect();
        Activation::new("t", MapShape::new(maps.len(), 2, 2), values).unwrap()
    }

    #[test]
    fn correlation_asks_where_not_how_much() {
        let a = [0.0, 1.0, 2.0, 3.0];
        let near = |x: Option<f64>, y: f64| (x.unwrap() - y).abs() < 1e-12;
        assert!(near(correlation(&a, &[5.0, 25.0, 45.0, 65.0]), 1.0));
        assert!(near(correlation(&a, &[0.0, -1.0, -2.0, -3.0]), -1.0));
        // numpy.corrcoef([0,1,2,3], [1,0,0,1])[0,1] = 0
        assert!(near(correlation(&a, &[1.0, 0.0, 0.0, 1.0]), 0.0));
        assert_eq!(correlation(&a, &[7.0; 4]), None, "a constant map is like nothing");
        assert_eq!(correlation(&a, &[f32::NAN; 4]), None);
        assert_eq!(correlation(&a, &[1.0, 2.0]), None);
    }

    #[test]
    fn nearest_leaves_out_the_channel_itself_and_the_dead() {
        let layer = maps(&[[0., 1., 2., 3.], [0.; 4], [0., 2., 4., 7.], [3., 2., 1., 0.]]);
        let found = StandardMaps::of(&layer).nearest_to(layer.channel(0), 5, Some(0));
        assert_eq!(found.iter().map(|f| f.0).collect::<Vec<_>>(), [2, 3]);
        assert!(found[0].1 > 0.98 && found[1].1 < -0.99);
    }

    #[test]
    fn a_walk_puts_alike_maps_side_by_side_and_the_dead_last() {
        let layer = maps(&[[0., 0., 0., 1.], [1., 0., 0., 0.], [0.; 4], [0., 0., 0., 5.], [9., 0., 1., 0.]]);
        let maps = StandardMaps::pooled(&layer);
        // From 3 on: −0.33 to 1, −0.38 to 4.
        assert_eq!(maps.walk(&[0, 1, 2, 3, 4], &|| true).unwrap(), [0, 3, 1, 4, 2]);
        assert_eq!(maps.walk(&[0, 1], &|| false), None);
        assert_eq!(maps.walk(&[2], &|| true).unwrap(), [2]);
    }

    #[test]
    fn large_maps_are_averaged_down_with_every_value_counted() {
        let map: Vec<f32> = (0..33 * 40).map(|at| (at % 40) as f32).collect();
        let pooled = pool(&map, 33, 40);
        assert_eq!(pooled.len(), 256);
        assert!((pooled.iter().sum::<f32>() / 256.0 - 19.5).abs() < 0.5);
        assert!(pooled[0] < pooled[15]);
    }
}
