//! Weights: files of named tensors, the names that a graph's parameters have in them, and strict binding of the tensors to a graph.
//!
//! Responsible for file formats and naming conventions. Must not know pictures, how a graph runs, or where the bytes of embedded
//! weights come from (the binary passes them in).

mod averaged;
mod bind;
mod bind_error;
mod bound;
mod convention;
mod error;
mod export;
pub mod fetch;
mod folders;
mod head;
pub mod keras;
mod keras_part;
mod keras_settings;
mod locate;
mod metadata;
mod naming;
mod onnx;
mod origin;
mod part;
mod readers;
mod tensor_file;
mod tensors;

pub use bind_error::BindError;
pub use bound::{BoundWeights, NodeParams};
pub use convention::{Convention, torch_name};
pub use error::WeightsFileError;
pub use export::to_safetensors;
pub use folders::{Folders, KeptBy, KeptFile};
pub use head::{ClassNames, ClassNamesError, ClassShare, Head, NoClass};
pub use keras_part::{HeadLayer, KerasPart};
pub use metadata::{MODEL_KEY, SOURCE_KEY, SOURCE_PART_KEY, SOURCE_SHA256_KEY, VALUES_SHA256_KEY};
pub use onnx::{Ending, FREE_SIZE, ONNX_HEAD, OnnxError, OnnxNet, OnnxProblem, looks_like_onnx};
pub use origin::WeightsOrigin;
pub use part::{FilePart, Part, PartChoice, PartError};
pub use tensor_file::TensorFile;
pub use tensors::Format;
