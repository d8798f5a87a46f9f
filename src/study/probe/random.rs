//! Random weights for a network: what its architecture alone is worth.

use std::sync::Arc;

use anyhow::Context as _;
use safetensors::tensor::{Dtype, TensorView};

use crate::engine::Backbone;
use crate::graph::{Graph, ParamRole};
use crate::models::ModelSpec;
use crate::tensor::Random;
use crate::weights::{TensorFile, torch_name};

/// Deviation of tokens and position embeddings.
const TOKEN_DEVIATION: f64 = 0.02;

/// A network of this architecture whose kernels are normally distributed (He et al. 2015: deviation √(2 / inputs)), without biases, and
/// whose norms change nothing.
pub(super) fn backbone(spec: &'static ModelSpec, seed: u64) -> anyhow::Result<Arc<Backbone>> {
    let graph = spec.graph().with_context(|| format!("the graph of {} is malformed", spec.tag))?;
    let file = TensorFile::from_bytes(file_of(&graph, seed)?, "random weights")?;
    Ok(Arc::new(Backbone::from_tensors(spec, file)?))
}

/// The parameters as a file of safetensors.
fn file_of(graph: &Graph, seed: u64) -> anyhow::Result<Vec<u8>> {
    let mut random = Random::new(seed);
    let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = Vec::new();
    for node in graph.nodes() {
        for (role, shape) in node.op.params() {
            let num: usize = shape.iter().product();
            let bytes =
                (0..num).flat_map(|_| (value(role, &shape, &mut random) as f32).to_le_bytes()).collect();
            tensors.push((torch_name(node, role), shape, bytes));
        }
    }
    let views = tensors
        .iter()
        .map(|(name, shape, bytes)| Ok((name, TensorView::new(Dtype::F32, shape.clone(), bytes)?)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    Ok(safetensors::serialize(views, None)?)
}

fn value(role: ParamRole, shape: &[usize], random: &mut Random) -> f64 {
    match role {
        ParamRole::Kernel => {
            let inputs: usize = shape.iter().skip(1).product();
            (2.0 / inputs.max(1) as f64).sqrt() * random.normal()
        }
        ParamRole::Gamma | ParamRole::Variance | ParamRole::Scale => 1.0,
        ParamRole::Bias | ParamRole::Beta | ParamRole::Mean => 0.0,
        ParamRole::Slope => 0.25,
        ParamRole::ClassToken | ParamRole::Registers | ParamRole::Positions => {
            TOKEN_DEVIATION * random.normal()
        }
    }
}
