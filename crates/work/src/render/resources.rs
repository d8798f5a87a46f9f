//! Data embedded in the program.

use crate::engine::WeightStore;

/// The data that `main` embeds and passes on.
#[derive(Clone, Debug)]
pub struct Resources {
    /// The store of weights, with those embedded in the program.
    pub store: WeightStore,
    /// The picture that the window shows before another is opened, as a complete PNG file.
    pub cat: &'static [u8],
}
