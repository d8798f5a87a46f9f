//! What the networks' thread hands to the writer.

use crate::input::Fingerprint;

/// One picture's features, set after set; or the reason why it has none.
pub(super) type PictureResult = Result<PictureFeatures, String>;

/// One picture's features.
#[derive(Debug)]
pub(super) struct PictureFeatures {
    /// Set after set.
    pub(super) features: Vec<Feature>,
    /// The picture's fingerprint when it was read.
    pub(super) known: Fingerprint,
}

/// One picture's feature of one set.
#[derive(Debug)]
pub(super) struct Feature {
    pub(super) bytes: Vec<u8>,
    /// The feature's shape. In a set whose maps differ in size, each feature has its own.
    pub(super) shape: Vec<usize>,
    pub(super) num_overflows: u64,
}

/// The results of one batch of pictures, in order.
#[derive(Debug)]
pub(super) struct BatchResult {
    pub(super) first: u64,
    pub(super) pictures: Vec<PictureResult>,
}
