//! A layer's output for one picture, and the network's input for a batch of pictures.

use super::Remedied;
use std::sync::Arc;

/// Extent of a layer's feature maps for one picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub struct MapShape {
    /// Number of channels.
    pub channels: usize,
    /// Rows of each map.
    pub height: usize,
    /// Columns of each map.
    pub width: usize,
}

impl MapShape {
    /// A shape from channels, rows and columns.
    pub const fn new(channels: usize, height: usize, width: usize) -> Self {
        Self { channels, height, width }
    }

    /// Number of values in one channel's map.
    pub const fn plane(&self) -> usize {
        self.height * self.width
    }

    /// Number of values in the whole layer.
    pub const fn len(&self) -> usize {
        self.channels * self.plane()
    }

    /// Number of values in the whole layer; `None` if it is too large to count.
    pub const fn checked_len(&self) -> Option<usize> {
        match self.height.checked_mul(self.width) {
            Some(plane) => self.channels.checked_mul(plane),
            None => None,
        }
    }

    /// Whether the layer holds no value.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl std::fmt::Display for MapShape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}×{}×{}", self.channels, self.height, self.width)
    }
}

/// The number of values doesn't match the shape given with them.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{what}: expected {expected} values for shape {shape}, got {got}")]
pub struct ShapeMismatch {
    /// What the values were meant to be.
    pub what: String,
    /// The shape, printed.
    pub shape: String,
    /// Number of values the shape holds.
    pub expected: usize,
    /// Number of values that were given.
    pub got: usize,
}

impl Remedied for ShapeMismatch {}

/// One layer's output for one picture: `[C, H, W]`, row-major f32. Cloning shares the values.
#[derive(Clone, Debug, PartialEq)]
pub struct Activation {
    name: String,
    shape: MapShape,
    values: Arc<[f32]>,
}

impl Activation {
    /// Values in CHW order under the layer's name.
    pub fn new(
        name: impl Into<String>,
        shape: MapShape,
        values: impl Into<Arc<[f32]>>,
    ) -> Result<Self, ShapeMismatch> {
        let (name, values) = (name.into(), values.into());
        if Some(values.len()) != shape.checked_len() {
            return Err(ShapeMismatch {
                what: format!("activation `{name}`"),
                shape: shape.to_string(),
                expected: shape.checked_len().unwrap_or(usize::MAX),
                got: values.len(),
            });
        }
        Ok(Self { name, shape, values })
    }

    /// The layer's name in its graph.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Channels, rows, columns.
    pub fn shape(&self) -> MapShape {
        self.shape
    }

    /// All values, CHW.
    pub fn values(&self) -> &[f32] {
        &self.values
    }

    /// One channel's map, `H·W` values, row-major; empty where the channel doesn't exist.
    pub fn channel(&self, channel: usize) -> &[f32] {
        let plane = self.shape.plane();
        // A number that no layer reaches may not wrap around to a channel that is there.
        let start = channel.checked_mul(plane);
        let range = start.and_then(|start| Some(start..start.checked_add(plane)?));
        range.and_then(|range| self.values.get(range)).unwrap_or(&[])
    }

    /// The mean over all channels at each location, `H·W` values, row-major. Only finite values count; where there are none, it is zero.
    pub fn mean_map(&self) -> Vec<f32> {
        let mut sums = vec![(0.0f64, 0u32); self.shape.plane()];
        for channel in 0..self.shape.channels {
            for (sum, value) in sums.iter_mut().zip(self.channel(channel)).filter(|(_, v)| v.is_finite()) {
                *sum = (sum.0 + f64::from(*value), sum.1 + 1);
            }
        }
        sums.into_iter().map(|(sum, n)| if n > 0 { (sum / f64::from(n)) as f32 } else { 0.0 }).collect()
    }

    /// The difference of two layers, value by value: `self − other`, under the name of `self`, or `A − B` if they have other names.
    ///
    /// # Errors
    /// If the two layers have different shapes.
    pub fn minus(&self, other: &Self) -> Result<Self, ShapeMismatch> {
        if self.shape != other.shape {
            return Err(ShapeMismatch {
                what: format!("difference of `{}` and `{}`", self.name, other.name),
                shape: self.shape.to_string(),
                expected: self.shape.len(),
                got: other.shape.len(),
            });
        }
        let values: Vec<f32> = self.values.iter().zip(other.values.iter()).map(|(a, b)| a - b).collect();
        let name = if self.name == other.name {
            self.name.clone()
        } else {
            difference_name(&self.name, &other.name)
        };
        Self::new(name, self.shape, values)
    }

    /// The value of a channel at a location; `None` if the channel or the location doesn't exist.
    pub fn value(&self, channel: usize, row: usize, column: usize) -> Option<f32> {
        (row < self.shape.height && column < self.shape.width)
            .then(|| self.channel(channel).get(row * self.shape.width + column).copied())
            .flatten()
    }
}

/// The name of the difference of two layers.
fn difference_name(a: &str, b: &str) -> String {
    format!("{a}{MINUS}{b}")
}

/// The names of the two layers whose difference has this name.
#[must_use]
pub fn layers_of_difference(name: &str) -> Option<(&str, &str)> {
    name.split_once(MINUS)
}

const MINUS: &str = " − ";

/// Preprocessed pictures, ready as input of a network: `[N, 3, H, W]`, row-major f32. Cloning shares the values.
#[derive(Clone, Debug, PartialEq)]
pub struct InputBatch {
    num_images: usize,
    height: usize,
    width: usize,
    values: Arc<[f32]>,
}

impl InputBatch {
    /// Values in NCHW order, three channels.
    pub fn new(
        num_images: usize,
        height: usize,
        width: usize,
        values: impl Into<Arc<[f32]>>,
    ) -> Result<Self, ShapeMismatch> {
        let values = values.into();
        let expected =
            [3, height, width].into_iter().try_fold(num_images, usize::checked_mul).unwrap_or(usize::MAX);
        if values.len() != expected || expected == 0 {
            return Err(ShapeMismatch {
                what: "network input".into(),
                shape: format!("{num_images}×3×{height}×{width}"),
                expected,
                got: values.len(),
            });
        }
        Ok(Self { num_images, height, width, values })
    }

    /// The pictures in batches of at most `most`, in order.
    pub fn parts(&self, most: usize) -> impl Iterator<Item = Self> + '_ {
        let Self { height, width, .. } = *self;
        let picture = 3 * height * width;
        self.values.chunks(most.max(1) * picture).map(move |values| Self {
            num_images: values.len() / picture,
            height,
            width,
            values: values.into(),
        })
    }

    /// Joins several batches of equally large pictures into one, in order.
    pub fn stack(batches: &[Self]) -> Result<Self, ShapeMismatch> {
        let (height, width) = batches.first().map_or((0, 0), |b| (b.height, b.width));
        if let Some(odd) = batches.iter().find(|b| (b.height, b.width) != (height, width)) {
            return Err(ShapeMismatch {
                what: "batch of pictures of one size".into(),
                shape: format!("3×{height}×{width}"),
                expected: 3 * height * width,
                got: 3 * odd.height * odd.width,
            });
        }
        let num_images = batches.iter().map(|b| b.num_images).sum();
        let values: Vec<f32> = batches.iter().flat_map(|b| b.values.iter().copied()).collect();
        Self::new(num_images, height, width, values)
    }

    /// Pictures in the batch.
    pub fn num_images(&self) -> usize {
        self.num_images
    }

    /// Rows of each picture.
    pub fn height(&self) -> usize {
        self.height
    }

    /// Columns of each picture.
    pub fn width(&self) -> usize {
        self.width
    }

    /// All values, NCHW.
    pub fn values(&self) -> &[f32] {
        &self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(values: &[f32]) -> Activation {
        Activation::new("t", MapShape::new(2, 1, values.len() / 2), values.to_vec()).unwrap()
    }

    /// A product of such numbers wraps around in a program that doesn't check for it.
    #[test]
    fn numbers_too_large_to_count_are_errors_and_not_small_ones() {
        let layer = Activation::new("t", MapShape::new(2, 4, 4), vec![1.0; 32]).unwrap();
        assert_eq!(layer.channel(1 << 60), [0.0; 0]);
        assert!(Activation::new("t", MapShape::new(1 << 33, 1 << 33, 1), Vec::new()).is_err());
        assert!(InputBatch::new((1 << 62) + 1, 4, 1, vec![0.0; 12]).is_err());
    }

    #[test]
    fn differences_are_value_by_value_and_shapes_must_agree() {
        let (a, b) = (layer(&[1.0, 2.0, 3.0, f32::NAN]), layer(&[0.5, 2.0, 5.0, 1.0]));
        let difference = a.minus(&b).unwrap();
        assert_eq!(difference.values()[..3], [0.5, 0.0, -2.0]);
        assert!(difference.values()[3].is_nan(), "what is no number stays none");
        let wide = layer(&[0.0; 6]);
        assert_eq!(
            a.minus(&wide).unwrap_err().to_string(),
            "difference of `t` and `t`: expected 4 values for shape 2×1×2, got 6"
        );
    }

    #[test]
    fn the_mean_map_leaves_broken_values_out() {
        assert_eq!(layer(&[1.0, f32::NAN, 3.0, f32::INFINITY]).mean_map(), [2.0, 0.0]);
    }
}
