//! Which part of a file is a network: the beginning of names (`backbone.`, `module.encoder_q.`) under which all of its tensors lie.
//!
//! Owns what beginnings a file has, which of them hold the whole network, and which one is taken. Beginnings are those that the file
//! has, not a list. One is taken only if it is the only one that fits, or was named; two are never guessed between. Must not know
//! file formats, and of a network only what its tensors are called.

mod choice;
mod error;
mod find;
mod needed;
mod other_tensors;

pub use choice::{FilePart, Part, PartChoice};
pub use error::PartError;
pub(super) use other_tensors::is_head;
