//! Converts ONNX nodes to this program's nodes, one after the other.
//!
//! A value is a map with the order of its axes, a constant, or something that is no map (`Beyond`), such as what a classifier computes
//! from the last map. A transposition only changes the order of axes that is recorded, so the transpositions that converters from
//! TensorFlow write disappear. What follows a mean over a whole map is treated as maps with one location, because gates
//! (squeeze-and-excitation) are made this way.
//!
//! Responsible for the walk over the nodes. Kinds of values are in `value`, the network so far in `conversion`, and the meaning of
//! operations in `operations`.

use std::collections::HashMap;
use std::rc::Rc;

use super::checks::check;
use super::conversion::Conversion;
use super::fold::fold;
use super::model::OnnxModel;
use super::names::plain;
use super::node::OnnxNode;
use super::operations::operation;
use super::patterns::go_on;
use super::quantised::{MAX_MADE_BYTES, dequantised};
use super::shuffle::{split, ungroup};
use super::sides::sides_at;
use super::value::{Dimension, Inputs, Map, NCHW, NHWC, Value};
use super::ways::{Cause, Ways};
use super::whole::WholeNumbers;
use crate::tensor::PixelSize;
use crate::weights::onnx::error::OnnxProblem;
use crate::weights::onnx::opset::MAX_OPSET;

/// Largest number of channels of a map.
const MAX_CHANNELS: usize = 1 << 16;

/// The walk over a model's nodes.
pub(super) struct Converter {
    pub(super) work: Conversion,
    values: HashMap<String, Value>,
    num_made_bytes: usize,
    /// What the values that are no maps depend on.
    pub(super) ways: Ways,
    /// The opset of ONNX's own operators.
    opset: i64,
    whole: WholeNumbers,
}

/// The order of the input's axes, and its size if that is fixed.
fn input_axes(model: &OnnxModel) -> Result<([Dimension; 4], Option<PixelSize>), OnnxProblem> {
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
    /// Walks over a model's nodes. Returns the walk's result, and the input's size if the file fixes it.
    pub(super) fn walk(model: &OnnxModel) -> Result<(Self, Option<PixelSize>), OnnxProblem> {
        let (axes, size) = input_axes(model)?;
        let mut values: HashMap<String, Value> = model
            .constants
            .iter()
            .map(|(name, constant)| (name.clone(), Value::Constant(Rc::clone(constant))))
            .collect();
        values.insert(model.input.name.clone(), Value::Map(Map { id: 0, axes: axes.to_vec() }));
        let num_images = model.input.sides.as_ref().and_then(|sides| sides.first().copied().flatten());
        let mut converter = Self {
            work: Conversion::new(&plain(&model.input.name), size, num_images),
            values,
            num_made_bytes: 0,
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
        converter.work.left.extend(outputs);
        Ok((converter, size))
    }

    /// Converts a node and records its outputs under their names. A node that can't be converted is recorded with the reason, and so is
    /// every node that depends on it.
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
        let (first_new, num_left) = (self.work.draft.nodes.len(), self.work.left.len());
        let values = match self.results(node) {
            Ok(values) => values,
            Err(problem) if problem.is_of_operation() => {
                // Undo the nodes that were already added for it.
                self.work.truncate(first_new, num_left);
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
            if self.work.draft.nodes[map.id].channels > MAX_CHANNELS {
                let channels = self.work.draft.nodes[map.id].channels;
                return Err(OnnxProblem::TooMuch(format!(
                    "the node `{}` has {channels} channels, more than the {MAX_CHANNELS} that are supported",
                    node.name
                )));
            }
            // The name of a node that changes nothing becomes another name of its input.
            if map.id < first_new {
                self.work.draft.alias(map.id, &node.name);
            }
            self.work.draft.alias(map.id, &plain(output));
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

    /// The input maps of a node that turns them into something else than the start of a classifier. A classifier starts with a mean, or
    /// with a map that is flattened to one row.
    fn leaves(&self, node: &OnnxNode) -> Vec<usize> {
        let is_row = match node.op.as_str() {
            "Flatten" => matches!(node.int("axis"), None | Some(1 | -3)),
            "Reshape" => self.is_to_rows(node),
            "GlobalMaxPool" => true,
            _ => false,
        };
        let maps = node.inputs.iter().filter_map(|name| match self.values.get(name) {
            Some(Value::Map(map)) if !is_row && !self.work.draft.nodes[map.id].is_pooled => Some(map.id),
            Some(Value::Grouped(grouped)) => Some(grouped.map()),
            _ => None,
        });
        maps.collect()
    }

    /// Whether a `Reshape` gives two axes: one row of values per picture.
    fn is_to_rows(&self, node: &OnnxNode) -> bool {
        if let Some(shape) = node.ints("shape") {
            return shape.len() == 2;
        }
        let shape = node.inputs.get(1).and_then(|name| self.values.get(name)).cloned();
        sides_at(&[shape], 0).is_some_and(|sides| sides.len() == 2)
    }

    /// The outputs of a node in order. A node may have more outputs than are returned; these are not followed.
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
        // Subgraphs that only take shapes and constants don't process the picture.
        let is_of_picture =
            |value: &Value| !matches!(value, Value::Constant(_) | Value::Shape(_) | Value::Free);
        let mut captured = node.captured.iter().filter_map(|name| self.values.get(name));
        if node.has_graphs && (captured.any(is_of_picture) || inputs.iter().flatten().any(is_of_picture)) {
            return Err(node.unsupported("with graphs of its own, in which a part of the network is"));
        }
        if let Some(value) = go_on(&mut self.work, node, &inputs)? {
            return Ok(vec![value]);
        }
        if let Some(value) = ungroup(&mut self.work, node, &mut inputs)? {
            return Ok(vec![value]);
        }
        if let ("Split", Some(Some(Value::Map(x)))) = (node.op.as_str(), inputs.first()) {
            let x = x.clone();
            return split(&mut self.work, node, &inputs, &x);
        }
        self.result(node, &inputs).map(|value| vec![value])
    }

    fn result(&mut self, node: &OnnxNode, inputs: Inputs<'_>) -> Result<Value, OnnxProblem> {
        let present = || inputs.iter().flatten();
        let has_map = present().any(|value| matches!(value, Value::Map(_)));
        let beyond = present().find(|value| matches!(value, Value::Beyond { .. })).cloned();
        match (has_map, beyond) {
            (false, Some(Value::Beyond { op, node: at, is_of_means: false })) if is_of_maps(&node.op) => {
                Err(OnnxProblem::Beyond { op, node: at, user: node.name.clone() })
            }
            (false, Some(beyond)) => Ok(beyond),
            (false, None) if node.op == "DequantizeLinear" => dequantised(node, inputs),
            (false, None) => Ok(fold(node, inputs)),
            (true, Some(Value::Beyond { op, node: at, .. })) if !takes_extent(&node.op) => {
                let is_pooled = |value: &Value| matches!(value, Value::Map(map) if self.work.draft.nodes[map.id].is_pooled);
                if present().any(|value| matches!(value, Value::Map(_)) && !is_pooled(value)) {
                    return Err(OnnxProblem::Beyond { op, node: at, user: node.name.clone() });
                }
                Ok(self.work.leave(node, inputs))
            }
            (true, _) => operation(&mut self.work, node, inputs),
        }
    }

    /// Counts the bytes that a node computed from constants, so that a small file can't demand any amount of memory by using a constant
    /// again and again.
    fn count_made(&mut self, node: &OnnxNode, values: &[Value], first_new: usize) -> Result<(), OnnxProblem> {
        let of_nodes = self.work.draft.nodes[first_new..].iter().flat_map(|node| &node.params);
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
}

/// Whether an operation only works on maps and is not used by classifiers after the last map. If its input is no map, a part of the
/// network was not followed.
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

/// Whether an operation takes a shape as its second input. A shape that isn't followed doesn't prevent the operation's conversion.
fn takes_extent(op: &str) -> bool {
    matches!(op, "Reshape" | "Expand")
}
