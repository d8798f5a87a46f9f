//! Reading and converting an ONNX file as a whole.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use bytes::Bytes;

use super::conversion::Conversion;
use super::convert::Converter;
use super::external_data::ExternalData;
use super::finish::{Finished, WalkResult, finish};
use super::model::OnnxModel;
use crate::tensor::PixelSize;
use crate::weights::onnx::error::OnnxProblem;
use crate::weights::onnx::net::{FREE_SIZE, OnnxError, OnnxNet};
use crate::weights::tensor_file::TensorFile;

/// Converts a file's bytes, up to the layer of this name or alias if one is given. Weights in other files are read from `folder`, if the
/// file is in one; `origin` names the file in errors.
pub(in crate::weights::onnx) fn network_of(
    bytes: Vec<u8>,
    folder: Option<&Path>,
    origin: String,
    final_layer: Option<&str>,
) -> Result<OnnxNet, OnnxError> {
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
    Ok(OnnxNet { graph, ending, tensors, fixed_size, metadata, producer, takes_bytes, half })
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
