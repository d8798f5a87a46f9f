//! ONNX files: a network with its weights, converted to a graph of named nodes.
//!
//! Owns the format and what its operations mean in ours. Must not know how a graph runs, and not what a picture is: what the file
//! says of its input's values is handed on as text.

mod arithmetic;
mod beside;
mod constant;
mod convert;
mod draft;
mod error;
mod extents;
mod finish;
mod fold;
mod model;
mod operations;
mod patterns;
mod plumbing;
mod proto;
mod quantised;
mod resize;
mod shuffle;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;

pub use error::OnnxProblem;

use self::beside::Beside;
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
    /// Reads and converts a file, with the files beside it that hold its weights, if there are any.
    pub fn read(path: &Path) -> Result<Self, OnnxError> {
        let origin = path.display().to_string();
        Self::of(TensorFile::read_bytes(path)?, path.parent(), origin)
    }

    /// Converts bytes that are in memory; `origin` names them in errors.
    pub fn from_bytes(bytes: Vec<u8>, origin: impl Into<String>) -> Result<Self, OnnxError> {
        Self::of(bytes, None, origin.into())
    }

    fn of(bytes: Vec<u8>, folder: Option<&Path>, origin: String) -> Result<Self, OnnxError> {
        let bytes = Bytes::from(bytes);
        let beside = Beside::new(folder, bytes.len());
        let converted = convert(&bytes, &beside);
        let (finished, fixed_size, metadata, producer) = match converted {
            Ok(converted) => converted,
            Err(problem) => return Err(OnnxError::Problem { problem, origin }),
        };
        let Finished { graph, tensors } = finished;
        // Nobody else has them any more, so they aren't copied.
        let mut bytes: Vec<u8> = bytes.into();
        // What lay beside the model follows it, so that its hash is of all that the network is made of.
        let pieces = beside.into_pieces();
        bytes.reserve_exact(pieces.iter().map(Bytes::len).sum());
        for piece in pieces {
            bytes.extend_from_slice(&piece);
        }
        let tensors = TensorFile::of_onnx(Cow::Owned(bytes), tensors, origin);
        Ok(Self { graph, tensors, fixed_size, metadata, producer })
    }
}

type Converted = (Finished, Option<PixelSize>, BTreeMap<String, String>, String);

fn convert(bytes: &Bytes, beside: &Beside<'_>) -> Result<Converted, OnnxProblem> {
    let model = OnnxModel::read(bytes, beside)?;
    let (converter, fixed_size) = Converter::walk(&model)?;
    let Converter { draft, left, .. } = converter;
    let finished = finish(draft, &left, fixed_size.unwrap_or(FREE_SIZE))?;
    Ok((finished, fixed_size, model.metadata, model.producer))
}
