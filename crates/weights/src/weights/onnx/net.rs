//! Reading and converting an ONNX file as a whole, and what the program needs to know about it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;

use super::conversion::Conversion;
use super::convert::Converter;
use super::ending::Ending;
use super::error::OnnxProblem;
use super::external_data::ExternalData;
use super::finish::{Finished, HEAD_PREFIX, WalkResult, finish};
use super::model::OnnxModel;
use crate::graph::Graph;
use crate::tensor::{PixelSize, Remedied, Remedy};
use crate::weights::error::WeightsFileError;
use crate::weights::tensor_file::TensorFile;

/// The input size for a network whose file fixes none: the size that most are trained with.
pub const FREE_SIZE: PixelSize = PixelSize::square(224);

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

impl OnnxNet {
    /// Reads and converts a file, and the files next to it that hold its weights, if there are any.
    pub fn read(path: &Path) -> Result<Self, OnnxError> {
        Self::read_up_to(path, None)
    }

    /// Reads and converts a file up to the layer of this name or alias; with `None`, up to the file's own end.
    pub fn read_up_to(path: &Path, final_layer: Option<&str>) -> Result<Self, OnnxError> {
        let origin = path.display().to_string();
        Self::of(TensorFile::read_bytes(path)?, path.parent(), origin, final_layer)
    }

    /// Converts a file whose bytes are in memory; `origin` names it in errors. Weights in other files can't be read.
    pub fn from_bytes(bytes: Vec<u8>, origin: impl Into<String>) -> Result<Self, OnnxError> {
        Self::of(bytes, None, origin.into(), None)
    }

    /// Converts a file whose bytes are in memory, up to the layer of this name or alias.
    pub fn from_bytes_up_to(
        bytes: Vec<u8>,
        origin: impl Into<String>,
        final_layer: &str,
    ) -> Result<Self, OnnxError> {
        Self::of(bytes, None, origin.into(), Some(final_layer))
    }

    fn of(
        bytes: Vec<u8>,
        folder: Option<&Path>,
        origin: String,
        final_layer: Option<&str>,
    ) -> Result<Self, OnnxError> {
        let bytes = Bytes::from(bytes);
        let external = ExternalData::new(folder, bytes.len());
        let converted = match convert(&bytes, &external, final_layer) {
            Ok(converted) => converted,
            Err(problem) => return Err(OnnxError::Problem { problem, origin }),
        };
        let Converted { finished, fixed_size, metadata, producer, takes_bytes, half } = converted;
        let Finished { graph, tensors, ending } = finished;
        // There are no other references to these bytes, so this doesn't copy them.
        let mut bytes: Vec<u8> = bytes.into();
        // Data from other files is appended, so that the hash covers all of the network's weights.
        let pieces = external.into_pieces();
        bytes.reserve_exact(pieces.iter().map(Bytes::len).sum());
        for piece in pieces {
            bytes.extend_from_slice(&piece);
        }
        let tensors = TensorFile::of_onnx(Cow::Owned(bytes), tensors, origin);
        Ok(Self { graph, ending, tensors, fixed_size, metadata, producer, takes_bytes, half })
    }
}

struct Converted {
    finished: Finished,
    fixed_size: Option<PixelSize>,
    metadata: BTreeMap<String, String>,
    producer: String,
    takes_bytes: bool,
    half: Option<String>,
}

/// Where a file computes with fewer than 32 bits, in words: from its input on, or from a cast.
fn half_words(model: &OnnxModel) -> Option<String> {
    let name = |number| if number == 10 { "FLOAT16" } else { "BFLOAT16" };
    let is_half = |number: &i64| matches!(number, 10 | 16);
    let casts = || model.nodes.iter().filter(|node| node.op == "Cast");
    let cast = || casts().find_map(|node| Some((node, node.int("to").filter(is_half)?)));
    let of_input = model.input.half.map(|number| format!("it takes {}", name(i64::from(number))));
    let words = of_input
        .or_else(|| cast().map(|(node, to)| format!("its node `{}` goes over to {}", node.name, name(to))))?;
    Some(format!("{words}, and here all is computed in 32 bits, so values differ by what the file rounds"))
}

fn convert(
    bytes: &Bytes,
    external: &ExternalData<'_>,
    final_layer: Option<&str>,
) -> Result<Converted, OnnxProblem> {
    let model = OnnxModel::read(bytes, external)?;
    let (converter, fixed_size) = Converter::walk(&model)?;
    let Converter { work: Conversion { draft, left, .. }, ways, .. } = converter;
    let walked = WalkResult { draft, left, ways, outputs: &model.outputs };
    let finished = finish(walked, fixed_size.unwrap_or(FREE_SIZE), final_layer)?;
    let takes_bytes = model.input.is_of_bytes;
    let half = half_words(&model);
    let (metadata, producer) = (model.metadata, model.producer);
    Ok(Converted { finished, fixed_size, metadata, producer, takes_bytes, half })
}
