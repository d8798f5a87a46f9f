//! Sides of maps as values: exporters ask for them, take them apart and put them together again.
//!
//! What the file fixes is a number and computed with (`fold`); the rest is known by where it comes from.

use super::arguments::{listed, sliced};
use super::constant::Constant;
use super::node::OnnxNode;
use super::value::{Inputs, Side, SymbolicShape, Value, place};

/// A constant where all is known.
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

/// Sides that a value holds, and whether it is one by itself.
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

/// The sides that an input names, whether they are known or not.
pub(super) fn sides_at(inputs: Inputs<'_>, at: usize) -> Option<Vec<Side>> {
    sides_of(inputs.get(at)).map(|(sides, _)| sides)
}

/// A node of which some inputs are sides that aren't known.
pub(super) fn follow(node: &OnnxNode, inputs: Inputs<'_>) -> Value {
    moved(node, inputs).unwrap_or(Value::Free)
}

/// What only moves sides.
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
