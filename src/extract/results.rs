//! What the networks' side hands to the writer.

use crate::input::Fingerprint;

/// One picture's features, set after set; or why there are none.
pub(super) type PictureResult = Result<PictureFeatures, String>;

/// One picture's features.
#[derive(Debug)]
pub(super) struct PictureFeatures {
    /// Set after set.
    pub(super) features: Vec<Feature>,
    /// What the picture was when it was read.
    pub(super) known: Fingerprint,
}

/// One picture's feature of one set.
#[derive(Debug)]
pub(super) struct Feature {
    pub(super) bytes: Vec<u8>,
    /// Its extent: of a set whose maps differ in size each has its own.
    pub(super) shape: Vec<usize>,
    pub(super) num_overflows: u64,
}

/// Pictures that went through the networks together.
#[derive(Debug)]
pub(super) struct BatchResult {
    pub(super) first: u64,
    pub(super) pictures: Vec<PictureResult>,
}
