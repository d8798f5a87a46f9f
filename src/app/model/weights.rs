//! The models that a weight file fits, weight files that were used, and weights that are kept.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::models::ModelSpec;
use crate::weights::{FilePart, PartChoice};

/// Greatest number of weight files that are remembered.
pub(crate) const MAX_RECENT: usize = 8;

/// A weight file that was used for a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecentWeights {
    pub(crate) tag: String,
    pub(crate) path: PathBuf,
    #[serde(default)]
    pub(crate) prefix: Option<String>,
    #[serde(default)]
    pub(crate) ema: bool,
}

impl RecentWeights {
    pub(crate) fn part(&self) -> FilePart {
        let choice = PartChoice { prefix: self.prefix.clone(), ema: self.ema };
        FilePart { path: self.path.clone(), choice }
    }
}

/// How far the weights of a model are with being kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// They are being copied.
    Running(&'static str),
    /// Others are kept for this model; the user must say that they are to be replaced.
    WouldReplace(&'static str),
}

/// A model that a weight file fits, and which of the file's weights fit it.
#[derive(Clone, Debug)]
pub(crate) struct WeightsOffer {
    pub(crate) spec: &'static ModelSpec,
    pub(crate) choice: PartChoice,
    /// Tells these weights apart from others of the file that fit, in words; empty if there are no others.
    pub(crate) words: String,
}
