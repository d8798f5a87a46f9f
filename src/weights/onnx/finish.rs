//! From the walk to a graph: which layer is the last, which are asked for by name, and what of the rest is a classifier.

use std::collections::BTreeSet;

use super::draft::{Draft, DraftNode};
use super::error::OnnxProblem;
use crate::graph::{Graph, GraphBuilder, GraphError, NodeId, NodeInfo, Op};
use crate::tensor::PixelSize;
use crate::weights::tensor_file::{Entry, Tensors};

/// A graph with its parameters by name.
pub(super) struct Finished {
    pub(super) graph: Graph,
    pub(super) tensors: Tensors,
}

/// Beginning of a classifier's tensors.
pub(super) const HEAD_PREFIX: &str = "classifier.";

/// Makes the graph. `left` are maps that went out of the maps (outputs among them); `size` is an input that the network takes.
pub(super) fn finish(draft: Draft, left: &[usize], size: PixelSize) -> Result<Finished, OnnxProblem> {
    let whole = build(&draft.nodes, &[draft.nodes.len() - 1])?;
    let infos = whole.infer(size).map_err(|error| OnnxProblem::TooMuch(error.to_string()))?;
    let last = last_map(&draft.nodes, left, &infos).ok_or(OnnxProblem::NoMaps)?;
    let classifier = classifier(&draft.nodes, last);
    let kept = kept(&draft.nodes, last);
    let stages = stages(&draft.nodes, last, &infos);
    // Numbers of what stays.
    let mut numbers = vec![0; draft.nodes.len()];
    for (new, old) in kept.iter().enumerate() {
        numbers[*old] = new;
    }
    let (mut nodes, mut tensors) = (Vec::with_capacity(kept.len()), Tensors::new());
    let is_kept: BTreeSet<usize> = kept.into_iter().collect();
    for (_, mut node) in draft.nodes.into_iter().enumerate().filter(|(old, _)| is_kept.contains(old)) {
        for input in &mut node.inputs {
            *input = numbers[*input];
        }
        for (leaf, entry) in node.params.drain(..) {
            tensors.insert(format!("{}.{leaf}", node.name), entry);
        }
        nodes.push(node);
    }
    let stages: Vec<usize> = stages.into_iter().map(|old| numbers[old]).collect();
    let graph = build(&nodes, &stages)?;
    if let Some((weight, bias)) = classifier {
        tensors.insert(format!("{HEAD_PREFIX}weight"), weight);
        tensors.insert(format!("{HEAD_PREFIX}bias"), bias);
    }
    Ok(Finished { graph, tensors })
}

fn build(nodes: &[DraftNode], stages: &[usize]) -> Result<Graph, OnnxProblem> {
    let (mut builder, _) = GraphBuilder::new();
    for node in &nodes[1..] {
        let inputs: Vec<NodeId> = node.inputs.iter().map(|id| NodeId(*id)).collect();
        builder.node(node.name.clone(), node.op, &inputs);
    }
    for (id, node) in nodes.iter().enumerate() {
        for alias in &node.aliases {
            builder.alias(alias.clone(), NodeId(id));
        }
    }
    for id in stages {
        builder.stage(NodeId(*id));
    }
    builder.finish().map_err(|error: GraphError| OnnxProblem::TooMuch(error.to_string()))
}

/// The last map before a classifier: of those that leave the maps the last, and of what is a mean of another, that other.
fn last_map(nodes: &[DraftNode], left: &[usize], infos: &[NodeInfo]) -> Option<usize> {
    let area = |id: usize| infos[id].shape.height * infos[id].shape.width;
    let end = *left.iter().filter(|id| **id != 0).max()?;
    let mut at = end;
    while at != 0 && (nodes[at].is_pooled || area(at) == 1) {
        at = nodes[at].inputs[0];
    }
    match at {
        // Everything has one position at this size: a network for very small pictures.
        0 if !nodes[end].is_pooled => Some(end),
        0 => None,
        at => Some(at),
    }
}

/// All but what a classifier does with means behind the last map.
fn kept(nodes: &[DraftNode], last: usize) -> Vec<usize> {
    // A pool to one position counts as a mean, and so does what comes of it alone.
    let mut comes_of_last = vec![false; nodes.len()];
    comes_of_last[last] = true;
    for id in last + 1..nodes.len() {
        comes_of_last[id] = nodes[id].inputs.iter().any(|input| comes_of_last[*input]);
    }
    (0..nodes.len()).filter(|id| *id <= last || !(nodes[*id].is_pooled || comes_of_last[*id])).collect()
}

/// Layers to ask for: the last before maps become smaller, what joins branches, and the last of all.
fn stages(nodes: &[DraftNode], last: usize, infos: &[NodeInfo]) -> Vec<usize> {
    let mut on_the_way = vec![false; nodes.len()];
    on_the_way[last] = true;
    let mut num_users = vec![0usize; nodes.len()];
    let mut user = vec![0usize; nodes.len()];
    for id in (0..=last).rev() {
        for input in &nodes[id].inputs {
            on_the_way[*input] |= on_the_way[id];
            num_users[*input] += 1;
            user[*input] = id;
        }
    }
    let area = |id: usize| infos[id].shape.height * infos[id].shape.width;
    let mut stages = BTreeSet::from([last]);
    for (id, node) in nodes.iter().enumerate().take(last + 1).skip(1) {
        if !on_the_way[id] || node.is_pooled {
            continue;
        }
        // A border is not a layer that is looked at.
        let shrinks = matches!(node.op, Op::Conv2d(_) | Op::MaxPool(_) | Op::AvgPool(..));
        let mut from = node.inputs[0];
        while matches!(nodes[from].op, Op::ZeroPad(_)) {
            from = nodes[from].inputs[0];
        }
        if shrinks && from != 0 && area(id) < area(from) {
            stages.insert(from);
        }
        if matches!(node.op, Op::Add | Op::Concat) {
            let next = user[id];
            let has_function = num_users[id] == 1 && matches!(nodes[next].op, Op::Activation(_));
            stages.insert(if has_function { next } else { id });
        }
    }
    stages.into_iter().collect()
}

/// The linear layer that follows the last map's mean, if that is all there is behind it: weights `[classes, filters, 1, 1]` and bias.
fn classifier(nodes: &[DraftNode], last: usize) -> Option<(Entry, Entry)> {
    let behind = |of: usize| {
        let mut users = (of + 1..nodes.len()).filter(move |id| nodes[*id].inputs.contains(&of));
        users.next().filter(|_| users.next().is_none())
    };
    let mean = behind(last).filter(|id| nodes[*id].op == Op::GlobalAvgPool)?;
    let linear = behind(mean)?;
    let Op::Conv2d(conv) = nodes[linear].op else { return None };
    if conv.kernel != [1, 1] || conv.groups != 1 {
        return None;
    }
    let param =
        |id: usize, leaf: &str| nodes[id].params.iter().find(|(l, _)| *l == leaf).map(|(_, e)| e.clone());
    let weight = param(linear, "weight")?;
    let zeros = || Entry::owned("FLOAT".to_owned(), vec![conv.c_out], vec![0.0; conv.c_out]);
    let bias = match behind(linear) {
        None => param(linear, "bias").unwrap_or_else(zeros),
        // A matrix product and a sum.
        Some(sum) if matches!(nodes[sum].op, Op::BatchNorm(_)) && behind(sum).is_none() && !conv.has_bias => {
            let scale = param(sum, "weight")?.values(&[])?;
            if scale.iter().any(|s| *s != 1.0) {
                return None;
            }
            param(sum, "bias")?
        }
        Some(_) => return None,
    };
    Some((weight, bias))
}
