//! What to run, in which order, fused how, and when a value may be dropped: made once for (graph, input, batch, taps).
//!
//! A tapped node is never fused away: whoever asks for a convolution before its batch norm gets exactly that.

use std::collections::BTreeSet;

use super::fold::is_affine;
use super::places::Places;
use crate::graph::{ActivationFn, Graph, NodeId, NodeInfo, Op, ShapeError};
use crate::tensor::PixelSize;

/// One thing an executor does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The node whose value comes out.
    pub output: NodeId,
    /// Nodes computed in this step, first to last: more than one where batch norms and scales are folded into their convolution, where a
    /// convolution is added to a value that is there already, or where an activation is applied to a convolution, batch norm, sum
    /// or gate before anybody else sees it.
    pub nodes: Vec<NodeId>,
    /// Values that go in, in the order of the first node's inputs; then the one that the first node's result is added to, if it is.
    pub inputs: Vec<NodeId>,
    /// Whether somebody asked for the value.
    pub is_tap: bool,
    /// Values that nobody needs after this step.
    pub frees: Vec<NodeId>,
}

impl Step {
    /// The last of the batch norms and scales folded into the step's convolution.
    pub(super) fn last_folded(&self, graph: &Graph) -> Option<NodeId> {
        self.nodes[1..].iter().copied().take_while(|id| is_affine(&graph.node(*id).op)).last()
    }

    /// Whether the last of the inputs is added to what the first node (and what is folded into it) give.
    pub(super) fn adds(&self, graph: &Graph) -> bool {
        self.nodes[1..].iter().any(|id| graph.node(*id).op == Op::Add)
    }

    /// The activation applied to what the step's other nodes give.
    pub(super) fn activation(&self, graph: &Graph) -> Option<ActivationFn> {
        match self.nodes[1..].last().map(|id| &graph.node(*id).op) {
            Some(Op::Activation(function)) => Some(*function),
            _ => None,
        }
    }
}

/// A run, prepared.
#[derive(Clone, Debug)]
pub struct Plan {
    input: PixelSize,
    num_images: usize,
    steps: Vec<Step>,
    infos: Vec<NodeInfo>,
    places: Places,
    peak_value_bytes: usize,
}

/// Layer values that a run may hold at once. A machine with less swaps or kills; one with more can take a smaller batch.
const MAX_VALUE_BYTES: usize = 6 << 30;

/// Why there is no plan.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum PlanError {
    /// The input doesn't go through the network.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// More values than a run may hold.
    #[error(
        "an input of {input} needs {:.1} GiB for layer values at once, more than the {:.0} GiB that are allowed; use a smaller input (`--fit`)",
        gib(*.needed), gib(MAX_VALUE_BYTES)
    )]
    TooLarge {
        /// The picture's size.
        input: PixelSize,
        /// Bytes at the peak, for the whole batch.
        needed: usize,
    },
    /// Nobody wants anything.
    #[error("no layer was asked for")]
    NoTap,
}

impl Plan {
    /// A plan that computes `taps` and nothing beyond them.
    pub fn new(
        graph: &Graph,
        input: PixelSize,
        num_images: usize,
        taps: &[NodeId],
    ) -> Result<Self, PlanError> {
        if taps.is_empty() {
            return Err(PlanError::NoTap);
        }
        let infos = graph.infer(input)?;
        let taps: BTreeSet<NodeId> = taps.iter().copied().collect();
        let needed = ancestors(graph, &taps);
        let mut num_uses = vec![0usize; graph.nodes().len()];
        for id in &needed {
            for input in &graph.node(*id).inputs {
                num_uses[input.0] += 1;
            }
        }
        let mut steps: Vec<Step> = Vec::with_capacity(needed.len());
        for id in needed {
            let node = graph.node(id);
            let folds = steps.last().is_some_and(|previous| {
                !previous.is_tap && num_uses[previous.output.0] == 1 && fuses(graph, previous, id)
            });
            match steps.last_mut() {
                Some(previous) if folds => {
                    // Of a sum, the operand that was there before.
                    previous.inputs.extend(node.inputs.iter().filter(|input| **input != previous.output));
                    previous.nodes.push(id);
                    previous.output = id;
                    previous.is_tap = taps.contains(&id);
                }
                _ => steps.push(Step {
                    output: id,
                    nodes: vec![id],
                    inputs: node.inputs.clone(),
                    is_tap: taps.contains(&id),
                    frees: Vec::new(),
                }),
            }
        }
        mark_last_uses(&mut steps);
        let places = Places::new(graph, &steps, &infos, num_images);
        let peak_value_bytes = peak_value_bytes(&steps, &infos, num_images).max(places.num_bytes());
        if peak_value_bytes > MAX_VALUE_BYTES {
            return Err(PlanError::TooLarge { input, needed: peak_value_bytes });
        }
        Ok(Self { input, num_images, steps, infos, places, peak_value_bytes })
    }

    /// Bytes of the values that live at once where most do (weights and scratch not counted).
    pub fn peak_value_bytes(&self) -> usize {
        self.peak_value_bytes
    }

    /// Where values lie that an executor keeps in memory of its own.
    pub(super) fn places(&self) -> &Places {
        &self.places
    }

    /// Steps in execution order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// What inference says of a node.
    pub fn info(&self, id: NodeId) -> &NodeInfo {
        &self.infos[id.0]
    }

    /// Size of the input pictures.
    pub fn input(&self) -> PixelSize {
        self.input
    }

    /// Pictures in a batch.
    pub fn num_images(&self) -> usize {
        self.num_images
    }
}

/// Whether a node may be done in one step with all of the step before it, whose value nobody else needs.
fn fuses(graph: &Graph, previous: &Step, id: NodeId) -> bool {
    let (node, value) = (graph.node(id), previous.output);
    let before = &graph.node(value).op;
    match node.op {
        Op::BatchNorm(_) | Op::Scale(_) | Op::Times(_) => {
            // Before an activation, and before a sum: they come last in a step.
            let is_conv = matches!(graph.node(previous.nodes[0]).op, Op::Conv2d(_));
            is_conv && (matches!(before, Op::Conv2d(_)) || is_affine(before))
        }
        Op::Activation(_) => {
            is_affine(before) || matches!(before, Op::Conv2d(_) | Op::LayerNorm(_) | Op::Add | Op::Gate)
        }
        // The other operand is there: nodes stand in execution order, and the step before this one is the last.
        Op::Add => {
            let is_dense = matches!(&graph.node(previous.nodes[0]).op, Op::Conv2d(conv) if conv.groups == 1);
            let [a, b] = node.inputs[..] else { return false };
            is_dense
                && (matches!(before, Op::Conv2d(_)) || is_affine(before))
                && a != b
                && (a == value || b == value)
        }
        _ => false,
    }
}

fn gib(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 30)
}

/// Walks the steps as an executor will: a step's value comes before its inputs go.
fn peak_value_bytes(steps: &[Step], infos: &[NodeInfo], num_images: usize) -> usize {
    let bytes = |id: &NodeId| infos[id.0].shape.len() * num_images * size_of::<f32>();
    let (mut alive, mut peak) = (0, 0);
    for step in steps {
        alive += bytes(&step.output);
        peak = peak.max(alive);
        alive -= step.frees.iter().map(bytes).sum::<usize>();
    }
    peak
}

/// The taps and all they depend on, in execution order.
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

/// A value is dropped after the last step that reads it; one that nobody reads (a tap at the end) after its own.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{ActivationFn, Conv2d, GraphBuilder};

    /// input → conv → norm → act → add(act, input-sized conv2).
    fn small() -> Graph {
        let (mut b, x) = GraphBuilder::new();
        let conv = b.conv("conv", x, Conv2d::new(3, 4, 1));
        let norm = b.norm("norm", conv, 4, 1e-3);
        let act = b.act("act", norm, ActivationFn::Relu);
        let side = b.conv("side", act, Conv2d::new(4, 4, 1));
        let sum = b.node("sum", Op::Add, &[side, act]);
        b.stage(sum);
        b.finish().unwrap()
    }

    fn names(graph: &Graph, plan: &Plan) -> Vec<String> {
        let name =
            |ids: &[NodeId]| ids.iter().map(|i| graph.node(*i).name.clone()).collect::<Vec<_>>().join("+");
        plan.steps().iter().map(|s| name(&s.nodes)).collect()
    }

    #[test]
    fn norm_activation_and_sum_join_their_convolution_unless_somebody_looks_between() {
        let graph = small();
        let id = |name| graph.find(name).unwrap();
        let plan = |taps: &[NodeId]| Plan::new(&graph, PixelSize::square(4), 1, taps).unwrap();
        assert_eq!(names(&graph, &plan(&[id("sum")])), ["input", "conv+norm+act", "side+sum"]);
        assert_eq!(names(&graph, &plan(&[id("sum"), id("conv")])), ["input", "conv", "norm+act", "side+sum"]);
        assert_eq!(names(&graph, &plan(&[id("sum"), id("side")])), ["input", "conv+norm+act", "side", "sum"]);
        assert_eq!(
            names(&graph, &plan(&[id("norm")])),
            ["input", "conv+norm"],
            "nothing beyond the tap is run"
        );
    }

    #[test]
    fn scales_join_the_convolution_too() {
        let (mut b, x) = GraphBuilder::new();
        let stem = b.conv("stem", x, Conv2d::new(3, 4, 1));
        let linear = b.conv("linear", stem, Conv2d::linear(4, 4));
        let scale = b.scale("scale", linear);
        let half = b.node("half", Op::Times(0.5), &[scale]);
        let sum = b.node("sum", Op::Add, &[half, stem]);
        let gelu = b.act("gelu", sum, ActivationFn::Gelu);
        let norm = b.layer_norm("norm", gelu, 1e-6);
        let act = b.act("act", norm, ActivationFn::Relu);
        let alone = b.scale("alone", act);
        b.stage(alone);
        let graph = b.finish().unwrap();
        let plan =
            |taps: &[NodeId]| names(&graph, &Plan::new(&graph, PixelSize::square(4), 1, taps).unwrap());
        let tail = ["norm+act", "alone"];
        assert_eq!(plan(&[alone]), [&["input", "stem", "linear+scale+half+sum+gelu"][..], &tail].concat());
        assert_eq!(
            plan(&[alone, linear]),
            [&["input", "stem", "linear", "scale", "half", "sum+gelu"][..], &tail].concat()
        );
        assert_eq!(
            plan(&[alone, scale]),
            [&["input", "stem", "linear+scale", "half", "sum+gelu"][..], &tail].concat()
        );
    }

    #[test]
    fn a_run_that_no_memory_holds_is_refused_with_the_number() {
        let (mut b, x) = GraphBuilder::new();
        let x = b.conv("wide", x, Conv2d::new(3, 4096, 1));
        b.stage(x);
        let graph = b.finish().unwrap();
        let plan = |side| Plan::new(&graph, PixelSize::square(side), 1, &[graph.final_node()]);
        assert_eq!(plan(10).unwrap().peak_value_bytes(), 4 * 100 * (3 + 4096));
        assert_eq!(
            plan(1000).unwrap_err().to_string(),
            "an input of 1000x1000 needs 15.3 GiB for layer values at once, more than the 6 GiB that are allowed; use a smaller input (`--fit`)"
        );
    }

    #[test]
    fn values_live_exactly_until_their_last_use() {
        let graph = small();
        let plan = Plan::new(&graph, PixelSize::square(4), 1, &[graph.final_node()]).unwrap();
        let frees: Vec<Vec<&str>> = plan
            .steps()
            .iter()
            .map(|s| s.frees.iter().map(|i| graph.node(*i).name.as_str()).collect())
            .collect();
        assert_eq!(frees, [vec![], vec!["input"], vec!["act", "sum"]]);
        let added: Vec<&str> = plan.steps()[2].inputs.iter().map(|i| graph.node(*i).name.as_str()).collect();
        assert_eq!(added, ["act", "act"], "what the convolution reads, and what it is added to");
    }
}
