//! All that a Keras file says beside its tensors.

use super::config::KerasConfig;
use super::store::KerasStore;

/// What a Keras file says of its model.
#[derive(Clone, Debug, Default)]
pub(in crate::weights) struct KerasFile {
    /// The model's configuration, where the file has one.
    pub(in crate::weights) config: Option<KerasConfig>,
    /// The layers as they lie in the file.
    pub(in crate::weights) store: KerasStore,
}
