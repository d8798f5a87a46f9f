//! What both layouts of Keras' HDF5 files have in common: data sets read within limits, and layers whose weights get today's names.

use hdf5_pure::{AttrValue, DType, Dataset, Group};

use super::found::ReadError;
use crate::tensor::check_room;
use crate::weights::keras::{KerasLayer, KerasStore, StoredLayer};
use crate::weights::tensors::{ElementType, Entry, Tensors};

/// deflate packs at most about a thousand to one.
const MAX_PACKING: u64 = 1100;
/// One tensor, and all of them: VGG-16 with its classifier has 553 MB.
const MAX_TENSOR_BYTES: u64 = 1 << 30;
const MAX_TOTAL_BYTES: u64 = 3 << 30;

/// HDF5's words for what is wrong.
#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` wants")]
pub(super) fn explain(error: hdf5_pure::Error) -> ReadError {
    ReadError::broken(format!("{error}; it may be cut short, get it again"))
}

/// What is wrong with something that a list names.
fn listed(what: &str, error: hdf5_pure::Error) -> ReadError {
    match error {
        hdf5_pure::Error::Format(hdf5_pure::FormatError::PathNotFound(_)) => {
            ReadError::broken(format!("{what} is listed and not in it"))
        }
        other => ReadError::broken(format!("{what}: {other}; it may be cut short, get it again")),
    }
}

/// A group's attributes.
type Attrs = std::collections::HashMap<String, AttrValue>;

/// A list of strings; Keras cuts one that is too long for HDF5's header into `name0`, `name1`, ….
pub(super) fn strings(attrs: &Attrs, name: &str) -> Option<Vec<String>> {
    // Without a string in it, Keras' empty list is one of no floats.
    let list = |value: &AttrValue| value.as_strings().map_or_else(Vec::new, <[String]>::to_vec);
    if let Some(value) = attrs.get(name) {
        return Some(list(value));
    }
    let parts: Vec<String> = (0..).map_while(|k| attrs.get(&format!("{name}{k}"))).flat_map(list).collect();
    if parts.is_empty() { None } else { Some(parts) }
}

/// A text among attributes.
pub(super) fn text(attrs: &Attrs, name: &str) -> Option<String> {
    attrs.get(name).and_then(|value| value.as_str()).map(str::to_owned)
}

/// Takes in layers from data sets.
pub(super) struct Reader {
    pub(super) num_bytes: u64,
    pub(super) num_taken: u64,
    pub(super) tensors: Tensors,
    pub(super) store: KerasStore,
}

/// A tensor as it lies in a layer: its own name, and what was read.
type Named = (String, Entry);

impl Reader {
    /// All layers of the old layout.
    pub(super) fn legacy(&mut self, root: &Group, model: Option<&KerasLayer>) -> Result<(), ReadError> {
        let layers = strings(&root.attrs().map_err(explain)?, "layer_names")
            .ok_or_else(|| ReadError::broken("it has no list of layers (`layer_names`)"))?;
        for layer in layers {
            let group = root.group(&layer).map_err(|error| listed(&format!("layer `{layer}`"), error))?;
            let names = strings(&group.attrs().map_err(explain)?, "weight_names").unwrap_or_default();
            let mut weights: Vec<Named> = Vec::new();
            for name in names {
                let dataset = group.dataset(&name).map_err(|error| listed(&format!("`{name}`"), error))?;
                let entry = self.read(&format!("{layer}/{name}"), &dataset)?;
                weights.push((name, entry));
            }
            let listed = model.and_then(|model| model.layers().iter().find(|inner| inner.name == layer));
            self.take_in(&layer, listed, weights)?;
        }
        Ok(())
    }

    /// Weights of one entry of `layer_names`; a model inside a model is one entry with the layers' names inside the weights', those
    /// that are trained first, so that a layer's may lie apart.
    fn take_in(
        &mut self,
        layer: &str,
        config: Option<&KerasLayer>,
        weights: Vec<Named>,
    ) -> Result<(), ReadError> {
        let owner = |name: &str| name.rsplit_once('/').map_or(String::new(), |(path, _)| path.to_owned());
        let mut parts: Vec<(String, Vec<Named>)> = Vec::new();
        for weight in weights {
            let owner = owner(&weight.0);
            match parts.iter_mut().find(|(other, _)| *other == owner) {
                Some((_, list)) => list.push(weight),
                None => parts.push((owner, vec![weight])),
            }
        }
        let is_model = config.is_some_and(|layer| layer.model.is_some());
        if parts.len() < 2 && !is_model {
            let weights = parts.pop().map(|(_, weights)| weights).unwrap_or_default();
            return self.take(StoredLayer::named("", layer, &weights), weights);
        }
        for (owner, weights) in parts {
            let (path, name) = owner.rsplit_once('/').unwrap_or(("", &owner));
            let name = if name.is_empty() { layer } else { name };
            let scope = match config.and_then(|config| only_scope(config, name)) {
                Some(inner) => format!("{layer}/{inner}"),
                None => match path.strip_prefix(layer).unwrap_or(path).trim_matches('/') {
                    "" => format!("{layer}/"),
                    path => format!("{layer}/{path}/"),
                },
            };
            self.take(StoredLayer::named(&scope, name, &weights), weights)?;
        }
        Ok(())
    }

    /// Gives the weights of one layer today's names and takes them in.
    pub(super) fn take(&mut self, layer: StoredLayer, weights: Vec<Named>) -> Result<(), ReadError> {
        let class = layer.class.as_deref().unwrap_or_default();
        let by_name: Option<Vec<&str>> = weights.iter().map(|(name, _)| leaf(name)).collect();
        let leaves = by_name.unwrap_or_else(|| {
            let ranks: Vec<usize> = weights.iter().map(|(_, entry)| entry.shape.len()).collect();
            by_rank(&ranks, class)
        });
        let key = layer.key();
        let is_known = leaves.len() == weights.len();
        for (at, (name, entry)) in weights.into_iter().enumerate() {
            // Layers with weights of other kinds: told by name, so that binding can list them.
            let leaf = if is_known { leaves[at] } else { &name };
            if self.tensors.insert(format!("{key}/{leaf}"), entry).is_some() {
                return Err(ReadError::broken(format!("`{key}/{leaf}` is in it twice")));
            }
        }
        self.store.layers.push(layer);
        Ok(())
    }

    /// Reads a data set after its claims were held against the file's length.
    pub(super) fn read(&mut self, name: &str, dataset: &Dataset) -> Result<Entry, ReadError> {
        let explain = |error| ReadError::broken(format!("`{name}`: {error}"));
        let shape = dataset.shape().map_err(explain)?;
        let element_size = dataset.element_size().map_err(explain)?;
        let claimed =
            shape.iter().try_fold(element_size, |all, side| all.checked_mul(*side)).ok_or_else(|| {
                ReadError::broken(format!("`{name}` claims more values than there are numbers for"))
            })?;
        let packing = if dataset.is_chunked() { MAX_PACKING } else { 1 };
        self.num_taken = self.num_taken.saturating_add(claimed);
        if claimed > self.num_bytes.saturating_mul(packing) {
            return Err(ReadError::broken(format!(
                "`{name}` claims {claimed} bytes of values, more than a file of {} can hold",
                self.num_bytes
            )));
        }
        if claimed > MAX_TENSOR_BYTES || self.num_taken > MAX_TOTAL_BYTES {
            return Err(ReadError::broken(format!(
                "at `{name}` with {claimed} bytes of values there are more than are read: {MAX_TENSOR_BYTES} of one tensor, \
                 {MAX_TOTAL_BYTES} in all"
            )));
        }
        // As it lies there, and as f32.
        check_room(claimed.saturating_mul(2))?;
        let sides: Vec<usize> = shape.iter().map(|side| *side as usize).collect();
        let dtype = dataset.dtype().map_err(explain)?;
        let values = match &dtype {
            DType::F32 | DType::F64 => dataset.read_f32().map_err(explain)?,
            // The one other float of two bytes; hdf5-pure gives it raw.
            DType::Other(other) if element_size == 2 && format!("{other:?}").contains("FloatingPoint") => {
                ElementType::F16.values(&dataset.read_raw().map_err(explain)?)
            }
            other => return Ok(Entry::in_file(None, other.to_string(), sides, 0..0)),
        };
        if values.len() != sides.iter().product::<usize>() {
            return Err(ReadError::broken(format!(
                "`{name}` holds {} values for the shape {sides:?}",
                values.len()
            )));
        }
        Ok(Entry::owned(dtype.to_string(), sides, values))
    }
}

/// Today's name of a weight, from the name in a file; nothing if it isn't told by it.
fn leaf(name: &str) -> Option<&'static str> {
    const NOW: [&str; 11] = [
        "depthwise_kernel",
        "pointwise_kernel",
        "kernel",
        "bias",
        "gamma",
        "beta",
        "moving_mean",
        "moving_variance",
        // `Normalization`'s.
        "mean",
        "variance",
        "count",
    ];
    // Keras 1, where the variance was called a deviation.
    const THEN: [(&str, &str); 8] = [
        ("_depthwise_kernel", "depthwise_kernel"),
        ("_pointwise_kernel", "pointwise_kernel"),
        ("_running_mean", "moving_mean"),
        ("_running_std", "moving_variance"),
        ("_gamma", "gamma"),
        ("_beta", "beta"),
        ("_W", "kernel"),
        ("_b", "bias"),
    ];
    let name = name.split(':').next().unwrap_or(name);
    let last = name.rsplit('/').next().unwrap_or(name);
    if let Some(now) = NOW.into_iter().find(|now| *now == last) {
        return Some(now);
    }
    // `_W_1`: TensorFlow numbers a name that it meets again.
    let last = last.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_');
    THEN.into_iter().find(|(then, _)| last.ends_with(then)).map(|(_, now)| now)
}

/// Names by the weights' numbers of sides, in Keras' order within a layer. Three vectors are a batch norm without gamma
/// (`scale=False`), as InceptionV3 has them.
fn by_rank(ranks: &[usize], class: &str) -> Vec<&'static str> {
    match (class, ranks) {
        ("normalization", [_, _]) => vec!["mean", "variance"],
        ("normalization", [_, _, 0]) => vec!["mean", "variance", "count"],
        ("depthwise_conv2d", [4]) => vec!["depthwise_kernel"],
        ("depthwise_conv2d", [4, 1]) => vec!["depthwise_kernel", "bias"],
        (_, [4 | 2]) => vec!["kernel"],
        (_, [4 | 2, 1]) => vec!["kernel", "bias"],
        (_, [4, 4]) => vec!["depthwise_kernel", "pointwise_kernel"],
        (_, [4, 4, 1]) => vec!["depthwise_kernel", "pointwise_kernel", "bias"],
        (_, [1, 1, 1]) => vec!["beta", "moving_mean", "moving_variance"],
        (_, [1, 1, 1, 1]) => vec!["gamma", "beta", "moving_mean", "moving_variance"],
        _ => Vec::new(),
    }
}

/// Where a layer of that name lies in a model, if there is one such place: `base/` or nothing.
fn only_scope(model: &KerasLayer, name: &str) -> Option<String> {
    fn all(model: &KerasLayer, name: &str, scope: &str, found: &mut Vec<String>) {
        for layer in model.layers() {
            if layer.name == name && layer.model.is_none() {
                found.push(scope.to_owned());
            }
            all(layer, name, &format!("{scope}{}/", layer.name), found);
        }
    }
    let mut found = Vec::new();
    all(model, name, "", &mut found);
    if found.len() == 1 { found.pop() } else { None }
}

#[cfg(test)]
mod tests {
    use super::{by_rank, leaf};

    #[test]
    fn names_of_all_ages_are_understood() {
        for (name, now) in [
            ("conv2d_1/kernel:0", "kernel"),
            ("block1_conv1_W_1:0", "kernel"),
            ("convolution2d_94_W:0", "kernel"),
            ("bn2a_branch2a_running_std:0", "moving_variance"),
            ("batchnormalization_1_beta:0", "beta"),
            ("block2_sepconv1_depthwise_kernel:0", "depthwise_kernel"),
            ("predictions_b:0", "bias"),
            ("x/moving_variance", "moving_variance"),
        ] {
            assert_eq!(leaf(name), Some(now), "{name}");
        }
        assert_eq!(leaf("3"), None);
        assert_eq!(by_rank(&[1, 1, 1], "batch_normalization"), ["beta", "moving_mean", "moving_variance"]);
    }
}
