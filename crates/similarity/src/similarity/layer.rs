//! What is compared: a layer's features over the pictures, or somebody's dissimilarities between them.

use super::error::SimilarityError;

/// Features of one layer over the pictures that are compared, row by row.
pub trait LayerFeatures: Send {
    /// Values of one picture.
    fn width(&self) -> usize;

    /// Appends the values of pictures, in the order asked for, [`Self::width`] each. A picture's number is its place among those
    /// compared.
    ///
    /// # Errors
    /// Files that can't be read.
    fn read(&mut self, pictures: &[usize], into: &mut Vec<f32>) -> Result<(), SimilarityError>;
}

/// Features in memory: `[pictures, width]`, row-major.
#[derive(Clone, Debug)]
pub struct FeaturesInMemory {
    width: usize,
    values: Vec<f32>,
}

impl FeaturesInMemory {
    /// Takes rows of `width` values. Values after the last whole row are dropped.
    pub fn new(width: usize, mut values: Vec<f32>) -> Self {
        values.truncate(values.len() / width.max(1) * width);
        Self { width, values }
    }

    /// How many pictures there are.
    pub fn num_pictures(&self) -> usize {
        self.values.len() / self.width.max(1)
    }
}

impl LayerFeatures for FeaturesInMemory {
    fn width(&self) -> usize {
        self.width
    }

    fn read(&mut self, pictures: &[usize], into: &mut Vec<f32>) -> Result<(), SimilarityError> {
        for picture in pictures {
            into.extend(
                self.values.get(picture * self.width..(picture + 1) * self.width).unwrap_or_default(),
            );
        }
        Ok(())
    }
}

/// Where a layer's numbers come from.
pub enum LayerNumbers {
    /// Features.
    Features(Box<dyn LayerFeatures>),
    /// Dissimilarities of all pairs of pictures, (0, 1), (0, 2) … (n − 2, n − 1): the order of `scipy.spatial.distance.squareform` and of
    /// MATLAB's `pdist`.
    Dissimilarities(Vec<f64>),
}

/// One row and column of the result.
pub struct ComparedLayer {
    /// Its name, as it stands along the matrix.
    pub name: String,
    /// Its numbers.
    pub numbers: LayerNumbers,
}

impl std::fmt::Debug for ComparedLayer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (kind, size) = match &self.numbers {
            LayerNumbers::Features(features) => ("features", features.width()),
            LayerNumbers::Dissimilarities(pairs) => ("pairs", pairs.len()),
        };
        write!(f, "ComparedLayer({}: {size} {kind})", self.name)
    }
}
