//! What a Keras file contains in addition to its tensors.

use super::config::KerasConfig;
use super::store::KerasStore;

/// What a Keras file says about its model.
#[derive(Clone, Debug, Default)]
pub(in crate::weights) struct KerasFile {
    /// The model's configuration, if the file has one.
    pub(in crate::weights) config: Option<KerasConfig>,
    /// The layers as they are stored in the file.
    pub(in crate::weights) store: KerasStore,
}
