//! What a Keras file says about its model in addition to the weights.
//!
//! Responsible for Keras' configuration as plain data, the order and names of the layers in a file, and the preprocessing inside a
//! model. Must not know this program's graphs except for their Keras names, and not HDF5.

mod config;
mod file;
mod flat;
#[cfg(feature = "keras")]
mod groups;
mod inside;
mod picture;
mod store;

pub use config::{Argument, Call, KerasConfig, KerasLayer, KerasModel, ModelKind, TensorRef};
pub use inside::{Inside, Unreadable, efficientnets_own, inside};

pub(super) use file::KerasFile;
pub(super) use flat::{Flat, FlatNode};
#[cfg(feature = "keras")]
pub(super) use groups::group_names;
pub(super) use store::{KerasStore, StoredLayer, class_of, counted};
