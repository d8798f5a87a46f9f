//! One node of an ONNX file: its operation, what it reads and gives, its settings, and the words for what is wrong with it.

use std::collections::HashMap;
use std::rc::Rc;

use super::constant::Constant;
use super::error::OnnxProblem;

/// One operation with what it says.
#[derive(Debug)]
pub(super) struct OnnxNode {
    /// Its name, or its first output's where it has none.
    pub(super) name: String,
    /// The operation, with its domain where that is not ONNX' own.
    pub(super) op: String,
    pub(super) inputs: Vec<String>,
    pub(super) outputs: Vec<String>,
    pub(super) ints: HashMap<String, Vec<i64>>,
    pub(super) floats: HashMap<String, Vec<f32>>,
    pub(super) texts: HashMap<String, String>,
    pub(super) tensors: HashMap<String, Rc<Constant>>,
    /// Names of settings of other kinds.
    pub(super) unread: Vec<String>,
    /// Whether it has graphs of its own, as `If` and `Loop` have.
    pub(super) has_graphs: bool,
    /// Values from outside that those graphs read.
    pub(super) captured: Vec<String>,
}

impl OnnxNode {
    /// A list of numbers.
    pub(super) fn ints(&self, name: &str) -> Option<&[i64]> {
        self.ints.get(name).map(Vec::as_slice)
    }

    /// One number.
    pub(super) fn int(&self, name: &str) -> Option<i64> {
        self.ints(name)?.first().copied()
    }

    /// A list of fractions.
    pub(super) fn floats(&self, name: &str) -> Option<&[f32]> {
        self.floats.get(name).map(Vec::as_slice)
    }

    /// One fraction.
    pub(super) fn float(&self, name: &str) -> Option<f32> {
        self.floats(name)?.first().copied()
    }

    /// A word.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    /// A setting that isn't among these, which are whole numbers, fractions and words.
    pub(super) fn odd_setting(&self, ints: &[&str], floats: &[&str], words: &[&str]) -> Option<&str> {
        let odd =
            |name: &&String, known: &[&str]| !known.contains(&name.as_str()) && *name != "consumed_inputs";
        let mut ints = self.ints.keys().filter(|name| odd(name, ints));
        let mut floats = self.floats.keys().filter(|name| odd(name, floats));
        let mut words = self.texts.keys().filter(|name| odd(name, words));
        let first = ints.next().or(floats.next()).or(words.next()).or(self.tensors.keys().next());
        first.or(self.unread.first()).map(String::as_str)
    }

    /// A constant.
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

    /// Something that would have to be known and isn't, because the file leaves the input's size free.
    pub(super) fn free(&self, what: &str) -> OnnxProblem {
        self.unsupported(format!(
            "with a {what} computed from the input's size, which the file leaves free; export the network with a fixed size"
        ))
    }
}
