//! What both layouts of Keras' HDF5 files have in common: reading data sets within limits, and giving weights today's names.

use hdf5_pure::{AttrValue, DType, Dataset, Group};

use super::found::ReadError;
use crate::tensor::check_room;
use crate::weights::keras::{KerasLayer, KerasStore, StoredLayer};
use crate::weights::tensors::{ElementType, Entry, Tensors};

/// Largest compression ratio that is accepted; deflate reaches at most about 1000.
const MAX_PACKING: u64 = 1100;
/// Largest size of one tensor, and of all together. VGG-16 with its classifier has 553 MB.
const MAX_TENSOR_BYTES: u64 = 1 << 30;
const MAX_TOTAL_BYTES: u64 = 3 << 30;

/// Turns an HDF5 error into this module's.
#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` wants")]
pub(super) fn explain(error: hdf5_pure::Error) -> ReadError {
    ReadError::broken(format!("{error}; it may be cut short, get it again"))
}

/// A copy of the bytes for the reader of HDF5, which needs its own, if there is enough memory.
pub(super) fn copied(bytes: &[u8]) -> Result<Vec<u8>, ReadError> {
    check_room(bytes.len() as u64)?;
    Ok(bytes.to_vec())
}

/// The error for something that a list in the file names and that can't be read.
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

/// An attribute that is a list of strings. Keras splits a list that is too long for HDF5's header into `name0`, `name1`, ….
pub(super) fn strings(attrs: &Attrs, name: &str) -> Option<Vec<String>> {
    // Keras writes an empty list as a list of floats.
    let list = |value: &AttrValue| value.as_strings().map_or_else(Vec::new, <[String]>::to_vec);
    if let Some(value) = attrs.get(name) {
        return Some(list(value));
    }
    let parts: Vec<String> = (0..).map_while(|k| attrs.get(&format!("{name}{k}"))).flat_map(list).collect();
    if parts.is_empty() { None } else { Some(parts) }
}

/// An attribute that is a text.
pub(super) fn text(attrs: &Attrs, name: &str) -> Option<String> {
    attrs.get(name).and_then(|value| value.as_str()).map(str::to_owned)
}

/// Collects layers and their tensors from data sets.
pub(super) struct Reader {
    pub(super) num_bytes: u64,
    pub(super) num_taken: u64,
    pub(super) tensors: Tensors,
    pub(super) store: KerasStore,
}

/// A tensor of a layer: its own name in the file, and what was read.
type Named = (String, Entry);

impl Reader {
    /// Reads all layers of the old layout.
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

    /// Takes the weights of one entry of `layer_names`. A nested model is one entry, and the names of its layers are part of the weights'
    /// names. The trainable weights come first, so those of one layer may be apart.
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
            return self.take(named("", layer, &weights), weights);
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
            self.take(named(&scope, name, &weights), weights)?;
        }
        Ok(())
    }

    /// Gives the weights of one layer today's names and stores them and the layer.
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
            // Weights of unknown kinds keep their own names, so that binding can list them.
            let leaf = if is_known { leaves[at] } else { &name };
            if self.tensors.insert(format!("{key}/{leaf}"), entry).is_some() {
                return Err(ReadError::broken(format!("`{key}/{leaf}` is in it twice")));
            }
        }
        self.store.layers.push(layer);
        Ok(())
    }

    /// Reads a data set, after comparing its claimed size with the file's length and the limits.
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
        // Memory for the data in the file's type, and as f32.
        check_room(claimed.saturating_mul(2))?;
        let sides: Vec<usize> = shape.iter().map(|side| *side as usize).collect();
        let dtype = dataset.dtype().map_err(explain)?;
        let values = match &dtype {
            DType::F32 | DType::F64 => dataset.read_f32().map_err(explain)?,
            // The only other float type of two bytes is f16, which hdf5-pure only gives as raw bytes.
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

/// A layer with its own name; it has weights if `weights` isn't empty.
fn named(scope: &str, name: &str, weights: &[Named]) -> StoredLayer {
    let has_weights = !weights.is_empty();
    StoredLayer { scope: scope.to_owned(), name: name.to_owned(), class: None, is_named: true, has_weights }
}

/// Today's name of a weight, by its name in a file; `None` if that name doesn't tell.
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
        // Those of a `Normalization` layer.
        "mean",
        "variance",
        "count",
    ];
    // Names in Keras 1, which called the variance `std`.
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
    // TensorFlow appends a number to a repeated name, as in `_W_1`.
    let last = last.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('_');
    THEN.into_iter().find(|(then, _)| last.ends_with(then)).map(|(_, now)| now)
}

/// Names of a layer's weights by their numbers of axes, in Keras' order within a layer. Three vectors are a batch norm without gamma
/// (`scale=False`), as in InceptionV3. Empty if the weights aren't recognised.
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

/// The scope of the layer of this name within a model, such as `base/` or an empty one; `None` unless there is exactly one such layer.
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
