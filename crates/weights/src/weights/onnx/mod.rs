//! ONNX files: a network with its weights, converted to a graph of named nodes.
//!
//! Responsible for the format and for expressing its operations in this program's. Must not know how a graph runs, or what a picture
//! is: what the file says about its input's values is passed on as text.

mod arguments;
mod arithmetic;
mod borders;
mod checks;
mod constant;
mod conversion;
mod convert;
mod convolutions;
mod draft;
mod ending;
mod error;
mod external_data;
mod file_bytes;
mod finish;
mod fold;
mod model;
mod names;
mod net;
mod node;
mod norms;
mod operations;
mod opset;
mod patterns;
mod plumbing;
mod pools;
mod proto;
mod quantised;
mod resize;
mod shuffle;
mod sides;
mod sniff;
mod value;
mod versions;
mod ways;
mod whole;

pub use ending::Ending;
pub use error::OnnxProblem;
pub use net::{FREE_SIZE, ONNX_HEAD, OnnxError, OnnxNet};
pub use sniff::looks_like_onnx;
