//! Reading an ONNX file and converting it to a graph with its parameters.
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
mod external_data;
mod file_bytes;
mod finish;
mod fold;
mod model;
mod names;
mod node;
mod norms;
mod operations;
mod patterns;
mod plumbing;
mod pools;
mod proto;
mod quantised;
mod read;
mod resize;
mod shuffle;
mod sides;
mod value;
mod versions;
mod ways;
mod whole;

pub(super) use read::network_of;
