//! From the walk's result to a graph: which layer is the last, which layers are stages, and which nodes after the last are a classifier.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::draft::{Draft, DraftNode};
use super::ending::{Last, last, short};
use super::ways::Ways;
use crate::graph::{Graph, GraphBuilder, GraphError, NodeId, NodeInfo, Op};
use crate::tensor::{PixelSize, nearest_names};
use crate::weights::onnx::ending::Ending;
use crate::weights::onnx::error::OnnxProblem;
use crate::weights::onnx::net::HEAD_PREFIX;
use crate::weights::tensors::{Entry, Tensors};

/// A graph with its parameters by name, and where it ends.
pub(super) struct Finished {
    pub(super) graph: Graph,
    pub(super) tensors: Tensors,
    pub(super) ending: Ending,
}

/// Largest number of layers that are offered as the final one. A longer list would be no help.
const MAX_CHOICES: usize = 400;

/// The result of the walk over a model's nodes.
pub(super) struct WalkResult<'a> {
    pub(super) draft: Draft,
    /// Nodes whose maps are turned into something that is no map, or are outputs of the file.
    pub(super) left: Vec<usize>,
    pub(super) ways: Ways,
    /// Names of the file's outputs.
    pub(super) outputs: &'a [String],
}

/// Makes the graph, up to the layer `asked` if there is one. `size` is an input size that the network can take.
pub(super) fn finish(
    walked: WalkResult<'_>,
    size: PixelSize,
    asked: Option<&str>,
) -> Result<Finished, OnnxProblem> {
    let WalkResult { draft, left, ways, outputs } = walked;
    let whole = build(&draft.nodes, &[draft.nodes.len() - 1], &[])?;
    let infos = whole.infer(size).map_err(|error| OnnxProblem::TooMuch(error.to_string()))?;
    let Last { id: own_last, why: own_why, is_cut, ends } =
        last(&draft.nodes, &left, &ways, outputs, &infos)?;
    let mut kept = kept(&draft.nodes, own_last, is_cut);
    let choices = choices(&draft.nodes, &stages(&draft.nodes, own_last, &infos), &ends);
    let (mut last, mut why) = (own_last, own_why);
    if let Some(asked) = asked {
        last = asked_for(asked, &draft.nodes, &kept, &ways, &draft.nodes[own_last].name)?;
        let comes_of_it = comes_of(&draft.nodes, last);
        kept.retain(|id| *id == last || !comes_of_it[*id]);
        why = Some(format!("it ends here at `{}`, as was asked for", draft.nodes[last].name));
    }
    let classifier = if is_cut || last != own_last { None } else { classifier(&draft.nodes, last) };
    let stages = stages(&draft.nodes, last, &infos);
    let gone = gone(&draft.nodes, &kept, &ways, &draft.nodes[last].name);
    let ending = Ending { final_layer: draft.nodes[last].name.clone(), why, is_cut, choices };
    // New indices of the nodes that are kept.
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
    let graph = build(&nodes, &stages, &gone)?;
    if let Some((weight, bias)) = classifier {
        tensors.insert(format!("{HEAD_PREFIX}weight"), weight);
        tensors.insert(format!("{HEAD_PREFIX}bias"), bias);
    }
    Ok(Finished { graph, tensors, ending })
}

/// Names of the layers that are offered as the final one: stages and ends, at most `MAX_CHOICES`, the last ones.
fn choices(nodes: &[DraftNode], stages: &[usize], ends: &[usize]) -> Vec<String> {
    let all: BTreeSet<usize> = stages.iter().chain(ends).copied().collect();
    let first = all.len().saturating_sub(MAX_CHOICES);
    all.into_iter().skip(first).map(|id| nodes[id].name.clone()).collect()
}

/// The node of the layer that the user asked for as the final one.
fn asked_for(
    asked: &str,
    nodes: &[DraftNode],
    kept: &[usize],
    ways: &Ways,
    last: &str,
) -> Result<usize, OnnxProblem> {
    let has_name = |id: &&usize| nodes[**id].name == asked || nodes[**id].aliases.iter().any(|a| a == asked);
    match kept.iter().find(has_name) {
        Some(0) | None => {}
        Some(id) => return Ok(*id),
    }
    let known = kept
        .iter()
        .filter(|id| **id != 0)
        .flat_map(|id| std::iter::once(&nodes[*id].name).chain(&nodes[*id].aliases).map(String::as_str));
    let nearest = nearest_names(asked, known, 4).into_iter().map(str::to_owned).collect();
    let why = if kept.first().is_some_and(|id| has_name(&id)) {
        "that is the input".to_owned()
    } else {
        let gone = gone(nodes, kept, ways, last);
        gone.iter().find(|(name, _)| name == asked).map_or_else(String::new, |(_, why)| why.to_string())
    };
    Err(OnnxProblem::NoFinal { asked: asked.to_owned(), why, nearest })
}

/// Names that are in the file but not in the graph, each with the reason.
fn gone(nodes: &[DraftNode], kept: &[usize], ways: &Ways, last: &str) -> Vec<(String, Arc<str>)> {
    let behind: Arc<str> = format!("it comes behind `{last}`, where the network ends here").into();
    let is_kept: BTreeSet<usize> = kept.iter().copied().collect();
    let of_maps = nodes.iter().enumerate().filter(|(id, _)| !is_kept.contains(id)).flat_map(|(_, node)| {
        std::iter::once(&node.name).chain(&node.aliases).map(|name| (name.clone(), Arc::clone(&behind)))
    });
    let mut gone: Vec<(String, Arc<str>)> = of_maps.collect();
    let mut words: HashMap<usize, Arc<str>> = HashMap::new();
    for (name, cause) in ways.gone() {
        let why = match cause {
            Some(at) => words.entry(at).or_insert_with(|| {
                let reason = ways.causes[at].words();
                short(format!("it is cut off, because {reason}; the network ends here at `{last}`")).into()
            }),
            None => &behind,
        };
        gone.push((name.to_owned(), Arc::clone(why)));
    }
    gone
}

fn build(nodes: &[DraftNode], stages: &[usize], gone: &[(String, Arc<str>)]) -> Result<Graph, OnnxProblem> {
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
    for (name, why) in gone {
        builder.absent(name, why);
    }
    builder.finish().map_err(|error: GraphError| OnnxProblem::TooMuch(error.to_string()))
}

/// For each node, whether it depends on the node `of` or is that node.
fn comes_of(nodes: &[DraftNode], of: usize) -> Vec<bool> {
    let mut comes_of_it = vec![false; nodes.len()];
    comes_of_it[of] = true;
    for id in of + 1..nodes.len() {
        comes_of_it[id] = nodes[id].inputs.iter().any(|input| comes_of_it[*input]);
    }
    comes_of_it
}

/// The nodes that are kept: all except the classifier's after the last map. If the network is cut, no classifier is known, and every map
/// that is supported is kept, also the maps of heads.
fn kept(nodes: &[DraftNode], last: usize, is_cut: bool) -> Vec<usize> {
    // A pool to one location counts as a mean, so all that depends on the last map is left out, also if it isn't marked as pooled.
    let comes_of_last = if is_cut { vec![false; nodes.len()] } else { comes_of(nodes, last) };
    let mut is_kept: Vec<bool> =
        (0..nodes.len()).map(|id| id <= last || !(nodes[id].is_pooled || comes_of_last[id])).collect();
    // Nodes that are kept need their inputs, such as the means that a gate is computed from.
    for id in (0..nodes.len()).rev().filter(|id| *id > 0) {
        if is_kept[id] {
            for input in &nodes[id].inputs {
                is_kept[*input] = true;
            }
        }
    }
    (0..nodes.len()).filter(|id| is_kept[*id]).collect()
}

/// The stages, which are layers worth choosing: the last layer before maps become smaller, layers that join branches (or the activation
/// function after them), and the last layer.
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
        // Zero padding is not a layer worth choosing; the layer before it is.
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

/// The linear layer that follows the last map's mean, if nothing else follows the last map: weights `[classes, channels, 1, 1]` and bias.
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
        // The bias may be a separate addition after the matrix product.
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
