//! Models that a weight file fits.

use crate::models::ModelSpec;
use crate::weights::PartChoice;

/// A model that a weight file fits, and what of the file is it then.
#[derive(Clone, Debug)]
pub(crate) struct WeightsOffer {
    pub(crate) spec: &'static ModelSpec,
    pub(crate) choice: PartChoice,
    /// Which of several it is, in words; empty where there is one.
    pub(crate) words: String,
}
