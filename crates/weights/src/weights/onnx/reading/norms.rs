//! Batch norms, layer norms and local response normalisation.

use super::arguments::{constant_at, count, factor, optional_at};
use super::constant::Constant;
use super::conversion::Conversion;
use super::node::OnnxNode;
use super::value::{Dimension, Inputs, Map, place};
use crate::graph::{BatchNorm, LayerNorm, Lrn, Op};
use crate::weights::onnx::error::OnnxProblem;
use crate::weights::tensors::Entry;

/// `BatchNormalization` with running statistics.
pub(super) fn batch_norm(
    work: &mut Conversion,
    node: &OnnxNode,
    inputs: Inputs<'_>,
    x: Map,
) -> Result<Map, OnnxProblem> {
    if node.int("training_mode").unwrap_or(0) != 0 {
        return Err(node.unsupported("in training mode; export the network in evaluation mode"));
    }
    if x.axes.get(1) != Some(&Dimension::Channel) {
        return Err(node.unsupported("over anything but channels"));
    }
    let channels = work.channels(&x);
    let mut params = Vec::with_capacity(4);
    let names =
        [("weight", "scale"), ("bias", "shift"), ("running_mean", "mean"), ("running_var", "variance")];
    for (at, (leaf, what)) in names.into_iter().enumerate() {
        let constant = constant_at(node, inputs, at + 1, what)?;
        let entry = constant.entry(vec![channels]).filter(|_| constant.dims == [channels]);
        let wrong =
            || node.malformed(format!("its {what} isn't one fraction for each of {channels} channels"));
        params.push((leaf, entry.ok_or_else(wrong)?));
    }
    let eps = f64::from(node.float("epsilon").unwrap_or(1e-5));
    let norm = BatchNorm { channels, eps, has_gamma: true };
    let id = work.draft.push(&node.name, Op::BatchNorm(norm), &[x.id], channels);
    work.draft.nodes[id].params = params;
    Ok(Map { id, ..x })
}

/// `LayerNormalization` over channels, which must be the last axis.
pub(super) fn layer_norm(
    work: &mut Conversion,
    node: &OnnxNode,
    inputs: Inputs<'_>,
    x: Map,
) -> Result<Map, OnnxProblem> {
    let rank = x.axes.len();
    let axis = place(node.int("axis").unwrap_or(-1), rank);
    if axis != Some(rank - 1) || x.axes.last() != Some(&Dimension::Channel) {
        return Err(node.unsupported("over anything but channels"));
    }
    let channels = work.channels(&x);
    let scale = constant_at(node, inputs, 1, "scale")?;
    let wrong =
        |what: &str| node.malformed(format!("its {what} isn't one fraction for each of {channels} channels"));
    let entry = |constant: &Constant, what: &str| {
        constant.entry(vec![channels]).filter(|_| constant.len() == channels).ok_or_else(|| wrong(what))
    };
    let weight = entry(scale, "scale")?;
    let bias = match optional_at(node, inputs, 2, "shift")? {
        Some(shift) => entry(shift, "shift")?,
        None => Entry::owned("FLOAT".to_owned(), vec![channels], vec![0.0; channels]),
    };
    let norm = LayerNorm { channels, eps: f64::from(node.float("epsilon").unwrap_or(1e-5)) };
    let id = work.draft.push(&node.name, Op::LayerNorm(norm), &[x.id], channels);
    work.draft.nodes[id].params = vec![("weight", weight), ("bias", bias)];
    Ok(Map { id, ..x })
}

/// `LRN` over channels, which must be the second axis.
pub(super) fn lrn(work: &mut Conversion, node: &OnnxNode, x: Map) -> Result<Map, OnnxProblem> {
    if x.axes.get(1) != Some(&Dimension::Channel) {
        return Err(node.unsupported("over anything but channels"));
    }
    let size = count(node, "size", &[1])?[0];
    if node.int("size").is_none() {
        return Err(node.malformed("it has no `size`"));
    }
    // For an even size, runtimes differ in which side has one channel more.
    if size.is_multiple_of(2) {
        return Err(node.unsupported(format!("over {size} channels, which have no middle")));
    }
    let lrn = Lrn {
        size,
        alpha: factor(node, "alpha", 1e-4)?,
        beta: factor(node, "beta", 0.75)?,
        bias: factor(node, "bias", 1.0)?,
    };
    let id = work.draft.push(&node.name, Op::Lrn(lrn), &[x.id], work.channels(&x));
    Ok(Map { id, ..x })
}
