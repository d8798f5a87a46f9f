//! Parameters: files of named tensors, the names a graph asks for, and strict binding of one to the other.
//!
//! Owns file formats and naming conventions. Must not know pictures, how a graph runs, or where the bytes of embedded weights
//! come from (the binary hands them in).

mod bind;
mod naming;
mod readers;
mod tensor_file;

pub use bind::{BindError, BoundWeights, NodeParams};
pub use naming::Convention;
pub use tensor_file::{TensorFile, WeightsFileError, WeightsOrigin};
