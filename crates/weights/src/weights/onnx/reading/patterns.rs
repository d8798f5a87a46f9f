//! Activation functions that exporters write as several nodes: GELU with the error function, and hard-swish with a clipped sum.
//!
//! Their inner steps don't become layers: the values between an error function and the product that completes a GELU are of no interest.

use super::conversion::Conversion;
use super::node::OnnxNode;
use super::pools::pool;
use super::value::{Inputs, Map, Partial, PartialStage, Value};
use crate::graph::ActivationFn;
use crate::weights::onnx::error::OnnxProblem;

/// `Erf`, which is only supported on `x / √2`, as the first part of a GELU.
pub(super) fn erf(work: &Conversion, node: &OnnxNode, x: Map) -> Result<Value, OnnxProblem> {
    match work.draft.affine_input(x.id, std::f64::consts::FRAC_1_SQRT_2, 0.0) {
        Some(of) => Ok(Value::Partial(Partial { of: Map { id: of, ..x }, stage: PartialStage::Erf })),
        None => Err(node.unsupported("but as a part of a GELU")),
    }
}

/// Converts a node that has a partly recognised function among its inputs; `None` if it has none.
pub(super) fn go_on(
    work: &mut Conversion,
    node: &OnnxNode,
    inputs: Inputs<'_>,
) -> Result<Option<Value>, OnnxProblem> {
    let partial = inputs.iter().flatten().find_map(|value| match value {
        Value::Partial(partial) => Some(partial.clone()),
        Value::Map(_)
        | Value::Constant(_)
        | Value::Shape(_)
        | Value::Free
        | Value::Grouped(_)
        | Value::Beyond { .. } => None,
    });
    let Some(Partial { of, stage }) = partial else { return Ok(None) };
    let other = inputs.iter().flatten().find(|value| !matches!(value, Value::Partial(_)));
    let op = node.op.as_str();
    if let (PartialStage::LowestAround(sides), "MaxPool") = (stage, op) {
        return pool(work, node, of, sides).map(|map| Some(Value::Map(map)));
    }
    if matches!(op, "Identity" | "Cast" | "CastLike") {
        return Ok(Some(Value::Partial(Partial { of, stage })));
    }
    let next = match (other, stage) {
        (Some(Value::Constant(c)), _) => {
            let factor = c.scalar().filter(|value| *value != 0.0);
            let factor = factor.and_then(|value| match op {
                "Mul" => Some(value),
                "Div" if matches!(inputs.first(), Some(Some(Value::Partial(_)))) => Some(1.0 / value),
                _ => None,
            });
            match (stage, factor) {
                (PartialStage::Erf, None) if op == "Add" && c.scalar() == Some(1.0) => {
                    Some(PartialStage::ErfPlusOne)
                }
                (PartialStage::ErfPlusOne, Some(f)) if near(f, 0.5) => Some(PartialStage::Phi),
                (PartialStage::Times(times, function), Some(f)) => {
                    Some(PartialStage::Times(times * f, function))
                }
                _ => None,
            }
        }
        (Some(Value::Map(x)), PartialStage::ErfPlusOne) if op == "Mul" => {
            let is_half = work.draft.affine_input(x.id, 0.5, 0.0) == Some(of.id);
            let times = if is_half { Some(1.0) } else { (x.id == of.id).then_some(2.0) };
            times.map(|times| PartialStage::Times(times, ActivationFn::Gelu))
        }
        (Some(Value::Map(x)), PartialStage::Phi) if op == "Mul" && x.id == of.id => {
            Some(PartialStage::Times(1.0, ActivationFn::Gelu))
        }
        _ => None,
    };
    let Some(stage) = next else {
        return Err(node.unsupported(match stage {
            PartialStage::LowestAround(_) => "of a map with −∞ around it",
            PartialStage::Erf | PartialStage::ErfPlusOne | PartialStage::Phi | PartialStage::Times(..) => {
                "of a function that is written out in a way that isn't known here"
            }
        }));
    };
    Ok(Some(match stage {
        PartialStage::Times(times, function) if near(times, 1.0) => {
            let id = work.draft.activation(&node.name, function, of.id);
            Value::Map(Map { id, ..of })
        }
        stage => Value::Partial(Partial { of, stage }),
    }))
}

/// Recognises `x · relu6(x + 3)`, which is six times a hard-swish; `other` is the second factor.
pub(super) fn six_hard_swishes(work: &Conversion, x: &Map, other: usize) -> Option<Partial> {
    let moved = work.draft.activation_input(other, ActivationFn::Relu6)?;
    let stage = PartialStage::Times(6.0, ActivationFn::HardSwish);
    (work.draft.affine_input(moved, 1.0, 3.0) == Some(x.id)).then(|| Partial { of: x.clone(), stage })
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-4 * b.abs()
}
