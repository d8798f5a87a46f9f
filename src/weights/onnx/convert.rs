//! From ONNX' nodes to ours, one after the other.
//!
//! A value is a map with the order of its axes, or a constant, or something beyond maps: what a classifier makes of the last map. A
//! transposition only changes the order that is remembered, so those that converters from TensorFlow leave behind vanish. What
//! comes after a mean over whole maps is followed as maps of one value, because gates (squeeze-and-excitation) are made of it.
//!
//! Owns the walk and what a value is. What single operations mean is in `operations` and `arithmetic`.

use std::collections::HashMap;
use std::rc::Rc;

use super::constant::Constant;
use super::draft::Draft;
use super::error::OnnxProblem;
use super::model::{OnnxModel, OnnxNode, plain};
use crate::graph::ActivationFn;
use crate::tensor::PixelSize;

/// What a side of an array counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    Image,
    Channel,
    Row,
    Column,
}

pub(super) const NCHW: [Axis; 4] = [Axis::Image, Axis::Channel, Axis::Row, Axis::Column];
const NHWC: [Axis; 4] = [Axis::Image, Axis::Row, Axis::Column, Axis::Channel];

/// A node's value, with its axes as ONNX has them at this place.
#[derive(Clone, Debug)]
pub(super) struct Map {
    pub(super) id: usize,
    pub(super) axes: Vec<Axis>,
}

/// What a name stands for.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Map(Map),
    Constant(Rc<Constant>),
    /// A part of a function that is written out.
    Partial(Partial),
    /// No map any more, and which operation of which node was the first to make it so.
    Beyond {
        op: String,
        node: String,
    },
}

/// What a function written out has come to.
#[derive(Clone, Debug)]
pub(super) struct Partial {
    pub(super) of: Map,
    pub(super) stage: Stage,
}

/// How far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stage {
    /// `erf(x / √2)`.
    Erf,
    /// `1 + erf(x / √2)`.
    ErfPlusOne,
    /// Half of that: the normal distribution's.
    Phi,
    /// This many times that function of `x`.
    Times(f64, ActivationFn),
}

/// Widths of all borders together: no network has a tenth of it, and sizes stay countable.
const MAX_BORDERS: usize = 1 << 14;
/// Channels of a value.
const MAX_CHANNELS: usize = 1 << 16;

/// The walk.
pub(super) struct Converter {
    pub(super) draft: Draft,
    values: HashMap<String, Value>,
    num_border_cells: usize,
    /// Maps that an operation turned into something else.
    pub(super) left: Vec<usize>,
}

/// The order of the input's axes, and its size where that is fixed.
fn input_axes(model: &OnnxModel) -> Result<([Axis; 4], Option<PixelSize>), OnnxProblem> {
    let Some(sides) = &model.input.sides else { return Ok((NCHW, None)) };
    let words = || {
        let sides: Vec<String> =
            sides.iter().map(|side| side.map_or_else(|| "?".to_owned(), |n| n.to_string())).collect();
        OnnxProblem::Input(format!("its input `{}` is {}", plain(&model.input.name), sides.join("×")))
    };
    let [_, second, third, fourth] = sides[..] else { return Err(words()) };
    let (axes, height, width) = match (second, fourth) {
        (Some(3), _) => (NCHW, third, fourth),
        (_, Some(3)) => (NHWC, second, third),
        (None, _) => (NCHW, third, fourth),
        _ => return Err(words()),
    };
    let size = height.zip(width).map(|(height, width)| PixelSize::new(width, height));
    if size.is_some_and(|size| size.width > 4096 || size.height > 4096) {
        return Err(words());
    }
    Ok((axes, size))
}

impl Converter {
    /// Walks a model; gives the walk, and the input's size where the file fixes it.
    pub(super) fn walk(model: &OnnxModel) -> Result<(Self, Option<PixelSize>), OnnxProblem> {
        let (axes, size) = input_axes(model)?;
        let mut values: HashMap<String, Value> = model
            .constants
            .iter()
            .map(|(name, constant)| (name.clone(), Value::Constant(Rc::clone(constant))))
            .collect();
        values.insert(model.input.name.clone(), Value::Map(Map { id: 0, axes: axes.to_vec() }));
        let draft = Draft::new(&plain(&model.input.name));
        let mut converter = Self { draft, values, num_border_cells: 0, left: Vec::new() };
        for node in &model.nodes {
            converter.node(node)?;
        }
        let outputs = model.outputs.iter().filter_map(|name| match converter.values.get(name) {
            Some(Value::Map(map)) => Some(map.id),
            _ => None,
        });
        let outputs: Vec<usize> = outputs.collect();
        converter.left.extend(outputs);
        Ok((converter, size))
    }

    /// Converts a node and names its results.
    fn node(&mut self, node: &OnnxNode) -> Result<(), OnnxProblem> {
        let first_new = self.draft.nodes.len();
        let value = self.result(node)?;
        if let Value::Map(map) = &value
            && let Some(output) = node.outputs.first()
        {
            if self.draft.nodes[map.id].channels > MAX_CHANNELS {
                let channels = self.draft.nodes[map.id].channels;
                return Err(OnnxProblem::TooMuch(format!(
                    "the node `{}` has {channels} channels, more than the {MAX_CHANNELS} that are supported",
                    node.name
                )));
            }
            // A node that changes nothing is another name of what it was given.
            if map.id < first_new {
                self.draft.alias(map.id, &node.name);
            }
            self.draft.alias(map.id, &plain(output));
        }
        for (at, output) in node.outputs.iter().enumerate().filter(|(_, output)| !output.is_empty()) {
            let beyond =
                || Value::Beyond { op: format!("{}' output {at}", node.op), node: node.name.clone() };
            let value = if at == 0 { value.clone() } else { beyond() };
            if self.values.insert(output.clone(), value).is_some() {
                return Err(node.malformed(format!("its result `{}` is there already", plain(output))));
            }
        }
        Ok(())
    }

    fn result(&mut self, node: &OnnxNode) -> Result<Value, OnnxProblem> {
        let mut inputs: Vec<Option<Value>> = Vec::with_capacity(node.inputs.len());
        for name in &node.inputs {
            inputs.push(match (name.is_empty(), self.values.get(name)) {
                (true, _) => None,
                (false, Some(value)) => Some(value.clone()),
                (false, None) => {
                    return Err(OnnxProblem::Order { node: node.name.clone(), value: plain(name) });
                }
            });
        }
        let present = || inputs.iter().flatten();
        if let Some(value) = self.go_on(node, &inputs)? {
            return Ok(value);
        }
        let has_map = present().any(|value| matches!(value, Value::Map(_)));
        let beyond = present().find(|value| matches!(value, Value::Beyond { .. })).cloned();
        match (has_map, beyond) {
            (false, Some(beyond)) => Ok(beyond),
            (false, None) => Ok(fold(node, &inputs)),
            (true, Some(Value::Beyond { op, node: at })) if !takes_extent(&node.op) => {
                let is_pooled =
                    |value: &Value| matches!(value, Value::Map(map) if self.draft.nodes[map.id].is_pooled);
                if present().any(|value| matches!(value, Value::Map(_)) && !is_pooled(value)) {
                    return Err(OnnxProblem::Beyond { op, node: at, user: node.name.clone() });
                }
                Ok(self.leave(node, &inputs))
            }
            (true, _) => self.operation(node, &inputs),
        }
    }

    /// What a node gives isn't followed.
    pub(super) fn leave(&mut self, node: &OnnxNode, inputs: &[Option<Value>]) -> Value {
        self.left.extend(inputs.iter().flatten().filter_map(|value| match value {
            Value::Map(map) => Some(map.id),
            _ => None,
        }));
        Value::Beyond { op: node.op.clone(), node: node.name.clone() }
    }

    /// Counts border cells, so that sizes stay countable whatever a file says.
    pub(super) fn count_border(&mut self, node: &OnnxNode, cells: usize) -> Result<(), OnnxProblem> {
        self.num_border_cells = self.num_border_cells.saturating_add(cells);
        if self.num_border_cells > MAX_BORDERS {
            return Err(
                node.malformed(format!("its borders and those before it have more than {MAX_BORDERS} cells"))
            );
        }
        Ok(())
    }
}

/// Operations whose second input is an extent, which may be computed: it isn't needed where one is made of maps.
fn takes_extent(op: &str) -> bool {
    matches!(op, "Reshape" | "Expand")
}

impl OnnxNode {
    pub(super) fn unsupported(&self, how: impl Into<String>) -> OnnxProblem {
        let how: String = how.into();
        let how = if how.is_empty() { how } else { format!(" {how}") };
        OnnxProblem::Unsupported { op: self.op.clone(), how, node: self.name.clone() }
    }

    pub(super) fn malformed(&self, what: impl Into<String>) -> OnnxProblem {
        OnnxProblem::Malformed { node: self.name.clone(), op: self.op.clone(), what: what.into() }
    }

    /// An input that must be a constant.
    pub(super) fn constant<'a>(
        &self,
        inputs: &'a [Option<Value>],
        at: usize,
        what: &str,
    ) -> Result<&'a Rc<Constant>, OnnxProblem> {
        match inputs.get(at) {
            Some(Some(Value::Constant(constant))) => Ok(constant),
            Some(Some(Value::Beyond { op, node })) => {
                Err(OnnxProblem::Beyond { op: op.clone(), node: node.clone(), user: self.name.clone() })
            }
            Some(Some(Value::Map(_) | Value::Partial(_))) => {
                Err(self.unsupported(format!("with a computed {what}")))
            }
            _ => Err(self.malformed(format!("it has no {what}"))),
        }
    }

    /// An input that may be missing, and is a constant where it isn't.
    pub(super) fn optional<'a>(
        &self,
        inputs: &'a [Option<Value>],
        at: usize,
        what: &str,
    ) -> Result<Option<&'a Rc<Constant>>, OnnxProblem> {
        if matches!(inputs.get(at), None | Some(None)) {
            Ok(None)
        } else {
            self.constant(inputs, at, what).map(Some)
        }
    }
}

/// A node of constants alone.
fn fold(node: &OnnxNode, inputs: &[Option<Value>]) -> Value {
    fold_constants(node, inputs)
        .map_or_else(|| Value::Beyond { op: node.op.clone(), node: node.name.clone() }, Value::Constant)
}

fn fold_constants(node: &OnnxNode, inputs: &[Option<Value>]) -> Option<Rc<Constant>> {
    let input = |at: usize| match inputs.get(at) {
        Some(Some(Value::Constant(constant))) => Some(constant),
        _ => None,
    };
    let sides = |at: usize| input(at).and_then(|c| c.ints().map(<[i64]>::to_vec));
    match node.op.as_str() {
        "Constant" => {
            if let Some(tensor) = node.tensor("value") {
                return Some(Rc::clone(tensor));
            }
            let one = |values: &[f32]| Constant::floats_of(Vec::new(), values.to_vec());
            let scalar = |name: &str| node.floats(name).map(one);
            let ints = |name: &str| node.ints(name).map(|values| Constant::ints_of(values.to_vec()));
            let row = |values: &[f32]| Constant::floats_of(vec![values.len()], values.to_vec());
            scalar("value_float")
                .or_else(|| node.floats("value_floats").map(row))
                .or_else(|| ints("value_int")?.reshaped(Vec::new()))
                .or_else(|| ints("value_ints"))
                .map(Rc::new)
        }
        // Fractions stay fractions; what is cast to whole numbers isn't needed for maps.
        "Identity" | "Cast" | "CastLike" => input(0).map(Rc::clone),
        "Unsqueeze" => {
            let constant = input(0)?;
            let axes = node.ints("axes").map(<[i64]>::to_vec).or_else(|| sides(1))?;
            let rank = constant.dims.len() + axes.len();
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
            let constant = input(0)?;
            let axes = node.ints("axes").map(<[i64]>::to_vec).or_else(|| sides(1));
            let rank = constant.dims.len();
            let gone: Option<Vec<usize>> =
                axes.map(|axes| axes.iter().map(|axis| place(*axis, rank)).collect::<Option<_>>())?;
            let gone = gone?;
            let kept = constant.dims.iter().enumerate().filter(|(at, _)| !gone.contains(at));
            constant.reshaped(kept.map(|(_, side)| *side).collect()).map(Rc::new)
        }
        "Reshape" => {
            let constant = input(0)?;
            let wanted = sides(1)?;
            let known: usize = wanted.iter().filter(|side| **side > 0).map(|side| *side as usize).product();
            let dims = wanted.iter().enumerate().map(|(at, side)| match side {
                -1 => constant.len().checked_div(known),
                0 => constant.dims.get(at).copied(),
                side => usize::try_from(*side).ok(),
            });
            constant.reshaped(dims.collect::<Option<_>>()?).map(Rc::new)
        }
        "Transpose" => {
            let constant = input(0)?;
            let [rows, columns] = constant.dims[..] else { return None };
            if node.ints("perm").is_some_and(|perm| perm != [1, 0]) {
                return None;
            }
            let values = constant.floats()?;
            let turned = (0..columns).flat_map(|c| (0..rows).map(move |r| r * columns + c));
            let turned = turned.map(|at| values[at]).collect();
            Some(Rc::new(Constant::floats_of(vec![columns, rows], turned)))
        }
        _ => None,
    }
}

/// An axis counted from the end where it is negative.
pub(super) fn place(axis: i64, rank: usize) -> Option<usize> {
    let rank_signed = i64::try_from(rank).ok()?;
    let from_start = if axis < 0 { axis.checked_add(rank_signed)? } else { axis };
    usize::try_from(from_start).ok().filter(|at| *at < rank)
}
