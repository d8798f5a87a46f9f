//! The network under construction: nodes with their parameters, in execution order, each with a unique name.

use std::collections::{HashMap, HashSet};

use crate::graph::{ActivationFn, BatchNorm, Op};
use crate::weights::tensors::Entry;

/// A node of the network under construction.
#[derive(Debug)]
pub(super) struct DraftNode {
    pub(super) name: String,
    /// Other names of the node.
    pub(super) aliases: Vec<String>,
    pub(super) op: Op,
    /// Indices of the nodes whose outputs it takes.
    pub(super) inputs: Vec<usize>,
    /// Number of output channels.
    pub(super) channels: usize,
    /// Whether it has one value per channel, because a mean or maximum over whole maps came before.
    pub(super) is_pooled: bool,
    /// Parameters by the last part of their names.
    pub(super) params: Vec<(&'static str, Entry)>,
    /// The two numbers, if it multiplies every value by the first and adds the second.
    pub(super) affine: Option<(f64, f64)>,
    /// Whether it is the picture or a selection of its rows and columns, so that its values are finite.
    pub(super) is_picture: bool,
}

/// Names that no node may have, because classifiers in weight files are looked for under these names.
const RESERVED: [&str; 4] = ["fc", "classifier", "head.fc", "last_linear"];

/// Nodes in execution order; the first is the input.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) nodes: Vec<DraftNode>,
    names: HashSet<String>,
    /// For each name that is already taken, the last number that was appended to it.
    numbers: HashMap<String, usize>,
}

impl Draft {
    /// A network that has only an input of three channels.
    pub(super) fn new(input_name: &str) -> Self {
        let mut draft = Self {
            nodes: Vec::new(),
            names: RESERVED.into_iter().map(str::to_owned).collect(),
            numbers: HashMap::new(),
        };
        let input = draft.push("input", Op::Input, &[], 3);
        draft.alias(input, input_name);
        draft
    }

    /// Adds a node and returns its index. Its name is made unique.
    pub(super) fn push(&mut self, name: &str, op: Op, inputs: &[usize], channels: usize) -> usize {
        let mut unique = name.to_owned();
        while unique.is_empty() || !self.names.insert(unique.clone()) {
            // The number is kept, so that with thousands of equal names not every number is tried each time.
            let number = self.numbers.entry(name.to_owned()).or_insert(1);
            *number += 1;
            unique = format!("{name}_{number}");
        }
        let is_pooled = match op {
            Op::GlobalAvgPool | Op::GlobalMaxPool => true,
            // A gate has the size of its first input.
            Op::Gate => inputs.first().is_some_and(|id| self.nodes[*id].is_pooled),
            _ => !inputs.is_empty() && inputs.iter().all(|id| self.nodes[*id].is_pooled),
        };
        self.nodes.push(DraftNode {
            name: unique,
            aliases: Vec::new(),
            op,
            inputs: inputs.to_vec(),
            channels,
            is_pooled,
            params: Vec::new(),
            affine: None,
            is_picture: op == Op::Input,
        });
        self.nodes.len() - 1
    }

    /// Removes all nodes after the first `len`, and frees their names.
    pub(super) fn truncate(&mut self, len: usize) {
        for node in self.nodes.drain(len..) {
            self.names.remove(&node.name);
            for alias in &node.aliases {
                self.names.remove(alias);
            }
        }
    }

    /// Adds an elementwise function.
    pub(super) fn activation(&mut self, name: &str, function: ActivationFn, x: usize) -> usize {
        self.push(name, Op::Activation(function), &[x], self.nodes[x].channels)
    }

    /// Adds `x · scale + shift` per channel. It becomes a batch norm with mean 0 and variance 1, so that it can be folded like one.
    pub(super) fn affine(&mut self, name: &str, x: usize, scale: &[f64], shift: &[f64]) -> usize {
        let channels = self.nodes[x].channels;
        let id =
            self.push(name, Op::BatchNorm(BatchNorm { channels, eps: 0.0, has_gamma: true }), &[x], channels);
        let owned = |values: Vec<f32>| Entry::owned("FLOAT".to_owned(), vec![channels], values);
        let rounded = |values: &[f64]| owned(values.iter().map(|v| *v as f32).collect());
        self.nodes[id].params = vec![
            ("weight", rounded(scale)),
            ("bias", rounded(shift)),
            ("running_mean", owned(vec![0.0; channels])),
            ("running_var", owned(vec![1.0; channels])),
        ];
        let all_one = |values: &[f64]| values.iter().all(|v| *v == values[0]);
        if all_one(scale) && all_one(shift) {
            self.nodes[id].affine = Some((scale[0], shift[0]));
        }
        id
    }

    /// Adds `x · scale + shift`, the same for all channels.
    pub(super) fn affine_of_all(&mut self, name: &str, x: usize, scale: f64, shift: f64) -> usize {
        let channels = self.nodes[x].channels;
        if shift == 0.0 {
            let id = self.push(name, Op::Times(scale as f32), &[x], channels);
            self.nodes[id].affine = Some((scale, shift));
            return id;
        }
        self.affine(name, x, &vec![scale; channels], &vec![shift; channels])
    }

    /// Gives a node another name, unless the name is empty or taken.
    pub(super) fn alias(&mut self, id: usize, name: &str) {
        if !name.is_empty() && self.names.insert(name.to_owned()) {
            self.nodes[id].aliases.push(name.to_owned());
        }
    }

    /// The input of a node, if the node computes `x · scale + shift` with approximately these numbers.
    pub(super) fn affine_input(&self, id: usize, scale: f64, shift: f64) -> Option<usize> {
        let (s, t) = self.nodes[id].affine?;
        let near = |a: f64, b: f64| (a - b).abs() <= 1e-5 * b.abs().max(1.0);
        (near(s, scale) && near(t, shift)).then(|| self.nodes[id].inputs[0])
    }

    /// The input of a node, if the node is this activation function.
    pub(super) fn activation_input(&self, id: usize, function: ActivationFn) -> Option<usize> {
        let node = &self.nodes[id];
        (node.op == Op::Activation(function)).then(|| node.inputs[0])
    }
}
