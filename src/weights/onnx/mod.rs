//! ONNX files: a network with its weights, converted to a graph of named nodes.
//!
//! Owns the format and what its operations mean in ours. Must not know how a graph runs, and not what a picture is: what the file
//! says of its input's values is handed on as text.

mod arithmetic;
mod constant;
mod convert;
mod draft;
mod error;
mod finish;
mod model;
mod operations;
mod patterns;
mod plumbing;
mod proto;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;

pub use error::OnnxProblem;

use self::convert::Converter;
use self::finish::{Finished, HEAD_PREFIX, finish};
use self::model::OnnxModel;
use super::error::WeightsFileError;
use super::tensor_file::TensorFile;
use crate::graph::Graph;
use crate::tensor::PixelSize;

/// The size of a picture for a network whose file fixes none: what most are trained with.
pub const FREE_SIZE: PixelSize = PixelSize::square(224);

/// Beginnings of tensor names that belong to a classifier.
pub const ONNX_HEAD: &[&str] = &[HEAD_PREFIX];

/// A network from an ONNX file.
#[derive(Debug)]
pub struct OnnxNet {
    /// Every node under its ONNX name, or its result's where it has none. The classifier is cut off.
    pub graph: Graph,
    /// Its parameters under torch's names of the nodes, and the classifier's.
    pub tensors: TensorFile,
    /// The input's size, where the file fixes it.
    pub fixed_size: Option<PixelSize>,
    /// Texts that the file carries about itself.
    pub metadata: BTreeMap<String, String>,
    /// Name and version of the program that wrote it; may be empty.
    pub producer: String,
}

/// Why a file gives no network.
#[derive(Debug, thiserror::Error)]
pub enum OnnxError {
    /// The file itself.
    #[error(transparent)]
    File(#[from] WeightsFileError),
    /// What is in it.
    #[error("{problem}: \"{origin}\"")]
    Problem {
        /// What is wrong.
        problem: OnnxProblem,
        /// The file.
        origin: String,
    },
}

/// Whether bytes begin as ONNX files do: a small version number, then another of the model's fields.
pub fn looks_like_onnx(bytes: &[u8]) -> bool {
    let [0x08, version, next, ..] = bytes else { return false };
    (1..=32).contains(version) && matches!(next, 0x12 | 0x1a | 0x22 | 0x28 | 0x32 | 0x3a | 0x42 | 0x72)
}

impl OnnxNet {
    /// Reads and converts a file.
    pub fn read(path: &Path) -> Result<Self, OnnxError> {
        let origin = path.display().to_string();
        Self::from_bytes(TensorFile::read_bytes(path)?, origin)
    }

    /// Converts bytes that are in memory; `origin` names them in errors.
    pub fn from_bytes(bytes: Vec<u8>, origin: impl Into<String>) -> Result<Self, OnnxError> {
        let origin = origin.into();
        let bytes = Bytes::from(bytes);
        let converted = convert(&bytes);
        let (finished, fixed_size, metadata, producer) = match converted {
            Ok(converted) => converted,
            Err(problem) => return Err(OnnxError::Problem { problem, origin }),
        };
        let Finished { graph, tensors } = finished;
        // Nobody else has them any more, so they aren't copied.
        let bytes: Vec<u8> = bytes.into();
        let tensors = TensorFile::of_onnx(Cow::Owned(bytes), tensors, origin);
        Ok(Self { graph, tensors, fixed_size, metadata, producer })
    }
}

type Converted = (Finished, Option<PixelSize>, BTreeMap<String, String>, String);

fn convert(bytes: &Bytes) -> Result<Converted, OnnxProblem> {
    let model = OnnxModel::read(bytes)?;
    let (converter, fixed_size) = Converter::walk(&model)?;
    let Converter { draft, left, .. } = converter;
    let finished = finish(draft, &left, fixed_size.unwrap_or(FREE_SIZE))?;
    Ok((finished, fixed_size, model.metadata, model.producer))
}
