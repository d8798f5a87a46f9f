//! A plan says what to run, in which order, which nodes are fused, and when a value may be dropped. It is made once for each
//! combination of graph, input size, batch size and taps.
//!
//! A tapped node is never fused away: if a convolution is tapped before its batch norm, exactly its own value is delivered. And no tap
//! changes another one's value: the batch norm is then still folded into the convolution, which is computed a second time for it.

use std::collections::{BTreeMap, BTreeSet};

use super::buffer_plan::BufferPlan;
use super::step::Step;
use super::steps::steps_to;
use crate::graph::{Graph, NodeId, NodeInfo, ShapeError};
use crate::tensor::{PixelSize, Remedied, Remedy};

/// Everything that is prepared before a run.
#[derive(Clone, Debug)]
pub struct Plan {
    input: PixelSize,
    num_images: usize,
    steps: Vec<Step>,
    /// For each step, how many of its nodes no step before computes.
    num_new_nodes: Vec<usize>,
    infos: Vec<NodeInfo>,
    buffers: BufferPlan,
    peak_value_bytes: usize,
}

/// The most bytes of layer values that a run may hold at once. A machine with less memory would swap or kill the program; with
/// more memory one can still take a smaller batch.
const MAX_VALUE_BYTES: usize = 6 << 30;

/// Why there is no plan.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum PlanError {
    /// The input doesn't go through the network.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The layer values need more memory than a run may use.
    #[error(
        "an input of {input} needs {:.1} GiB for layer values at once, more than the {:.0} GiB that are allowed",
        gib(*.needed), gib(MAX_VALUE_BYTES)
    )]
    TooLarge {
        /// The picture's size.
        input: PixelSize,
        /// Bytes at the peak, for the whole batch.
        needed: usize,
    },
    /// No layer was asked for.
    #[error("no layer was asked for")]
    NoTap,
    /// A layer that the graph doesn't have.
    #[error("there is no layer {index}: the graph has {num_nodes}, numbered from 0")]
    NoSuchLayer {
        /// Its number.
        index: usize,
        /// How many the graph has.
        num_nodes: usize,
    },
}

impl Remedied for PlanError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Shape(error) => error.remedy(),
            Self::TooLarge { .. } => Some(Remedy::SmallerInput),
            Self::NoTap | Self::NoSuchLayer { .. } => None,
        }
    }
}

impl Plan {
    /// Makes a plan that computes `taps` and nothing beyond them.
    pub fn new(
        graph: &Graph,
        input: PixelSize,
        num_images: usize,
        taps: &[NodeId],
    ) -> Result<Self, PlanError> {
        if taps.is_empty() {
            return Err(PlanError::NoTap);
        }
        let num_nodes = graph.nodes().len();
        if let Some(NodeId(index)) = taps.iter().copied().find(|tap| tap.0 >= num_nodes) {
            return Err(PlanError::NoSuchLayer { index, num_nodes });
        }
        let infos = graph.infer(input)?;
        let taps: BTreeSet<NodeId> = taps.iter().copied().collect();
        let steps = steps_to(graph, &taps);
        let buffers = BufferPlan::new(graph, &steps, &infos, num_images);
        let peak_value_bytes = peak_value_bytes(&steps, &infos, num_images).max(buffers.num_bytes());
        if peak_value_bytes > MAX_VALUE_BYTES {
            return Err(PlanError::TooLarge { input, needed: peak_value_bytes });
        }
        let mut seen = BTreeSet::new();
        let num_new = |step: &Step| step.nodes.iter().filter(|id| seen.insert(**id)).count();
        let num_new_nodes = steps.iter().map(num_new).collect();
        Ok(Self { input, num_images, steps, num_new_nodes, infos, buffers, peak_value_bytes })
    }

    /// The most bytes that values take up at once (weights and scratch not counted).
    pub fn peak_value_bytes(&self) -> usize {
        self.peak_value_bytes
    }

    /// Where values are stored, for an executor that manages its own memory.
    pub(super) fn buffers(&self) -> &BufferPlan {
        &self.buffers
    }

    /// Steps in execution order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Number of nodes that the plan computes.
    pub fn num_nodes(&self) -> usize {
        self.num_new_nodes.iter().sum()
    }

    /// Number of nodes that this step is the first to compute.
    pub(super) fn num_new_nodes(&self, step: usize) -> usize {
        self.num_new_nodes[step]
    }

    /// The inferred shape, cost and receptive field of a node.
    pub fn info(&self, id: NodeId) -> &NodeInfo {
        &self.infos[id.0]
    }

    /// Size of the input pictures.
    pub fn input(&self) -> PixelSize {
        self.input
    }

    /// Number of pictures in a batch.
    pub fn num_images(&self) -> usize {
        self.num_images
    }
}

fn gib(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 30)
}

/// Walks through the steps as an executor does: a step's value is added before the values that it frees are removed. Only values
/// that were added are removed, so the sum can't become negative.
fn peak_value_bytes(steps: &[Step], infos: &[NodeInfo], num_images: usize) -> usize {
    let bytes = |id: NodeId| {
        let per_image = infos[id.0].shape.len().saturating_mul(size_of::<f32>());
        per_image.saturating_mul(num_images)
    };
    let mut alive: BTreeMap<NodeId, usize> = BTreeMap::new();
    let (mut sum, mut peak) = (0usize, 0);
    for step in steps {
        let own = bytes(step.output);
        if alive.insert(step.output, own).is_none() {
            sum = sum.saturating_add(own);
        }
        peak = peak.max(sum);
        sum = sum.saturating_sub(step.frees.iter().filter_map(|id| alive.remove(id)).sum());
    }
    peak
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{ActivationFn, Conv2d, GraphBuilder, Op};
    use crate::models::Registry;

    /// input → conv → norm → act → side (a convolution) → sum (side + act).
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
        assert_eq!(
            names(&graph, &plan(&[id("sum"), id("conv")])),
            ["input", "conv", "conv+norm+act", "side+sum"]
        );
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
            [&["input", "stem", "linear", "linear+scale+half+sum+gelu"][..], &tail].concat()
        );
        assert_eq!(
            plan(&[alone, scale]),
            [&["input", "stem", "linear+scale", "linear+scale+half+sum+gelu"][..], &tail].concat()
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
            "an input of 1000x1000 needs 15.3 GiB for layer values at once, more than the 6 GiB that are allowed"
        );
    }

    /// A value that is read further down the list must not be mistaken for the value of the step before.
    #[test]
    fn branches_that_take_turns_join_their_own() {
        let (mut b, x) = GraphBuilder::new();
        let conv = |b: &mut GraphBuilder, name: &str| b.conv(name, x, Conv2d::new(3, 4, 1));
        let (p, q) = (conv(&mut b, "p"), conv(&mut b, "q"));
        let p = b.norm("p.norm", p, 4, 1e-3);
        let q = b.act("q.act", q, ActivationFn::Relu);
        let p = b.act("p.act", p, ActivationFn::Relu);
        let (r, s) = (conv(&mut b, "r"), conv(&mut b, "s"));
        let both = b.node("both", Op::Concat, &[p, q]);
        let sum = b.node("sum", Op::Add, &[r, s]);
        let end = b.node("end", Op::Concat, &[both, sum]);
        b.stage(end);
        let graph = b.finish().unwrap();
        let plan = |taps: &[NodeId]| Plan::new(&graph, PixelSize::square(4), 1, taps).unwrap();
        let order = ["input", "p+p.norm+p.act", "q+q.act", "both", "r", "s+sum", "end"];
        assert_eq!(names(&graph, &plan(&[end])), order);
        let order = ["input", "p+p.norm+p.act", "q+q.act", "both", "s", "r+sum", "end"];
        assert_eq!(names(&graph, &plan(&[end, s])), order, "the one that nobody looks at");
    }

    #[test]
    fn networks_of_this_program_run_in_the_order_of_their_builders() {
        for row in Registry::specs() {
            let graph = row.graph().unwrap();
            let all: Vec<NodeId> = graph.ids().collect();
            for taps in [&[graph.final_node()][..], graph.stages(), &all] {
                let plan = Plan::new(&graph, row.preprocess.size, 1, taps).unwrap();
                let is_sorted = plan.steps().is_sorted_by_key(|step| step.output);
                assert!(is_sorted, "{}, {} taps", row.tag, taps.len());
            }
        }
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
