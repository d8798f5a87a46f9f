//! What joins maps and what only moves or drops axes.

use super::convert::{Axis, Converter, Map, Value, place};
use super::error::OnnxProblem;
use super::extents::{Side, sides_at};
use super::model::OnnxNode;
use crate::graph::Op;

impl Converter {
    pub(super) fn concat(&mut self, node: &OnnxNode, inputs: &[Option<Value>]) -> Result<Value, OnnxProblem> {
        let maps: Option<Vec<&Map>> = inputs
            .iter()
            .map(|value| if let Some(Value::Map(map)) = value { Some(map) } else { None })
            .collect();
        let Some(maps) = maps else { return Err(node.unsupported("of maps and constants")) };
        let axes = maps[0].axes.clone();
        if maps.iter().any(|map| map.axes != axes) {
            return Err(node.unsupported("of maps whose axes differ"));
        }
        let axis = node.int("axis").and_then(|axis| place(axis, axes.len()));
        if axis.map(|at| axes[at]) != Some(Axis::Channel) {
            return Err(node.unsupported("along anything but channels"));
        }
        let ids: Vec<usize> = maps.iter().map(|map| map.id).collect();
        if let [one] = ids[..] {
            return Ok(Value::Map(Map { id: one, axes }));
        }
        let channels = maps.iter().fold(0usize, |sum, map| sum.saturating_add(self.channels(map)));
        let id = self.draft.push(&node.name, Op::Concat, &ids, channels);
        Ok(Value::Map(Map { id, axes }))
    }

    /// Of a mean, other axes; of maps, channels as groups, or the end.
    pub(super) fn reshape(
        &mut self,
        node: &OnnxNode,
        inputs: &[Option<Value>],
        x: &Map,
    ) -> Result<Value, OnnxProblem> {
        let wanted = match (node.op.as_str(), node.ints("shape")) {
            ("Reshape", Some(shape)) => Some(shape.iter().map(|n| Side::Known(*n)).collect()),
            _ => sides_at(inputs, 1),
        };
        if !self.draft.nodes[x.id].is_pooled {
            let mut wanted = wanted.filter(|_| node.op == "Reshape").unwrap_or_default();
            // A zero is the side that was there.
            for (side, axis) in wanted.iter_mut().zip(&x.axes) {
                if *side == Side::Known(0) && node.int("allowzero").unwrap_or(0) == 0 {
                    *side = self.side(x, *axis)?;
                }
            }
            if let Some(grouped) = self.group(node, x, &wanted)? {
                return Ok(grouped);
            }
            return Ok(self.leave(node, inputs));
        }
        let listed: Option<Vec<i64>> = wanted.map(|sides| {
            // Whatever isn't known is no channel of a mean.
            sides.into_iter().map(|side| if let Side::Known(n) = side { n } else { 1 }).collect()
        });
        let axes = match node.op.as_str() {
            "Reshape" => match listed.as_deref() {
                Some([_, rest @ ..]) if rest.len() == 3 => {
                    let channel = rest.iter().position(|side| *side != 1).unwrap_or(0);
                    let mut axes = vec![Axis::Image, Axis::Row, Axis::Column];
                    axes.insert(channel + 1, Axis::Channel);
                    axes
                }
                // An extent that is computed is what torch's `flatten` was once written as.
                Some([_, _]) | None => vec![Axis::Image, Axis::Channel],
                _ => return Ok(self.leave(node, inputs)),
            },
            "Unsqueeze" => {
                let wanted = node.ints("axes").map(<[i64]>::to_vec).or(listed).unwrap_or_default();
                let rank = x.axes.len() + wanted.len();
                let missing = [Axis::Row, Axis::Column].into_iter().filter(|axis| !x.axes.contains(axis));
                let places: Option<Vec<usize>> = wanted.iter().map(|axis| place(*axis, rank)).collect();
                let Some(mut places) = places else { return Ok(self.leave(node, inputs)) };
                places.sort_unstable();
                let mut axes = x.axes.clone();
                for (at, axis) in places.into_iter().zip(missing) {
                    axes.insert(at.min(axes.len()), axis);
                }
                axes
            }
            // `Flatten` and `Squeeze`.
            _ => vec![Axis::Image, Axis::Channel],
        };
        Ok(Value::Map(Map { id: x.id, axes }))
    }
}

/// Only remembers another order of axes.
pub(super) fn transpose(node: &OnnxNode, x: &Map) -> Result<Map, OnnxProblem> {
    let rank = x.axes.len();
    let order: Option<Vec<usize>> = match node.ints("perm") {
        Some(perm) => perm.iter().map(|axis| place(*axis, rank)).collect(),
        None => Some((0..rank).rev().collect()),
    };
    let axes: Option<Vec<Axis>> =
        order.filter(|o| o.len() == rank).map(|o| o.into_iter().map(|at| x.axes[at]).collect());
    match axes {
        Some(axes) if (0..rank).all(|at| !axes[..at].contains(&axes[at])) => Ok(Map { id: x.id, axes }),
        _ => Err(node.malformed("its order of axes isn't one")),
    }
}
