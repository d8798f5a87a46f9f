//! Operations that concatenate maps, and operations that only reorder, add or drop axes.

use super::arguments::between;
use super::conversion::Conversion;
use super::node::OnnxNode;
use super::shuffle::group;
use super::sides::{sides_at, value_of};
use super::value::{Dimension, Inputs, Map, Side, Value, place};
use crate::graph::Op;
use crate::weights::onnx::error::OnnxProblem;

pub(super) fn concat(
    work: &mut Conversion,
    node: &OnnxNode,
    inputs: Inputs<'_>,
) -> Result<Value, OnnxProblem> {
    let maps: Option<Vec<&Map>> =
        inputs.iter().map(|value| if let Some(Value::Map(map)) = value { Some(map) } else { None }).collect();
    let Some(maps) = maps else { return Err(node.unsupported("of maps and constants")) };
    let axes = maps[0].axes.clone();
    if maps.iter().any(|map| map.axes != axes) {
        return Err(node.unsupported("of maps whose axes differ"));
    }
    let axis = node.int("axis").and_then(|axis| place(axis, axes.len()));
    if axis.map(|at| axes[at]) != Some(Dimension::Channel) {
        return Err(node.unsupported("along anything but channels"));
    }
    let ids: Vec<usize> = maps.iter().map(|map| map.id).collect();
    if let [one] = ids[..] {
        return Ok(Value::Map(Map { id: one, axes }));
    }
    let channels = maps.iter().fold(0usize, |sum, map| sum.saturating_add(work.channels(map)));
    let id = work.draft.push(&node.name, Op::Concat, &ids, channels);
    Ok(Value::Map(Map { id, axes }))
}

/// `Reshape`, `Flatten`, `Squeeze` and `Unsqueeze`. A pooled value gets other axes. The channels of a map may become groups; any other
/// reshape of a map isn't followed.
pub(super) fn reshape(
    work: &mut Conversion,
    node: &OnnxNode,
    inputs: Inputs<'_>,
    x: &Map,
) -> Result<Value, OnnxProblem> {
    let wanted = match (node.op.as_str(), node.ints("shape")) {
        ("Reshape", Some(shape)) => Some(shape.iter().map(|n| Side::Known(*n)).collect()),
        _ => sides_at(inputs, 1),
    };
    if !work.draft.nodes[x.id].is_pooled {
        let mut wanted = wanted.filter(|_| node.op == "Reshape").unwrap_or_default();
        // A zero means the input's own length.
        for (side, axis) in wanted.iter_mut().zip(&x.axes) {
            if *side == Side::Known(0) && node.int("allowzero").unwrap_or(0) == 0 {
                *side = work.side(x, *axis)?;
            }
        }
        if let Some(grouped) = group(work, node, x, &wanted)? {
            return Ok(grouped);
        }
        return Ok(work.leave(node, inputs));
    }
    let listed: Option<Vec<i64>> = wanted.map(|sides| {
        // A length that isn't known can't be the number of channels of a pooled value.
        sides.into_iter().map(|side| if let Side::Known(n) = side { n } else { 1 }).collect()
    });
    let axes = match node.op.as_str() {
        "Reshape" => match axes_of_mean(work, node, x, listed) {
            Some(axes) => axes,
            None => return Ok(work.leave(node, inputs)),
        },
        "Flatten" => match place(node.int("axis").unwrap_or(1), x.axes.len()) {
            Some(1) => vec![Dimension::Image, Dimension::Channel],
            _ => return Ok(work.leave(node, inputs)),
        },
        "Squeeze" if node.ints("axes").is_some() || listed.is_some() => {
            let wanted = node.ints("axes").map(<[i64]>::to_vec).or(listed).unwrap_or_default();
            let places: Option<Vec<usize>> = wanted.iter().map(|axis| place(*axis, x.axes.len())).collect();
            let is_of_ones = |at: &usize| matches!(x.axes[*at], Dimension::Row | Dimension::Column);
            let Some(places) = places.filter(|places| places.iter().all(is_of_ones)) else {
                return Ok(work.leave(node, inputs));
            };
            let kept = x.axes.iter().enumerate().filter(|(at, _)| !places.contains(at));
            kept.map(|(_, axis)| *axis).collect()
        }
        "Unsqueeze" => {
            let wanted = node.ints("axes").map(<[i64]>::to_vec).or(listed).unwrap_or_default();
            let rank = x.axes.len() + wanted.len();
            let missing =
                [Dimension::Row, Dimension::Column].into_iter().filter(|axis| !x.axes.contains(axis));
            let places: Option<Vec<usize>> = wanted.iter().map(|axis| place(*axis, rank)).collect();
            let Some(mut places) = places.filter(|p| p.len() <= missing.clone().count()) else {
                return Ok(work.leave(node, inputs));
            };
            places.sort_unstable();
            let mut axes = x.axes.clone();
            for (at, axis) in places.into_iter().zip(missing) {
                axes.insert(at.min(axes.len()), axis);
            }
            axes
        }
        // `Squeeze` without axes drops all axes of length 1.
        _ => vec![Dimension::Image, Dimension::Channel],
    };
    Ok(Value::Map(Map { id: x.id, axes }))
}

/// The axes of a pooled value after a reshape to the shape `wanted`; `None` if the reshape splits the channels.
fn axes_of_mean(
    work: &Conversion,
    node: &OnnxNode,
    x: &Map,
    wanted: Option<Vec<i64>>,
) -> Option<Vec<Dimension>> {
    // PyTorch's `flatten` was once exported as a reshape to a computed shape.
    let Some(mut wanted) = wanted else { return Some(vec![Dimension::Image, Dimension::Channel]) };
    let channels = i64::try_from(work.channels(x)).ok()?;
    if node.int("allowzero").unwrap_or(0) == 0 {
        // A zero means the input's own length.
        for (side, axis) in wanted.iter_mut().zip(&x.axes).filter(|(side, _)| **side == 0) {
            *side = if *axis == Dimension::Channel { channels } else { 1 };
        }
    }
    let (images, rest) = wanted.split_first()?;
    let is_of_images = matches!(images, -1 | 1) || work.num_images.is_some_and(|n| *images == n as i64);
    let mut others = rest.iter().enumerate().filter(|(_, side)| **side != 1);
    let channel = others.next().map_or(0, |(at, _)| at);
    let side = *rest.get(channel)?;
    let is_whole = side == channels || (side == -1 && *images != -1);
    if !is_of_images || !is_whole || others.next().is_some() {
        return None;
    }
    match rest.len() {
        1 => Some(vec![Dimension::Image, Dimension::Channel]),
        3 => {
            let mut axes = vec![Dimension::Image, Dimension::Row, Dimension::Column];
            axes.insert(channel + 1, Dimension::Channel);
            Some(axes)
        }
        _ => None,
    }
}
/// `Shape` of a map: the lengths of its axes.
pub(super) fn extent(work: &mut Conversion, node: &OnnxNode, x: &Map) -> Result<Value, OnnxProblem> {
    let mut sides = Vec::with_capacity(x.axes.len());
    for axis in &x.axes {
        sides.push(work.side(x, *axis)?);
    }
    Ok(value_of(between(node, sides), false))
}

/// `Transpose`: only records another order of axes.
pub(super) fn transpose(node: &OnnxNode, x: &Map) -> Result<Map, OnnxProblem> {
    let rank = x.axes.len();
    let order: Option<Vec<usize>> = match node.ints("perm") {
        Some(perm) => perm.iter().map(|axis| place(*axis, rank)).collect(),
        None => Some((0..rank).rev().collect()),
    };
    let axes: Option<Vec<Dimension>> =
        order.filter(|o| o.len() == rank).map(|o| o.into_iter().map(|at| x.axes[at]).collect());
    match axes {
        Some(axes) if (0..rank).all(|at| !axes[..at].contains(&axes[at])) => Ok(Map { id: x.id, axes }),
        _ => Err(node.malformed("its order of axes isn't one")),
    }
}
