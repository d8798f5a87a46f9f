//! A layer's output for one picture, and the network's input for a batch of pictures.

use std::sync::Arc;

/// Extent of one picture's feature maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
pub struct MapShape {
    /// Number of filters (channels).
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

    /// Values of one filter's map.
    pub const fn plane(&self) -> usize {
        self.height * self.width
    }

    /// Values of the whole layer.
    pub const fn len(&self) -> usize {
        self.channels * self.plane()
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

/// Values that don't fill the shape they were given with.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{what}: expected {expected} values for shape {shape}, got {got}")]
pub struct ShapeMismatch {
    /// What the values were meant to be.
    pub what: String,
    /// The shape, printed.
    pub shape: String,
    /// Values the shape holds.
    pub expected: usize,
    /// Values there were.
    pub got: usize,
}

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
        if values.len() != shape.len() {
            return Err(ShapeMismatch {
                what: format!("activation `{name}`"),
                shape: shape.to_string(),
                expected: shape.len(),
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

    /// One filter's map, `H·W` values, row-major; empty for a channel that isn't there.
    pub fn channel(&self, channel: usize) -> &[f32] {
        let plane = self.shape.plane();
        self.values.get(channel * plane..(channel + 1) * plane).unwrap_or(&[])
    }

    /// The value of a filter at a position, if it lies inside.
    pub fn value(&self, channel: usize, row: usize, column: usize) -> Option<f32> {
        (row < self.shape.height && column < self.shape.width)
            .then(|| self.channel(channel).get(row * self.shape.width + column).copied())
            .flatten()
    }
}

/// Preprocessed pictures as the network takes them: `[N, 3, H, W]`, row-major f32. Cloning shares the values.
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
        let expected = num_images * 3 * height * width;
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

    /// Several batches of one size, one after the other.
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
