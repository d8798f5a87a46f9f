//! One thing that an executor does: the nodes that it computes at once.

use super::fold::is_affine;
use crate::graph::{ActivationFn, Graph, NodeId, Op};

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
