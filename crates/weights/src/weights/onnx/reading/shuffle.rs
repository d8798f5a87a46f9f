//! Operations that select or reorder channels: slices, splits, and the channel shuffle, which exporters write as a reshape to one more
//! axis. Slices of rows and columns are only supported on the picture, as in `YOLOv5`'s first layer.

use super::arguments::{listed, optional_at};
use super::conversion::Conversion;
use super::names::plain;
use super::node::OnnxNode;
use super::sides::sides_at;
use super::value::{Dimension, Grouped, GroupedAxis, Inputs, Map, Side, Value, place};
use crate::graph::{ChannelRange, Conv2d, Op, Padding};
use crate::weights::onnx::error::OnnxProblem;
use crate::weights::tensors::Entry;

/// Largest number of rows or columns that a slice of the picture may leave out at each end, because a convolution kernel spans them.
const MAX_LEFT_OUT: i64 = 15;

/// A `Reshape` of a map to five axes that only splits the channels into groups. `None` for any other reshape.
pub(super) fn group(
    work: &mut Conversion,
    node: &OnnxNode,
    x: &Map,
    wanted: &[Side],
) -> Result<Option<Value>, OnnxProblem> {
    let channels = work.channels(x);
    let [_, _, _, _, _] = wanted else { return Ok(None) };
    let (Some(at), 4) = (x.axes.iter().position(|axis| *axis == Dimension::Channel), x.axes.len()) else {
        return Ok(None);
    };
    if wanted.iter().filter(|side| **side == Side::Known(-1)).count() > 1 {
        return Ok(None);
    }
    let number = |side: Side| match side {
        Side::Known(n) => usize::try_from(n).ok().filter(|n| *n > 0),
        Side::Images | Side::Rows(_) | Side::Columns(_) => None,
    };
    let groups = match (wanted[at], wanted[at + 1]) {
        (Side::Known(-1), members) => number(members).and_then(|m| channels.checked_div(m)),
        (groups, _) => number(groups),
    };
    let Some(groups) = groups.filter(|g| channels.is_multiple_of(*g)) else { return Ok(None) };
    let members = Side::Known((channels / groups) as i64);
    if wanted[at] != Side::Known(-1) && ![members, Side::Known(-1)].contains(&wanted[at + 1]) {
        return Ok(None);
    }
    let mut parts = Vec::with_capacity(5);
    for (number, axis) in x.axes.iter().enumerate() {
        if *axis == Dimension::Channel {
            parts.extend([GroupedAxis::Group, GroupedAxis::Member]);
            continue;
        }
        if !work.is_side(x, *axis, wanted[if number > at { number + 1 } else { number }])? {
            return Ok(None);
        }
        parts.push(GroupedAxis::Whole(*axis));
    }
    Ok(Some(Value::Grouped(Grouped { of: x.clone(), groups, parts, node: node.name.clone() })))
}

/// Converts a node that has a map with grouped channels among its inputs: a transposition, or a reshape back to four axes. For any other
/// node, the grouped inputs become values that aren't followed, and the result is `None`.
pub(super) fn ungroup(
    work: &mut Conversion,
    node: &OnnxNode,
    inputs: &mut [Option<Value>],
) -> Result<Option<Value>, OnnxProblem> {
    let Some(Some(Value::Grouped(grouped))) =
        inputs.iter().find(|value| matches!(value, Some(Value::Grouped(_)))).cloned()
    else {
        return Ok(None);
    };
    let is_first = matches!(inputs.first(), Some(Some(Value::Grouped(_))));
    match node.op.as_str() {
        "Identity" => return Ok(Some(Value::Grouped(grouped))),
        "Transpose" if is_first => {
            let order: Option<Vec<usize>> = match node.ints("perm") {
                Some(perm) => perm.iter().map(|axis| place(*axis, 5)).collect(),
                None => Some((0..5).rev().collect()),
            };
            if let Some(order) = order.filter(|o| o.len() == 5 && (0..5).all(|at| o.contains(&at))) {
                let parts = order.into_iter().map(|at| grouped.parts[at]).collect();
                return Ok(Some(Value::Grouped(Grouped { parts, ..grouped })));
            }
        }
        "Reshape" if is_first => {
            let wanted = match node.ints("shape") {
                Some(shape) => Some(shape.iter().map(|n| Side::Known(*n)).collect()),
                None => sides_at(inputs, 1),
            };
            if let Some(map) = joined(work, node, &grouped, &wanted.unwrap_or_default())? {
                return Ok(Some(Value::Map(map)));
            }
        }
        _ => {}
    }
    for value in inputs.iter_mut() {
        if let Some(Value::Grouped(grouped)) = value {
            work.left.push(grouped.of.id);
            let (op, node) = ("Reshape".to_owned(), grouped.node.clone());
            *value = Some(Value::Beyond { op, node, is_of_means: false });
        }
    }
    Ok(None)
}

fn joined(
    work: &mut Conversion,
    node: &OnnxNode,
    grouped: &Grouped,
    wanted: &[Side],
) -> Result<Option<Map>, OnnxProblem> {
    let pair = grouped.parts.windows(2).position(|pair| {
        matches!(pair, [GroupedAxis::Group, GroupedAxis::Member] | [GroupedAxis::Member, GroupedAxis::Group])
    });
    let (Some(at), [_, _, _, _]) = (pair, wanted) else { return Ok(None) };
    let is_shuffle = grouped.parts[at] == GroupedAxis::Member;
    let mut axes: Vec<Dimension> = Vec::with_capacity(4);
    for (number, part) in grouped.parts.iter().enumerate() {
        match part {
            GroupedAxis::Whole(axis) => axes.push(*axis),
            _ if number == at => axes.push(Dimension::Channel),
            GroupedAxis::Group | GroupedAxis::Member => {}
        }
    }
    let mut wanted = wanted.to_vec();
    for (side, part) in wanted.iter_mut().zip(&grouped.parts) {
        // A zero means the input's own length.
        if let (Side::Known(0), GroupedAxis::Whole(axis)) = (*side, part)
            && node.int("allowzero").unwrap_or(0) == 0
        {
            *side = work.side(&grouped.of, *axis)?;
        }
    }
    let num_open = wanted.iter().filter(|side| **side == Side::Known(-1)).count();
    for (axis, written) in axes.iter().zip(&wanted) {
        if !work.is_side(&grouped.of, *axis, *written)? || num_open > 1 {
            return Ok(None);
        }
    }
    let id = grouped.of.id;
    if !is_shuffle {
        return Ok(Some(Map { id, axes }));
    }
    let id = work.draft.push(&node.name, Op::Shuffle(grouped.groups), &[id], work.channels(&grouped.of));
    Ok(Some(Map { id, axes }))
}

/// `Slice` of a range of channels, or of rows and columns of the picture with a step. Other axes must be taken as a whole.
pub(super) fn slice(
    work: &mut Conversion,
    node: &OnnxNode,
    inputs: Inputs<'_>,
    x: &Map,
) -> Result<Map, OnnxProblem> {
    for (at, what) in [(1, "start"), (2, "end"), (3, "axis"), (4, "step")] {
        optional_at(node, inputs, at, what)?;
    }
    let starts = listed(node, inputs, "starts", 1).unwrap_or_default();
    let ends = listed(node, inputs, "ends", 2).unwrap_or_default();
    let rank = x.axes.len();
    let axes: Option<Vec<usize>> = match listed(node, inputs, "axes", 3) {
        Some(axes) => axes.iter().map(|axis| place(*axis, rank)).collect(),
        None => Some((0..starts.len()).collect()),
    };
    let steps = listed(node, inputs, "steps", 4).unwrap_or_else(|| vec![1; starts.len()]);
    let len = starts.len();
    let Some(axes) = axes.filter(|axes| {
        axes.len() == len && ends.len() == len && steps.len() == len && axes.iter().all(|at| *at < rank)
    }) else {
        return Err(node.malformed("its starts, ends, axes and steps don't fit together"));
    };
    let mut id = x.id;
    for (number, axis) in axes.into_iter().enumerate() {
        let (start, end, step) = (starts[number], ends[number], steps[number]);
        let side = match work.side(x, x.axes[axis])? {
            Side::Known(n) => Some(n),
            Side::Images | Side::Rows(_) | Side::Columns(_) => None,
        };
        let reaches_end = end >= side.unwrap_or(i64::from(i32::MAX));
        if step == 1 && (start == 0 || side.is_some_and(|n| start <= -n)) && reaches_end {
            continue;
        }
        if matches!(x.axes[axis], Dimension::Row | Dimension::Column)
            && work.draft.nodes[id].is_picture
            && step >= 1
        {
            let before = if start >= 0 { Some(start) } else { side.map(|n| n.saturating_add(start).max(0)) };
            let after = match (reaches_end, side) {
                (true, _) => Some(0),
                (false, _) if end < 0 => end.checked_neg(),
                (false, side) => side.map(|n| n - end),
            };
            let is_near = |n: &i64| (0..=MAX_LEFT_OUT).contains(n);
            let is_left = |before: i64, after: i64| side.is_none_or(|n| before + after < n);
            match (before.filter(is_near), after.filter(is_near)) {
                (Some(before), Some(after)) if step <= 4096 && is_left(before, after) => {
                    id = picked(work, &node.name, id, x.axes[axis] == Dimension::Row, [before, after, step]);
                    continue;
                }
                _ => {}
            }
        }
        if x.axes[axis] != Dimension::Channel {
            return Err(node.unsupported("along anything but channels"));
        }
        if step != 1 {
            return Err(node.unsupported(format!("with a step of {step}")));
        }
        let channels = side.unwrap_or_default();
        let from_start = |at: i64| (if at < 0 { at.saturating_add(channels) } else { at }).clamp(0, channels);
        let (first, until) = (from_start(start), from_start(end));
        if first >= until {
            return Err(node.malformed(format!("it takes channels {start} to {end} of {channels}")));
        }
        id = range(work, &node.name, id, first as usize, (until - first) as usize);
    }
    Ok(Map { id, axes: x.axes.clone() })
}

/// Selects rows or columns of the picture. `numbers` are how many to leave out before and after, and the step. The selection becomes a
/// depthwise convolution whose kernel has a single 1 among zeros. A picture's values are finite, so they come out unchanged.
fn picked(work: &mut Conversion, name: &str, x: usize, is_of_rows: bool, numbers: [i64; 3]) -> usize {
    let [before, after, step] = numbers.map(|n| usize::try_from(n).unwrap_or(1));
    let channels = work.draft.nodes[x].channels;
    let along = |n: usize| if is_of_rows { [n, 1] } else { [1, n] };
    let window = before + 1 + after;
    let conv = Conv2d {
        kernel: along(window),
        stride: along(step),
        padding: Padding::Valid,
        groups: channels,
        has_bias: false,
        ..Conv2d::new(channels, channels, 1)
    };
    let [rows, columns] = conv.kernel;
    let id = work.draft.push(name, Op::Conv2d(conv), &[x], channels);
    let one: Vec<f32> = (0..window).map(|at| if at == before { 1.0 } else { 0.0 }).collect();
    let weight = Entry::owned("FLOAT".to_owned(), vec![channels, 1, rows, columns], one.repeat(channels));
    let node = &mut work.draft.nodes[id];
    (node.params, node.is_picture) = (vec![("weight", weight)], true);
    id
}

fn range(work: &mut Conversion, name: &str, x: usize, first: usize, channels: usize) -> usize {
    work.draft.push(name, Op::Slice(ChannelRange { first, channels }), &[x], channels)
}

/// `Split` of the channels into ranges. Each range becomes a node with the name of its output.
pub(super) fn split(
    work: &mut Conversion,
    node: &OnnxNode,
    inputs: Inputs<'_>,
    x: &Map,
) -> Result<Vec<Value>, OnnxProblem> {
    let axis = place(node.int("axis").unwrap_or(0), x.axes.len());
    if axis.map(|at| x.axes[at]) != Some(Dimension::Channel) {
        return Err(node.unsupported("along anything but channels"));
    }
    optional_at(node, inputs, 1, "size of its parts")?;
    let channels = work.channels(x);
    let num = node.outputs.len();
    let sizes: Option<Vec<usize>> = if let Some(sizes) = listed(node, inputs, "split", 1) {
        sizes.iter().map(|n| usize::try_from(*n).ok().filter(|n| *n > 0)).collect()
    } else {
        // Without sizes, the parts are equal, and the last may be smaller.
        let size = channels.div_ceil(num.max(1));
        let sizes = (0..num).map(|at| channels.saturating_sub(at * size).min(size));
        sizes.map(|n| (n > 0).then_some(n)).collect()
    };
    let sizes = sizes.filter(|sizes| {
        sizes.len() == num && sizes.iter().try_fold(0usize, |sum, n| sum.checked_add(*n)) == Some(channels)
    });
    let Some(sizes) = sizes else {
        return Err(node.malformed(format!("its parts don't make up {channels} channels")));
    };
    let mut first = 0;
    let mut values = Vec::with_capacity(num);
    for (size, output) in sizes.into_iter().zip(&node.outputs) {
        // A part that isn't used has no name.
        values.push(if output.is_empty() {
            Value::Free
        } else {
            let id = range(work, &plain(output), x.id, first, size);
            Value::Map(Map { id, axes: x.axes.clone() })
        });
        first += size;
    }
    Ok(values)
}
