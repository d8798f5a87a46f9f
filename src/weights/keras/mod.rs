//! What a Keras file says of its model beside the weights.
//!
//! Owns Keras' configuration as plain data. Must not know graphs of this program, nor which file format the text came from.

mod config;
mod inside;
mod picture;

pub use config::{Argument, Call, KerasConfig, KerasLayer, KerasModel, ModelKind, Source};
pub use inside::{Inside, Unreadable, efficientnets_own, inside};
