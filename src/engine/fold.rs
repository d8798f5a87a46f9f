//! A batch norm as a scale and a shift, and that folded into the convolution before it.

use rayon::prelude::*;

use crate::graph::{BatchNorm, Graph, NodeId, Op};
use crate::weights::{BoundWeights, NodeParams};

/// A convolution's kernel and bias, with a batch norm folded in if one is given; nothing if the weights are another graph's.
pub(super) fn conv_params(
    graph: &Graph,
    weights: &BoundWeights,
    conv: NodeId,
    norm: Option<NodeId>,
) -> Option<(Vec<f32>, Option<Vec<f32>>)> {
    let NodeParams::Conv { kernel, bias } = weights.of(conv) else { return None };
    let Some(norm) = norm else {
        return Some((kernel, bias));
    };
    let (scale, shift) = affine_of(graph, weights, norm)?;
    let (kernel, bias) = fold(kernel, bias.as_deref(), &scale, &shift);
    Some((kernel, Some(bias)))
}

/// Batch norm as `x · scale + shift`, in f64 so that folding rounds once.
pub(super) fn affine_of(graph: &Graph, weights: &BoundWeights, id: NodeId) -> Option<(Vec<f64>, Vec<f64>)> {
    let (Op::BatchNorm(BatchNorm { eps, .. }), NodeParams::Norm { gamma, beta, mean, variance }) =
        (&graph.node(id).op, weights.of(id))
    else {
        return None;
    };
    let scale: Vec<f64> = variance
        .iter()
        .enumerate()
        .map(|(c, v)| gamma.as_ref().map_or(1.0, |g| f64::from(g[c])) / (f64::from(*v) + eps).sqrt())
        .collect();
    let shift = scale.iter().enumerate().map(|(c, s)| f64::from(beta[c]) - f64::from(mean[c]) * s).collect();
    Some((scale, shift))
}

fn fold(mut folded: Vec<f32>, bias: Option<&[f32]>, scale: &[f64], shift: &[f64]) -> (Vec<f32>, Vec<f32>) {
    let per_filter = folded.len() / scale.len().max(1);
    folded.par_chunks_mut(per_filter.max(1)).zip(scale).for_each(|(filter, s)| {
        for weight in filter {
            *weight = (f64::from(*weight) * s) as f32;
        }
    });
    let bias = shift
        .iter()
        .enumerate()
        .map(|(c, b)| (b + bias.map_or(0.0, |own| f64::from(own[c]) * scale[c])) as f32)
        .collect();
    (folded, bias)
}
