//! Checks of a node before it is converted. A node is refused if it means other values than would be computed here, or if it contradicts
//! itself: the result wouldn't show the error.
//!
//! An attribute that the operator doesn't have, or that has another type, would be ignored. An attribute that had another meaning in an
//! older opset would be misread. An operation in training mode depends on chance, or on the other pictures of a batch.
//!
//! Responsible for these refusals. What operations mean is in `operations` and the modules that it uses.
//!
//! Source: the operators' change log (<https://onnx.ai/onnx/operators/>).

use super::arguments::optional_at;
use super::names::plain;
use super::node::OnnxNode;
use super::operations::SETTINGS;
use super::value::{Inputs, Value};
use crate::weights::onnx::error::OnnxProblem;

/// Refuses a node that would be computed wrongly without an error.
pub(super) fn check(node: &OnnxNode, inputs: Inputs<'_>, opset: i64) -> Result<(), OnnxProblem> {
    settings(node)?;
    older(node, opset)?;
    match node.op.as_str() {
        "BatchNormalization" => {
            // Before opset 14, more than one output meant training mode.
            let more = node.outputs.iter().skip(1).any(|output| !output.is_empty());
            if node.int("training_mode").unwrap_or(0) != 0 || (opset < 14 && more) {
                return Err(training(node));
            }
            at_least_zero(node, "epsilon")
        }
        "LayerNormalization" => at_least_zero(node, "epsilon"),
        "Dropout" => dropout(node, inputs),
        "Conv" => {
            window(node)?;
            kernel_shape(node, inputs)
        }
        "MaxPool" | "AveragePool" => window(node),
        "Gelu" if !matches!(node.text("approximate"), None | Some("none" | "tanh")) => {
            let word = node.text("approximate").unwrap_or_default();
            Err(node.malformed(format!("its `approximate` is `{}`", plain(word))))
        }
        "HardSigmoid" => {
            let is_odd = |name: &&str| node.float(name).is_some_and(|value| !value.is_finite());
            match ["alpha", "beta"].iter().find(|name| is_odd(name)) {
                Some(name) => Err(node.malformed(format!("its `{name}` is no number"))),
                None => Ok(()),
            }
        }
        "Clip" => bounds(node, inputs),
        "Gemm" => match inputs.get(2) {
            // A bias of shape [n, 1] would be added per row and not per output.
            Some(Some(Value::Constant(bias))) if bias.len() > 1 && bias.dims.last() != Some(&bias.len()) => {
                Err(node.unsupported("with a bias that isn't one value per output"))
            }
            _ => Ok(()),
        },
        "Split" => match node.int("num_outputs") {
            Some(num) if usize::try_from(num) != Ok(node.outputs.len()) => Err(node
                .malformed(format!("its `num_outputs` is {num}, and it has {} results", node.outputs.len()))),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

/// Refuses attributes that the operator doesn't have, or that have another type.
fn settings(node: &OnnxNode) -> Result<(), OnnxProblem> {
    let Ok(at) = SETTINGS.binary_search_by(|(op, ..)| (*op).cmp(&node.op)) else { return Ok(()) };
    let (_, ints, floats, words) = SETTINGS[at];
    match node.odd_setting(ints, floats, words) {
        Some(name) => {
            let name = plain(name);
            Err(node
                .malformed(format!("its setting `{name}` is none of this operator's, or of another kind")))
        }
        None => Ok(()),
    }
}

/// Refuses nodes that had another meaning in older opsets.
fn older(node: &OnnxNode, opset: i64) -> Result<(), OnnxProblem> {
    if opset >= 9 {
        return Ok(());
    }
    let of_opset = |how: &str| Err(node.unsupported(format!("{how}, as opset {opset} has it")));
    match node.op.as_str() {
        // One mean and deviation for each position, not for each channel.
        "BatchNormalization" if node.int("spatial") == Some(0) => of_opset("without `spatial`"),
        // Without `is_test` these operators are in training mode.
        "BatchNormalization" | "Dropout" if opset < 7 && node.int("is_test").unwrap_or(0) == 0 => {
            Err(training(node))
        }
        "Add" | "Sub" | "Mul" | "Div" if opset < 7 && node.int("axis").is_some() => {
            of_opset("with an `axis`")
        }
        "Selu" if opset < 6 => of_opset("with its first defaults"),
        "Pad" | "Upsample" if opset < 2 || (opset < 7 && node.op == "Upsample") => {
            of_opset("with its first settings")
        }
        _ => Ok(()),
    }
}

fn training(node: &OnnxNode) -> OnnxProblem {
    OnnxProblem::Training { op: node.op.clone(), node: node.name.clone() }
}

/// Refuses a `Dropout` in training mode. From opset 12 on, its third input says whether it is.
fn dropout(node: &OnnxNode, inputs: Inputs<'_>) -> Result<(), OnnxProblem> {
    if matches!(inputs.get(1), Some(Some(Value::Constant(c))) if c.scalar() == Some(0.0)) {
        return Ok(());
    }
    match optional_at(node, inputs, 2, "training mode")?.map(|mode| mode.whole()) {
        None => Ok(()),
        Some(Some(mode)) if mode == [0] => Ok(()),
        Some(Some(mode)) if mode.len() == 1 => Err(training(node)),
        Some(_) => Err(node.malformed("its training mode isn't one truth value")),
    }
}

fn at_least_zero(node: &OnnxNode, name: &str) -> Result<(), OnnxProblem> {
    match node.float(name) {
        Some(value) if !(value >= 0.0 && value.is_finite()) => {
            Err(node.malformed(format!("its `{name}` is {value}")))
        }
        _ => Ok(()),
    }
}

/// Refuses a node with both explicit padding (`pads`) and automatic padding (`auto_pad`).
fn window(node: &OnnxNode) -> Result<(), OnnxProblem> {
    let has_pads = node.ints("pads").is_some_and(|pads| pads.iter().any(|n| *n != 0));
    match node.text("auto_pad") {
        Some(word @ ("SAME_UPPER" | "SAME_LOWER" | "VALID")) if has_pads => {
            Err(node.malformed(format!("it has `pads` and `auto_pad` {word}")))
        }
        _ => Ok(()),
    }
}

/// Refuses a convolution whose attribute `kernel_shape` differs from the shape of its weights.
fn kernel_shape(node: &OnnxNode, inputs: Inputs<'_>) -> Result<(), OnnxProblem> {
    let (Some(said), Some(Some(Value::Constant(kernel)))) = (node.ints("kernel_shape"), inputs.get(1)) else {
        return Ok(());
    };
    let own: Vec<i64> =
        kernel.dims.iter().skip(2).map(|side| i64::try_from(*side).unwrap_or(i64::MAX)).collect();
    if said == own {
        return Ok(());
    }
    Err(node.malformed(format!("its `kernel_shape` is {said:?}, and its kernel is {:?}", kernel.dims)))
}

/// Refuses a bound of `Clip` that is NaN, a minimum near +∞ or a maximum near −∞: they would be taken for no bound.
fn bounds(node: &OnnxNode, inputs: Inputs<'_>) -> Result<(), OnnxProblem> {
    for (at, name) in ["min", "max"].into_iter().enumerate() {
        let given = node.float(name).map(f64::from).or_else(|| match inputs.get(at + 1) {
            Some(Some(Value::Constant(constant))) => constant.scalar(),
            _ => None,
        });
        let is_beyond = |value: f64| if at == 0 { value >= 3e38 } else { value <= -3e38 };
        if let Some(value) = given.filter(|value| value.is_nan() || is_beyond(*value)) {
            return Err(node.malformed(format!("its {name} is {value}")));
        }
    }
    Ok(())
}
