//! Random weights for a network: what its architecture alone is worth.

use std::sync::Arc;

use anyhow::Context as _;
use serde_json::{Map, json};

use crate::engine::Backbone;
use crate::graph::{Graph, Node, ParamRole};
use crate::models::ModelSpec;
use crate::tensor::Random;
use crate::weights::TensorFile;

/// Deviation of tokens and position embeddings.
const TOKEN_DEVIATION: f64 = 0.02;

/// A network of this architecture whose kernels are normally distributed (He et al. 2015: deviation √(2 / inputs)), without biases, and
/// whose norms change nothing.
pub(super) fn backbone(spec: &'static ModelSpec, seed: u64) -> anyhow::Result<Arc<Backbone>> {
    let graph = spec.graph().with_context(|| format!("the graph of {} is malformed", spec.tag))?;
    let file = TensorFile::from_bytes(safetensors(&graph, seed)?, "random weights")?;
    Ok(Arc::new(Backbone::from_tensors(spec, file)?))
}

/// A file of safetensors: the header's length, the header, the numbers.
fn safetensors(graph: &Graph, seed: u64) -> anyhow::Result<Vec<u8>> {
    let (mut random, mut header, mut values) = (Random::new(seed), Map::new(), Vec::new());
    for node in graph.nodes() {
        for (role, shape) in node.op.params() {
            let first = values.len();
            let num: usize = shape.iter().product();
            for _ in 0..num {
                values.extend_from_slice(&(value(role, &shape, &mut random) as f32).to_le_bytes());
            }
            let place = json!({ "dtype": "F32", "shape": shape, "data_offsets": [first, values.len()] });
            header.insert(name(node, role), place);
        }
    }
    let header = serde_json::to_vec(&header)?;
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.extend(values);
    Ok(bytes)
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

/// torch's name of a parameter.
fn name(node: &Node, role: ParamRole) -> String {
    let leaf = match role {
        ParamRole::Kernel | ParamRole::Gamma | ParamRole::Slope => "weight",
        ParamRole::Bias | ParamRole::Beta => "bias",
        ParamRole::Mean => "running_mean",
        ParamRole::Variance => "running_var",
        ParamRole::Scale => return node.name.clone(),
        ParamRole::ClassToken => return "cls_token".into(),
        ParamRole::Registers => return "reg_token".into(),
        ParamRole::Positions => return "pos_embed".into(),
    };
    format!("{}.{leaf}", node.name)
}
