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
use crate::probe::LinearHead;
use crate::tensor::hex;

/// The name of the metadata's field.
const ABOUT: &str = "filterscope_head";
/// The schema that this version writes and reads.
const SCHEMA: u32 = 1;
/// The largest file that is read.
const MAX_BYTES: u64 = 1 << 30;

/// What a head was fitted on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct AboutHead {
    pub(crate) schema: u32,
    pub(crate) program: String,
    /// `ridge` or `logistic`.
    pub(crate) head: String,
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
    /// SHA-256 over the weights and the intercepts as stored.
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

/// A head, and what it was fitted on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct KeptHead {
    pub(crate) head: LinearHead,
    pub(crate) about: AboutHead,
}

/// Writes a head, whole or not at all.
pub(crate) fn write(path: &Path, kept: &KeptHead) -> anyhow::Result<()> {
    let (head, about) = (&kept.head, kept.about.clone());
    let [weights, intercepts] = [bytes(&head.weights), bytes(&head.intercepts)];
    let about = AboutHead { schema: SCHEMA, numbers_sha256: hash(&weights, &intercepts), ..about };
    let (width, outputs) = (head.width(), head.intercepts.len());
    let views = [
        ("intercept", TensorView::new(Dtype::F64, vec![outputs], &intercepts)?),
        ("weight", TensorView::new(Dtype::F64, vec![width, outputs], &weights)?),
    ];
    let metadata = HashMap::from([(ABOUT.to_owned(), serde_json::to_string(&about)?)]);
    let file = safetensors::serialize(views, Some(metadata))?;
    Ok(write_whole(path, |out| out.write_all(&file))?)
}

/// Reads a head, which may come from anywhere. `kept_by` says in an error how a head is kept: "a probe kept".
pub(crate) fn read(path: &Path, kept_by: &str) -> anyhow::Result<KeptHead> {
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
    if about.schema != SCHEMA {
        bail!("a head of schema {}; this version reads schema {SCHEMA}: {}", about.schema, place());
    }
    let tensors = SafeTensors::deserialize(&file).map_err(|error| not(error.to_string()))?;
    let tensor = |name: &str| tensors.tensor(name).map_err(|error| not(error.to_string()));
    let (weight, intercept) = (tensor("weight")?, tensor("intercept")?);
    let outputs = about.classes.as_ref().map_or(1, Vec::len);
    let is_right = weight.dtype() == Dtype::F64
        && intercept.dtype() == Dtype::F64
        && intercept.shape() == [outputs]
        && matches!(weight.shape(), [width, last] if *width > 0 && *last == outputs)
        && (about.classes.is_none() || outputs > 1);
    if !is_right {
        return Err(not("its tensors are not of a head's shapes".to_owned()));
    }
    if hash(weight.data(), intercept.data()) != about.numbers_sha256 {
        bail!(
            "the head is not as it was written: its hash doesn't fit its numbers; copy it again: {}",
            place()
        );
    }
    let head = LinearHead { weights: numbers(weight.data()), intercepts: numbers(intercept.data()) };
    Ok(KeptHead { head, about })
}

fn bytes(numbers: &[f64]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn numbers(bytes: &[u8]) -> Vec<f64> {
    bytes.as_chunks::<8>().0.iter().map(|chunk| f64::from_le_bytes(*chunk)).collect()
}

fn hash(weights: &[u8], intercepts: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(weights);
    hash.update(intercepts);
    hex(&hash.finalize())
}
