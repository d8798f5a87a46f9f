//! The operators that are converted, with their attributes, and the conversion of a node that has a map among its inputs.
//!
//! Source: the standard's operator list (<https://onnx.ai/onnx/operators/>).

use super::arguments::{factor, in_order};
use super::arithmetic::{arithmetic, clip, hard_sigmoid, of_many, prelu};
use super::borders::pad;
use super::conversion::Conversion;
use super::convolutions::{conv, linear};
use super::node::OnnxNode;
use super::norms::{batch_norm, layer_norm, lrn};
use super::patterns::erf;
use super::plumbing::{concat, extent, reshape, transpose};
use super::pools::{over_map, pool, reduce};
use super::resize::resize;
use super::shuffle::slice;
use super::value::{Inputs, Map, NCHW, Value};
use crate::graph::{ActivationFn, Sides};
use crate::weights::onnx::error::OnnxProblem;

/// The attributes of an operator in any opset, by type: integers, floats, strings.
pub(super) type Settings =
    (&'static str, &'static [&'static str], &'static [&'static str], &'static [&'static str]);

/// The operators whose attributes are checked, sorted by name, also those without attributes.
pub(super) const SETTINGS: [Settings; 55] = [
    ("Abs", &[], &[], &[]),
    ("Add", &["axis", "broadcast"], &[], &[]),
    (
        "AveragePool",
        &["ceil_mode", "count_include_pad", "dilations", "kernel_shape", "pads", "strides"],
        &[],
        &["auto_pad"],
    ),
    ("BatchNormalization", &["is_test", "spatial", "training_mode"], &["epsilon", "momentum"], &[]),
    ("Cast", &["saturate", "to"], &[], &["round_mode", "to"]),
    ("CastLike", &["saturate"], &[], &["round_mode"]),
    ("Clip", &[], &["max", "min"], &[]),
    ("Concat", &["axis"], &[], &[]),
    ("Conv", &["dilations", "group", "kernel_shape", "pads", "strides"], &[], &["auto_pad"]),
    ("DequantizeLinear", &["axis", "block_size", "output_dtype"], &[], &[]),
    ("Div", &["axis", "broadcast"], &[], &[]),
    ("Dropout", &["is_test", "seed"], &["ratio"], &[]),
    ("Elu", &[], &["alpha"], &[]),
    ("Erf", &[], &[], &[]),
    ("Flatten", &["axis"], &[], &[]),
    ("Gelu", &[], &[], &["approximate"]),
    ("Gemm", &["broadcast", "transA", "transB"], &["alpha", "beta"], &[]),
    ("GlobalAveragePool", &[], &[], &[]),
    ("GlobalMaxPool", &[], &[], &[]),
    ("HardSigmoid", &[], &["alpha", "beta"], &[]),
    ("HardSwish", &[], &[], &[]),
    ("Identity", &[], &[], &[]),
    ("LRN", &["size"], &["alpha", "beta", "bias"], &[]),
    ("LayerNormalization", &["axis", "stash_type"], &["epsilon"], &[]),
    ("LeakyRelu", &[], &["alpha"], &[]),
    ("MatMul", &[], &[], &[]),
    ("Max", &[], &[], &[]),
    (
        "MaxPool",
        &["ceil_mode", "dilations", "kernel_shape", "pads", "storage_order", "strides"],
        &[],
        &["auto_pad"],
    ),
    ("Min", &[], &[], &[]),
    ("Mish", &[], &[], &[]),
    ("Mul", &["axis", "broadcast"], &[], &[]),
    ("Neg", &[], &[], &[]),
    ("PRelu", &[], &[], &[]),
    ("Pad", &["paddings", "pads"], &["value"], &["mode"]),
    ("Reciprocal", &[], &[], &[]),
    ("ReduceMax", &["axes", "keepdims", "noop_with_empty_axes"], &[], &[]),
    ("ReduceMean", &["axes", "keepdims", "noop_with_empty_axes"], &[], &[]),
    ("Relu", &[], &[], &[]),
    ("Reshape", &["allowzero", "shape"], &[], &[]),
    (
        "Resize",
        &["antialias", "axes", "exclude_outside"],
        &["cubic_coeff_a", "extrapolation_value"],
        &["coordinate_transformation_mode", "keep_aspect_ratio_policy", "mode", "nearest_mode"],
    ),
    ("Selu", &[], &["alpha", "gamma"], &[]),
    ("Shape", &["end", "start"], &[], &[]),
    ("Sigmoid", &[], &[], &[]),
    ("Slice", &["axes", "ends", "starts"], &[], &[]),
    ("Softplus", &[], &[], &[]),
    ("Split", &["axis", "num_outputs", "split"], &[], &[]),
    ("Sqrt", &[], &[], &[]),
    ("Squeeze", &["axes"], &[], &[]),
    ("Sub", &["axis", "broadcast"], &[], &[]),
    ("Sum", &[], &[], &[]),
    ("Swish", &[], &["alpha"], &[]),
    ("Tanh", &[], &[], &[]),
    ("Transpose", &["perm"], &[], &[]),
    ("Unsqueeze", &["axes"], &[], &[]),
    ("Upsample", &[], &["height_scale", "scales", "width_scale"], &["mode"]),
];

/// Converts a node with at least one map among its inputs, and returns its (first) output.
pub(super) fn operation(
    work: &mut Conversion,
    node: &OnnxNode,
    inputs: Inputs<'_>,
) -> Result<Value, OnnxProblem> {
    let op = node.op.as_str();
    match op {
        "Add" | "Sub" | "Mul" | "Div" => return arithmetic(work, node, inputs),
        "Sum" | "Max" | "Min" => return of_many(work, node, inputs).map(Value::Map),
        "Concat" => return concat(work, node, inputs),
        _ => {}
    }
    let Some(Some(Value::Map(x))) = inputs.first() else {
        return Err(node.unsupported("where its first input is no map"));
    };
    let x = x.clone();
    let activation = |function| Ok(Some(function));
    let function = match op {
        "Relu" => activation(ActivationFn::Relu),
        "Sigmoid" => activation(ActivationFn::Sigmoid),
        "HardSwish" => activation(ActivationFn::HardSwish),
        "Gelu" if node.text("approximate") == Some("tanh") => activation(ActivationFn::GeluTanh),
        "Gelu" => activation(ActivationFn::Gelu),
        "Swish" if node.float("alpha").unwrap_or(1.0) == 1.0 => activation(ActivationFn::Silu),
        "LeakyRelu" => activation(ActivationFn::LeakyRelu(factor(node, "alpha", 0.01)?)),
        "Elu" => activation(ActivationFn::Elu(factor(node, "alpha", 1.0)?)),
        "Tanh" => activation(ActivationFn::Tanh),
        "Softplus" => activation(ActivationFn::Softplus),
        "Mish" => activation(ActivationFn::Mish),
        "Abs" => activation(ActivationFn::Abs),
        "Sqrt" => activation(ActivationFn::Sqrt),
        "Reciprocal" => activation(ActivationFn::Reciprocal),
        _ => Ok(None),
    }?;
    if let Some(function) = function {
        return Ok(Value::Map(Map { id: work.draft.activation(&node.name, function, x.id), ..x }));
    }
    match op {
        "Erf" => erf(work, node, x),
        "LayerNormalization" => layer_norm(work, node, inputs, x).map(Value::Map),
        "HardSigmoid" => Ok(Value::Map(hard_sigmoid(work, node, x))),
        "Clip" => clip(work, node, inputs, x).map(Value::Map),
        "Conv" => conv(work, node, inputs, x).map(Value::Map),
        "BatchNormalization" => batch_norm(work, node, inputs, x).map(Value::Map),
        "MaxPool" | "AveragePool" => pool(work, node, x, Sides::default()).map(Value::Map),
        "GlobalAveragePool" | "GlobalMaxPool" => {
            in_order(node, &x, &NCHW)?;
            let id = work.draft.push(&node.name, over_map(node), &[x.id], work.channels(&x));
            Ok(Value::Map(Map { id, ..x }))
        }
        "ReduceMean" | "ReduceMax" => reduce(work, node, inputs, x),
        "LRN" => lrn(work, node, x).map(Value::Map),
        "Neg" => Ok(Value::Map(Map { id: work.draft.affine_of_all(&node.name, x.id, -1.0, 0.0), ..x })),
        "Pad" => pad(work, node, inputs, x),
        "Selu" => {
            let alpha = factor(node, "alpha", 1.673_263_2)?;
            let gamma = factor(node, "gamma", 1.050_701)?;
            let elu = work.draft.activation(&format!("{}.elu", node.name), ActivationFn::Elu(alpha), x.id);
            Ok(Value::Map(Map { id: work.draft.affine_of_all(&node.name, elu, f64::from(gamma), 0.0), ..x }))
        }
        "PRelu" => prelu(work, node, inputs, &x).map(Value::Map),
        "Slice" => slice(work, node, inputs, &x).map(Value::Map),
        "Resize" | "Upsample" => resize(work, node, inputs, x).map(Value::Map),
        "Shape" => extent(work, node, &x),
        "Gemm" | "MatMul" => linear(work, node, inputs, x),
        "Identity" | "Dropout" | "CastLike" => Ok(Value::Map(x)),
        "Cast" => match node.int("to") {
            Some(1 | 10 | 11 | 16) => Ok(Value::Map(x)),
            to => Err(node.unsupported(format!("to the type {}", to.unwrap_or_default()))),
        },
        "Transpose" => transpose(node, &x).map(Value::Map),
        "Flatten" | "Reshape" | "Squeeze" | "Unsqueeze" => reshape(work, node, inputs, &x),
        // Operations at the end of classifiers, and the number of elements.
        "Softmax" | "LogSoftmax" | "ArgMax" | "TopK" | "Size" => Ok(work.leave(node, inputs)),
        _ if work.draft.nodes[x.id].is_pooled => Ok(work.leave(node, inputs)),
        _ => Err(node.unsupported("")),
    }
}

#[cfg(test)]
mod tests {
    use super::SETTINGS;

    #[test]
    fn operators_stand_in_order_so_that_they_are_found() {
        assert!(SETTINGS.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
