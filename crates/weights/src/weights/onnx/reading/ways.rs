//! What the file's outputs depend on, through maps and through values that aren't followed.
//!
//! A value that is no map still depends on maps: a score, a list of boxes, the result of an operation that isn't supported. Each node
//! that gives such a value is recorded with what it depends on. So a network whose end isn't supported can be shown up to a map that all
//! of its outputs depend on. Shapes don't count: they don't depend on what a picture shows.
//!
//! Responsible for these dependencies. Must not know what an operation means.

use std::collections::{BTreeSet, HashMap};

use super::draft::DraftNode;
use super::names::plain;
use super::node::OnnxNode;
use super::value::{Partial, Value};
use crate::weights::onnx::error::OnnxProblem;

/// What a value depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    /// It is the map of this node, or depends only on it.
    Map(usize),
    /// It is the result of a node that isn't followed, by the index among those nodes.
    Other(usize),
}

/// Why a node's result is no map.
#[derive(Clone, Debug)]
pub(super) enum Cause {
    /// Its operation isn't supported.
    Problem(OnnxProblem),
    /// It turns maps into something else, as a head does.
    Leaves { op: String, node: String, maps: Vec<usize> },
}

/// A node that isn't followed.
#[derive(Debug)]
struct Other {
    from: Vec<Root>,
    /// The first cause among this node and those it depends on, as an index into `causes`.
    cause: Option<usize>,
}

/// The dependencies of all values.
#[derive(Debug, Default)]
pub(super) struct Ways {
    roots: HashMap<String, Root>,
    others: Vec<Other>,
    pub(super) causes: Vec<Cause>,
    /// Values that depend on an operation that isn't supported, with the index of the cause.
    unknown: HashMap<String, usize>,
    /// Names of nodes and outputs that don't become layers, with the index of the cause if there is one.
    gone: Vec<(String, Option<usize>)>,
}

impl Ways {
    /// Records the network's input.
    pub(super) fn begin(&mut self, input: &str) {
        self.roots.insert(input.to_owned(), Root::Map(0));
    }

    /// Whether a value depends on an operation that isn't supported.
    pub(super) fn is_unknown(&self, value: &str) -> bool {
        self.unknown.contains_key(value)
    }

    /// The first cause among the inputs of a node, if one of them depends on an operation that isn't supported.
    pub(super) fn unknown_among(&self, node: &OnnxNode) -> Option<usize> {
        node.inputs.iter().chain(&node.captured).filter_map(|name| self.unknown.get(name)).min().copied()
    }

    fn other(&mut self, node: &OnnxNode, cause: Option<usize>) -> Option<Root> {
        if matches!(node.op.as_str(), "Shape" | "Size") {
            return None;
        }
        let read = node.inputs.iter().chain(&node.captured);
        let from: Vec<Root> = read.filter_map(|name| self.roots.get(name)).copied().collect();
        if from.is_empty() && cause.is_none() {
            return None;
        }
        self.others.push(Other { from, cause });
        Some(Root::Other(self.others.len() - 1))
    }

    /// Records a node that can't be converted, with the index of the cause.
    pub(super) fn add_unknown(&mut self, node: &OnnxNode, cause: usize) {
        let root = self.other(node, Some(cause));
        self.gone.push((node.name.clone(), Some(cause)));
        for output in node.outputs.iter().filter(|output| !output.is_empty()) {
            if let Some(root) = root {
                self.roots.insert(output.clone(), root);
            }
            self.unknown.insert(output.clone(), cause);
            self.gone.push((plain(output), Some(cause)));
        }
    }

    /// Records a cause and returns its index.
    pub(super) fn add_cause(&mut self, cause: Cause) -> usize {
        self.causes.push(cause);
        self.causes.len() - 1
    }

    /// Records an output of a node. `leaves` are the maps that the node turns into something else, if that isn't the start of a classifier.
    pub(super) fn add(&mut self, node: &OnnxNode, output: &str, value: &Value, leaves: &[usize]) {
        let root = match value {
            Value::Map(map) => Some(Root::Map(map.id)),
            Value::Partial(Partial { of, .. }) => Some(Root::Map(of.id)),
            Value::Grouped(grouped) => Some(Root::Map(grouped.map())),
            Value::Constant(_) | Value::Shape(_) | Value::Free => None,
            Value::Beyond { .. } => {
                let before = node.inputs.iter().filter_map(|name| match self.roots.get(name) {
                    Some(Root::Other(at)) => self.others[*at].cause,
                    _ => None,
                });
                let mut cause = before.min();
                if !leaves.is_empty() {
                    let (op, node) = (node.op.clone(), node.name.clone());
                    cause = Some(self.add_cause(Cause::Leaves { op, node, maps: leaves.to_vec() }));
                }
                for name in [node.name.clone(), plain(output)] {
                    self.gone.push((name, cause));
                }
                self.other(node, cause)
            }
        };
        if let Some(root) = root {
            self.roots.insert(output.to_owned(), root);
        }
    }

    /// What the outputs depend on; outputs that don't depend on the picture are left out.
    pub(super) fn roots_of(&self, outputs: &[String]) -> Vec<(String, Root)> {
        outputs.iter().filter_map(|name| Some((plain(name), *self.roots.get(name)?))).collect()
    }

    /// Names of nodes and outputs that don't become layers, with the index of the cause if one is known.
    pub(super) fn gone(&self) -> impl Iterator<Item = (&str, Option<usize>)> {
        self.gone.iter().map(|(name, cause)| (name.as_str(), *cause))
    }

    /// The last maps that some values depend on, and the indices of the causes between these maps and the values, both sorted.
    pub(super) fn ends(&self, of: &[Root]) -> (BTreeSet<usize>, BTreeSet<usize>) {
        let (mut maps, mut causes) = (BTreeSet::new(), BTreeSet::new());
        let mut is_seen = vec![false; self.others.len()];
        let mut open = of.to_vec();
        while let Some(root) = open.pop() {
            match root {
                Root::Map(id) => {
                    maps.insert(id);
                }
                Root::Other(at) if !is_seen[at] => {
                    is_seen[at] = true;
                    causes.extend(self.others[at].cause);
                    open.extend(&self.others[at].from);
                }
                Root::Other(_) => {}
            }
        }
        (maps, causes)
    }

    /// For each map, whether all of these values depend on it or are that map.
    fn common(&self, nodes: &[DraftNode], of: &[Root]) -> Vec<bool> {
        let mut is_common = vec![true; nodes.len()];
        // One bit for each value, 64 values at a time.
        for chunk in of.chunks(64) {
            let mut maps = vec![0u64; nodes.len()];
            let mut others = vec![0u64; self.others.len()];
            let mut full = 0;
            for (at, root) in chunk.iter().enumerate() {
                full |= 1 << at;
                match root {
                    Root::Map(id) => maps[*id] |= 1 << at,
                    Root::Other(other) => others[*other] |= 1 << at,
                }
            }
            // A node only depends on earlier ones, so one pass backwards is enough.
            for at in (0..others.len()).rev().filter(|_| chunk.iter().any(|r| matches!(r, Root::Other(_)))) {
                for root in &self.others[at].from {
                    match root {
                        Root::Map(id) => maps[*id] |= others[at],
                        Root::Other(other) => others[*other] |= others[at],
                    }
                }
            }
            for at in (0..nodes.len()).rev() {
                for input in &nodes[at].inputs {
                    maps[*input] |= maps[at];
                }
            }
            for (all, bits) in is_common.iter_mut().zip(maps) {
                *all &= bits == full;
            }
        }
        is_common
    }

    /// The deepest map that all of these values depend on and for which `may_be` holds. If several such maps are at the ends of parallel
    /// branches, as with several heads on one backbone, it is the deepest map that these have in common. `None` if there is no such map.
    pub(super) fn last_common(
        &self,
        nodes: &[DraftNode],
        of: &[Root],
        may_be: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        let deepest = |is_common: &[bool]| -> Vec<usize> {
            let is_in = |id: usize| is_common[id] && may_be(id);
            let mut has_later = vec![false; nodes.len()];
            for id in (0..nodes.len()).rev() {
                if has_later[id] || is_in(id) {
                    for input in &nodes[id].inputs {
                        has_later[*input] = true;
                    }
                }
            }
            (0..nodes.len()).filter(|id| is_in(*id) && !has_later[*id]).collect()
        };
        let mut found = deepest(&self.common(nodes, of));
        // Each round goes back by one branching; networks have a few.
        for _ in 0..MAX_ROUNDS {
            if found.len() < 2 || found.len() > MAX_OUTPUTS {
                break;
            }
            let roots: Vec<Root> = found.iter().map(|id| Root::Map(*id)).collect();
            let before = deepest(&self.common(nodes, &roots));
            if before.is_empty() {
                break;
            }
            found = before;
        }
        let depths = depths(nodes);
        found.into_iter().max_by_key(|id| (depths[*id], *id))
    }
}

/// Largest number of outputs that are followed. No network has a hundredth of it.
pub(super) const MAX_OUTPUTS: usize = 4096;
/// Largest number of steps from branches back to what they have in common.
const MAX_ROUNDS: usize = 16;

/// For each node, the number of nodes on the longest path from the input to it.
pub(super) fn depths(nodes: &[DraftNode]) -> Vec<usize> {
    let mut depths = vec![0; nodes.len()];
    for id in 0..nodes.len() {
        depths[id] = nodes[id].inputs.iter().map(|input| depths[*input] + 1).max().unwrap_or(0);
    }
    depths
}
