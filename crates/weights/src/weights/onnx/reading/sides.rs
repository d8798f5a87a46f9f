//! Shapes of maps as values: exporters write nodes that read shapes, take them apart and put them together again.
//!
//! Lengths that the file fixes are numbers, which `fold` computes with. The others are symbols for an axis of a map.

use super::arguments::{listed, sliced};
use super::constant::Constant;
use super::node::OnnxNode;
use super::value::{Inputs, Side, SymbolicShape, Value, place};

/// A value of these lengths: a constant if all are known, otherwise a symbolic shape.
pub(super) fn value_of(sides: Vec<Side>, is_scalar: bool) -> Value {
    let known: Option<Vec<i64>> =
        sides.iter().map(|side| if let Side::Known(n) = side { Some(*n) } else { None }).collect();
    match known {
        Some(numbers) => {
            let dims = if is_scalar { Vec::new() } else { vec![numbers.len()] };
            Value::Constant(Constant::ints_in(dims, numbers).into())
        }
        None => Value::Shape(SymbolicShape { sides, is_scalar }),
    }
}

/// The lengths that a value holds, and whether it is a scalar.
fn sides_of(value: Option<&Option<Value>>) -> Option<(Vec<Side>, bool)> {
    match value {
        Some(Some(Value::Shape(extent))) => Some((extent.sides.clone(), extent.is_scalar)),
        Some(Some(Value::Constant(constant))) if constant.dims.len() <= 1 && constant.len() <= 64 => {
            let sides = constant.ints()?.iter().map(|n| Side::Known(*n)).collect();
            Some((sides, constant.dims.is_empty()))
        }
        _ => None,
    }
}

/// The lengths that the input `at` holds, known or symbolic. `None` if it holds something else.
pub(super) fn sides_at(inputs: Inputs<'_>, at: usize) -> Option<Vec<Side>> {
    sides_of(inputs.get(at)).map(|(sides, _)| sides)
}

/// The value of a node that has symbolic lengths among its inputs.
pub(super) fn follow(node: &OnnxNode, inputs: Inputs<'_>) -> Value {
    moved(node, inputs).unwrap_or(Value::Free)
}

/// The value of a node that only moves lengths; `None` if it computes with them.
fn moved(node: &OnnxNode, inputs: Inputs<'_>) -> Option<Value> {
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
        // A single length, as a scalar or as a list of one.
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
