//! `Resize` and `Upsample` of maps, by the nearest value or linearly. Everything else is refused with an error that names it, because its
//! result would look nearly the same.

use super::arguments::optional_at;
use super::conversion::Conversion;
use super::node::OnnxNode;
use super::sides::sides_at;
use super::value::{Dimension, Inputs, Map, Side, place};
use crate::graph::{Coordinates, Extent2d, MAX_SIDE, Mixing, Op, Resize, Rounding};
use crate::weights::onnx::error::OnnxProblem;

pub(super) fn resize(
    work: &mut Conversion,
    node: &OnnxNode,
    inputs: Inputs<'_>,
    x: Map,
) -> Result<Map, OnnxProblem> {
    // Before opset 11 there was no region of interest, and no choice of coordinates or rounding.
    let is_old = node.op == "Upsample" || inputs.len() == 2;
    let coordinates = match node.text("coordinate_transformation_mode") {
        _ if is_old => Coordinates::Asymmetric,
        None | Some("half_pixel") => Coordinates::HalfPixel,
        Some("asymmetric") => Coordinates::Asymmetric,
        Some("pytorch_half_pixel") => Coordinates::PytorchHalfPixel,
        Some("align_corners") => Coordinates::AlignCorners,
        Some("half_pixel_symmetric") => Coordinates::HalfPixelSymmetric,
        Some("tf_half_pixel_for_nn") => Coordinates::TfHalfPixel,
        Some(other) => return Err(node.unsupported(format!("with coordinates `{other}`"))),
    };
    let mixing = match node.text("mode").unwrap_or("nearest") {
        "nearest" => Mixing::Nearest(match node.text("nearest_mode") {
            _ if is_old => Rounding::Outward,
            None | Some("round_prefer_floor") => Rounding::HalfDown,
            Some("round_prefer_ceil") => Rounding::HalfUp,
            Some("floor") => Rounding::Floor,
            Some("ceil") => Rounding::Ceil,
            Some(other) => return Err(node.unsupported(format!("to the nearest by `{other}`"))),
        }),
        "linear" | "bilinear" => Mixing::Linear,
        other => return Err(node.unsupported(format!("with mode {other}"))),
    };
    if mixing == Mixing::Linear && coordinates == Coordinates::TfHalfPixel {
        return Err(node.unsupported("with coordinates `tf_half_pixel_for_nn` but to the nearest"));
    }
    if node.int("antialias").unwrap_or(0) != 0 {
        return Err(node.unsupported("with antialiasing"));
    }
    if !matches!(node.text("keep_aspect_ratio_policy"), None | Some("stretch")) {
        return Err(node.unsupported("that keeps the aspect ratio"));
    }
    let rank = x.axes.len();
    if rank != 4 {
        return Err(node.unsupported(format!("of {rank} axes")));
    }
    let axes = match node.ints("axes") {
        Some(axes) => axes.iter().map(|axis| Some(x.axes[place(*axis, rank)?])).collect(),
        None => Some(x.axes.clone()),
    };
    let Some(axes) = axes else { return Err(node.malformed("it resizes an axis that isn't there")) };
    let to = match scales(node, inputs, &axes, is_old)? {
        Some(scales) => Extent2d::Times(scales),
        None => Extent2d::Size(sizes(work, node, inputs, &x, &axes)?),
    };
    if to == Extent2d::Times([1.0, 1.0]) {
        return Ok(x);
    }
    let resize = Resize { to, coordinates, mixing };
    let id = work.draft.push(&node.name, Op::Resize(resize), &[x.id], work.channels(&x));
    // A pooled value that is resized no longer has one value per channel.
    work.draft.nodes[id].is_pooled = false;
    Ok(Map { id, ..x })
}

/// The factors for rows and columns, if factors are given.
fn scales(
    node: &OnnxNode,
    inputs: Inputs<'_>,
    axes: &[Dimension],
    is_old: bool,
) -> Result<Option<[f32; 2]>, OnnxProblem> {
    let given = match node.floats("scales") {
        Some(scales) => Some(scales.to_vec()),
        None => match optional_at(node, inputs, if is_old { 1 } else { 2 }, "scale")? {
            Some(constant) if constant.len() > 8 => {
                return Err(node.malformed("it has more scales than axes"));
            }
            Some(constant) => constant.floats().filter(|scales| !scales.is_empty()),
            None => None,
        },
    };
    let Some(scales) = given else { return Ok(None) };
    if scales.len() != axes.len() {
        return Err(node.malformed(format!("it has {} scales for {} axes", scales.len(), axes.len())));
    }
    let mut both = [1.0; 2];
    for (axis, scale) in axes.iter().zip(scales) {
        match axis {
            Dimension::Row => both[0] = scale,
            Dimension::Column => both[1] = scale,
            _ if scale == 1.0 => {}
            Dimension::Image | Dimension::Channel => {
                return Err(node.unsupported("of anything but rows and columns"));
            }
        }
    }
    if both.iter().any(|scale| !(1.0 / 256.0..=256.0).contains(scale)) {
        return Err(node.malformed(format!("its scales are {} and {}", both[0], both[1])));
    }
    Ok(Some(both))
}

/// The new numbers of rows and columns.
fn sizes(
    work: &mut Conversion,
    node: &OnnxNode,
    inputs: Inputs<'_>,
    x: &Map,
    axes: &[Dimension],
) -> Result<[usize; 2], OnnxProblem> {
    let Some(sides) = sides_at(inputs, 3) else {
        // If the input exists, this returns an error that says what is wrong with it.
        optional_at(node, inputs, 3, "size")?;
        return Err(node.malformed("it has neither scales nor sizes"));
    };
    if sides.len() != axes.len() {
        return Err(node.malformed(format!("it has {} sizes for {} axes", sides.len(), axes.len())));
    }
    let mut both = [None; 2];
    for (axis, side) in axes.iter().zip(sides) {
        let at = match axis {
            Dimension::Row => 0,
            Dimension::Column => 1,
            _ if work.is_side(x, *axis, side)? && side != Side::Known(-1) => continue,
            Dimension::Image | Dimension::Channel => {
                return Err(node.unsupported("of anything but rows and columns"));
            }
        };
        let Side::Known(n) = side else { return Err(node.free("size")) };
        let size = usize::try_from(n).ok().filter(|n| (1..=MAX_SIDE).contains(n));
        both[at] = Some(size.ok_or_else(|| node.malformed(format!("its size is {n}")))?);
    }
    match both {
        [Some(rows), Some(columns)] => Ok([rows, columns]),
        _ => Err(node.unsupported("of one side only")),
    }
}
