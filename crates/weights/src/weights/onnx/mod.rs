//! ONNX files: a network with its weights, converted to a graph of named nodes.
//!
//! Responsible for what the program is told about such a file: the network or the reason why there is none. `reading` is all that knows
//! the format, except for its first bytes; without the feature `onnx`, `absent` stands in for it and refuses every file.

#[cfg(not(feature = "onnx"))]
mod absent;
mod ending;
mod error;
mod net;
mod open;
mod opset;
#[cfg(feature = "onnx")]
mod reading;
pub(super) mod sniff;

#[cfg(feature = "onnx")]
use reading::network_of;

#[cfg(not(feature = "onnx"))]
use absent::network_of;

pub use ending::Ending;
pub use error::OnnxProblem;
pub use net::{FREE_SIZE, ONNX_HEAD, OnnxError, OnnxNet};
pub use sniff::looks_like_onnx;
