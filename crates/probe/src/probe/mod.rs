//! How well features tell a target: heads that are fitted on some rows and scored on others, with intervals and baselines.
//!
//! Owns the numerics: splits, heads, scores, resampling. Must not know where features come from, nor how results are printed. All
//! random choices come from a seed, and sums are in one order whatever the number of threads, so that the same rows give the same bytes.

mod bootstrap;
mod dense;
mod duplicates;
mod error;
mod folds;
mod knn;
mod leep;
mod linear;
mod logistic;
mod logme;
mod matrix;
mod neighbours;
mod nested;
mod permutation;
mod ridge;
mod rmsprop;
mod run;
mod scores;
mod target;
#[cfg(test)]
mod tests;

pub use bootstrap::{Interval, Resamples};
pub use duplicates::{DUPLICATE_COSINE, Duplicates, count_duplicates};
pub use error::ProbeError;
pub use folds::{Folds, Split, UnknownSplit};
pub use leep::leep;
pub use linear::{KeptHead, LinearHead};
pub use logme::logme;
pub use neighbours::order_matters;
pub use nested::{FitWatch, Predictions};
pub use permutation::{Permuted, permutation_p};
pub use run::{HeadScore, ProbeHead, UnknownProbeHead, constant_baseline, evaluate, fit_on_all};
pub use scores::{ScoreMeasure, Scores};
pub use target::{Target, TargetKind, Values};
