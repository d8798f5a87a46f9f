//! Arithmetic of maps with maps and with constants, and activation functions that are written as arithmetic.

use std::rc::Rc;

use super::arguments::{constant_at, optional_at};
use super::constant::Constant;
use super::conversion::Conversion;
use super::node::OnnxNode;
use super::patterns::six_hard_swishes;
use super::value::{Dimension, Inputs, Map, Value};
use crate::graph::{ActivationFn, Op, PairFn, Pairwise};
use crate::weights::onnx::error::OnnxProblem;
use crate::weights::tensors::Entry;

/// `Add`, `Sub`, `Mul` and `Div` where at least one operand is a map.
pub(super) fn arithmetic(
    work: &mut Conversion,
    node: &OnnxNode,
    inputs: Inputs<'_>,
) -> Result<Value, OnnxProblem> {
    match inputs {
        [Some(Value::Map(a)), Some(Value::Map(b))] => {
            let six = [(a, b), (b, a)].into_iter().find_map(|(x, other)| six_hard_swishes(work, x, other.id));
            match six.filter(|_| node.op == "Mul") {
                Some(partial) => Ok(Value::Partial(partial)),
                None => of_maps(work, node, a, b).map(Value::Map),
            }
        }
        [Some(Value::Map(x)), Some(Value::Constant(c))] => {
            let values = per_channel(work, node, x, c)?;
            let len = values.len();
            let (scale, shift) = match node.op.as_str() {
                "Add" => (vec![1.0; len], values),
                "Sub" => (vec![1.0; len], values.into_iter().map(|v| -v).collect()),
                "Mul" => (values, vec![0.0; len]),
                _ => (values.into_iter().map(|v| 1.0 / v).collect(), vec![0.0; len]),
            };
            let id = scaled(work, node, x, &scale, &shift, c);
            Ok(Value::Map(Map { id, ..x.clone() }))
        }
        [Some(Value::Constant(c)), Some(Value::Map(x))] => {
            let values = per_channel(work, node, x, c)?;
            let len = values.len();
            let (scale, shift) = match node.op.as_str() {
                "Add" => (vec![1.0; len], values),
                "Sub" => (vec![-1.0; len], values),
                "Mul" => (values, vec![0.0; len]),
                _ => {
                    let name = format!("{}.reciprocal", node.name);
                    let id = work.draft.activation(&name, ActivationFn::Reciprocal, x.id);
                    let id = scaled(work, node, &Map { id, ..x.clone() }, &values, &vec![0.0; len], c);
                    return Ok(Value::Map(Map { id, ..x.clone() }));
                }
            };
            let id = scaled(work, node, x, &scale, &shift, c);
            Ok(Value::Map(Map { id, ..x.clone() }))
        }
        [Some(Value::Map(_)), Some(Value::Shape(_) | Value::Free)]
        | [Some(Value::Shape(_) | Value::Free), Some(Value::Map(_))] => Err(node.free("number")),
        _ => Err(node.malformed("it hasn't two inputs")),
    }
}

/// Adds `x · scale + shift`: the same two numbers for all channels if the constant `c` is one number, otherwise per channel.
fn scaled(
    work: &mut Conversion,
    node: &OnnxNode,
    x: &Map,
    scale: &[f64],
    shift: &[f64],
    c: &Constant,
) -> usize {
    match (c.scalar(), scale, shift) {
        (Some(_), [scale, ..], [shift, ..]) => work.draft.affine_of_all(&node.name, x.id, *scale, *shift),
        _ => work.draft.affine(&node.name, x.id, scale, shift),
    }
}

fn of_maps(work: &mut Conversion, node: &OnnxNode, a: &Map, b: &Map) -> Result<Map, OnnxProblem> {
    let is_pooled = |x: &Map| work.draft.nodes[x.id].is_pooled;
    let (pooled_a, pooled_b) = (is_pooled(a), is_pooled(b));
    let num = work.channels(a);
    let are_alike = num == work.channels(b);
    let function = match node.op.as_str() {
        // Axes of pooled values may have been dropped, so they needn't be equal.
        "Add" if are_alike && pooled_a == pooled_b && (pooled_a || a.axes == b.axes) => {
            let id = work.draft.push(&node.name, Op::Add, &[a.id, b.id], num);
            return Ok(Map { id, ..a.clone() });
        }
        "Add" => PairFn::Sum,
        "Mul" => {
            for (x, other) in [(a, b), (b, a)] {
                if let Some(function) = self_gated(work, x.id, other.id) {
                    let id = work.draft.activation(&node.name, function, x.id);
                    return Ok(Map { id, ..x.clone() });
                }
            }
            if are_alike && (pooled_a || pooled_b) {
                let (x, gate) = if pooled_b { (a, b) } else { (b, a) };
                let id = work.draft.push(&node.name, Op::Gate, &[x.id, gate.id], num);
                return Ok(Map { id, ..x.clone() });
            }
            PairFn::Product
        }
        "Sub" => PairFn::Difference,
        _ => PairFn::Quotient,
    };
    paired(work, node, &node.name, function, &[a, b])
}

/// Adds a node of the given name that combines maps location by location.
fn paired(
    work: &mut Conversion,
    node: &OnnxNode,
    name: &str,
    function: PairFn,
    maps: &[&Map],
) -> Result<Map, OnnxProblem> {
    let axes = &maps[0].axes;
    if maps.iter().any(|map| map.axes != *axes) {
        return Err(node.unsupported("of maps whose axes differ"));
    }
    let nums: Vec<usize> = maps.iter().map(|map| work.channels(map)).collect();
    let channels = nums.iter().copied().max().unwrap_or(0);
    if let Some(odd) = nums.iter().find(|num| **num != channels && **num != 1) {
        return Err(node.unsupported(format!("of maps of {odd} and {channels} channels")));
    }
    let ids: Vec<usize> = maps.iter().map(|map| map.id).collect();
    let id = work.draft.push(name, Op::Pairwise(Pairwise { function, channels }), &ids, channels);
    Ok(Map { id, axes: axes.clone() })
}

/// `Sum`, `Max` and `Min` of any number of maps, and of constants.
pub(super) fn of_many(
    work: &mut Conversion,
    node: &OnnxNode,
    inputs: Inputs<'_>,
) -> Result<Map, OnnxProblem> {
    let (mut maps, mut constants) = (Vec::new(), Vec::new());
    for (at, value) in inputs.iter().enumerate() {
        match value {
            Some(Value::Map(map)) => maps.push(map),
            _ => constants.push(Rc::clone(constant_at(node, inputs, at, "constant")?)),
        }
    }
    // The last step gets the node's name.
    let name_of = |num_left: usize| match num_left {
        0 => node.name.clone(),
        num_left => format!("{}.{}", node.name, constants.len() - num_left),
    };
    let mut x = maps[0].clone();
    if maps.len() > 1 {
        let name = name_of(constants.len());
        let function = match node.op.as_str() {
            "Sum" => PairFn::Sum,
            "Max" => PairFn::Largest,
            _ => PairFn::Smallest,
        };
        let is_pooled = |x: &Map| work.draft.nodes[x.id].is_pooled;
        let first = maps[0];
        let are_alike = maps.iter().all(|map| {
            map.axes == first.axes
                && is_pooled(map) == is_pooled(first)
                && work.channels(map) == work.channels(first)
        });
        x = if function == PairFn::Sum && are_alike {
            let ids: Vec<usize> = maps.iter().map(|map| map.id).collect();
            Map { id: work.draft.push(&name, Op::Add, &ids, work.channels(first)), ..first.clone() }
        } else {
            paired(work, node, &name, function, &maps)?
        };
    }
    for (at, c) in constants.iter().enumerate() {
        x = with_constant(work, node, &name_of(constants.len() - at - 1), &x, c)?;
    }
    Ok(x)
}

fn with_constant(
    work: &mut Conversion,
    node: &OnnxNode,
    name: &str,
    x: &Map,
    c: &Constant,
) -> Result<Map, OnnxProblem> {
    if node.op == "Sum" {
        let shift = per_channel(work, node, x, c)?;
        let id = match c.scalar() {
            Some(value) => work.draft.affine_of_all(name, x.id, 1.0, value),
            None => work.draft.affine(name, x.id, &vec![1.0; shift.len()], &shift),
        };
        return Ok(Map { id, ..x.clone() });
    }
    let bound = c.scalar().filter(|value| !value.is_nan());
    let Some(bound) = bound else {
        return Err(node.unsupported(format!(
            "with a constant of {} {:?}, which isn't one number",
            c.type_name(),
            c.dims
        )));
    };
    let bounds = if node.op == "Max" { (bound, f64::INFINITY) } else { (f64::NEG_INFINITY, bound) };
    Ok(Map { id: within(work, name, x.id, bounds), ..x.clone() })
}

/// Adds a function that clips to bounds. With the bounds of `ReLU` or `ReLU6` it is that function.
fn within(work: &mut Conversion, name: &str, x: usize, (low, high): (f64, f64)) -> usize {
    let function = match (low, high) {
        (f64::NEG_INFINITY, f64::INFINITY) => return x,
        (0.0, f64::INFINITY) => ActivationFn::Relu,
        (0.0, 6.0) => ActivationFn::Relu6,
        (low, high) => ActivationFn::Clip(low as f32, high as f32),
    };
    work.draft.activation(name, function, x)
}

/// The activation function that `x · other` is, if `other` is a function of `x` such that the product is a known one.
fn self_gated(work: &Conversion, x: usize, other: usize) -> Option<ActivationFn> {
    let draft = &work.draft;
    if draft.activation_input(other, ActivationFn::Sigmoid) == Some(x) {
        return Some(ActivationFn::Silu);
    }
    if draft.activation_input(other, ActivationFn::HardSigmoid) == Some(x) {
        return Some(ActivationFn::HardSwish);
    }
    let soft = draft.activation_input(other, ActivationFn::Tanh);
    if soft.and_then(|id| draft.activation_input(id, ActivationFn::Softplus)) == Some(x) {
        return Some(ActivationFn::Mish);
    }
    // `other` as relu6(x + 3) / 6, written out.
    let six_times = draft.affine_input(other, 1.0 / 6.0, 0.0)?;
    let moved = draft.activation_input(six_times, ActivationFn::Relu6)?;
    (draft.affine_input(moved, 1.0, 3.0) == Some(x)).then_some(ActivationFn::HardSwish)
}

/// The values of a constant per channel of `x`. It must have one value per channel, or one for all.
pub(super) fn per_channel(
    work: &Conversion,
    node: &OnnxNode,
    x: &Map,
    c: &Constant,
) -> Result<Vec<f64>, OnnxProblem> {
    let channels = work.channels(x);
    if let Some(value) = c.scalar() {
        return Ok(vec![value; channels]);
    }
    let first = c.dims.iter().position(|side| *side != 1).unwrap_or(0);
    let dims = &c.dims[first..];
    let fits = dims.len() <= x.axes.len()
        && dims
            .iter()
            .zip(&x.axes[x.axes.len() - dims.len()..])
            .all(|(side, axis)| *side == 1 || (*axis == Dimension::Channel && *side == channels));
    match fits.then(|| c.floats()).flatten() {
        Some(values) => Ok(values.into_iter().map(f64::from).collect()),
        None => Err(node.unsupported(format!(
            "with a constant of {} {:?}, which isn't one value per channel",
            c.type_name(),
            c.dims
        ))),
    }
}

/// `max(0, min(1, alpha · x + beta))`.
pub(super) fn hard_sigmoid(work: &mut Conversion, node: &OnnxNode, x: Map) -> Map {
    let alpha = f64::from(node.float("alpha").unwrap_or(0.2));
    let beta = f64::from(node.float("beta").unwrap_or(0.5));
    let near = |a: f64, b: f64| (a - b).abs() < 1e-5;
    let mut from = x.id;
    if !(near(alpha, 1.0 / 6.0) && near(beta, 0.5)) {
        // The function here is relu6(y + 3) / 6, so y = 6 (alpha x + beta) − 3.
        from =
            work.draft.affine_of_all(&format!("{}.scaled", node.name), from, 6.0 * alpha, 6.0 * beta - 3.0);
    }
    Map { id: work.draft.activation(&node.name, ActivationFn::HardSigmoid, from), ..x }
}

/// `Clip`: bounds from attributes or from inputs.
pub(super) fn clip(
    work: &mut Conversion,
    node: &OnnxNode,
    inputs: Inputs<'_>,
    x: Map,
) -> Result<Map, OnnxProblem> {
    let mut bounds = [f64::NEG_INFINITY, f64::INFINITY];
    for (at, (bound, name)) in bounds.iter_mut().zip(["min", "max"]).enumerate() {
        let given = match node.float(name) {
            Some(value) => Some(f64::from(value)),
            None => match optional_at(node, inputs, at + 1, name)? {
                Some(constant) => Some(
                    constant.scalar().ok_or_else(|| node.malformed(format!("its {name} isn't one value")))?,
                ),
                None => None,
            },
        };
        // Older files write "no bound" as the largest float.
        if let Some(value) = given.filter(|value| value.abs() < 3e38) {
            *bound = value;
        }
    }
    let [low, high] = bounds;
    if low.is_nan() || high.is_nan() || low >= high {
        return Err(node.unsupported("with a minimum that isn't below its maximum"));
    }
    Ok(Map { id: within(work, &node.name, x.id, (low, high)), ..x })
}
/// `PRelu`: negative values are multiplied by a constant of their channel.
pub(super) fn prelu(
    work: &mut Conversion,
    node: &OnnxNode,
    inputs: Inputs<'_>,
    x: &Map,
) -> Result<Map, OnnxProblem> {
    let slopes = per_channel(work, node, x, constant_at(node, inputs, 1, "slope")?)?;
    let channels = work.channels(x);
    let id = work.draft.push(&node.name, Op::PRelu(channels), &[x.id], channels);
    let slopes = slopes.into_iter().map(|v| v as f32).collect();
    work.draft.nodes[id].params = vec![("weight", Entry::owned("FLOAT".to_owned(), vec![channels], slopes))];
    Ok(Map { id, axes: x.axes.clone() })
}
