//! What the file's outputs depend on, through maps and through what isn't followed.
//!
//! A value that is no map still comes of maps: a score, a list of boxes, the result of an operation that isn't understood. Each
//! node that gives one is kept with what it comes of, so that a network whose end isn't understood can be shown up to a map that
//! all of its outputs depend on. Extents don't count: a size tells nothing of what a picture shows.
//!
//! Owns these dependences. Must not know what an operation means.

use std::collections::{BTreeSet, HashMap};

use super::draft::DraftNode;
use super::error::OnnxProblem;
use super::names::plain;
use super::node::OnnxNode;
use super::value::{Partial, Value};

/// What a value comes of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Root {
    /// It is this map, or made of it alone.
    Map(usize),
    /// It is the result of a node that isn't followed, by its place among those.
    Other(usize),
}

/// Why a node gives no map.
#[derive(Clone, Debug)]
pub(super) enum Cause {
    /// Its operation isn't understood.
    Problem(OnnxProblem),
    /// It makes something else of maps, as a head does.
    Leaves { op: String, node: String, maps: Vec<usize> },
}

/// A node that isn't followed.
#[derive(Debug)]
struct Other {
    from: Vec<Root>,
    /// The first reason on the way to it, by its place among them.
    cause: Option<usize>,
}

/// All of that.
#[derive(Debug, Default)]
pub(super) struct Ways {
    roots: HashMap<String, Root>,
    others: Vec<Other>,
    pub(super) causes: Vec<Cause>,
    /// Values that come of what isn't understood, with the reason's place.
    unknown: HashMap<String, usize>,
    /// Names of nodes and results that are no layer, with the reason's place where there is one.
    gone: Vec<(String, Option<usize>)>,
}

impl Ways {
    /// The picture.
    pub(super) fn begin(&mut self, input: &str) {
        self.roots.insert(input.to_owned(), Root::Map(0));
    }

    /// Whether a value comes of what isn't understood.
    pub(super) fn is_unknown(&self, value: &str) -> bool {
        self.unknown.contains_key(value)
    }

    /// Why a node isn't understood, if something that it reads isn't.
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

    /// A node that isn't understood, for a reason that is known already.
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

    /// A reason.
    pub(super) fn add_cause(&mut self, cause: Cause) -> usize {
        self.causes.push(cause);
        self.causes.len() - 1
    }

    /// A node's result. `leaves` are maps that the node makes something else of, if it is no classifier's beginning.
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

    /// What outputs come of, as far as it is the picture.
    pub(super) fn roots_of(&self, outputs: &[String]) -> Vec<(String, Root)> {
        outputs.iter().filter_map(|name| Some((plain(name), *self.roots.get(name)?))).collect()
    }

    /// Names of nodes and results that are no layer, with the reason's place where one is known.
    pub(super) fn gone(&self) -> impl Iterator<Item = (&str, Option<usize>)> {
        self.gone.iter().map(|(name, cause)| (name.as_str(), *cause))
    }

    /// Maps at which the way of some values leaves the maps, and the reasons that lie on it, both in order.
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

    /// For each map, whether all these values depend on it (or are it).
    fn common(&self, nodes: &[DraftNode], of: &[Root]) -> Vec<bool> {
        let mut is_common = vec![true; nodes.len()];
        // One bit for each of them, 64 at a time.
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
            // What a node comes of stands before it.
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

    /// The deepest of the maps that may be chosen and that all these values depend on. Where several are deepest side by side, as
    /// heads over one backbone are, it is the deepest that these have in common. Nothing where there is no such map.
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
        // Each round is one branching further up; networks have a few.
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

/// Outputs that are followed: no network has a hundredth.
pub(super) const MAX_OUTPUTS: usize = 4096;
/// How often branches are followed back to what they have in common.
const MAX_ROUNDS: usize = 16;

/// Nodes on the longest way from the picture to each.
pub(super) fn depths(nodes: &[DraftNode]) -> Vec<usize> {
    let mut depths = vec![0; nodes.len()];
    for id in 0..nodes.len() {
        depths[id] = nodes[id].inputs.iter().map(|input| depths[*input] + 1).max().unwrap_or(0);
    }
    depths
}
