//! How much memory a run takes, known before it begins.
//!
//! An estimate for the CPU: what the program holds anyway isn't counted, nor the kernels' scratch memory except for borders.

use super::cpu::{packed_bytes, scratch_bytes};
use super::plan::Plan;
use crate::graph::Graph;

/// About how many bytes the first run of a plan holds at its peak: values, scratch memory, packed parameters, the picture, and the
/// largest layer that was asked for, as values and drawn.
pub fn planned_bytes(graph: &Graph, plan: &Plan) -> u64 {
    planned_bytes_as(graph, plan, false)
}

/// [`planned_bytes`] of an executor that is exact or not.
pub(super) fn planned_bytes_as(graph: &Graph, plan: &Plan, is_exact: bool) -> u64 {
    let taps = plan.steps().iter().filter(|step| step.is_tap);
    let largest = taps.map(|step| plan.info(step.output).shape.len()).max().unwrap_or(0);
    let input = plan.input();
    let picture = 3 * input.width * input.height;
    // A layer's values, its mosaic of four bytes a value, and the mosaic cut for drawing.
    let words = (3 * largest + picture) * plan.num_images();
    let bytes =
        plan.peak_value_bytes() + scratch_bytes(graph, plan, is_exact) + packed_bytes(graph, plan, is_exact);
    (bytes + words * size_of::<f32>()) as u64
}
