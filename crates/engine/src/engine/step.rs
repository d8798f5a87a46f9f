//! A step: the nodes that an executor computes together.

use super::fold::is_affine;
use crate::graph::{ActivationFn, Graph, NodeId, Op};

/// A unit of work of an executor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The last of the step's nodes, whose value is its result.
    pub output: NodeId,
    /// Nodes computed in this step, first to last. There are several if batch norms and scales are folded into the convolution
    /// before them, if a convolution is added to an existing value, or if an activation is applied to a convolution, norm, sum, gate
    /// or pairwise operation whose own value nobody else reads.
    pub nodes: Vec<NodeId>,
    /// Values that the step reads: the inputs of the first node in order, then, if the step has a sum, the value that the first
    /// node's result is added to.
    pub inputs: Vec<NodeId>,
    /// Whether the value was asked for.
    pub is_tap: bool,
    /// Values that are not needed after this step.
    pub frees: Vec<NodeId>,
}

impl Step {
    /// The last of the batch norms and scales that are folded into the step's convolution.
    pub(super) fn last_folded(&self, graph: &Graph) -> Option<NodeId> {
        self.nodes[1..].iter().copied().take_while(|id| is_affine(&graph.node(*id).op)).last()
    }

    /// Whether the last input is added to the result of the first node and the nodes folded into it.
    pub(super) fn adds(&self, graph: &Graph) -> bool {
        self.nodes[1..].iter().any(|id| graph.node(*id).op == Op::Add)
    }

    /// The activation that is applied to the result of the step's other nodes, if there is one.
    pub(super) fn activation(&self, graph: &Graph) -> Option<ActivationFn> {
        match self.nodes[1..].last().map(|id| &graph.node(*id).op) {
            Some(Op::Activation(function)) => Some(*function),
            _ => None,
        }
    }
}
