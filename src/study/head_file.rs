//! A head in a file: safetensors with its weights, and in the metadata what it was fitted on.
//!
//! A head is worth something only on features made in the same way. So it knows the network's weights, layer, pooling and preprocessing,
//! and others are refused.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::features::Recipe;
use crate::formats::write_whole;
use crate::probe::{KeptHead, LinearHead};
use crate::tensor::hex;

/// The name of the metadata's field.
const ABOUT: &str = "filterscope_head";
/// The schemas that this version writes and reads: of heads of one layer, and of two.
const SCHEMA: u32 = 1;
const SCHEMA_OF_TWO: u32 = 2;
/// The largest file that is read.
const MAX_BYTES: u64 = 1 << 30;

/// What a head was fitted on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct AboutHead {
    pub(crate) schema: u32,
    pub(crate) program: String,
    /// `ridge`, `logistic` or `dense`.
    pub(crate) head: String,
    /// α, λ, or the number of epochs.
    pub(crate) strength: f64,
    /// The column that it tells.
    pub(crate) target: String,
    /// The classes' names in order; none for numbers.
    pub(crate) classes: Option<Vec<String>>,
    pub(crate) num_rows: usize,
    /// The score of rows that it was not fitted on, of heads fitted on parts of the rows.
    pub(crate) score: f64,
    pub(crate) interval: [f64; 2],
    pub(crate) split: String,
    pub(crate) tag: String,
    pub(crate) weights_sha256: String,
    pub(crate) layer: String,
    pub(crate) pool: String,
    pub(crate) order: String,
    pub(crate) fit: String,
    pub(crate) preprocess: String,
    pub(crate) input_size: String,
    pub(crate) filter: String,
    pub(crate) value_scale: String,
    /// SHA-256 over all that is said here but this, and the weights and the intercepts as stored, the hidden layer's first.
    pub(crate) numbers_sha256: String,
}

impl AboutHead {
    /// The first thing in which features differ from those that the head was fitted on: name, here, there.
    pub(crate) fn difference(&self, recipe: &Recipe, pool: &str) -> Option<(&'static str, String, String)> {
        let is_source = recipe.weights_source_sha256.as_ref() == Some(&self.weights_sha256);
        let weights = if is_source { &self.weights_sha256 } else { &recipe.weights_sha256 };
        let order = recipe.stored.order.name();
        let pairs = [
            ("the network", &*recipe.tag, &self.tag),
            ("the weights' sha256", weights, &self.weights_sha256),
            ("the layer", &recipe.layer, &self.layer),
            ("the pooling", pool, &self.pool),
            ("the order of axes", if self.pool == "flatten" { order } else { &self.order }, &self.order),
            ("the fit", &recipe.fit, &self.fit),
            ("the preprocessing", &recipe.preprocess, &self.preprocess),
            ("the input size", &recipe.input_size, &self.input_size),
            ("the resize filter", &recipe.filter, &self.filter),
            ("the scale of values", &recipe.value_scale, &self.value_scale),
        ];
        let found = pairs.into_iter().find(|(_, here, there)| here != there);
        found.map(|(name, here, there)| (name, here.to_owned(), there.clone()))
    }
}

/// Names of a layer's tensors.
const LAST: [&str; 2] = ["weight", "intercept"];
const HIDDEN: [&str; 2] = ["hidden.weight", "hidden.intercept"];

/// A head, and what it was fitted on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct StoredHead {
    pub(crate) head: KeptHead,
    pub(crate) about: AboutHead,
}

/// Writes a head, whole or not at all.
pub(crate) fn write(path: &Path, stored: &StoredHead) -> anyhow::Result<()> {
    let (head, about) = (&stored.head, stored.about.clone());
    let layers = head.hidden.iter().map(|layer| (HIDDEN, layer)).chain([(LAST, &head.last)]);
    let mut tensors: Vec<(&str, Vec<usize>, Vec<u8>)> = Vec::new();
    for ([weight, intercept], layer) in layers {
        tensors.push((weight, vec![layer.width(), layer.intercepts.len()], bytes(&layer.weights)));
        tensors.push((intercept, vec![layer.intercepts.len()], bytes(&layer.intercepts)));
    }
    let schema = if head.hidden.is_some() { SCHEMA_OF_TWO } else { SCHEMA };
    let about = AboutHead { schema, numbers_sha256: String::new(), ..about };
    let numbers_sha256 = hash(&serde_json::to_string(&about)?, tensors.iter().map(|(_, _, bytes)| &**bytes));
    let about = AboutHead { numbers_sha256, ..about };
    let views = tensors
        .iter()
        .map(|(name, shape, bytes)| Ok((*name, TensorView::new(Dtype::F64, shape.clone(), bytes)?)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let metadata = HashMap::from([(ABOUT.to_owned(), serde_json::to_string(&about)?)]);
    let file = safetensors::serialize(views, Some(metadata))?;
    Ok(write_whole(path, |out| out.write_all(&file))?)
}

/// Reads a head, which may come from anywhere. `kept_by` says in an error how a head is kept: "a probe kept".
pub(crate) fn read(path: &Path, kept_by: &str) -> anyhow::Result<StoredHead> {
    let place = || format!("\"{}\"", path.display());
    let size = std::fs::metadata(path).with_context(place)?.len();
    if size > MAX_BYTES {
        bail!("{size} bytes are more than a head has: {}", place());
    }
    let file = std::fs::read(path).with_context(place)?;
    let not = |why: String| anyhow::anyhow!("not a head that {kept_by} ({why}): {}", place());
    let (_, header) = SafeTensors::read_metadata(&file).map_err(|error| not(error.to_string()))?;
    let text = header.metadata().as_ref().and_then(|metadata| metadata.get(ABOUT));
    let text = text.ok_or_else(|| not("no metadata of a head".to_owned()))?;
    let about: AboutHead = serde_json::from_str(text).map_err(|error| not(error.to_string()))?;
    if ![SCHEMA, SCHEMA_OF_TWO].contains(&about.schema) {
        let newest = SCHEMA_OF_TWO;
        bail!("a head of schema {}; this version reads schemas up to {newest}: {}", about.schema, place());
    }
    let tensors = SafeTensors::deserialize(&file).map_err(|error| not(error.to_string()))?;
    let layer = |[weight, intercept]: [&str; 2]| {
        let tensor = |name: &str| tensors.tensor(name).map_err(|error| not(error.to_string()));
        Ok::<_, anyhow::Error>((tensor(weight)?, tensor(intercept)?))
    };
    let mut layers = if about.schema == SCHEMA_OF_TWO { vec![layer(HIDDEN)?] } else { Vec::new() };
    layers.push(layer(LAST)?);
    // Each layer takes what the one before gives.
    let mut inputs: Option<usize> = None;
    for (weight, intercept) in &layers {
        let ([width, outputs], [last]) = (weight.shape(), intercept.shape()) else {
            return Err(not("its tensors are not of a head's shapes".to_owned()));
        };
        let are_numbers = weight.dtype() == Dtype::F64 && intercept.dtype() == Dtype::F64;
        if !are_numbers || *width == 0 || last != outputs || inputs.is_some_and(|inputs| inputs != *width) {
            return Err(not("its tensors are not of a head's shapes".to_owned()));
        }
        inputs = Some(*outputs);
    }
    let outputs = about.classes.as_ref().map_or(1, Vec::len);
    if inputs != Some(outputs)
        || (about.classes.is_some() && outputs < 2)
        || tensors.len() != 2 * layers.len()
    {
        return Err(not("its tensors are not of a head's shapes".to_owned()));
    }
    let parts = layers.iter().flat_map(|(weight, intercept)| [weight.data(), intercept.data()]);
    // The text as it stands: a number that is read and written again may have another last digit.
    let unsealed = text.replacen(&about.numbers_sha256, "", 1);
    if hash(&unsealed, parts) != about.numbers_sha256 {
        bail!(
            "the head is not as it was written: its hash doesn't fit its numbers and what it says of them; copy it again: {}",
            place()
        );
    }
    let mut layers = layers.iter().map(|(weight, intercept)| LinearHead {
        weights: numbers(weight.data()),
        intercepts: numbers(intercept.data()),
    });
    let (Some(first), last) = (layers.next(), layers.next()) else {
        return Err(not("it has no layer".to_owned()));
    };
    let head = match last {
        Some(last) => KeptHead { hidden: Some(first), last },
        None => KeptHead { hidden: None, last: first },
    };
    Ok(StoredHead { head, about })
}

fn bytes(numbers: &[f64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn numbers(bytes: &[u8]) -> Vec<f64> {
    bytes.as_chunks::<8>().0.iter().map(|chunk| f64::from_le_bytes(*chunk)).collect()
}

/// Of what a head says of itself, without this hash, and of its numbers.
fn hash<'a>(about: &str, parts: impl Iterator<Item = &'a [u8]>) -> String {
    let mut hash = Sha256::new();
    hash.update(about);
    parts.for_each(|part| hash.update(part));
    hex(&hash.finalize())
}
