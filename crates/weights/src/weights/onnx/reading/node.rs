//! One node of an ONNX file: its operation, inputs, outputs and attributes, and constructors for errors about it.

use std::collections::HashMap;
use std::rc::Rc;

use super::constant::Constant;
use crate::weights::onnx::error::OnnxProblem;

/// One node with its attributes by type.
#[derive(Debug)]
pub(super) struct OnnxNode {
    /// Its name, or the name of its first output if it has none.
    pub(super) name: String,
    /// The operator, with its domain if that is not ONNX's own.
    pub(super) op: String,
    pub(super) inputs: Vec<String>,
    pub(super) outputs: Vec<String>,
    pub(super) ints: HashMap<String, Vec<i64>>,
    pub(super) floats: HashMap<String, Vec<f32>>,
    pub(super) texts: HashMap<String, String>,
    pub(super) tensors: HashMap<String, Rc<Constant>>,
    /// Names of attributes of other types.
    pub(super) unread: Vec<String>,
    /// Whether it has subgraphs, as `If` and `Loop` have.
    pub(super) has_graphs: bool,
    /// Names of outer values that the subgraphs read.
    pub(super) captured: Vec<String>,
}

impl OnnxNode {
    /// An attribute that is a list of integers.
    pub(super) fn ints(&self, name: &str) -> Option<&[i64]> {
        self.ints.get(name).map(Vec::as_slice)
    }

    /// An attribute that is an integer.
    pub(super) fn int(&self, name: &str) -> Option<i64> {
        self.ints(name)?.first().copied()
    }

    /// An attribute that is a list of floats.
    pub(super) fn floats(&self, name: &str) -> Option<&[f32]> {
        self.floats.get(name).map(Vec::as_slice)
    }

    /// An attribute that is a float.
    pub(super) fn float(&self, name: &str) -> Option<f32> {
        self.floats(name)?.first().copied()
    }

    /// An attribute that is a string.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    /// The name of an attribute that isn't among the known ones (`ints`, `floats`, and strings in `words`), if there is one.
    pub(super) fn odd_setting(&self, ints: &[&str], floats: &[&str], words: &[&str]) -> Option<&str> {
        let odd =
            |name: &&String, known: &[&str]| !known.contains(&name.as_str()) && *name != "consumed_inputs";
        let mut ints = self.ints.keys().filter(|name| odd(name, ints));
        let mut floats = self.floats.keys().filter(|name| odd(name, floats));
        let mut words = self.texts.keys().filter(|name| odd(name, words));
        let first = ints.next().or(floats.next()).or(words.next()).or(self.tensors.keys().next());
        first.or(self.unread.first()).map(String::as_str)
    }

    /// An attribute that is a tensor.
    pub(super) fn tensor(&self, name: &str) -> Option<&Rc<Constant>> {
        self.tensors.get(name)
    }
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

    /// The error for a value that must be known but depends on the input's size, which the file leaves free.
    pub(super) fn free(&self, what: &str) -> OnnxProblem {
        self.unsupported(format!(
            "with a {what} computed from the input's size, which the file leaves free; export the network with a fixed size"
        ))
    }
}
