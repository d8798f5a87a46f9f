//! Nodes whose inputs are all constants are computed during the conversion. Exporters write shapes, paddings and scales this way.
//!
//! Arithmetic is only done with small constants. Large ones, such as weights, can only get another shape, order of axes or type.

use std::rc::Rc;

use super::arguments::{MAX_NUMBERS, Numbers, between, input, listed, sliced};
use super::constant::{Constant, MAX_AXES};
use super::node::OnnxNode;
use super::sides::follow;
use super::value::{Inputs, Value, place};

/// The value of a node that has no map among its inputs.
pub(super) fn fold(node: &OnnxNode, inputs: Inputs<'_>) -> Value {
    if inputs.iter().flatten().any(|value| matches!(value, Value::Shape(_) | Value::Free)) {
        return follow(node, inputs);
    }
    fold_constants(node, inputs).map_or_else(
        || Value::Beyond { op: node.op.clone(), node: node.name.clone(), is_of_means: false },
        Value::Constant,
    )
}

fn fold_constants(node: &OnnxNode, inputs: Inputs<'_>) -> Option<Rc<Constant>> {
    let first = || input(inputs, 0);
    match node.op.as_str() {
        "Constant" => constant(node),
        "Identity" | "CastLike" => first().map(Rc::clone),
        "Cast" => cast(node, first()?),
        "Shape" => {
            let dims: Option<Vec<i64>> = first()?.dims.iter().map(|side| i64::try_from(*side).ok()).collect();
            Some(Rc::new(Constant::ints_of(between(node, dims?))))
        }
        "Add" | "Sub" | "Mul" | "Div" | "Max" | "Min" => {
            let (a, b) = (first()?, input(inputs, 1)?);
            let longer = if a.dims.len() > b.dims.len() || a.len() > b.len() { a } else { b };
            let values = both(&node.op, &Numbers::of(a)?, &Numbers::of(b)?)?;
            values.constant(longer.dims.clone()).filter(|_| inputs.len() == 2)
        }
        "Ceil" | "Floor" | "Neg" | "Abs" => one_by_one(&node.op, first()?),
        "Clip" => clip(node, inputs),
        "Gather" | "Slice" | "Concat" | "ConstantOfShape" => taken(node, inputs),
        _ => reshaped(node, inputs),
    }
}

/// Operations that give a constant another shape or order.
fn reshaped(node: &OnnxNode, inputs: Inputs<'_>) -> Option<Rc<Constant>> {
    let first = || input(inputs, 0);
    match node.op.as_str() {
        "Unsqueeze" => {
            let constant = first()?;
            let axes = listed(node, inputs, "axes", 1)?;
            let rank = constant.dims.len().checked_add(axes.len()).filter(|rank| *rank <= MAX_AXES)?;
            let mut dims = vec![0; rank];
            for axis in &axes {
                *dims.get_mut(place(*axis, rank)?)? = 1;
            }
            let mut rest = constant.dims.iter();
            for side in &mut dims {
                if *side == 0 {
                    *side = *rest.next()?;
                }
            }
            constant.reshaped(dims).map(Rc::new)
        }
        "Squeeze" => {
            let constant = first()?;
            let rank = constant.dims.len();
            let gone: Vec<usize> = match listed(node, inputs, "axes", 1) {
                Some(axes) => axes.iter().map(|axis| place(*axis, rank)).collect::<Option<_>>()?,
                None => (0..rank).filter(|at| constant.dims[*at] == 1).collect(),
            };
            let kept = constant.dims.iter().enumerate().filter(|(at, _)| !gone.contains(at));
            constant.reshaped(kept.map(|(_, side)| *side).collect()).map(Rc::new)
        }
        "Reshape" => {
            let constant = first()?;
            let wanted = listed(node, inputs, "shape", 1).filter(|wanted| wanted.len() <= MAX_AXES)?;
            let known = wanted
                .iter()
                .filter(|side| **side > 0)
                .try_fold(1usize, |product, side| product.checked_mul(usize::try_from(*side).ok()?))?;
            let dims = wanted.iter().enumerate().map(|(at, side)| match side {
                -1 => constant.len().checked_div(known),
                0 => constant.dims.get(at).copied(),
                side => usize::try_from(*side).ok(),
            });
            constant.reshaped(dims.collect::<Option<_>>()?).map(Rc::new)
        }
        "Transpose" => {
            let constant = first()?;
            let [rows, columns] = constant.dims[..] else { return None };
            if node.ints("perm").is_some_and(|perm| perm != [1, 0]) {
                return None;
            }
            let turned = (0..columns).flat_map(|c| (0..rows).map(move |r| r * columns + c));
            let dims = vec![columns, rows];
            if let Some(values) = constant.ints() {
                return Some(Rc::new(Constant::ints_in(dims, turned.map(|at| values[at]).collect())));
            }
            let values = constant.floats()?;
            Some(Rc::new(Constant::floats_of(dims, turned.map(|at| values[at]).collect())))
        }
        _ => None,
    }
}

/// Operations that select, join or repeat numbers.
fn taken(node: &OnnxNode, inputs: Inputs<'_>) -> Option<Rc<Constant>> {
    let first = || input(inputs, 0);
    match node.op.as_str() {
        "Gather" => {
            let (data, indices) = (first()?, input(inputs, 1)?);
            let [len] = data.dims[..] else { return None };
            if indices.len() > MAX_NUMBERS {
                return None;
            }
            let places: Option<Vec<usize>> = indices.ints()?.iter().map(|at| place(*at, len)).collect();
            Numbers::of(data)?.picked(&places?).constant(indices.dims.clone())
        }
        "Slice" => slice(node, inputs),
        "Concat" => {
            let parts: Option<Vec<(&Rc<Constant>, Numbers)>> = (0..inputs.len())
                .map(|at| input(inputs, at).and_then(|constant| Some((constant, Numbers::of(constant)?))))
                .collect();
            concat(&parts?)
        }
        "ConstantOfShape" => {
            let dims: Option<Vec<usize>> =
                first()?.ints()?.iter().map(|side| usize::try_from(*side).ok()).collect();
            let dims = dims?;
            let len = dims.iter().try_fold(1usize, |n, side| n.checked_mul(*side))?;
            let value = match node.tensor("value") {
                Some(value) if value.len() == 1 => Numbers::of(value)?,
                Some(_) => return None,
                None => Numbers::Floats(vec![0.0]),
            };
            if len > MAX_NUMBERS {
                let Numbers::Floats(values) = value else { return None };
                return Constant::same(dims, *values.first()?).map(Rc::new);
            }
            value.picked(&vec![0; len]).constant(dims)
        }
        _ => None,
    }
}

/// An elementwise function of a small constant.
fn one_by_one(op: &str, constant: &Constant) -> Option<Rc<Constant>> {
    let values = match Numbers::of(constant)? {
        Numbers::Floats(values) => {
            let of: fn(f32) -> f32 = match op {
                "Ceil" => f32::ceil,
                "Floor" => f32::floor,
                "Neg" => |x| -x,
                _ => f32::abs,
            };
            Numbers::Floats(values.into_iter().map(of).collect())
        }
        Numbers::Ints(values) => {
            let of: fn(i64) -> Option<i64> = match op {
                "Neg" => i64::checked_neg,
                "Abs" => i64::checked_abs,
                _ => Some,
            };
            Numbers::Ints(values.into_iter().map(of).collect::<Option<_>>()?)
        }
    };
    values.constant(constant.dims.clone())
}

fn clip(node: &OnnxNode, inputs: Inputs<'_>) -> Option<Rc<Constant>> {
    let constant = input(inputs, 0)?;
    let bound = |at: usize, name: &str| match (node.float(name), inputs.get(at)) {
        (Some(value), _) => Some(Some(f64::from(value))),
        (None, None | Some(None)) => Some(None),
        (None, Some(_)) => input(inputs, at)?.scalar().map(Some),
    };
    let low = bound(1, "min")?.unwrap_or(f64::NEG_INFINITY);
    let high = bound(2, "max")?.unwrap_or(f64::INFINITY);
    let values = match Numbers::of(constant)? {
        Numbers::Floats(values) => {
            Numbers::Floats(values.into_iter().map(|v| f64::from(v).max(low).min(high) as f32).collect())
        }
        Numbers::Ints(values) => {
            Numbers::Ints(values.into_iter().map(|v| (v as f64).max(low).min(high) as i64).collect())
        }
    };
    values.constant(constant.dims.clone())
}

fn constant(node: &OnnxNode) -> Option<Rc<Constant>> {
    if let Some(tensor) = node.tensor("value") {
        return Some(Rc::clone(tensor));
    }
    let one = |values: &[f32]| Constant::floats_of(Vec::new(), values.to_vec());
    let scalar = |name: &str| node.floats(name).map(one).filter(|constant| constant.len() == 1);
    let ints = |name: &str| node.ints(name).map(|values| Constant::ints_of(values.to_vec()));
    let row = |values: &[f32]| Constant::floats_of(vec![values.len()], values.to_vec());
    scalar("value_float")
        .or_else(|| node.floats("value_floats").map(row))
        .or_else(|| ints("value_int")?.reshaped(Vec::new()))
        .or_else(|| ints("value_ints"))
        .map(Rc::new)
}

/// `Cast`: float types of any width count as the same; small constants are converted between floats and integers.
fn cast(node: &OnnxNode, constant: &Rc<Constant>) -> Option<Rc<Constant>> {
    let is_to_float = match node.int("to") {
        Some(1 | 10 | 11 | 16) => true,
        Some(6 | 7) => false,
        _ => return None,
    };
    let Some(numbers) = Numbers::of(constant) else {
        // Large constants are passed on unchanged, so many floats can't become integers.
        return (is_to_float || constant.ints().is_some()).then(|| Rc::clone(constant));
    };
    match numbers {
        Numbers::Ints(values) if is_to_float => {
            Numbers::Floats(values.into_iter().map(|v| v as f32).collect()).constant(constant.dims.clone())
        }
        Numbers::Floats(values) if !is_to_float => {
            Numbers::Ints(values.into_iter().map(|v| v as i64).collect()).constant(constant.dims.clone())
        }
        _ => Some(Rc::clone(constant)),
    }
}

/// `Slice` along one axis.
fn slice(node: &OnnxNode, inputs: Inputs<'_>) -> Option<Rc<Constant>> {
    // An empty constant could claim any length along its other axes.
    let constant = input(inputs, 0).filter(|constant| constant.len() > 0)?;
    let numbers = Numbers::of(constant)?;
    let [start] = listed(node, inputs, "starts", 1)?[..] else { return None };
    let [end] = listed(node, inputs, "ends", 2)?[..] else { return None };
    let axis = match listed(node, inputs, "axes", 3) {
        Some(axes) => place(*axes.first().filter(|_| axes.len() == 1)?, constant.dims.len())?,
        None => 0,
    };
    let step = listed(node, inputs, "steps", 4).map_or(Some(1), |steps| steps.first().copied())?;
    let len = *constant.dims.get(axis)?;
    let taken = sliced(len, start, end, step)?;
    let inner: usize = constant.dims[axis + 1..].iter().product();
    let outer: usize = constant.dims[..axis].iter().product();
    let mut places = Vec::new();
    for o in 0..outer {
        for at in &taken {
            places.extend((0..inner).map(|i| (o * len + at) * inner + i));
        }
    }
    let mut dims = constant.dims.clone();
    dims[axis] = taken.len();
    numbers.picked(&places).constant(dims)
}

/// `Concat` of one-dimensional constants.
fn concat(parts: &[(&Rc<Constant>, Numbers)]) -> Option<Rc<Constant>> {
    if parts.iter().any(|(constant, _)| constant.dims.len() != 1) {
        return None;
    }
    let (mut ints, mut floats) = (Vec::new(), Vec::new());
    for (_, numbers) in parts {
        match numbers {
            Numbers::Ints(values) => ints.extend(values),
            Numbers::Floats(values) => floats.extend(values),
        }
    }
    let all = match (ints.is_empty(), floats.is_empty()) {
        (_, true) => Numbers::Ints(ints),
        (true, false) => Numbers::Floats(floats),
        _ => return None,
    };
    let len = all.len();
    if len > MAX_NUMBERS { None } else { all.constant(vec![len]) }
}

/// An elementwise operation on two lists of equal length, or on one number and each of a list. `None` if they don't fit, are of different
/// types, or the result overflows.
fn both(op: &str, a: &Numbers, b: &Numbers) -> Option<Numbers> {
    fn pairs<T: Copy>(a: &[T], b: &[T]) -> Option<Vec<(T, T)>> {
        match (a, b) {
            ([one], _) => Some(b.iter().map(|b| (*one, *b)).collect()),
            (_, [one]) => Some(a.iter().map(|a| (*a, *one)).collect()),
            _ if a.len() == b.len() => Some(a.iter().copied().zip(b.iter().copied()).collect()),
            _ => None,
        }
    }
    Some(match (a, b) {
        (Numbers::Ints(a), Numbers::Ints(b)) => {
            let of = |(a, b): (i64, i64)| match op {
                "Add" => a.checked_add(b),
                "Sub" => a.checked_sub(b),
                "Mul" => a.checked_mul(b),
                "Div" => a.checked_div(b),
                "Max" => Some(a.max(b)),
                _ => Some(a.min(b)),
            };
            Numbers::Ints(pairs(a, b)?.into_iter().map(of).collect::<Option<_>>()?)
        }
        (Numbers::Floats(a), Numbers::Floats(b)) => {
            let of = |(a, b): (f32, f32)| match op {
                "Add" => a + b,
                "Sub" => a - b,
                "Mul" => a * b,
                "Div" => a / b,
                "Max" => a.max(b),
                _ => a.min(b),
            };
            Numbers::Floats(pairs(a, b)?.into_iter().map(of).collect())
        }
        _ => return None,
    })
}
