//! What the program carries with it.

use crate::engine::WeightStore;

/// Bytes that `main` embeds, handed to whoever needs them.
#[derive(Clone, Debug)]
pub struct Resources {
    /// Weights that need no file.
    pub store: WeightStore,
    /// The picture that the window shows before one is opened, as a whole PNG file.
    pub cat: &'static [u8],
}
