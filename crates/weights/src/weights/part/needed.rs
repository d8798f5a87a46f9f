//! Which tensors a graph needs, and how many of them a file has under each name prefix.

use std::collections::{BTreeMap, HashMap};

use crate::graph::{Graph, Op};
use crate::weights::convention::{params_of, torch_name};
use crate::weights::tensor_file::TensorFile;

/// Largest number of prefixes that are tried per name, and largest length of a name, since a file's names may be of any length.
const MAX_PARTS: usize = 16;
const MAX_NAME_BYTES: usize = 1024;

/// The tensors of a graph by PyTorch's names: their shapes, and whether they are optional.
pub(super) struct Needed {
    pub(super) tensors: HashMap<String, (Vec<usize>, bool)>,
    pub(super) num_required: usize,
    /// Pairs of a number and the network's own module that it stands for, each with its dot; empty if the file uses the modules' names.
    pub(super) numbers: Vec<(String, String)>,
}

impl Needed {
    pub(super) fn of(graph: &Graph) -> Self {
        let mut tensors = HashMap::new();
        for node in graph.nodes() {
            for (role, shape, is_optional) in params_of(node) {
                tensors.insert(torch_name(node, role), (shape, is_optional));
            }
        }
        let num_required = tensors.values().filter(|(_, is_optional)| !is_optional).count();
        Self { tensors, num_required, numbers: Vec::new() }
    }

    /// The tensors under the names that they have if the network's modules were put into an `nn.Sequential`: `0.weight` for
    /// `conv1.weight`. The number is a module's index among all modules, also those without tensors, so a missing module is noticed.
    pub(super) fn numbered(graph: &Graph) -> Self {
        let usual = Self::of(graph);
        let mut modules: Vec<&str> = Vec::new();
        for node in graph.nodes().iter().filter(|node| node.op != Op::Input) {
            let module = node.name.split('.').next().unwrap_or_default();
            if !modules.contains(&module) {
                modules.push(module);
            }
        }
        let numbers: Vec<(String, String)> = modules
            .into_iter()
            .enumerate()
            .map(|(at, module)| (format!("{at}."), format!("{module}.")))
            .collect();
        let number = |name: String| {
            let found = numbers
                .iter()
                .find_map(|(at, module)| Some(format!("{at}{}", name.strip_prefix(&**module)?)));
            found.unwrap_or(name)
        };
        let tensors = usual.tensors.into_iter().map(|(name, shape)| (number(name), shape)).collect();
        Self { tensors, num_required: usual.num_required, numbers }
    }

    /// The network's own name of a tensor, for a name in the file without the prefix.
    pub(super) fn own_name(&self, name: &str) -> String {
        let found = self
            .numbers
            .iter()
            .find_map(|(at, module)| Some(format!("{module}{}", name.strip_prefix(&**at)?)));
        found.unwrap_or_else(|| name.to_owned())
    }
}

impl Needed {
    /// The prefixes under which all required tensors were found with the right shapes.
    pub(super) fn complete<'a>(&self, tallies: &BTreeMap<&'a str, Tally>) -> Vec<&'a str> {
        let is_whole = |t: &Tally| self.num_required > 0 && t.num_fit == self.num_required && !t.is_misshaped;
        tallies.iter().filter(|(_, t)| is_whole(t)).map(|(prefix, _)| *prefix).collect()
    }
}

/// How many of the tensors that a graph needs are under a prefix.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) num_fit: usize,
    /// Number of tensors with a needed name, including optional ones and those of another shape.
    pub(super) num_named: usize,
    pub(super) is_misshaped: bool,
}

/// Counts for all prefixes of a file under which there is at least one tensor with a needed name.
pub(super) fn tally<'a>(file: &'a TensorFile, needed: &Needed) -> BTreeMap<&'a str, Tally> {
    let mut found: BTreeMap<&str, Tally> = BTreeMap::new();
    for (name, entry) in file.tensors().iter().filter(|(name, _)| name.len() <= MAX_NAME_BYTES) {
        let dots = name.match_indices('.').map(|(at, _)| at + 1);
        for at in std::iter::once(0).chain(dots).take(MAX_PARTS) {
            let (prefix, rest) = name.split_at(at);
            let Some((shape, is_optional)) = needed.tensors.get(rest) else { continue };
            let tally = found.entry(prefix).or_default();
            tally.num_named += 1;
            if entry.shape != *shape {
                tally.is_misshaped = true;
            } else if !is_optional {
                tally.num_fit += 1;
            }
        }
    }
    found
}
