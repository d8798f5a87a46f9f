//! Statistics of a layer, channel by channel, and what counts as dead, constant or broken.
//!
//! Owns the thresholds, so that "dead" means the same in a picture, a table and a feature file.

use serde::Serialize;

use super::Activation;

/// A channel is dead where its largest magnitude is at most this share of the layer's largest: rounding residue isn't signal.
pub const DEAD_SHARE: f32 = 1e-6;
/// A channel is constant where max − min is at most this share of the layer's largest magnitude.
pub const CONSTANT_SHARE: f32 = 1e-6;

/// How a channel responds to one picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// Finite and varying.
    Live,
    /// Zero everywhere, apart from rounding residue.
    Dead,
    /// One value everywhere, not zero.
    Constant,
    /// Holds NaN.
    Nan,
    /// Holds an infinity.
    Infinite,
}

impl ChannelKind {
    /// One word to show to users.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Dead => "dead",
            Self::Constant => "constant",
            Self::Nan => "NaN",
            Self::Infinite => "infinite",
        }
    }
}

/// Statistics of one channel, from its finite values only (all zero when it has none).
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct ChannelStats {
    /// Smallest finite value.
    pub min: f32,
    /// Largest finite value.
    pub max: f32,
    /// Mean of the finite values.
    pub mean: f32,
    /// Variance of the finite values about their mean (divided by their number).
    pub variance: f32,
    /// Row of the largest value (the first in reading order).
    pub max_row: usize,
    /// Column of the largest value.
    pub max_column: usize,
    /// Share of exact zeros among all values.
    pub zero_share: f32,
    /// How the channel responds.
    pub kind: ChannelKind,
}

/// Number of a layer's channels of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct KindCounts {
    /// Finite and varying.
    pub live: usize,
    /// All zero.
    pub dead: usize,
    /// One value.
    pub constant: usize,
    /// With NaN.
    pub nan: usize,
    /// With an infinity.
    pub infinite: usize,
}

/// Statistics of a layer and of each of its channels.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LayerStats {
    /// Statistics of each channel, in channel order.
    pub channels: Vec<ChannelStats>,
    /// Channels by kind.
    pub counts: KindCounts,
    /// Smallest finite value of the layer (0 if there is none).
    pub min: f32,
    /// Largest finite value of the layer (0 if there is none).
    pub max: f32,
    /// Mean of all finite values.
    pub mean: f32,
    /// Variance of all finite values about that mean.
    pub variance: f32,
    /// Share of exact zeros.
    pub zero_share: f32,
}

impl LayerStats {
    /// Statistics of a whole layer.
    pub fn of(activation: &Activation) -> Self {
        let shape = activation.shape();
        let raw: Vec<RawStats> =
            (0..shape.channels).map(|channel| RawStats::of(activation.channel(channel))).collect();
        let finite = raw.iter().filter(|r| r.num_finite > 0);
        let (min, max) = finite
            .fold(None, |range: Option<(f32, f32)>, r| {
                Some(range.map_or((r.min, r.max), |(lo, hi)| (lo.min(r.min), hi.max(r.max))))
            })
            .unwrap_or((0.0, 0.0));
        let largest = min.abs().max(max.abs());
        let mut counts = KindCounts::default();
        let channels: Vec<ChannelStats> = raw
            .iter()
            .map(|r| {
                let kind = r.kind(largest);
                *match kind {
                    ChannelKind::Live => &mut counts.live,
                    ChannelKind::Dead => &mut counts.dead,
                    ChannelKind::Constant => &mut counts.constant,
                    ChannelKind::Nan => &mut counts.nan,
                    ChannelKind::Infinite => &mut counts.infinite,
                } += 1;
                ChannelStats {
                    min: r.min,
                    max: r.max,
                    mean: r.mean as f32,
                    variance: r.variance as f32,
                    max_row: r.max_at / shape.width.max(1),
                    max_column: r.max_at % shape.width.max(1),
                    zero_share: r.num_zero as f32 / shape.plane().max(1) as f32,
                    kind,
                }
            })
            .collect();
        let num_zero: usize = raw.iter().map(|r| r.num_zero).sum();
        let num_finite = raw.iter().map(|r| r.num_finite).sum::<usize>().max(1) as f64;
        let mean = raw.iter().map(|r| r.mean * r.num_finite as f64).sum::<f64>() / num_finite;
        // The variance within each channel plus the variance between the channels' means.
        let spread = |r: &RawStats| (r.variance + (r.mean - mean).powi(2)) * r.num_finite as f64;
        let variance = raw.iter().map(spread).sum::<f64>() / num_finite;
        Self {
            channels,
            counts,
            min,
            max,
            mean: mean as f32,
            variance: variance as f32,
            zero_share: num_zero as f32 / shape.len().max(1) as f32,
        }
    }

    /// Share of the channels that are dead.
    pub fn dead_share(&self) -> f32 {
        self.counts.dead as f32 / self.channels.len().max(1) as f32
    }

    /// Whether the layer holds a negative value beyond rounding residue, so that zero belongs in the middle of its colour scale.
    pub fn is_signed(&self) -> bool {
        self.min < -DEAD_SHARE * self.max.abs().max(self.min.abs())
    }
}

/// Statistics of one map before the range of the whole layer is known.
struct RawStats {
    min: f32,
    max: f32,
    mean: f64,
    variance: f64,
    max_at: usize,
    num_zero: usize,
    num_finite: usize,
    broken: Option<ChannelKind>,
}

impl RawStats {
    fn of(map: &[f32]) -> Self {
        let (mut min, mut max, mut max_at) = (f32::INFINITY, f32::NEG_INFINITY, 0);
        let (mut sum, mut num_zero, mut num_finite) = (0.0f64, 0, 0);
        let mut broken = None;
        for (at, &value) in map.iter().enumerate() {
            if !value.is_finite() {
                if value.is_nan() {
                    broken = Some(ChannelKind::Nan);
                } else if broken.is_none() {
                    broken = Some(ChannelKind::Infinite);
                }
                continue;
            }
            num_finite += 1;
            num_zero += usize::from(value == 0.0);
            sum += f64::from(value);
            min = min.min(value);
            if value > max {
                (max, max_at) = (value, at);
            }
        }
        if num_finite == 0 {
            return Self {
                min: 0.0,
                max: 0.0,
                mean: 0.0,
                variance: 0.0,
                max_at: 0,
                num_zero,
                num_finite,
                broken,
            };
        }
        let mean = sum / num_finite as f64;
        // A second pass, because a sum of squares would lose a small variance to rounding.
        let about_mean =
            |value: &f32| if value.is_finite() { (f64::from(*value) - mean).powi(2) } else { 0.0 };
        let variance = map.iter().map(about_mean).sum::<f64>() / num_finite as f64;
        Self { min, max, mean, variance, max_at, num_zero, num_finite, broken }
    }

    fn kind(&self, largest_of_layer: f32) -> ChannelKind {
        match self.broken {
            Some(kind) => kind,
            None if self.min.abs().max(self.max.abs()) <= DEAD_SHARE * largest_of_layer => ChannelKind::Dead,
            None if self.max - self.min <= CONSTANT_SHARE * largest_of_layer => ChannelKind::Constant,
            None => ChannelKind::Live,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ChannelKind::{Constant, Dead, Infinite, Live, Nan};
    use super::*;
    use crate::tensor::MapShape;

    fn layer(channels: usize, values: &[f32]) -> LayerStats {
        let width = values.len() / channels;
        let shape = MapShape::new(channels, 1, width);
        LayerStats::of(&Activation::new("t", shape, values.to_vec()).unwrap())
    }

    #[test]
    fn every_kind_is_told_apart_and_counted() {
        let stats = layer(6, &[0.0, 0.0, 1.0, 2.0, 3.0, 3.0, f32::NAN, 1.0, f32::INFINITY, 1.0, 1e-7, -1e-7]);
        let kinds: Vec<_> = stats.channels.iter().map(|f| f.kind).collect();
        assert_eq!(kinds, [Dead, Live, Constant, Nan, Infinite, Dead]);
        assert_eq!(stats.counts, KindCounts { live: 1, dead: 2, constant: 1, nan: 1, infinite: 1 });
        assert_eq!((stats.min, stats.max), (-1e-7, 3.0));
        assert!(!stats.is_signed(), "residue below zero does not make a layer signed");
    }

    #[test]
    fn a_layer_of_zeros_is_dead_not_constant() {
        let stats = layer(2, &[0.0; 4]);
        assert_eq!(stats.counts.dead, 2);
        assert_eq!((stats.min, stats.max, stats.zero_share), (0.0, 0.0, 1.0));
    }

    #[test]
    fn position_of_the_largest_value_is_row_and_column() {
        let shape = MapShape::new(1, 2, 3);
        let act = Activation::new("t", shape, vec![0.0, 1.0, 2.0, 3.0, 9.0, 4.0]).unwrap();
        let f = LayerStats::of(&act).channels[0];
        assert_eq!((f.max_row, f.max_column, f.mean), (1, 1, 19.0 / 6.0));
    }

    #[test]
    fn variances_are_those_of_the_values() {
        let stats = layer(2, &[1.0, 3.0, f32::NAN, 10.0]);
        assert_eq!((stats.channels[0].variance, stats.channels[1].variance), (1.0, 0.0));
        // Of 1, 3 and 10: mean 14/3, variance 134/9.
        assert!((stats.mean - 14.0 / 3.0).abs() < 1e-6 && (stats.variance - 134.0 / 9.0).abs() < 1e-5);
    }
}
