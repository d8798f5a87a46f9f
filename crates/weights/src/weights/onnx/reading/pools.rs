//! Mean and max pools: of windows, and of whole maps.

use super::arguments::{counts, in_order, optional_at};
use super::borders::padding;
use super::conversion::Conversion;
use super::node::OnnxNode;
use super::value::{Dimension, Inputs, Map, NCHW, Value, place};
use crate::graph::{BorderMean, Op, Padding, Pool2d, Sides};
use crate::weights::onnx::error::OnnxProblem;

/// `MaxPool` and `AveragePool`. `around` is a border of −∞ that a `Pad` before a max pool adds.
pub(super) fn pool(
    work: &mut Conversion,
    node: &OnnxNode,
    x: Map,
    around: Sides,
) -> Result<Map, OnnxProblem> {
    in_order(node, &x, &NCHW)?;
    if counts(node, "dilations")? != [1, 1] {
        return Err(node.unsupported("with dilations"));
    }
    let kernel = match node.ints("kernel_shape") {
        Some([_, _]) => counts(node, "kernel_shape")?,
        _ => return Err(node.unsupported("without a window of two sides")),
    };
    let mut padding = padding(work, node)?;
    let is_ceil = node.int("ceil_mode").unwrap_or(0) != 0;
    if !around.is_none() {
        let Padding::Explicit(own) = padding else {
            return Err(node.unsupported("with a border of two kinds"));
        };
        if is_ceil {
            return Err(node.unsupported("in ceil mode with a border before it"));
        }
        padding = Padding::Explicit(Sides {
            top: own.top + around.top,
            bottom: own.bottom + around.bottom,
            left: own.left + around.left,
            right: own.right + around.right,
        });
    }
    if let (true, Padding::Explicit(sides)) = (is_ceil, padding) {
        padding = Padding::Ceil(sides);
    }
    let pool = Pool2d { kernel, stride: counts(node, "strides")?, padding };
    let op = if node.op == "MaxPool" {
        Op::MaxPool(pool)
    } else if node.int("count_include_pad").unwrap_or(0) != 0 {
        // Runtimes differ in what such a mean divides by where the last window extends beyond the border.
        if matches!(padding, Padding::Ceil(sides) if !sides.is_none()) {
            return Err(node.unsupported("in ceil mode with a border that counts"));
        }
        if let Padding::Ceil(sides) = padding {
            let pool = Pool2d { kernel, stride: counts(node, "strides")?, padding: Padding::Ceil(sides) };
            let op = Op::AvgPool(pool, BorderMean::IgnoreBorder);
            let id = work.draft.push(&node.name, op, &[x.id], work.channels(&x));
            return Ok(Map { id, ..x });
        }
        Op::AvgPool(pool, BorderMean::CountBorder)
    } else {
        Op::AvgPool(pool, BorderMean::IgnoreBorder)
    };
    let id = work.draft.push(&node.name, op, &[x.id], work.channels(&x));
    Ok(Map { id, ..x })
}

/// `ReduceMean` and `ReduceMax` over rows and columns. Over other axes, a pooled value is no longer followed, and a map is an error.
pub(super) fn reduce(
    work: &mut Conversion,
    node: &OnnxNode,
    inputs: Inputs<'_>,
    x: Map,
) -> Result<Value, OnnxProblem> {
    let given = match node.ints("axes") {
        Some(axes) => Some(axes.to_vec()),
        None => optional_at(node, inputs, 1, "axes")?.and_then(|c| c.ints().map(<[i64]>::to_vec)),
    };
    let rank = x.axes.len();
    let places: Option<Vec<usize>> =
        given.unwrap_or_default().into_iter().map(|axis| place(axis, rank)).collect();
    let Some(places) = places else {
        return Err(node.malformed("one of its axes isn't there"));
    };
    let over: Vec<Dimension> = places.iter().map(|at| x.axes[*at]).collect();
    let is_global = over.len() == 2 && over.contains(&Dimension::Row) && over.contains(&Dimension::Column);
    if !is_global {
        return if work.draft.nodes[x.id].is_pooled {
            Ok(work.leave(node, inputs))
        } else {
            Err(node.unsupported("over anything but rows and columns"))
        };
    }
    let id = work.draft.push(&node.name, over_map(node), &[x.id], work.channels(&x));
    let mut axes = x.axes;
    if node.int("keepdims").unwrap_or(1) == 0 {
        axes.retain(|axis| !over.contains(axis));
    }
    Ok(Value::Map(Map { id, axes }))
}

/// The operation for the mean or the maximum of whole maps.
pub(super) fn over_map(node: &OnnxNode) -> Op {
    if node.op.ends_with("MaxPool") || node.op == "ReduceMax" { Op::GlobalMaxPool } else { Op::GlobalAvgPool }
}
