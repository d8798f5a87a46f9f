//! What the program needs to know about a network from an ONNX file, and why there may be none.

use std::collections::BTreeMap;

use super::ending::Ending;
use super::error::OnnxProblem;
use crate::graph::Graph;
use crate::tensor::{PixelSize, Remedied, Remedy};
use crate::weights::error::WeightsFileError;
use crate::weights::tensor_file::TensorFile;

/// The input size for a network whose file fixes none: the size that most are trained with.
pub const FREE_SIZE: PixelSize = PixelSize::square(224);

/// Prefix of the names of a classifier's tensors.
pub(super) const HEAD_PREFIX: &str = "classifier.";

/// Prefixes of the names of a classifier's tensors.
pub const ONNX_HEAD: &[&str] = &[HEAD_PREFIX];

/// A network from an ONNX file.
#[derive(Debug)]
pub struct OnnxNet {
    /// The graph. Every node has its ONNX name, or the name of its output if it has none. The classifier is cut off, and so are operations
    /// that aren't supported and all that depends on them.
    pub graph: Graph,
    /// Which layer is the last, and why.
    pub ending: Ending,
    /// Its parameters under PyTorch's names for the nodes, and those of the classifier.
    pub tensors: TensorFile,
    /// The input's size, if the file fixes it.
    pub fixed_size: Option<PixelSize>,
    /// The file's metadata properties.
    pub metadata: BTreeMap<String, String>,
    /// Name and version of the program that wrote it; may be empty.
    pub producer: String,
    /// Whether the input is of bytes: samples as they are, from 0 to 255.
    pub takes_bytes: bool,
    /// If the file computes with fewer than 32 bits, a sentence about where. Here everything is computed with 32 bits.
    pub half: Option<String>,
}

/// Why an ONNX file can't be read or converted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OnnxError {
    /// The file can't be read.
    #[error(transparent)]
    File(#[from] WeightsFileError),
    /// The file's content can't be converted.
    #[error("{problem}: \"{origin}\"")]
    Problem {
        /// What is wrong.
        problem: OnnxProblem,
        /// The file.
        origin: String,
    },
}

impl Remedied for OnnxError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::File(error) => error.remedy(),
            Self::Problem { problem, .. } => problem.remedy(),
        }
    }
}
