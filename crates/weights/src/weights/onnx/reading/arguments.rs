//! Arguments of ONNX operations: constants among a node's inputs, numbers among its attributes.

use std::rc::Rc;

use super::constant::Constant;
use super::node::OnnxNode;
use super::value::{Dimension, Inputs, Map, Value};
use crate::weights::onnx::error::OnnxProblem;

/// Largest number of values in a small constant that is computed with here. Shapes and paddings have a dozen at most.
pub(super) const MAX_NUMBERS: usize = 64;

/// Largest stride, dilation or pooling window.
const MAX_WINDOW: i64 = 4096;

/// A few numbers, integers or floats.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Numbers {
    Ints(Vec<i64>),
    Floats(Vec<f32>),
}

impl Numbers {
    pub(super) fn of(constant: &Constant) -> Option<Self> {
        if constant.len() > MAX_NUMBERS {
            return None;
        }
        match constant.ints() {
            Some(values) => Some(Self::Ints(values.to_vec())),
            None => constant.floats().map(Self::Floats),
        }
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Ints(values) => values.len(),
            Self::Floats(values) => values.len(),
        }
    }

    /// The values at these indices, which must exist.
    pub(super) fn picked(&self, places: &[usize]) -> Self {
        match self {
            Self::Ints(values) => Self::Ints(places.iter().map(|at| values[*at]).collect()),
            Self::Floats(values) => Self::Floats(places.iter().map(|at| values[*at]).collect()),
        }
    }

    /// A constant of these values with the shape `dims`. `None` if the shape has another number of elements.
    pub(super) fn constant(self, dims: Vec<usize>) -> Option<Rc<Constant>> {
        if dims.iter().try_fold(1usize, |n, side| n.checked_mul(*side)) != Some(self.len()) {
            return None;
        }
        Some(Rc::new(match self {
            Self::Ints(values) => Constant::ints_in(dims, values),
            Self::Floats(values) => Constant::floats_of(dims, values),
        }))
    }
}

/// The constant at input `at`. An error if the input is missing or computed; `what` names it in the error.
pub(super) fn constant_at<'a>(
    node: &OnnxNode,
    inputs: &'a [Option<Value>],
    at: usize,
    what: &str,
) -> Result<&'a Rc<Constant>, OnnxProblem> {
    match inputs.get(at) {
        Some(Some(Value::Constant(constant))) => Ok(constant),
        Some(Some(Value::Beyond { op, node: left_at, .. })) => {
            Err(OnnxProblem::Beyond { op: op.clone(), node: left_at.clone(), user: node.name.clone() })
        }
        Some(Some(Value::Map(_) | Value::Partial(_) | Value::Grouped(_))) => {
            Err(node.unsupported(format!("with a computed {what}")))
        }
        Some(Some(Value::Shape(_) | Value::Free)) => Err(node.free(what)),
        _ => Err(node.malformed(format!("it has no {what}"))),
    }
}

/// The constant at input `at`, or `None` if the input is missing. An error if it is computed.
pub(super) fn optional_at<'a>(
    node: &OnnxNode,
    inputs: &'a [Option<Value>],
    at: usize,
    what: &str,
) -> Result<Option<&'a Rc<Constant>>, OnnxProblem> {
    if matches!(inputs.get(at), None | Some(None)) {
        Ok(None)
    } else {
        constant_at(node, inputs, at, what).map(Some)
    }
}

/// The constant at input `at`, or `None` if the input is missing or not a constant.
pub(super) fn input(inputs: Inputs<'_>, at: usize) -> Option<&Rc<Constant>> {
    match inputs.get(at) {
        Some(Some(Value::Constant(constant))) => Some(constant),
        _ => None,
    }
}

/// The integers of the attribute `name`, or else those of the constant at input `at`.
pub(super) fn listed(node: &OnnxNode, inputs: Inputs<'_>, name: &str, at: usize) -> Option<Vec<i64>> {
    node.ints(name).map(<[i64]>::to_vec).or_else(|| input(inputs, at)?.ints().map(<[i64]>::to_vec))
}

/// The part of a shape that a `Shape` node gives, by its attributes `start` and `end`.
pub(super) fn between<T>(node: &OnnxNode, sides: Vec<T>) -> Vec<T> {
    let rank = sides.len() as i64;
    let end_of = |at: i64| (if at < 0 { at.saturating_add(rank) } else { at }).clamp(0, rank) as usize;
    let first = end_of(node.int("start").unwrap_or(0));
    let end = end_of(node.int("end").unwrap_or(rank));
    sides.into_iter().take(end).skip(first).collect()
}

/// The indices that a slice takes from an axis of length `len`, as in Python.
pub(super) fn sliced(len: usize, start: i64, end: i64, step: i64) -> Option<Vec<usize>> {
    let signed = i64::try_from(len).ok().filter(|len| *len <= 1 << 20)?;
    let from_start = |at: i64| if at < 0 { at.saturating_add(signed) } else { at };
    let mut places = Vec::new();
    match step {
        1.. => {
            let end = from_start(end).clamp(0, signed);
            let mut at = from_start(start).clamp(0, signed);
            while at < end {
                places.push(at as usize);
                at = at.saturating_add(step);
            }
        }
        0 => return None,
        _ => {
            let end = from_start(end).clamp(-1, signed - 1);
            let mut at = from_start(start).clamp(-1, signed - 1);
            while at > end {
                places.push(at as usize);
                at = at.saturating_add(step);
            }
        }
    }
    Some(places)
}

/// An error if the axes of a map aren't in ONNX's order, which operations with windows require.
pub(super) fn in_order(node: &OnnxNode, x: &Map, axes: &[Dimension]) -> Result<(), OnnxProblem> {
    if x.axes == axes {
        return Ok(());
    }
    Err(node.unsupported("on maps whose axes are in another order"))
}

/// A finite float attribute; `default` if it is missing.
pub(super) fn factor(node: &OnnxNode, name: &str, default: f32) -> Result<f32, OnnxProblem> {
    let value = node.float(name).unwrap_or(default);
    if value.is_finite() { Ok(value) } else { Err(node.malformed(format!("its `{name}` is {value}"))) }
}

/// An attribute of integers of at least 1, as many as `default` has; `default` if it is missing.
pub(super) fn count(node: &OnnxNode, name: &str, default: &[usize]) -> Result<Vec<usize>, OnnxProblem> {
    let Some(values) = node.ints(name) else { return Ok(default.to_vec()) };
    let read = |value: &i64| match value {
        1.. => usize::try_from(*value).ok(),
        _ => None,
    };
    let wrong = || node.malformed(format!("its `{name}` is {values:?}"));
    if values.len() != default.len() {
        return Err(wrong());
    }
    values.iter().map(read).collect::<Option<_>>().ok_or_else(wrong)
}

/// An attribute with a number for rows and one for columns, each from 1 to `MAX_WINDOW`; 1 if it is missing.
pub(super) fn counts(node: &OnnxNode, name: &str) -> Result<[usize; 2], OnnxProblem> {
    let values = count(node, name, &[1, 1])?;
    if let Some(value) = values.iter().find(|value| **value > MAX_WINDOW as usize) {
        return Err(node.malformed(format!("its `{name}` has {value}")));
    }
    Ok([values[0], values[1]])
}
