//! Bound weights as a safetensors file of this program's own: torch's names, f32, and what it was made from.

use std::borrow::Cow;
use std::collections::BTreeMap;

use safetensors::{Dtype, SafeTensorError, View};

use super::bind::{BoundWeights, NodeParams};
use super::head::{HEAD_KEY, HeadPlan};
use super::naming::torch_name;
use super::tensor_file::TensorFile;
use crate::graph::{Graph, ParamRole};

/// Metadata key of the tag that a file was bound to.
pub const MODEL_KEY: &str = "filterscope.model";
/// Metadata key of the name of the file it was made from.
pub const SOURCE_KEY: &str = "filterscope.source";
/// Metadata key of that file's sha256.
pub const SOURCE_SHA256_KEY: &str = "filterscope.source_sha256";

/// A tensor on its way out.
struct Outgoing<'a> {
    shape: Vec<usize>,
    values: Cow<'a, [f32]>,
}

impl View for Outgoing<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Owned(self.values.iter().flat_map(|value| value.to_le_bytes()).collect())
    }

    fn data_len(&self) -> usize {
        self.values.len() * 4
    }
}

/// The bytes of a safetensors file: every parameter of `graph` under torch's name, the tensors of `file` that belong to a
/// classifier as they are there with how they are put together, and `metadata`.
pub fn to_safetensors(
    graph: &Graph,
    bound: &BoundWeights,
    file: &TensorFile,
    head_prefixes: &[&str],
    metadata: BTreeMap<String, String>,
) -> Result<Vec<u8>, SafeTensorError> {
    let mut tensors: Vec<(String, Outgoing<'_>)> = Vec::new();
    for id in graph.ids() {
        let node = graph.node(id);
        let params = bound.of(id);
        for (role, shape) in node.op.params() {
            if let Some(values) = values_of(&params, role) {
                tensors
                    .push((torch_name(node, role), Outgoing { shape, values: Cow::Owned(values.to_vec()) }));
            }
        }
    }
    let mut metadata = metadata;
    let plan = bound.keras().and_then(|part| part.plan.as_ref());
    if let Some(text) = plan.and_then(|plan| serde_json::to_string(plan).ok()) {
        metadata.insert(HEAD_KEY.to_owned(), text);
    }
    let of_plan = plan.map(HeadPlan::prefixes).unwrap_or_default();
    let is_head = |name: &&str| {
        head_prefixes.iter().any(|prefix| name.starts_with(prefix))
            || of_plan.iter().any(|prefix| name.starts_with(prefix))
    };
    for name in file.names().filter(is_head) {
        if let Some((shape, values)) = file.tensor(name) {
            tensors.push((name.to_owned(), Outgoing { shape, values: Cow::Owned(values) }));
        }
    }
    safetensors::serialize(tensors, Some(metadata.into_iter().collect()))
}

fn values_of(params: &NodeParams, role: ParamRole) -> Option<&[f32]> {
    match (params, role) {
        (NodeParams::Conv { kernel, .. }, ParamRole::Kernel) => Some(kernel),
        (NodeParams::Conv { bias, .. }, ParamRole::Bias) => bias.as_deref(),
        (NodeParams::Norm { gamma, .. }, ParamRole::Gamma) => gamma.as_deref(),
        (NodeParams::Norm { beta, .. }, ParamRole::Beta) => Some(beta),
        (NodeParams::Norm { mean, .. }, ParamRole::Mean) => Some(mean),
        (NodeParams::Norm { variance, .. }, ParamRole::Variance) => Some(variance),
        (NodeParams::Scale(factors), ParamRole::Scale | ParamRole::Slope) => Some(factors),
        (NodeParams::Tokens { class, .. }, ParamRole::ClassToken) => Some(class),
        (NodeParams::Tokens { registers, .. }, ParamRole::Registers) => Some(registers),
        (NodeParams::Tokens { positions, .. }, ParamRole::Positions) => Some(positions),
        _ => None,
    }
}
