//! Inputs of whole numbers: samples as they are, from 0 to 255.
//!
//! Here all values are fractions, so what a network does before it turns its samples into fractions may only move them: a division
//! of whole numbers, for one, drops what is left over.
//!
//! Owns which values are still whole numbers.

use std::collections::HashSet;

use super::error::OnnxProblem;
use super::model::OnnxModel;
use super::node::OnnxNode;

/// Names of values that are whole numbers of the picture's.
#[derive(Debug, Default)]
pub(super) struct WholeNumbers {
    names: HashSet<String>,
}

impl WholeNumbers {
    /// Of a model whose input may be such.
    pub(super) fn new(model: &OnnxModel) -> Self {
        let input = &model.input;
        Self { names: input.is_of_bytes.then(|| input.name.clone()).into_iter().collect() }
    }

    fn is_among(&self, node: &OnnxNode) -> bool {
        !self.names.is_empty() && node.inputs.iter().any(|name| self.names.contains(name))
    }

    /// Refuses a node that computes with them.
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

    /// What a node that passed gives.
    pub(super) fn follow(&mut self, node: &OnnxNode, output: &str) {
        if !matches!(node.op.as_str(), "Cast" | "Shape") && self.is_among(node) {
            self.names.insert(output.to_owned());
        }
    }
}
