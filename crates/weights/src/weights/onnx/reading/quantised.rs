//! Weights that are stored as 8-bit or other integers: `DequantizeLinear` of constants. Quantised maps are not supported.

use super::arguments::{constant_at, optional_at};
use super::constant::Constant;
use super::node::OnnxNode;
use super::value::{Inputs, Value, place};
use crate::weights::onnx::error::OnnxProblem;

/// Largest number of bytes that nodes may compute from constants, not counting those in the file. VGG19's transposed linear layers take
/// half a gigabyte.
pub(super) const MAX_MADE_BYTES: usize = 1 << 30;

/// `(x − zero point) · scale`, with one pair of numbers for all values or one pair for each index along an axis.
pub(super) fn dequantised(node: &OnnxNode, inputs: Inputs<'_>) -> Result<Value, OnnxProblem> {
    let x = constant_at(node, inputs, 0, "input")?;
    let scale = constant_at(node, inputs, 1, "scale")?;
    let zero = optional_at(node, inputs, 2, "zero point")?;
    if node.int("block_size").unwrap_or(0) != 0 {
        return Err(node.unsupported("by blocks"));
    }
    if x.len() > MAX_MADE_BYTES / size_of::<f32>() {
        return Err(node.unsupported(format!("of {} values", x.len())));
    }
    let values = x.whole().ok_or_else(|| node.unsupported(format!("of {}", x.type_name())))?;
    let kind = scale.type_name();
    let scales = scale.floats().filter(|scales| kind == "FLOAT" && !scales.is_empty());
    let scales = scales.ok_or_else(|| node.unsupported(format!("with a scale of {kind}")))?;
    let whole = |zero: &Constant| {
        zero.whole().ok_or_else(|| node.unsupported(format!("with a zero point of {}", zero.type_name())))
    };
    let zeros = zero.map_or_else(|| Ok(vec![0; scales.len()]), |zero| whole(zero))?;
    if zeros.len() != scales.len() {
        let what = format!("it has {} scales and {} zero points", scales.len(), zeros.len());
        return Err(node.malformed(what));
    }
    let (num, after) = if let ([_], true) = (&scales[..], scale.dims.len() <= 1) {
        (1, values.len().max(1))
    } else {
        let axis = place(node.int("axis").unwrap_or(1), x.dims.len());
        let side = axis.map(|at| x.dims[at]).filter(|side| scale.dims == [*side]);
        let (Some(axis), Some(side)) = (axis, side) else {
            let what = format!("its scales are {:?} and its values {:?}", scale.dims, x.dims);
            return Err(node.malformed(what));
        };
        (side, x.dims[axis + 1..].iter().product::<usize>().max(1))
    };
    let value = |(at, value): (usize, i64)| {
        let at = at / after % num;
        value.saturating_sub(zeros[at]) as f32 * scales[at]
    };
    let values = values.into_iter().enumerate().map(value).collect();
    Ok(Value::Constant(Constant::floats_of(x.dims.clone(), values).into()))
}
