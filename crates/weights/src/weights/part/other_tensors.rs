//! What a file holds in addition to a network: heads, other networks, decoders.

use crate::weights::averaged::is_ema;
use crate::weights::tensor_file::TensorFile;

/// Usual names of heads, as the first part of a tensor's name up to the dot.
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
/// Those names of heads that come from self-supervised learning: a linear layer in such a head gives no classes.
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
/// Names of tensors that don't affect a network's output: losses, and the number of averaged steps.
const OF_TRAINING: [&str; 5] = ["criterion", "loss", "loss_fn", "loss_func", "n_averaged"];
/// Number of channels of a picture.
const OF_A_PICTURE: usize = 3;
/// Largest number of names that a note lists.
const MAX_LISTED: usize = 8;

/// Whether a tensor may belong to a head, by its name: it begins with one of the model spec's `head_prefixes` or with a usual name of a
/// head. Counters of batch norms are accepted too, since they don't matter. So are names with a slash: these are Keras layers of an
/// imported copy, which keeps only those of a classifier.
pub(in crate::weights) fn is_head(name: &str, head_prefixes: &[&str]) -> bool {
    let first = name.split('.').next().unwrap_or(name);
    name.ends_with("num_batches_tracked")
        || head_prefixes.iter().any(|prefix| name.starts_with(prefix))
        || HEADS.contains(&first)
        || name.contains('/')
}

/// The tensors of a file outside the network's part.
pub(super) struct OtherTensors {
    /// Names of sub-modules, and of tensors that are in no sub-module, each with its number of tensors, in the file's order.
    groups: Vec<(String, usize)>,
    /// Name prefixes of linear layers that are the only layer in their head.
    linear: Vec<String>,
    pub(super) has_convolutions: bool,
    /// Other sub-modules. It isn't known where in the whole model they are used, so a classifier may depend on them.
    unknown: Vec<String>,
    /// A sub-module that may take a picture or give one, by the shape of a tensor.
    in_front: Option<String>,
    /// Whether the file comes from self-supervised learning.
    pub(super) is_self_supervised: bool,
}

impl OtherTensors {
    /// Examines the names `outside` the network's `prefix`. `complete` are the prefixes of all complete copies of the network, `same` those
    /// of copies with exactly the same values.
    pub(super) fn of(
        file: &TensorFile,
        prefix: &str,
        outside: &[&str],
        complete: &[&str],
        same: &[&str],
    ) -> Self {
        let mut groups: Vec<(String, usize)> = Vec::new();
        let mut unknown: Vec<String> = Vec::new();
        let (mut has_convolutions, mut in_front) = (false, None);
        let mut num_copies = 0;
        for name in outside {
            let group = group(name, prefix);
            let is_same = same.iter().any(|other| name.starts_with(other));
            match groups.last_mut() {
                Some((last, num)) if *last == group => *num += 1,
                _ => groups.push((group.clone(), 1)),
            }
            if is_same {
                continue;
            }
            let is_copy = complete.iter().any(|other| *other != prefix && name.starts_with(other));
            num_copies += usize::from(is_copy && is_ema(name) == is_ema(prefix));
            if is_copy || name.ends_with("num_batches_tracked") || OF_TRAINING.contains(&last_part(&group)) {
                continue;
            }
            let shape = file.entry(name).map_or(&[][..], |entry| &entry.shape);
            has_convolutions |= shape.len() == 4 && shape.iter().filter(|side| **side > 1).count() > 1;
            if is_of_a_picture(name, shape) && !HEADS.contains(&last_part(&group)) {
                in_front.get_or_insert_with(|| group.clone());
            }
            if unknown.last() != Some(&group) {
                unknown.push(group);
            }
        }
        let called = |name: &str| SELF_SUPERVISED.contains(&last_part(name));
        let within = file
            .names()
            .filter_map(|name| name.strip_prefix(prefix))
            .any(|rest| rest.split('.').next().is_some_and(|first| SELF_SUPERVISED.contains(&first)));
        let is_self_supervised = within || num_copies > 0 || groups.iter().any(|(group, _)| called(group));
        let linear: Vec<String> =
            groups.iter().filter_map(|(group, num)| lone_linear(file, group, *num)).collect();
        unknown.retain(|group| !linear.iter().any(|linear| linear.starts_with(group)));
        Self { groups, linear, has_convolutions, unknown, in_front, is_self_supervised }
    }

    /// The first sub-module that is no classifier and that may be between the network and a classifier.
    pub(super) fn unknown(&self) -> Option<&str> {
        self.unknown.first().map(String::as_str)
    }

    /// A note for the user if a sub-module may take a picture or give one.
    pub(super) fn in_front(&self) -> Option<String> {
        self.in_front.as_ref().map(|group| {
            format!(
                "`{group}` has the three channels of a picture: if it stands in front of the network, this network's values aren't \
                 those of the whole model"
            )
        })
    }

    /// The name prefix of the linear layer that is a classifier by its name and alone in its head, if there is exactly one.
    pub(super) fn classifier(&self) -> Option<String> {
        if let [one] = &self.linear[..] { Some(one.clone()) } else { None }
    }

    /// The other tensors in words; `None` if there are none.
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

/// The last part of a sub-module's name.
fn last_part(group: &str) -> &str {
    let name = group.trim_end_matches('.');
    name.rsplit('.').next().unwrap_or(name)
}

/// Whether a tensor's shape is that of a layer that works on pictures: a norm with three values, or a kernel with three output channels.
fn is_of_a_picture(name: &str, shape: &[usize]) -> bool {
    let is_kernel = shape.len() == 4 && shape[0] == OF_A_PICTURE;
    let of_channels = matches!(shape, [OF_A_PICTURE] | [OF_A_PICTURE, 1, 1] | [1, OF_A_PICTURE, 1, 1]);
    is_kernel || (of_channels && !name.ends_with("bias"))
}

/// The sub-module that a name belongs to: the parts that it shares with `prefix`, and one part more.
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

/// The name prefix of a head's linear layer, if the head consists of this layer only.
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
