//! How alike layers and networks are: CKA, RSA and mutual nearest neighbours over the same pictures, as a matrix.
//!
//! Owns the measures, which pictures of several sets are the same, and the formats of dissimilarity matrices. Must not know networks,
//! arguments or windows: features come row by row, progress goes to a closure, which also says whether to go on.

mod cka;
mod compare;
mod dissimilarities;
mod dissimilarity_error;
mod error;
mod hsic;
mod layer;
mod matching;
mod matrix;
mod measure;
mod neighbours;
mod pairs;
mod products;
mod ranks;
mod rsa;
mod set;
mod step;
mod survey;
#[cfg(test)]
mod tests;

pub use cka::CkaKernel;
pub use compare::{ComparisonSettings, compare};
pub use dissimilarities::{DissimilarityMatrix, dissimilarities_of, read_dissimilarities};
pub use dissimilarity_error::BadDissimilarities;
pub use error::SimilarityError;
pub use hsic::{centre_unbiased, hsic_unbiased};
pub use layer::{ComparedLayer, FeaturesInMemory, LayerFeatures, LayerNumbers};
pub use matching::{ListedPicture, MatchedPictures, match_pictures};
pub use matrix::{ResampleInterval, SimilarityMatrix, Undefined};
pub use measure::{Measure, UnknownMeasure};
pub use set::{FeatureSet, set_names};
pub use step::SimilarityStep;
