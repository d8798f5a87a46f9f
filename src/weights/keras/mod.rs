//! What a Keras file says of its model beside the weights.
//!
//! Owns Keras' configuration as plain data, the order and names of the layers in a file, and how a head is put together. Must not
//! know graphs of this program beyond their Keras names, nor HDF5.

mod config;
mod file;
mod flat;
mod inside;
mod picture;
mod store;

pub use config::{Argument, Call, KerasConfig, KerasLayer, KerasModel, ModelKind, TensorRef};
pub use inside::{Inside, Unreadable, efficientnets_own, inside};

pub(super) use file::KerasFile;
pub(super) use flat::{Flat, FlatNode};
pub(super) use store::{KerasStore, StoredLayer, class_of, counted, group_names};
