//! From ONNX' nodes to ours, one after the other.
//!
//! A value is a map with the order of its axes, or a constant, or something beyond maps: what a classifier makes of the last map. A
//! transposition only changes the order that is remembered, so those that converters from TensorFlow leave behind vanish. What
//! comes after a mean over whole maps is followed as maps of one value, because gates (squeeze-and-excitation) are made of it.
//!
//! Owns the walk and what a value is. What single operations mean is in `operations` and `arithmetic`.

use std::collections::HashMap;
use std::rc::Rc;

use super::checks::check;
use super::constant::Constant;
use super::draft::Draft;
use super::error::OnnxProblem;
use super::extents::{Extent, sides_at};
use super::fold::fold;
use super::model::{OnnxModel, OnnxNode, plain};
use super::shuffle::Grouped;
use super::versions::MAX_OPSET;
use super::ways::{Cause, Ways};
use super::whole::WholeNumbers;
use crate::graph::{ActivationFn, NodeInfo, Sides};
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
    /// Sides of a map, of which some are not known before a picture comes.
    Extent(Extent),
    /// A number computed from such sides.
    Free,
    /// A map whose channels are seen as groups: the middle of a channel shuffle.
    Grouped(Grouped),
    /// A part of a function that is written out.
    Partial(Partial),
    /// No map any more, which operation of which node was the first to make it so, and whether of means, as a classifier does.
    Beyond {
        op: String,
        node: String,
        is_of_means: bool,
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
    /// The map with −∞ around it, as a maximum's border is.
    LowestAround(Sides),
}

/// Widths of all borders together: no network has a tenth of it, and sizes stay countable.
const MAX_BORDERS: usize = 1 << 14;
/// Bytes of values that nodes make of constants, beside those in the file: VGG19's turned linear layers have half a gigabyte.
pub(super) const MAX_MADE_BYTES: usize = 1 << 30;
/// Channels of a value.
const MAX_CHANNELS: usize = 1 << 16;

/// The walk.
pub(super) struct Converter {
    pub(super) draft: Draft,
    values: HashMap<String, Value>,
    num_border_cells: usize,
    num_made_bytes: usize,
    /// The input's size, where the file fixes it.
    pub(super) size: Option<PixelSize>,
    /// Pictures of the file's batch, where it fixes them.
    pub(super) num_images: Option<usize>,
    /// What is known of the first nodes at that size, as far as it was asked for.
    pub(super) infos: Vec<NodeInfo>,
    /// Maps that an operation turned into something else.
    pub(super) left: Vec<usize>,
    /// What comes of what, where that are no maps.
    pub(super) ways: Ways,
    /// Of the operations.
    opset: i64,
    whole: WholeNumbers,
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
        let num_images = model.input.sides.as_ref().and_then(|sides| sides.first().copied().flatten());
        let mut converter = Self {
            draft,
            values,
            num_border_cells: 0,
            num_made_bytes: 0,
            size,
            num_images,
            infos: Vec::new(),
            left: Vec::new(),
            ways: Ways::default(),
            opset: model.opset.unwrap_or(MAX_OPSET),
            whole: WholeNumbers::new(model),
        };
        converter.ways.begin(&model.input.name);
        for node in &model.nodes {
            converter.node(node)?;
        }
        let is_there =
            |name: &&String| !converter.values.contains_key(*name) && !converter.ways.is_unknown(name);
        if let Some(name) = model.outputs.iter().find(is_there) {
            return Err(OnnxProblem::NoOutput(plain(name)));
        }
        let outputs = model.outputs.iter().filter_map(|name| match converter.values.get(name) {
            Some(Value::Map(map)) => Some(map.id),
            _ => None,
        });
        let outputs: Vec<usize> = outputs.collect();
        converter.left.extend(outputs);
        Ok((converter, size))
    }

    /// Converts a node and names its results. What can't be converted is remembered with the reason, and what comes of it too.
    fn node(&mut self, node: &OnnxNode) -> Result<(), OnnxProblem> {
        for name in node.inputs.iter().filter(|name| !name.is_empty()) {
            if !self.values.contains_key(name) && !self.ways.is_unknown(name) {
                return Err(OnnxProblem::Order { node: node.name.clone(), value: plain(name) });
            }
        }
        for output in node.outputs.iter().filter(|output| !output.is_empty()) {
            if self.values.contains_key(output) || self.ways.is_unknown(output) {
                return Err(node.malformed(format!("its result `{}` is there already", plain(output))));
            }
        }
        if let Some(cause) = self.ways.unknown_among(node) {
            self.ways.add_unknown(node, cause);
            return Ok(());
        }
        let (first_new, num_left) = (self.draft.nodes.len(), self.left.len());
        let values = match self.results(node) {
            Ok(values) => values,
            Err(problem) if problem.is_of_operation() => {
                // What was begun of it is no layer.
                self.draft.truncate(first_new);
                self.infos.truncate(first_new);
                self.left.truncate(num_left);
                let cause = self.ways.add_cause(Cause::Problem(problem));
                self.ways.add_unknown(node, cause);
                return Ok(());
            }
            Err(problem) => return Err(problem),
        };
        self.count_made(node, &values, first_new)?;
        if let [Value::Map(map)] = &values[..]
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
        let leaves = self.leaves(node);
        for (at, output) in node.outputs.iter().enumerate().filter(|(_, output)| !output.is_empty()) {
            let beyond = || Value::Beyond {
                op: format!("{}' output {at}", node.op),
                node: node.name.clone(),
                is_of_means: false,
            };
            let value = values.get(at).cloned().unwrap_or_else(beyond);
            self.ways.add(node, output, &value, &leaves);
            self.whole.follow(node, output);
            if self.values.insert(output.clone(), value).is_some() {
                return Err(node.malformed(format!("its result `{}` is there already", plain(output))));
            }
        }
        Ok(())
    }

    /// Maps that a node would make something else of than a classifier begins with: that is a mean, or a map as one long row.
    fn leaves(&self, node: &OnnxNode) -> Vec<usize> {
        let is_row = match node.op.as_str() {
            "Flatten" => matches!(node.int("axis"), None | Some(1 | -3)),
            "Reshape" => self.is_to_rows(node),
            "GlobalMaxPool" => true,
            _ => false,
        };
        let maps = node.inputs.iter().filter_map(|name| match self.values.get(name) {
            Some(Value::Map(map)) if !is_row && !self.draft.nodes[map.id].is_pooled => Some(map.id),
            Some(Value::Grouped(grouped)) => Some(grouped.map()),
            _ => None,
        });
        maps.collect()
    }

    /// Whether a `Reshape` gives one row of values for each picture.
    fn is_to_rows(&self, node: &OnnxNode) -> bool {
        if let Some(shape) = node.ints("shape") {
            return shape.len() == 2;
        }
        let shape = node.inputs.get(1).and_then(|name| self.values.get(name)).cloned();
        sides_at(&[shape], 0).is_some_and(|sides| sides.len() == 2)
    }

    /// What a node gives, one after the other; what it gives beyond that isn't followed.
    fn results(&mut self, node: &OnnxNode) -> Result<Vec<Value>, OnnxProblem> {
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
        self.whole.check(node)?;
        check(node, &inputs, self.opset)?;
        // Of extents alone, nothing of the picture goes through it.
        let is_of_picture =
            |value: &Value| !matches!(value, Value::Constant(_) | Value::Extent(_) | Value::Free);
        let mut captured = node.captured.iter().filter_map(|name| self.values.get(name));
        if node.has_graphs && (captured.any(is_of_picture) || inputs.iter().flatten().any(is_of_picture)) {
            return Err(node.unsupported("with graphs of its own, in which a part of the network is"));
        }
        if let Some(value) = self.go_on(node, &inputs)? {
            return Ok(vec![value]);
        }
        if let Some(value) = self.ungroup(node, &mut inputs)? {
            return Ok(vec![value]);
        }
        if let ("Split", Some(Some(Value::Map(x)))) = (node.op.as_str(), inputs.first()) {
            let x = x.clone();
            return self.split(node, &inputs, &x);
        }
        self.result(node, &inputs).map(|value| vec![value])
    }

    fn result(&mut self, node: &OnnxNode, inputs: &[Option<Value>]) -> Result<Value, OnnxProblem> {
        let present = || inputs.iter().flatten();
        let has_map = present().any(|value| matches!(value, Value::Map(_)));
        let beyond = present().find(|value| matches!(value, Value::Beyond { .. })).cloned();
        match (has_map, beyond) {
            (false, Some(Value::Beyond { op, node: at, is_of_means: false })) if is_of_maps(&node.op) => {
                Err(OnnxProblem::Beyond { op, node: at, user: node.name.clone() })
            }
            (false, Some(beyond)) => Ok(beyond),
            (false, None) if node.op == "DequantizeLinear" => Self::dequantised(node, inputs),
            (false, None) => Ok(fold(node, inputs)),
            (true, Some(Value::Beyond { op, node: at, .. })) if !takes_extent(&node.op) => {
                let is_pooled =
                    |value: &Value| matches!(value, Value::Map(map) if self.draft.nodes[map.id].is_pooled);
                if present().any(|value| matches!(value, Value::Map(_)) && !is_pooled(value)) {
                    return Err(OnnxProblem::Beyond { op, node: at, user: node.name.clone() });
                }
                Ok(self.leave(node, inputs))
            }
            (true, _) => self.operation(node, inputs),
        }
    }

    /// What a node gives isn't followed.
    pub(super) fn leave(&mut self, node: &OnnxNode, inputs: &[Option<Value>]) -> Value {
        let first = self.left.len();
        self.left.extend(inputs.iter().flatten().filter_map(|value| match value {
            Value::Map(map) => Some(map.id),
            _ => None,
        }));
        let is_of_means = self.left[first..].iter().all(|id| self.draft.nodes[*id].is_pooled);
        Value::Beyond { op: node.op.clone(), node: node.name.clone(), is_of_means }
    }

    /// Counts what a node made of constants, so that a small file can't ask for any memory by using one again and again.
    fn count_made(&mut self, node: &OnnxNode, values: &[Value], first_new: usize) -> Result<(), OnnxProblem> {
        let of_nodes = self.draft.nodes[first_new..].iter().flat_map(|node| &node.params);
        let mut made: usize = of_nodes.map(|(_, entry)| entry.num_owned_bytes()).sum();
        if let ([Value::Constant(turned)], "Transpose" | "DequantizeLinear") = (values, node.op.as_str()) {
            made = made.saturating_add(turned.len().saturating_mul(size_of::<f32>()));
        }
        self.num_made_bytes = self.num_made_bytes.saturating_add(made);
        if self.num_made_bytes > MAX_MADE_BYTES {
            let node = &node.name;
            return Err(OnnxProblem::TooMuch(format!(
                "at the node `{node}` its nodes have made more than {MAX_MADE_BYTES} bytes of its constants"
            )));
        }
        Ok(())
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

/// Operations that no classifier has behind the last map: what gives them something else than maps hides the rest of the network.
fn is_of_maps(op: &str) -> bool {
    const OF_MAPS: [&str; 9] = [
        "Conv",
        "ConvTranspose",
        "BatchNormalization",
        "InstanceNormalization",
        "LayerNormalization",
        "MaxPool",
        "AveragePool",
        "GlobalAveragePool",
        "Resize",
    ];
    OF_MAPS.contains(&op)
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

    /// Something that would have to be known and isn't, because the file leaves the input's size free.
    pub(super) fn free(&self, what: &str) -> OnnxProblem {
        self.unsupported(format!(
            "with a {what} computed from the input's size, which the file leaves free; export the network with a fixed size"
        ))
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
            Some(Some(Value::Beyond { op, node, .. })) => {
                Err(OnnxProblem::Beyond { op: op.clone(), node: node.clone(), user: self.name.clone() })
            }
            Some(Some(Value::Map(_) | Value::Partial(_) | Value::Grouped(_))) => {
                Err(self.unsupported(format!("with a computed {what}")))
            }
            Some(Some(Value::Extent(_) | Value::Free)) => Err(self.free(what)),
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

/// An axis counted from the end where it is negative.
pub(super) fn place(axis: i64, rank: usize) -> Option<usize> {
    let rank_signed = i64::try_from(rank).ok()?;
    let from_start = if axis < 0 { axis.checked_add(rank_signed)? } else { axis };
    usize::try_from(from_start).ok().filter(|at| *at < rank)
}
