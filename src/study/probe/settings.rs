//! What a probe is asked.

use std::path::PathBuf;

use crate::features::MapRows;
use crate::probe::{ProbeHead, Split, TargetKind};

/// What a probe of some sets of features is asked.
#[derive(Clone, Debug)]
pub(crate) struct ProbeSettings {
    /// The column of the index that is to be told.
    pub(crate) target: String,
    /// Without it, a column of numbers is numbers.
    pub(crate) kind: Option<TargetKind>,
    /// Without it: random for classes of pictures without times, otherwise block.
    pub(crate) split: Option<Split>,
    pub(crate) folds: u16,
    /// None: ridge for numbers, logistic for classes.
    pub(crate) head: Vec<ProbeHead>,
    /// What becomes of maps that were stored whole.
    pub(crate) maps: MapRows,
    /// How often a head is scored with the target moved to other rows; without it, as often as [`Self::num_permutations`] says.
    pub(crate) permutations: Option<u16>,
    /// Where the pictures are; without it, they are looked for beside the features.
    pub(crate) pictures: Option<PathBuf>,
    /// The folder that plots are written into, if they are.
    pub(crate) plots: Option<PathBuf>,
    /// Why there is no baseline of random weights, if there is to be none.
    pub(crate) no_random_weights: Option<&'static str>,
    pub(crate) seed: u64,
    /// Whether the best head is fitted on all rows and kept.
    pub(crate) keeps_head: bool,
    pub(crate) words: &'static ProbeWords,
}

impl ProbeSettings {
    /// How often a head is scored with the target moved. Logistic regression takes minutes where the others take seconds; `dense` takes
    /// longer still and isn't.
    pub(super) fn num_permutations(&self, head: ProbeHead) -> u16 {
        match head {
            ProbeHead::Ridge | ProbeHead::Knn => self.permutations.unwrap_or(99),
            ProbeHead::Logistic => self.permutations.unwrap_or(19),
            ProbeHead::Dense => 0,
        }
    }
}

/// What the user can do, in the words of the face that asks. Each follows a sentence.
#[derive(Debug)]
pub(crate) struct ProbeWords {
    /// To have numbers read as names of classes.
    pub(crate) as_classes: &'static str,
    /// To split rows in another way.
    pub(crate) other_split: &'static str,
    /// That a split by block would keep neighbours together.
    pub(crate) block_split: &'static str,
    /// To say where the pictures are.
    pub(crate) where_pictures: &'static str,
    /// To take the mean of each channel of stored maps.
    pub(crate) average: &'static str,
    /// To extract averaged features.
    pub(crate) extract_averaged: &'static str,
}
