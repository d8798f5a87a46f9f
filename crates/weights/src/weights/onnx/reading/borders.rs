//! Borders around maps: the padding of convolutions and pools, and `Pad` nodes.

use super::arguments::{constant_at, optional_at};
use super::conversion::Conversion;
use super::node::OnnxNode;
use super::value::{Dimension, Inputs, Map, Partial, PartialStage, Value, place};
use crate::graph::{Op, Padding, Sides};
use crate::weights::onnx::error::OnnxProblem;

/// The padding of a convolution or pool.
pub(super) fn padding(work: &mut Conversion, node: &OnnxNode) -> Result<Padding, OnnxProblem> {
    let sides = match node.ints("pads") {
        None => Sides::default(),
        Some(&[top, left, bottom, right]) => {
            let side = |n: i64| {
                usize::try_from(n).map_err(|_| node.unsupported(format!("with a border of {n} cells")))
            };
            Sides { top: side(top)?, bottom: side(bottom)?, left: side(left)?, right: side(right)? }
        }
        Some(pads) => return Err(node.malformed(format!("it has {} borders, expected 4", pads.len()))),
    };
    match node.text("auto_pad").unwrap_or("NOTSET") {
        "NOTSET" | "" => {
            work.count_border(node, sides.top.saturating_add(sides.bottom))?;
            work.count_border(node, sides.left.saturating_add(sides.right))?;
            Ok(Padding::Explicit(sides))
        }
        "VALID" => Ok(Padding::Valid),
        "SAME_UPPER" => Ok(Padding::Same),
        "SAME_LOWER" => Ok(Padding::SameLower),
        other => Err(node.unsupported(format!("with `auto_pad` {other}"))),
    }
}

/// `Pad`: zeros around a map, or the lowest value around a map, as the padding of a max pool that follows.
pub(super) fn pad(
    work: &mut Conversion,
    node: &OnnxNode,
    inputs: Inputs<'_>,
    x: Map,
) -> Result<Value, OnnxProblem> {
    let mode = node.text("mode").unwrap_or("constant");
    if mode != "constant" {
        return Err(node.unsupported(format!("with mode {mode}")));
    }
    let value = match node.float("value") {
        Some(value) => f64::from(value),
        None => match optional_at(node, inputs, 2, "value")? {
            Some(c) => c.scalar().ok_or_else(|| node.malformed("its value isn't one number"))?,
            None => 0.0,
        },
    };
    // A border of −∞ or the lowest float becomes the padding of the max pool after it.
    let is_lowest = value == f64::NEG_INFINITY || value <= f64::from(f32::MIN);
    if value != 0.0 && !is_lowest {
        return Err(node.unsupported(format!("with {value}")));
    }
    let pads = if let Some(pads) = node.ints("pads") {
        pads.to_vec()
    } else {
        let border = constant_at(node, inputs, 1, "border")?;
        let wrong = || node.malformed(format!("its borders are {}, no whole numbers", border.type_name()));
        border.ints().map(<[i64]>::to_vec).ok_or_else(wrong)?
    };
    let rank = x.axes.len();
    let axes = match optional_at(node, inputs, 3, "axes")?.and_then(|c| c.ints()) {
        Some(axes) => axes.iter().map(|axis| place(*axis, rank)).collect(),
        None => Some((0..rank).collect::<Vec<usize>>()),
    };
    let Some(axes) = axes.filter(|axes| pads.len() == 2 * axes.len()) else {
        return Err(node.malformed(format!("it has {} borders", pads.len())));
    };
    let mut sides = Sides::default();
    for (at, axis) in axes.iter().enumerate() {
        let (before, after) = (pads[at], pads[at + axes.len()]);
        if (before, after) == (0, 0) {
            continue;
        }
        let (Ok(before), Ok(after)) = (usize::try_from(before), usize::try_from(after)) else {
            return Err(node.unsupported("with a negative border"));
        };
        work.count_border(node, before.saturating_add(after))?;
        match x.axes[*axis] {
            Dimension::Row => (sides.top, sides.bottom) = (before, after),
            Dimension::Column => (sides.left, sides.right) = (before, after),
            Dimension::Image | Dimension::Channel => {
                return Err(node.unsupported("around anything but rows and columns"));
            }
        }
    }
    if sides.is_none() {
        return Ok(Value::Map(x));
    }
    if is_lowest {
        return Ok(Value::Partial(Partial { of: x, stage: PartialStage::LowestAround(sides) }));
    }
    if work.draft.nodes[x.id].is_pooled {
        return Err(node.unsupported("around a mean"));
    }
    let id = work.draft.push(&node.name, Op::ZeroPad(sides), &[x.id], work.channels(&x));
    Ok(Value::Map(Map { id, ..x }))
}
