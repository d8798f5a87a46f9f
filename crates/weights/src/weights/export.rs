//! Writing bound weights as a safetensors file: PyTorch's names, f32, and metadata that say what it was made from.

use std::borrow::Cow;
use std::collections::BTreeMap;

use safetensors::{Dtype, SafeTensorError, View};
use sha2::{Digest, Sha256};

use super::bound::{BoundWeights, NodeParams};
use super::convention::torch_name;
use super::head::HeadPlan;
use super::metadata::{HEAD_KEY, VALUES_SHA256_KEY};
use super::tensor_file::TensorFile;
use crate::graph::{Graph, ParamRole};
use crate::tensor::hex;

/// A tensor to be written.
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

/// The bytes of a safetensors file. It holds every parameter of `graph` under PyTorch's name, the tensors of `file` that belong to a
/// classifier under their own names, and `metadata`, to which a hash of all values and, where there is one, the plan of a Keras head
/// are added.
pub fn to_safetensors(
    graph: &Graph,
    bound: &BoundWeights,
    file: &TensorFile,
    head_prefixes: &[&str],
    mut metadata: BTreeMap<String, String>,
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
    // If `file` is itself such a copy, the head's plan is taken from it.
    let plan = bound.keras().and_then(|part| part.plan.clone()).or_else(|| HeadPlan::carried(file));
    if let Some(text) = plan.as_ref().and_then(|plan| serde_json::to_string(plan).ok()) {
        metadata.insert(HEAD_KEY.to_owned(), text);
    }
    let of_plan = plan.as_ref().map(HeadPlan::prefixes).unwrap_or_default();
    let is_kept = |name: &&str| {
        // Tensors that are not this network's classifier would look like one in the copy.
        let of_torch = bound.keras().is_none() && !file.part().has_no_classes();
        of_torch
            || head_prefixes.iter().any(|prefix| name.starts_with(prefix))
            || of_plan.iter().any(|prefix| name.starts_with(prefix))
    };
    for name in bound.head_tensors().filter(is_kept) {
        if let Some((shape, values)) = file.tensor(name) {
            tensors.push((name.to_owned(), Outgoing { shape, values: Cow::Owned(values) }));
        }
    }
    // Sort as `serialize` does: the element types are all the same, so by name.
    tensors.sort_by(|(a, _), (b, _)| a.cmp(b));
    let mut hash = Sha256::new();
    for (_, tensor) in &tensors {
        hash.update(tensor.data());
    }
    metadata.insert(VALUES_SHA256_KEY.to_owned(), hex(&hash.finalize()));
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
