//! The models that a weight file fits.

use crate::models::ModelSpec;
use crate::weights::PartChoice;

/// A model that a weight file fits, and which of the file's weights fit it.
#[derive(Clone, Debug)]
pub(crate) struct WeightsOffer {
    pub(crate) spec: &'static ModelSpec,
    pub(crate) choice: PartChoice,
    /// Tells these weights apart from others of the file that fit, in words; empty if there are no others.
    pub(crate) words: String,
}
