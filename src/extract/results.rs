//! What the networks' side hands to the writer.

/// One picture's features, set after set; or why there are none.
pub(super) type PictureResult = Result<Vec<Feature>, String>;

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
