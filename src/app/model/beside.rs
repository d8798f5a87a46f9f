//! Which stages are kept of a run beside the layer that is shown.

use crate::graph::{Graph, NodeId, NodeInfo, Op};

/// Memory budget for the layers that one run keeps beside those it is for, in bytes: half of what all kept values may take, so that the
/// runs of two views don't drop each other's.
pub(crate) const BESIDE_BYTES: usize = 128 << 20;

/// The stages that a run for `shown` passes, the nearest first, as far as they fit the budget. `passed` are the nodes whose values the
/// run has in hand on its way.
pub(crate) fn stages_beside(
    graph: &Graph,
    infos: &[NodeInfo],
    passed: &[NodeId],
    shown: NodeId,
) -> Vec<NodeId> {
    let is_passed = |id: &NodeId| passed.contains(id);
    // A transformer's grid is a copy of what its blocks compute.
    let is_copy = |id: &NodeId| {
        let node = graph.node(*id);
        matches!(node.op, Op::TokenGrid(_)) && node.inputs.iter().all(is_passed)
    };
    let mut stages: Vec<NodeId> = graph.stages().to_vec();
    stages.retain(|id| *id != shown && (is_passed(id) || is_copy(id)));
    stages.sort_by_key(|id| id.0.abs_diff(shown.0));
    let mut num_bytes = 0;
    let fits = |id: &NodeId| {
        num_bytes += infos[id.0].shape.len() * size_of::<f32>();
        num_bytes <= BESIDE_BYTES
    };
    stages.into_iter().take_while(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::{BESIDE_BYTES, stages_beside};
    use crate::engine::Plan;
    use crate::models::Registry;
    use crate::tensor::PixelSize;

    #[test]
    fn the_nearest_stages_come_first_and_the_budget_holds() {
        let graph = (Registry::find("vgg16.keras_in1k").unwrap().build)().unwrap();
        let of = |side, shown| {
            let size = PixelSize::square(side);
            let plan = Plan::new(&graph, size, 1, &[shown]).unwrap();
            let passed: Vec<_> = plan.steps().iter().map(|step| step.output).collect();
            let infos = graph.infer(size).unwrap();
            let stages = stages_beside(&graph, &infos, &passed, shown);
            assert!(stages.is_sorted_by_key(|id| std::cmp::Reverse(*id)), "{stages:?}");
            let bytes: usize = stages.iter().map(|id| 4 * infos[id.0].shape.len()).sum();
            assert!(bytes <= BESIDE_BYTES);
            stages.len()
        };
        let all = graph.stages().len();
        assert_eq!(of(224, graph.final_node()), all - 1, "all of them fit");
        let of_large = of(1000, graph.final_node());
        assert!(0 < of_large && of_large < all - 1, "{of_large} of {all}");
        assert_eq!(of(224, graph.stages()[3]), 3, "none behind the layer that is shown");
    }
}
