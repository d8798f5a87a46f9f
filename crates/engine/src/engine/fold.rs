//! Operations that scale and shift each channel, and how they are folded into the convolution before them.

use rayon::prelude::*;

use crate::graph::{BatchNorm, Graph, NodeId, Op, Tokens};
use crate::weights::{BoundWeights, NodeParams};

/// Whether a node scales and shifts each channel, so that it can be folded into a convolution before it.
pub(super) const fn is_affine(op: &Op) -> bool {
    matches!(op, Op::BatchNorm(_) | Op::Scale(_) | Op::Times(_))
}

/// A convolution's kernel and bias, with all nodes after it up to and including `last` folded in. `None` if the weights belong to
/// another graph.
pub(super) fn conv_params(
    graph: &Graph,
    weights: &BoundWeights,
    conv: NodeId,
    last: Option<NodeId>,
) -> Option<(Vec<f32>, Option<Vec<f32>>)> {
    let NodeParams::Conv { kernel, bias } = weights.of(conv) else { return None };
    let Some(last) = last else {
        return Some((kernel, bias));
    };
    let (scale, shift) = affine_after(graph, weights, conv, last)?;
    let (kernel, bias) = fold(kernel, bias.as_deref(), &scale, &shift);
    Some((kernel, Some(bias)))
}

/// All nodes after `conv` up to `last`, combined into one scale and one shift per channel.
fn affine_after(
    graph: &Graph,
    weights: &BoundWeights,
    conv: NodeId,
    last: NodeId,
) -> Option<(Vec<f64>, Vec<f64>)> {
    let before = *graph.node(last).inputs.first()?;
    let (scale, shift) = affine_of(graph, weights, last)?;
    if before == conv {
        return Some((scale, shift));
    }
    let (inner_scale, inner_shift) = affine_after(graph, weights, conv, before)?;
    let both =
        inner_shift.iter().zip(scale.iter().zip(&shift)).map(|(inner, (s, b))| inner * s + b).collect();
    Some((inner_scale.iter().zip(&scale).map(|(inner, s)| inner * s).collect(), both))
}

/// The factors and shifts of each channel, `x · scale + shift`, in f64 so that folding rounds only once. For a layer norm they
/// apply to the normalised values; for a `PReLU` the factors are its slopes. `None` if the weights don't belong to the node.
pub(super) fn affine_of(graph: &Graph, weights: &BoundWeights, id: NodeId) -> Option<(Vec<f64>, Vec<f64>)> {
    let wide = |values: Vec<f32>| values.into_iter().map(f64::from).collect::<Vec<f64>>();
    match (&graph.node(id).op, weights.of(id)) {
        (Op::BatchNorm(BatchNorm { eps, .. }), NodeParams::Norm { gamma, beta, mean, variance }) => {
            let scale: Vec<f64> = variance
                .iter()
                .enumerate()
                .map(|(c, v)| gamma.as_ref().map_or(1.0, |g| f64::from(g[c])) / (f64::from(*v) + eps).sqrt())
                .collect();
            let shift =
                scale.iter().enumerate().map(|(c, s)| f64::from(beta[c]) - f64::from(mean[c]) * s).collect();
            Some((scale, shift))
        }
        (Op::LayerNorm(_), NodeParams::Norm { gamma: Some(gamma), beta, .. }) => {
            Some((wide(gamma), wide(beta)))
        }
        (Op::Scale(channels) | Op::PRelu(channels), NodeParams::Scale(factors)) => {
            Some((wide(factors), vec![0.0; *channels]))
        }
        (Op::Times(factor), NodeParams::None) => {
            let channels = graph.channels(id);
            Some((vec![f64::from(*factor); channels], vec![0.0; channels]))
        }
        _ => None,
    }
}

/// For a row of tokens: the tokens before the patches, and the values added to each patch; both as `[channel][token]`.
pub(super) fn token_params(
    weights: &BoundWeights,
    tokens: &Tokens,
    id: NodeId,
) -> Option<(Vec<f32>, Vec<f32>)> {
    let NodeParams::Tokens { class, registers, positions } = weights.of(id) else { return None };
    let channels = tokens.channels;
    let (of_class, of_patches) = positions.split_at(if tokens.class_has_position { channels } else { 0 });
    let class = class.iter().enumerate().map(|(c, v)| v + of_class.get(c).unwrap_or(&0.0));
    let before: Vec<f32> = class.chain(registers).collect();
    let turned = |values: &[f32]| -> Vec<f32> {
        (0..channels).flat_map(|c| values.iter().skip(c).step_by(channels).copied()).collect()
    };
    Some((turned(&before), turned(of_patches)))
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
