//! Sides of maps as values: exporters ask for them, take them apart and put them together again.
//!
//! What the file fixes is a number and computed with (`fold`); the rest is known by where it comes from.

use super::constant::Constant;
use super::convert::{Axis, Converter, Map, Value, place};
use super::error::OnnxProblem;
use super::fold::{between, listed, sliced};
use super::model::OnnxNode;
use crate::graph::{Node, NodeId, NodeInfo};
use crate::tensor::MapShape;

/// A side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Known(i64),
    /// Pictures in a batch.
    Images,
    /// Rows of a map, by its node's number.
    Rows(usize),
    /// Columns of a map.
    Columns(usize),
}

/// Some sides in a row, or one by itself; not all of them known.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Extent {
    pub(super) sides: Vec<Side>,
    is_scalar: bool,
}

/// A constant where all is known.
fn value_of(sides: Vec<Side>, is_scalar: bool) -> Value {
    let known: Option<Vec<i64>> =
        sides.iter().map(|side| if let Side::Known(n) = side { Some(*n) } else { None }).collect();
    match known {
        Some(numbers) => {
            let dims = if is_scalar { Vec::new() } else { vec![numbers.len()] };
            Value::Constant(Constant::ints_in(dims, numbers).into())
        }
        None => Value::Extent(Extent { sides, is_scalar }),
    }
}

/// Sides that a value holds, and whether it is one by itself.
fn sides_of(value: Option<&Option<Value>>) -> Option<(Vec<Side>, bool)> {
    match value {
        Some(Some(Value::Extent(extent))) => Some((extent.sides.clone(), extent.is_scalar)),
        Some(Some(Value::Constant(constant))) if constant.dims.len() <= 1 && constant.len() <= 64 => {
            let sides = constant.ints()?.iter().map(|n| Side::Known(*n)).collect();
            Some((sides, constant.dims.is_empty()))
        }
        _ => None,
    }
}

/// The sides that an input names, whether they are known or not.
pub(super) fn sides_at(inputs: &[Option<Value>], at: usize) -> Option<Vec<Side>> {
    sides_of(inputs.get(at)).map(|(sides, _)| sides)
}

/// A node of which some inputs are sides that aren't known.
pub(super) fn follow(node: &OnnxNode, inputs: &[Option<Value>]) -> Value {
    moved(node, inputs).unwrap_or(Value::Free)
}

/// What only moves sides.
fn moved(node: &OnnxNode, inputs: &[Option<Value>]) -> Option<Value> {
    let first = || sides_of(inputs.first());
    match node.op.as_str() {
        "Identity" => inputs.first().cloned().flatten(),
        "Cast" if matches!(node.int("to"), Some(6 | 7)) => inputs.first().cloned().flatten(),
        "Gather" => {
            let (sides, is_scalar) = first()?;
            let Some(Some(Value::Constant(indices))) = inputs.get(1) else { return None };
            let picked: Option<Vec<Side>> =
                indices.ints()?.iter().map(|at| sides.get(place(*at, sides.len())?).copied()).collect();
            let is_row = indices.dims.len() == 1;
            (!is_scalar && indices.dims.len() <= 1).then(|| picked.map(|sides| value_of(sides, !is_row)))?
        }
        "Slice" => {
            let (sides, is_scalar) = first()?;
            let [start] = listed(node, inputs, "starts", 1)?[..] else { return None };
            let [end] = listed(node, inputs, "ends", 2)?[..] else { return None };
            let step = listed(node, inputs, "steps", 4).map_or(Some(1), |steps| steps.first().copied())?;
            let places = sliced(sides.len(), start, end, step)?;
            (!is_scalar).then(|| value_of(places.into_iter().map(|at| sides[at]).collect(), false))
        }
        "Concat" => {
            let mut all = Vec::new();
            for input in inputs {
                let (sides, is_scalar) = sides_of(Some(input))?;
                if is_scalar {
                    return None;
                }
                all.extend(sides);
            }
            (all.len() <= 64).then(|| value_of(all, false))
        }
        // Of one side: by itself, or in a row.
        "Unsqueeze" | "Reshape" | "Squeeze" => {
            let (sides, _) = first()?;
            let is_scalar = node.op == "Squeeze";
            let is_row = match node.op.as_str() {
                "Reshape" => matches!(listed(node, inputs, "shape", 1)?[..], [-1 | 1]),
                "Unsqueeze" => listed(node, inputs, "axes", 1)?.len() == 1,
                _ => true,
            };
            (sides.len() == 1 && is_row).then(|| value_of(sides, is_scalar))
        }
        _ => None,
    }
}

impl Converter {
    /// A map's shape at the size that the file fixes.
    pub(super) fn shape_of(&mut self, id: usize) -> Result<Option<MapShape>, OnnxProblem> {
        let Some(size) = self.size else { return Ok(None) };
        while self.infos.len() <= id {
            let draft = &self.draft.nodes[self.infos.len()];
            let inputs: Vec<NodeInfo> = draft.inputs.iter().map(|at| self.infos[*at]).collect();
            let node = Node {
                name: draft.name.clone(),
                op: draft.op,
                inputs: draft.inputs.iter().map(|at| NodeId(*at)).collect(),
                keras_layer: None,
            };
            let info = NodeInfo::of(&node, &inputs, size);
            self.infos.push(info.map_err(|error| OnnxProblem::TooMuch(error.to_string()))?);
        }
        Ok(Some(self.infos[id].shape))
    }

    /// A map's side.
    pub(super) fn side(&mut self, x: &Map, axis: Axis) -> Result<Side, OnnxProblem> {
        let known = |n: usize| Side::Known(n as i64);
        let shape = match axis {
            Axis::Row | Axis::Column if self.draft.nodes[x.id].is_pooled => return Ok(known(1)),
            Axis::Row | Axis::Column => self.shape_of(x.id)?,
            _ => None,
        };
        Ok(match axis {
            Axis::Image => self.num_images.map_or(Side::Images, known),
            Axis::Channel => known(self.channels(x)),
            Axis::Row => shape.map_or(Side::Rows(x.id), |shape| known(shape.height)),
            Axis::Column => shape.map_or(Side::Columns(x.id), |shape| known(shape.width)),
        })
    }

    /// `Shape` of a map.
    pub(super) fn extent(&mut self, node: &OnnxNode, x: &Map) -> Result<Value, OnnxProblem> {
        let mut sides = Vec::with_capacity(x.axes.len());
        for axis in &x.axes {
            sides.push(self.side(x, *axis)?);
        }
        Ok(value_of(between(node, sides), false))
    }

    /// Whether what is written for a side of a map is that side, or may be left to be found out (−1).
    pub(super) fn is_side(&mut self, x: &Map, axis: Axis, written: Side) -> Result<bool, OnnxProblem> {
        let own = self.side(x, axis)?;
        // A file of free batches may have been written with one picture's extents.
        let is_one = own == Side::Images && written == Side::Known(1);
        Ok(written == own || written == Side::Known(-1) || is_one)
    }
}
