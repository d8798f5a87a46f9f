//! Inputs of integers: samples as they are, from 0 to 255.
//!
//! Here all values are floats. So before a network converts its samples to floats, it may only move them: integer arithmetic would give
//! other values, since for example an integer division drops the remainder.
//!
//! Responsible for which values are still integers.

use std::collections::HashSet;

use super::model::OnnxModel;
use super::node::OnnxNode;
use crate::weights::onnx::error::OnnxProblem;

/// Names of the values that are still integers from the picture.
#[derive(Debug, Default)]
pub(super) struct WholeNumbers {
    names: HashSet<String>,
}

impl WholeNumbers {
    /// Starts with the model's input, if that is of integers.
    pub(super) fn new(model: &OnnxModel) -> Self {
        let input = &model.input;
        Self { names: input.is_of_bytes.then(|| input.name.clone()).into_iter().collect() }
    }

    fn is_among(&self, node: &OnnxNode) -> bool {
        !self.names.is_empty() && node.inputs.iter().any(|name| self.names.contains(name))
    }

    /// Refuses a node that computes with such values.
    pub(super) fn check(&self, node: &OnnxNode) -> Result<(), OnnxProblem> {
        const MOVES: [&str; 11] = [
            "Cast",
            "Identity",
            "Transpose",
            "Shape",
            "Slice",
            "Split",
            "Concat",
            "Reshape",
            "Flatten",
            "Squeeze",
            "Unsqueeze",
        ];
        if self.is_among(node) && !MOVES.contains(&node.op.as_str()) {
            return Err(node.unsupported("of whole numbers, which the input is of; only of fractions"));
        }
        Ok(())
    }

    /// Records an output of a node that was accepted: it is of integers too, unless the node is a cast or reads a shape.
    pub(super) fn follow(&mut self, node: &OnnxNode, output: &str) {
        if !matches!(node.op.as_str(), "Cast" | "Shape") && self.is_among(node) {
            self.names.insert(output.to_owned());
        }
    }
}
