//! Why layers can't be compared.

use std::path::PathBuf;

use crate::features::BadFeatures;
use crate::tensor::{Remedied, Remedy, TooMuch};

/// Why a comparison can't be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SimilarityError {
    /// Nothing to compare with.
    #[error("a comparison needs at least two layers or matrices, got {got}")]
    TooFew {
        /// How many there are.
        got: usize,
    },
    /// The debiased estimate of HSIC divides by n − 3, and ranks of fewer than six pairs say nothing.
    #[error("a comparison needs at least 4 pictures, and there are {num_pictures}")]
    TooFewPictures {
        /// How many pictures there are.
        num_pictures: usize,
    },
    /// A NaN or an infinity.
    #[error("{value} in the features of {layer}: value {feature} of picture `{picture}`")]
    NotFinite {
        /// The layer's name.
        layer: String,
        /// The picture's name.
        picture: String,
        /// Index of the value among the picture's features.
        feature: usize,
        /// `NaN` or the infinity.
        value: f32,
    },
    /// All other pictures would be neighbours.
    #[error("{k} neighbours of each picture need at least {} pictures, and there are {num_pictures}", .k + 2)]
    TooManyNeighbours {
        /// How many neighbours were asked for.
        k: usize,
        /// How many pictures there are.
        num_pictures: usize,
    },
    /// A number of pictures at a time for which the debiased estimate isn't defined.
    #[error("at least 4 pictures at a time are needed, got {batch}")]
    SmallBatch {
        /// What was asked for.
        batch: usize,
    },
    /// A bandwidth that makes no kernel.
    #[error("the kernel's bandwidth is a share of the median distance above 0, got {got}")]
    Bandwidth {
        /// What was asked for.
        got: f64,
    },
    /// CKA needs features.
    #[error("{measure} is computed from features, and of `{name}` there are only dissimilarities")]
    NoFeatures {
        /// The measure.
        measure: &'static str,
        /// The matrix's name.
        name: String,
    },
    /// Too much memory.
    #[error("{what}: {reason}")]
    Memory {
        /// What takes it.
        what: String,
        /// How much.
        reason: TooMuch,
        /// Whether fewer pictures at a time would help.
        is_batched: bool,
    },
    /// Features could not be read.
    #[error(transparent)]
    Features(#[from] BadFeatures),
    /// A row of features could not be read.
    #[error("{reason}: \"{}\"", .path.display())]
    Row {
        /// The system's error, or what is wrong with the file.
        reason: std::io::Error,
        /// The set's folder.
        path: PathBuf,
    },
    /// The caller stopped it.
    #[error("interrupted")]
    Interrupted,
}

impl Remedied for SimilarityError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::TooManyNeighbours { num_pictures, .. } => {
                num_pictures.checked_sub(2).map(|most| Remedy::FewerNeighbours { most })
            }
            Self::NoFeatures { .. } => Some(Remedy::MeasureOfDissimilarities),
            Self::Memory { is_batched: true, .. } => Some(Remedy::SmallerBatch),
            Self::Memory { is_batched: false, .. } => Some(Remedy::SamplePictures),
            Self::Features(error) => error.remedy(),
            Self::TooFew { .. }
            | Self::TooFewPictures { .. }
            | Self::NotFinite { .. }
            | Self::SmallBatch { .. }
            | Self::Bandwidth { .. }
            | Self::Row { .. }
            | Self::Interrupted => None,
        }
    }
}
