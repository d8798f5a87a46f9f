//! How a layer's map becomes a feature: kept whole, or pooled to one number per channel; and the bytes as they are stored.

use std::str::FromStr;

use half::f16;

use crate::tensor::{Activation, AxisOrder, Dtype, FeatureLayout, MapShape};

/// The exponent of generalised-mean pooling if none is given: that of its authors (Radenović et al. 2018).
const GEM_POWER: f64 = 3.0;
/// Values below this count as this in generalised-mean pooling, so that their power is defined.
const GEM_FLOOR: f64 = 1e-6;
/// The largest exponent: above it, f64 overflows on ordinary values, and the result is the maximum anyway.
pub(super) const MAX_GEM_POWER: f64 = 64.0;

/// How a map is pooled.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Pool {
    /// The map as it is.
    None,
    /// The mean of each channel.
    Avg,
    /// The largest value of each channel; NaN if one is NaN.
    Max,
    /// The generalised mean of each channel: `mean(max(x, 1e-6)^p)^(1/p)`.
    Gem {
        /// The exponent `p`.
        power: f64,
    },
    /// All values of the map in one row, in the chosen order of its axes.
    Flatten,
}

/// A word that is not the name of a pooling.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("pooling `{0}`: expected none, avg, max, gem, gem:POWER (1 to {MAX_GEM_POWER}) or flatten")]
pub struct UnknownPool(String);

impl FromStr for Pool {
    type Err = UnknownPool;

    fn from_str(text: &str) -> Result<Self, UnknownPool> {
        let plain = text.trim().to_lowercase();
        match plain.as_str() {
            "none" => Ok(Self::None),
            "avg" => Ok(Self::Avg),
            "max" => Ok(Self::Max),
            "gem" => Ok(Self::Gem { power: GEM_POWER }),
            "flatten" => Ok(Self::Flatten),
            _ => plain
                .strip_prefix("gem:")
                .and_then(|power| power.parse().ok())
                .filter(|power| (1.0..=MAX_GEM_POWER).contains(power))
                .map(|power| Self::Gem { power })
                .ok_or_else(|| UnknownPool(text.to_owned())),
        }
    }
}

impl std::fmt::Display for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Avg => f.write_str("avg"),
            Self::Max => f.write_str("max"),
            Self::Gem { power } => write!(f, "gem:{power}"),
            Self::Flatten => f.write_str("flatten"),
        }
    }
}

/// How a layer's values become what is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Encoding {
    /// How the map is pooled.
    pub pool: Pool,
    /// The order of a map's axes.
    pub order: AxisOrder,
    /// The type of the numbers.
    pub dtype: Dtype,
}

impl Encoding {
    /// Shape and type of the feature that is made of a map.
    pub fn layout(&self, map: MapShape) -> FeatureLayout {
        let MapShape { channels, height, width } = map;
        let shape = match (self.pool, self.order) {
            (Pool::None, AxisOrder::Hwc) => vec![height, width, channels],
            (Pool::None, AxisOrder::Chw) => vec![channels, height, width],
            (Pool::Flatten, _) => vec![map.len()],
            (Pool::Avg | Pool::Max | Pool::Gem { .. }, _) => vec![channels],
        };
        FeatureLayout { shape, dtype: self.dtype }
    }

    /// Whether the feature's shape depends only on the layer, and not on the picture's size.
    pub const fn is_independent_of_size(&self) -> bool {
        matches!(self.pool, Pool::Avg | Pool::Max | Pool::Gem { .. })
    }

    /// Appends the feature's bytes, little-endian. Returns how many values were too large for f16.
    pub fn encode(&self, activation: &Activation, bytes: &mut Vec<u8>) -> u64 {
        let shape = activation.shape();
        let filters = (0..shape.channels).map(|channel| activation.channel(channel));
        let values = activation.values();
        match (self.pool, self.order) {
            (Pool::Avg, _) => self.store(filters.map(mean), bytes),
            (Pool::Max, _) => self.store(filters.map(largest), bytes),
            (Pool::Gem { power }, _) => self.store(filters.map(|x| generalised_mean(x, power)), bytes),
            (Pool::None | Pool::Flatten, AxisOrder::Chw) => self.store(values.iter().copied(), bytes),
            (Pool::None | Pool::Flatten, AxisOrder::Hwc) => {
                let plane = shape.plane();
                let across =
                    |position| (0..shape.channels).map(move |channel| values[channel * plane + position]);
                self.store((0..plane).flat_map(across), bytes)
            }
        }
    }

    fn store(&self, values: impl Iterator<Item = f32>, bytes: &mut Vec<u8>) -> u64 {
        match self.dtype {
            Dtype::F32 => {
                values.for_each(|value| bytes.extend(value.to_le_bytes()));
                0
            }
            Dtype::F16 => {
                let mut num_overflows = 0;
                for value in values {
                    let stored = f16::from_f32(value);
                    num_overflows += u64::from(stored.is_infinite() && value.is_finite());
                    bytes.extend(stored.to_le_bytes());
                }
                num_overflows
            }
        }
    }
}

/// A message about values that were too large for f16.
pub fn overflow_words(num: u64) -> String {
    let (values, are) = if num == 1 { ("value", "is") } else { ("values", "are") };
    format!(
        "{num} {values} {are} too large for f16, whose largest number is {}, and stored as infinite",
        f16::MAX
    )
}

/// The sum is taken in f64 and in order, so that the result depends on nothing but the values.
fn mean(values: &[f32]) -> f32 {
    (values.iter().map(|x| f64::from(*x)).sum::<f64>() / values.len() as f64) as f32
}

fn largest(values: &[f32]) -> f32 {
    values.iter().copied().fold(f32::NEG_INFINITY, |a, b| if b > a || b.is_nan() { b } else { a })
}

fn generalised_mean(values: &[f32], power: f64) -> f32 {
    // `f64::max` would replace NaN by the floor.
    let floored = |x: f64| if x < GEM_FLOOR { GEM_FLOOR } else { x };
    let sum: f64 = values.iter().map(|x| floored(f64::from(*x)).powf(power)).sum();
    (sum / values.len() as f64).powf(power.recip()) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(pool: Pool, order: AxisOrder) -> Vec<f32> {
        let map = Activation::new("x", MapShape::new(2, 1, 3), [1.0, 2.0, 6.0, -1.0, 0.0, 4.0]).unwrap();
        let encoding = Encoding { pool, order, dtype: Dtype::F32 };
        let mut bytes = Vec::new();
        assert_eq!(encoding.encode(&map, &mut bytes), 0);
        assert_eq!(bytes.len(), encoding.layout(map.shape()).num_bytes());
        bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect()
    }

    #[test]
    fn maps_are_pooled_and_ordered() {
        let (hwc, chw) = (AxisOrder::Hwc, AxisOrder::Chw);
        assert_eq!(encode(Pool::Avg, hwc), [3.0, 1.0]);
        assert_eq!(encode(Pool::Max, chw), [6.0, 4.0]);
        assert_eq!(encode(Pool::None, chw), [1.0, 2.0, 6.0, -1.0, 0.0, 4.0]);
        assert_eq!(encode(Pool::Flatten, hwc), [1.0, -1.0, 2.0, 0.0, 6.0, 4.0]);
        // (1 + 8 + 216) / 3 = 75, and 64 / 3.
        let gem = encode("gem".parse().unwrap(), hwc);
        assert!(
            (gem[0] - 75f32.cbrt()).abs() < 1e-6 && (gem[1] - (64f32 / 3.0).cbrt()).abs() < 1e-6,
            "{gem:?}"
        );
    }

    #[test]
    fn what_is_no_number_stays_none() {
        assert!(largest(&[1.0, f32::NAN, 2.0]).is_nan());
        assert!(mean(&[1.0, f32::NAN]).is_nan());
        assert!(generalised_mean(&[1.0, f32::NAN], 3.0).is_nan());
        let map = Activation::new("x", MapShape::new(1, 1, 2), [1e6, f32::INFINITY]).unwrap();
        let encoding = Encoding { pool: Pool::None, order: AxisOrder::Hwc, dtype: Dtype::F16 };
        assert_eq!(encoding.encode(&map, &mut Vec::new()), 1, "infinity was infinity before");
    }

    #[test]
    fn words_are_read() {
        for word in ["none", "avg", "max", "gem:3", "gem:1.5", "flatten"] {
            assert_eq!(word.parse::<Pool>().unwrap().to_string(), word);
        }
        assert_eq!("gem".parse(), Ok(Pool::Gem { power: 3.0 }));
        for word in ["mean", "gem:0", "gem:NaN", "gem:99", ""] {
            assert!(word.parse::<Pool>().is_err(), "{word}");
        }
    }
}
