//! Which part of a file is a network: the name prefix (`backbone.`, `module.encoder_q.`) that all of its tensors have.
//!
//! Responsible for which prefixes a file has, which of them hold the whole network, and which one is taken. Prefixes are read from the
//! file, not from a fixed list. A prefix is taken only if it is the only one that fits, or if the user named it; there is no guessing
//! between two. Must not know file formats, and nothing of a network except its tensors' names and shapes.

mod choice;
mod error;
mod find;
mod needed;
mod other_tensors;

pub use choice::{FilePart, Part, PartChoice};
pub use error::PartError;
pub(super) use other_tensors::is_head;
