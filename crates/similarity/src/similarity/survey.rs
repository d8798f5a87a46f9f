//! A first look at a layer's features: are all numbers finite, do they differ, what are their means.

use super::error::SimilarityError;
use super::matrix::Undefined;
use super::products::Rows;
use super::step::Pace;

/// What is known of a layer after one reading.
#[derive(Debug)]
pub(super) struct Survey {
    /// Mean over the pictures, of each feature.
    pub(super) feature_means: Vec<f64>,
    /// Mean over the features, of each picture.
    pub(super) picture_means: Vec<f64>,
    /// Sum of squares of each picture's features.
    pub(super) squares: Vec<f64>,
    /// Sum of squares of each picture's features around their mean.
    pub(super) squares_around_mean: Vec<f64>,
    /// Whether all pictures have the same features.
    pub(super) is_constant: bool,
    /// The first picture whose features are all equal, and the first whose features are all zero.
    pub(super) first_flat: Option<usize>,
    pub(super) first_zero: Option<usize>,
}

/// Reads a layer once. `layer` and `pictures` are the names for an error.
pub(super) fn survey(
    rows: &mut Rows<'_>,
    layer: &str,
    pictures: &[String],
    pace: &mut Pace<'_>,
) -> Result<Survey, SimilarityError> {
    let (width, num_pictures) = (rows.width(), rows.num_pictures());
    let mut known = Survey {
        feature_means: vec![0.0; width],
        picture_means: Vec::with_capacity(num_pictures),
        squares: Vec::with_capacity(num_pictures),
        squares_around_mean: Vec::with_capacity(num_pictures),
        is_constant: true,
        first_flat: None,
        first_zero: None,
    };
    let mut first: Option<Vec<f32>> = None;
    let mut values = Vec::new();
    let all: Vec<usize> = (0..num_pictures).collect();
    for strip in all.chunks(rows.strip()) {
        pace.go_on()?;
        rows.read(strip, &mut values)?;
        for (line, picture) in values.chunks_exact(width.max(1)).zip(strip) {
            if let Some(feature) = line.iter().position(|value| !value.is_finite()) {
                let picture = pictures.get(*picture).cloned().unwrap_or_else(|| picture.to_string());
                let value = line.get(feature).copied().unwrap_or(f32::NAN);
                return Err(SimilarityError::NotFinite { layer: layer.to_owned(), picture, feature, value });
            }
            for (mean, value) in known.feature_means.iter_mut().zip(line) {
                *mean += f64::from(*value);
            }
            let mean = line.iter().map(|value| f64::from(*value)).sum::<f64>() / width.max(1) as f64;
            let around =
                |middle: f64| line.iter().map(|value| (f64::from(*value) - middle).powi(2)).sum::<f64>();
            known.picture_means.push(mean);
            known.squares.push(around(0.0));
            known.squares_around_mean.push(around(mean));
            if line.windows(2).all(|pair| pair[0] == pair[1]) {
                known.first_flat.get_or_insert(*picture);
                if line.first().is_none_or(|value| *value == 0.0) {
                    known.first_zero.get_or_insert(*picture);
                }
            }
            match &first {
                Some(first) => known.is_constant &= first == line,
                None => first = Some(line.to_owned()),
            }
        }
    }
    for mean in &mut known.feature_means {
        *mean /= num_pictures.max(1) as f64;
    }
    Ok(known)
}

impl Survey {
    /// Why no measure is defined for the layer, if it is the same for all pictures.
    pub(super) fn constant(&self) -> Result<(), Undefined> {
        if self.is_constant { Err(Undefined::Constant) } else { Ok(()) }
    }
}
