//! What lies in a file beside a network: heads, other networks, decoders.

use super::super::readers::is_ema;
use super::super::tensor_file::TensorFile;

/// Names that heads have, at their beginning and up to the first dot.
const HEADS: [&str; 24] = [
    "fc",
    "head",
    "heads",
    "head_dist",
    "last_linear",
    "classifier",
    "classifiers",
    "classif",
    "linear",
    "logits",
    "output_layer",
    "mlp",
    "mlp_head",
    "cls_head",
    "projector",
    "projection",
    "projection_head",
    "proj_head",
    "predictor",
    "prediction_head",
    "prototypes",
    "queue",
    "queue_ptr",
    "criterion",
];
/// Of those, what learning without classes leaves in a file: a linear layer in it gives no classes.
const SELF_SUPERVISED: [&str; 9] = [
    "projector",
    "projection",
    "projection_head",
    "proj_head",
    "predictor",
    "prediction_head",
    "prototypes",
    "queue",
    "queue_ptr",
];
/// Names that a note lists.
const MAX_LISTED: usize = 8;

/// Whether a tensor is called as one of a head: by the row's own beginnings, or as heads usually are. Counters of batch norms are
/// nobody's, and what has a slash in its name is a Keras layer of an imported copy, which keeps only a classifier's.
pub(in crate::weights) fn is_head(name: &str, head_prefixes: &[&str]) -> bool {
    let first = name.split('.').next().unwrap_or(name);
    name.ends_with("num_batches_tracked")
        || head_prefixes.iter().any(|prefix| name.starts_with(prefix))
        || HEADS.contains(&first)
        || name.contains('/')
}

/// What lies beside a network.
pub(super) struct Beside {
    /// Names of sub-modules and of tensors of none, each with its number of tensors, in the file's order.
    groups: Vec<(String, usize)>,
    /// Beginnings of names of linear layers that stand alone in a head.
    linear: Vec<String>,
    pub(super) has_convolutions: bool,
    /// Whether the file is of learning without classes.
    pub(super) is_self_supervised: bool,
}

impl Beside {
    /// Of the names that are not under `prefix`; `complete` are beginnings with whole copies of the network.
    pub(super) fn of(file: &TensorFile, prefix: &str, outside: &[&str], complete: &[&str]) -> Self {
        let mut groups: Vec<(String, usize)> = Vec::new();
        let mut has_convolutions = false;
        let mut num_copies = 0;
        for name in outside {
            let group = group(name, prefix);
            match groups.last_mut() {
                Some((last, num)) if *last == group => *num += 1,
                _ => groups.push((group, 1)),
            }
            let is_copy = complete.iter().any(|other| *other != prefix && name.starts_with(other));
            num_copies += usize::from(is_copy && is_ema(name) == is_ema(prefix));
            has_convolutions |= !is_copy && file.entry(name).is_some_and(|entry| entry.shape.len() == 4);
        }
        let called = |name: &str| {
            let name = name.trim_end_matches('.');
            let last = name.rsplit('.').next().unwrap_or(name);
            SELF_SUPERVISED.contains(&last)
        };
        let within = file
            .names()
            .filter_map(|name| name.strip_prefix(prefix))
            .any(|rest| rest.split('.').next().is_some_and(|first| SELF_SUPERVISED.contains(&first)));
        let is_self_supervised = within || num_copies > 0 || groups.iter().any(|(group, _)| called(group));
        let linear = groups.iter().filter_map(|(group, num)| lone_linear(file, group, *num)).collect();
        Self { groups, linear, has_convolutions, is_self_supervised }
    }

    /// The beginning of names of the one linear layer that is a classifier by its name and stands alone in its head.
    pub(super) fn classifier(&self) -> Option<String> {
        if let [one] = &self.linear[..] { Some(one.clone()) } else { None }
    }

    /// What lies there, in words.
    pub(super) fn words(&self) -> Option<String> {
        if self.groups.is_empty() {
            return None;
        }
        let mut all: Vec<String> = self
            .groups
            .iter()
            .take(MAX_LISTED)
            .map(|(group, num)| match num {
                1 if !group.ends_with('.') => format!("`{group}`"),
                1 => format!("`{group}` (1 tensor)"),
                num => format!("`{group}` ({num} tensors)"),
            })
            .collect();
        if self.groups.len() > MAX_LISTED {
            all.push(format!("{} more", self.groups.len() - MAX_LISTED));
        }
        Some(format!("beside it {}", all.join(", ")))
    }
}

/// The sub-module that a name belongs to: as far as it goes along with `prefix`, and one part more.
fn group(name: &str, prefix: &str) -> String {
    let mut at = 0;
    for (ours, theirs) in prefix.split_inclusive('.').zip(name.split_inclusive('.')) {
        at += theirs.len();
        if ours != theirs {
            return name[..at].to_owned();
        }
    }
    let next = name[at..].split_inclusive('.').next().map_or(0, str::len);
    name[..at + next].to_owned()
}

/// Where a head is one linear layer and nothing else: the beginning of its tensors' names.
fn lone_linear(file: &TensorFile, group: &str, num: usize) -> Option<String> {
    let module = group.strip_suffix('.')?;
    let called = module.rsplit('.').next().unwrap_or(module);
    if num != 2 || !HEADS.contains(&called) || SELF_SUPERVISED.contains(&called) {
        return None;
    }
    let weight = file.names().find(|name| name.starts_with(group) && name.ends_with(".weight"))?;
    let beginning = weight.strip_suffix("weight")?;
    let is_linear = file.entry(weight)?.shape.len() == 2;
    (is_linear && file.entry(&format!("{beginning}bias")).is_some()).then(|| beginning.to_owned())
}
