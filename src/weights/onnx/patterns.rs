//! Functions that exporters write out: GELU by the error function, and hard-swish by bounds.
//!
//! Their inner steps are no layers: between an error function and the product that makes a GELU of it nothing is a map to look at.

use super::convert::{Converter, Map, Partial, Stage, Value};
use super::error::OnnxProblem;
use super::model::OnnxNode;
use crate::graph::ActivationFn;

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-4 * b.abs()
}

impl Converter {
    /// `Erf` of `x / √2`.
    pub(super) fn erf(&self, node: &OnnxNode, x: Map) -> Result<Value, OnnxProblem> {
        match self.draft.affine_input(x.id, std::f64::consts::FRAC_1_SQRT_2, 0.0) {
            Some(of) => Ok(Value::Partial(Partial { of: Map { id: of, ..x }, stage: Stage::Erf })),
            None => Err(node.unsupported("but as a part of a GELU")),
        }
    }

    /// A node that has a function written out among its inputs; nothing where there is none.
    pub(super) fn go_on(
        &mut self,
        node: &OnnxNode,
        inputs: &[Option<Value>],
    ) -> Result<Option<Value>, OnnxProblem> {
        let partial = inputs.iter().flatten().find_map(|value| match value {
            Value::Partial(partial) => Some(partial.clone()),
            _ => None,
        });
        let Some(Partial { of, stage }) = partial else { return Ok(None) };
        let other = inputs.iter().flatten().find(|value| !matches!(value, Value::Partial(_)));
        let op = node.op.as_str();
        if let (Stage::LowestAround(sides), "MaxPool") = (stage, op) {
            return self.pool(node, of, sides).map(|map| Some(Value::Map(map)));
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
                    (Stage::Erf, None) if op == "Add" && c.scalar() == Some(1.0) => Some(Stage::ErfPlusOne),
                    (Stage::ErfPlusOne, Some(f)) if near(f, 0.5) => Some(Stage::Phi),
                    (Stage::Times(times, function), Some(f)) => Some(Stage::Times(times * f, function)),
                    _ => None,
                }
            }
            (Some(Value::Map(x)), Stage::ErfPlusOne) if op == "Mul" => {
                let is_half = self.draft.affine_input(x.id, 0.5, 0.0) == Some(of.id);
                let times = if is_half { Some(1.0) } else { (x.id == of.id).then_some(2.0) };
                times.map(|times| Stage::Times(times, ActivationFn::Gelu))
            }
            (Some(Value::Map(x)), Stage::Phi) if op == "Mul" && x.id == of.id => {
                Some(Stage::Times(1.0, ActivationFn::Gelu))
            }
            _ => None,
        };
        let Some(stage) = next else {
            return Err(node.unsupported(match stage {
                Stage::LowestAround(_) => "of a map with −∞ around it",
                _ => "of a function that is written out in a way that isn't known here",
            }));
        };
        Ok(Some(match stage {
            Stage::Times(times, function) if near(times, 1.0) => {
                let id = self.draft.activation(&node.name, function, of.id);
                Value::Map(Map { id, ..of })
            }
            stage => Value::Partial(Partial { of, stage }),
        }))
    }

    /// `x · relu6(x + 3)`, six times a hard-swish.
    pub(super) fn six_hard_swishes(&self, x: &Map, other: usize) -> Option<Partial> {
        let moved = self.draft.activation_input(other, ActivationFn::Relu6)?;
        let stage = Stage::Times(6.0, ActivationFn::HardSwish);
        (self.draft.affine_input(moved, 1.0, 3.0) == Some(x.id)).then(|| Partial { of: x.clone(), stage })
    }
}
