//! Convolutions, and linear layers, which become convolutions with a 1×1 kernel.

use super::arguments::{constant_at, count, counts, in_order, optional_at};
use super::borders::padding;
use super::conversion::Conversion;
use super::node::OnnxNode;
use super::value::{Dimension, Inputs, Map, NCHW, Value};
use crate::graph::{Conv2d, Op};
use crate::weights::onnx::error::OnnxProblem;
use crate::weights::tensors::Entry;

/// `Conv`.
pub(super) fn conv(
    work: &mut Conversion,
    node: &OnnxNode,
    inputs: Inputs<'_>,
    x: Map,
) -> Result<Map, OnnxProblem> {
    let kernel = constant_at(node, inputs, 1, "kernel")?;
    let [c_out, c_in, rows, columns] = kernel.dims[..] else {
        return Err(node.unsupported(format!("with a kernel of {} axes", kernel.dims.len())));
    };
    in_order(node, &x, &NCHW)?;
    let got = work.channels(&x);
    let groups = count(node, "group", &[1])?[0];
    if kernel.len() == 0 || c_in.checked_mul(groups) != Some(got) || c_out % groups != 0 {
        let what = format!("its kernel is {:?} in {groups} groups, and {got} channels come in", kernel.dims);
        return Err(node.malformed(what));
    }
    let bias = optional_at(node, inputs, 2, "bias")?;
    if bias.is_some_and(|bias| bias.dims != [c_out]) {
        return Err(node.malformed("its bias isn't one value per filter"));
    }
    let not_floats = |what: &str, kind: &str| node.unsupported(format!("with a {what} of {kind}"));
    let weight = kernel.entry(kernel.dims.clone()).ok_or_else(|| not_floats("kernel", kernel.type_name()))?;
    let padding = padding(work, node)?;
    let conv = Conv2d {
        kernel: [rows, columns],
        stride: counts(node, "strides")?,
        dilation: counts(node, "dilations")?,
        padding,
        groups,
        has_bias: bias.is_some(),
        ..Conv2d::new(got, c_out, 1)
    };
    let id = work.draft.push(&node.name, Op::Conv2d(conv), &[x.id], c_out);
    let params = &mut work.draft.nodes[id].params;
    params.push(("weight", weight));
    if let Some(bias) = bias {
        params.push(("bias", bias.entry(vec![c_out]).ok_or_else(|| not_floats("bias", bias.type_name()))?));
    }
    Ok(Map { id, ..x })
}

/// `Gemm` and `MatMul`: a linear layer over channels, of a pooled value or at each location. It becomes a convolution with a 1×1 kernel.
pub(super) fn linear(
    work: &mut Conversion,
    node: &OnnxNode,
    inputs: Inputs<'_>,
    x: Map,
) -> Result<Value, OnnxProblem> {
    let is_gemm = node.op == "Gemm";
    if x.axes.last() != Some(&Dimension::Channel) || node.int("transA").unwrap_or(0) != 0 {
        return Err(node.unsupported("over anything but channels"));
    }
    let weight = constant_at(node, inputs, 1, "weight")?;
    let &[a, b] = &weight.dims[..] else {
        return Err(node.unsupported(format!("with weights of {} axes", weight.dims.len())));
    };
    let is_turned = is_gemm && node.int("transB").unwrap_or(0) != 0;
    let (c_in, c_out) = if is_turned { (b, a) } else { (a, b) };
    let got = work.channels(&x);
    if c_in != got || c_out == 0 {
        return Err(node.malformed(format!("its weights are {:?}, and {got} channels come in", weight.dims)));
    }
    if node.float("alpha").unwrap_or(1.0) != 1.0 || node.float("beta").unwrap_or(1.0) != 1.0 {
        return Err(node.unsupported("with a factor"));
    }
    let shape = vec![c_out, c_in, 1, 1];
    let no_fractions = || node.unsupported(format!("with weights of {}", weight.type_name()));
    let kernel = if is_turned {
        weight.entry(shape).ok_or_else(no_fractions)?
    } else {
        let values = weight.floats().ok_or_else(no_fractions)?;
        let turned = (0..c_out).flat_map(|o| (0..c_in).map(move |i| i * c_out + o));
        Entry::owned("FLOAT".to_owned(), shape, turned.map(|at| values[at]).collect())
    };
    let bias = if is_gemm { optional_at(node, inputs, 2, "bias")? } else { None };
    let bias = match bias {
        None => None,
        Some(bias) if bias.len() == c_out => {
            Some(bias.entry(vec![c_out]).ok_or_else(|| node.malformed("its bias is no fractions"))?)
        }
        Some(_) => return Err(node.unsupported("with a bias that isn't one value per output")),
    };
    let conv = Conv2d { has_bias: bias.is_some(), ..Conv2d::new(c_in, c_out, 1) };
    let id = work.draft.push(&node.name, Op::Conv2d(conv), &[x.id], c_out);
    let params = &mut work.draft.nodes[id].params;
    params.push(("weight", kernel));
    params.extend(bias.map(|bias| ("bias", bias)));
    Ok(Value::Map(Map { id, ..x }))
}
