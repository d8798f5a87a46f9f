//! Why layers can't be compared.

use super::dissimilarity_error::BadDissimilarities;
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
    /// More pairs than are compared.
    #[error("RSA compares all pairs of at most {most} pictures, and there are {num_pictures}")]
    TooManyPictures {
        /// How many pictures there are.
        num_pictures: usize,
        /// The most that can be.
        most: usize,
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
    /// Nothing to share.
    #[error("at least one neighbour of each picture is compared, got 0")]
    NoNeighbours,
    /// All other pictures would be neighbours.
    #[error("{k} neighbours of each picture need at least {} pictures, and there are {num_pictures}", .k.saturating_add(2))]
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
    /// A bandwidth at which the kernel of most pictures is 0.
    #[error(
        "with a bandwidth of {got} of the median distance, the kernel between most pictures is 0 in 64 bits; {least} is the least that is computed"
    )]
    NarrowBandwidth {
        /// What was asked for.
        got: f64,
        /// The least.
        least: f64,
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
    /// A matrix of dissimilarities could not be read.
    #[error(transparent)]
    Dissimilarities(#[from] BadDissimilarities),
    /// Different data sets.
    #[error(
        "{first} and {second} have no picture in common: theirs are such as `{of_first}` and `{of_second}`"
    )]
    NothingInCommon {
        /// A set's name.
        first: String,
        /// Another's name.
        second: String,
        /// The first picture of the first.
        of_first: String,
        /// The first picture of the second.
        of_second: String,
    },
    /// Not one picture is in all sets.
    #[error("no picture is in all of the {num_sets} sets")]
    NothingInAll {
        /// How many sets there are.
        num_sets: usize,
    },
    /// Pictures of one name that are not the same.
    #[error("`{picture}` is one picture in {first} and another in {second}: the files' hashes differ")]
    OtherPicture {
        /// The picture's name.
        picture: String,
        /// A set's name.
        first: String,
        /// Another's name.
        second: String,
    },
    /// A picture that can't be told from another.
    #[error("`{picture}` is listed twice in {set}, so that rows can't be matched")]
    PictureTwice {
        /// The picture's name.
        picture: String,
        /// The set's name.
        set: String,
    },
    /// A matrix whose rows can't be the pictures.
    #[error("`{name}` is of {got} pictures, and {set} has {num_pictures}")]
    OtherNumber {
        /// The matrix's name.
        name: String,
        /// Its pictures.
        got: usize,
        /// The set that gives the order.
        set: String,
        /// Its pictures.
        num_pictures: usize,
    },
    /// A sample larger than the whole.
    #[error("a sample of {asked} pictures can't be drawn from {num_pictures}")]
    LargeSample {
        /// How many were asked for.
        asked: usize,
        /// How many there are.
        num_pictures: usize,
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
            Self::Memory { is_batched: false, .. } | Self::TooManyPictures { .. } => {
                Some(Remedy::SamplePictures)
            }
            Self::Features(error) => error.remedy(),
            Self::Dissimilarities(error) => error.remedy(),
            Self::OtherNumber { .. } => Some(Remedy::NamePictures),
            Self::TooFew { .. }
            | Self::TooFewPictures { .. }
            | Self::NoNeighbours
            | Self::NotFinite { .. }
            | Self::SmallBatch { .. }
            | Self::Bandwidth { .. }
            | Self::NarrowBandwidth { .. }
            | Self::NothingInCommon { .. }
            | Self::NothingInAll { .. }
            | Self::OtherPicture { .. }
            | Self::PictureTwice { .. }
            | Self::LargeSample { .. }
            | Self::Interrupted => None,
        }
    }
}
