//! Which nodes are computed together and in which order. Both depend on the graph's edges alone: a file may list its nodes in any
//! order in which inputs come first, and that must change neither a value nor the memory that is needed.

use std::collections::BTreeSet;

use super::fold::is_affine;
use super::step::Step;
use crate::graph::{Graph, NodeId, Op};

/// The steps that compute `taps` and nothing beyond them. Each comes after the steps whose values it reads.
pub(super) fn steps_to(graph: &Graph, taps: &BTreeSet<NodeId>) -> Vec<Step> {
    let joined = joined(graph, taps);
    let order = depth_first(&joined, graph);
    let mut steps: Vec<Option<Step>> = joined.steps.into_iter().map(Some).collect();
    let mut steps: Vec<Step> = order.into_iter().filter_map(|at| steps[at].take()).collect();
    mark_last_uses(&mut steps);
    steps
}

/// The nodes grouped into steps.
struct Joined {
    steps: Vec<Step>,
    /// For each node, the index of the step whose result it is, or of one that it is computed in.
    step_of: Vec<usize>,
    /// For each step that computes what another one has computed too: that one, which should be the step before it.
    again: Vec<Option<usize>>,
}

/// Groups the nodes that are needed into steps.
///
/// A layer's value must be the same whichever layers are asked for beside it. Whether an activation or a sum is computed with the
/// operation before it or after it changes no bit. Folding into a kernel does, because the folded kernel is rounded. So what is
/// folded depends on the whole graph and never on the taps: a value between a convolution and what is folded into it gets a step of
/// its own, beside the folded one.
fn joined(graph: &Graph, taps: &BTreeSet<NodeId>) -> Joined {
    let needed = ancestors(graph, taps);
    let num_reads = |nodes: &mut dyn Iterator<Item = NodeId>| {
        let mut num_reads = vec![0usize; graph.nodes().len()];
        for id in nodes {
            for input in &graph.node(id).inputs {
                num_reads[input.0] += 1;
            }
        }
        num_reads
    };
    let reads_here = num_reads(&mut needed.iter().copied());
    let reads_of_all = num_reads(&mut graph.ids());
    let mut steps: Vec<Step> = Vec::with_capacity(needed.len());
    let mut step_of = vec![0; graph.nodes().len()];
    let mut again = Vec::with_capacity(needed.len());
    for id in needed {
        let node = graph.node(id);
        let is_folded = is_affine(&node.op);
        // A node may join a step whose last value nobody else reads. If a sum could join the steps of both its operands, it joins
        // the second one's.
        let before = node.inputs.iter().rev().find(|input| {
            let is_only_reader = if is_folded {
                reads_of_all[input.0] == 1
            } else {
                reads_here[input.0] == 1 && !taps.contains(input)
            };
            is_only_reader && fuses(graph, &steps[step_of[input.0]], id)
        });
        let mut number = before.map_or(steps.len(), |input| step_of[input.0]);
        match before {
            Some(before) if taps.contains(before) => {
                let step = &steps[number];
                let nodes = step.nodes.iter().copied().chain([id]).collect();
                let inputs = step.inputs.clone();
                again.push(Some(number));
                number = steps.len();
                let is_tap = taps.contains(&id);
                steps.push(Step { output: id, nodes, inputs, is_tap, frees: Vec::new() });
            }
            Some(before) => {
                let step = &mut steps[number];
                // For a sum, this is the other operand, which has been computed before.
                step.inputs.extend(node.inputs.iter().filter(|input| *input != before));
                step.nodes.push(id);
                step.output = id;
                step.is_tap = taps.contains(&id);
            }
            None => {
                again.push(None);
                steps.push(Step {
                    output: id,
                    nodes: vec![id],
                    inputs: node.inputs.clone(),
                    is_tap: taps.contains(&id),
                    frees: Vec::new(),
                });
            }
        }
        step_of[id.0] = number;
    }
    Joined { steps, step_of, again }
}

/// Whether a node may be computed in one step with all of `previous`, if nobody else needs the value of `previous`.
fn fuses(graph: &Graph, previous: &Step, id: NodeId) -> bool {
    let node = graph.node(id);
    let before = &graph.node(previous.output).op;
    let first = &graph.node(previous.nodes[0]).op;
    match node.op {
        Op::BatchNorm(_) | Op::Scale(_) | Op::Times(_) => {
            // Only before the step has an activation or a sum: these come last in a step.
            matches!(first, Op::Conv2d(_)) && (matches!(before, Op::Conv2d(_)) || is_affine(before))
        }
        Op::Activation(_) => {
            is_affine(before)
                || matches!(before, Op::Conv2d(_) | Op::LayerNorm(_) | Op::Add | Op::Gate | Op::Pairwise(_))
        }
        Op::Add => {
            node.inputs.len() == 2
                && matches!(first, Op::Conv2d(conv) if conv.groups == 1)
                && (matches!(before, Op::Conv2d(_)) || is_affine(before))
        }
        // Every other operation begins a step of its own.
        _ => false,
    }
}

/// The order of steps. A branch is finished before the next one begins, so that few values are alive at once; branches come in
/// the order in which their values are read. A value that a step adds to its result comes before the step's other inputs.
fn depth_first(Joined { steps, step_of, again }: &Joined, graph: &Graph) -> Vec<usize> {
    let mut is_read = vec![false; steps.len()];
    for input in steps.iter().flat_map(|step| &step.inputs) {
        is_read[step_of[input.0]] = true;
    }
    for before in again.iter().flatten() {
        is_read[*before] = true;
    }
    let reads: Vec<Vec<usize>> = steps
        .iter()
        .zip(again)
        .map(|(step, again)| {
            let mut reads: Vec<usize> = step.inputs.iter().map(|input| step_of[input.0]).collect();
            if step.adds(graph) {
                reads.rotate_right(1);
            }
            reads.extend(again);
            reads
        })
        .collect();
    let mut order = Vec::with_capacity(steps.len());
    let mut is_begun = vec![false; steps.len()];
    for end in (0..steps.len()).filter(|at| !is_read[*at]) {
        // Without recursion, because a file may hold a chain of any length.
        let mut open = vec![(end, 0)];
        is_begun[end] = true;
        while let Some((step, next)) = open.last_mut() {
            let Some(read) = reads[*step].get(*next) else {
                order.push(*step);
                open.pop();
                continue;
            };
            *next += 1;
            if !std::mem::replace(&mut is_begun[*read], true) {
                open.push((*read, 0));
            }
        }
    }
    order
}

/// The taps and all nodes that they depend on.
fn ancestors(graph: &Graph, taps: &BTreeSet<NodeId>) -> BTreeSet<NodeId> {
    let mut needed = BTreeSet::new();
    let mut open: Vec<NodeId> = taps.iter().copied().collect();
    while let Some(id) = open.pop() {
        if needed.insert(id) {
            open.extend(&graph.node(id).inputs);
        }
    }
    needed
}

/// Marks where values are dropped: after the last step that reads them, or, if nobody reads a value (a tap at the end), after the
/// step that computes it.
fn mark_last_uses(steps: &mut [Step]) {
    let mut seen = BTreeSet::new();
    for step in steps.iter_mut().rev() {
        for value in step.inputs.iter().chain([&step.output]) {
            if seen.insert(*value) {
                step.frees.push(*value);
            }
        }
    }
}
