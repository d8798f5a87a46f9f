//! `manifest.json`: how a folder of features was made and what is in it. It has no time and no host name, so that two equal runs
//! write the same.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::format::FeatureFormat;
use crate::formats::write_whole;
use crate::formats::{FileHash, PartRecord, UNSEALED, WeightsId, WriteError, is_sealed, seal};
use crate::tensor::{AxisOrder, Column, FeatureLayout};

/// The manifest's name in a folder of features. It is written last: if it is there, the folder is complete.
pub const MANIFEST_NAME: &str = "manifest.json";
/// The number of the schema that this version writes. All earlier ones are read too.
const SCHEMA: u32 = 2;
/// The first schema whose manifests have a hash over everything.
const SEALED_SINCE: u32 = 2;
/// The name of the field with that hash.
const SEAL: &str = "set_sha256";
/// The most bytes of a manifest that are read.
const MAX_BYTES: u64 = 64 << 20;

/// Everything that determines a set of features before the first picture is read. Settings are texts as the program writes them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Name and version of the program.
    pub program: String,
    /// The model, `arch.tag`.
    pub tag: String,
    /// `carried` by the program, `downloaded` from the source in the model spec, or from an `unverified` file.
    pub weights: String,
    /// SHA-256 of the weights file.
    pub weights_sha256: String,
    /// SHA-256 of the file that the program's imported copy was made from. Both hold the same weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights_source_sha256: Option<String>,
    /// Where the network's tensors are in that file, if their names have a common prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights_part: Option<String>,
    /// What else that file holds, if the network is only a part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_file: Option<PartRecord>,
    /// The layer's name.
    pub layer: String,
    /// The last layer, if the network itself came from a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_layer: Option<String>,
    /// Why that layer is the last, if not simply because the file ends there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_final: Option<String>,
    /// How pictures are brought to the network's input size, as typed.
    pub fit: String,
    /// How samples become input values, as typed.
    pub preprocess: String,
    /// The network's input size, columns × rows; `varies` where pictures keep their own.
    pub input_size: String,
    /// The filter used for resizing.
    pub filter: String,
    /// How samples become input values, in words.
    pub value_scale: String,
    /// Where the preprocessing comes from, if from the weights file and not from the model spec.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preprocessing_from: Option<String>,
    /// How the map is pooled: `none`, `avg` …
    pub pool: String,
    /// How the feature is stored.
    pub stored: Stored,
    /// The engine that ran the network.
    pub engine: String,
    /// The instruction set that the engine used. Results are the same bit for bit only on the same one.
    pub dispatch_level: Option<String>,
    /// The device that it ran on.
    pub device: String,
    /// Batch size, where it can change the last digits.
    pub batch: Option<usize>,
    /// The kind of data set, in words.
    pub source: String,
    /// SHA-256 over the log and the list of pictures.
    pub source_sha256: String,
    /// The cameras that are taken, in order; empty where pictures have none.
    pub cameras: Vec<String>,
    /// The number of the first row.
    pub start: usize,
    /// The step between rows.
    pub every: usize,
    /// The most rows.
    pub limit: Option<usize>,
    /// The shard; `None` for a run over all pictures.
    pub shard: Option<ShardRecord>,
    /// How many pictures there are in all shards together.
    pub num_pictures: u64,
    /// How many pictures there are in this shard.
    pub num_planned: u64,
    /// Columns of the index, in order.
    pub columns: Vec<Column>,
    /// Notes for the user on how the data set was read: by which rule a log's pictures were found, how names are written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source_notes: Vec<String>,
}

/// How features are stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// The format.
    pub format: FeatureFormat,
    /// The order of a map's axes, also of a flattened map.
    pub order: AxisOrder,
    /// Shape and type of one feature. The shape is empty where pictures of different sizes give different ones.
    #[serde(flatten)]
    pub layout: FeatureLayout,
}

/// A shard of the pictures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardRecord {
    /// From 0.
    pub index: usize,
    /// How many there are.
    pub count: usize,
    /// `block` or `hash`.
    pub by: String,
}

/// A picture that is not among the features.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedRow {
    /// The number of its row in the data set.
    pub row: Option<usize>,
    /// Its camera.
    pub camera: Option<String>,
    /// Its file, or its line in the log.
    pub file: String,
    /// Why.
    pub reason: String,
}

/// One file of a feature set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputFile {
    /// Its path relative to the set's folder, with `/`.
    pub name: String,
    /// How many rows it has. The files are in the index's order.
    pub num_rows: u64,
    /// Its size; manifests of schema 1 don't have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub num_bytes: Option<u64>,
    /// SHA-256 over all of it; manifests of schema 1 don't have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl OutputFile {
    /// The entry for a file that was written.
    pub(super) fn new(name: String, num_rows: u64, hash: FileHash) -> Self {
        Self { name, num_rows, num_bytes: Some(hash.num_bytes), sha256: Some(hash.sha256) }
    }
}

/// A setting that changed when a run was resumed, although settings should stay the same. The user allowed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mixed {
    /// The first picture that was made with the change, by its position among the planned ones.
    pub from: u64,
    /// What changed: name, value before, value after.
    pub changed: Vec<(String, String, String)>,
}

/// The result of making a set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetOutcome {
    /// How many rows the features have.
    pub num_rows: u64,
    /// How many planned pictures are not among them, because they failed.
    pub num_failed: u64,
    /// How many things the data set itself left out: rows without a picture, pictures that don't exist.
    pub num_left_out: u64,
    /// The first entries of both kinds, in order; `skipped.csv` has all of them.
    pub skipped: Vec<SkippedRow>,
    /// How many values were too large for f16.
    pub num_overflows: u64,
    /// SHA-256 over the hashes of all features in order, as stored: the same in every format.
    pub values_sha256: String,
    /// The files. Empty for the format `folder`, whose index names them.
    pub files: Vec<OutputFile>,
    /// SHA-256 over `index.csv`; manifests of schema 1 don't have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_sha256: Option<String>,
    /// SHA-256 over `skipped.csv`, if there is one; manifests of schema 1 don't have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped_sha256: Option<String>,
    /// SHA-256 over `pictures.csv`; manifests of earlier versions don't have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pictures_sha256: Option<String>,
    /// Settings that changed during the run.
    pub mixed: Vec<Mixed>,
}

/// The manifest of a feature set's folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The schema's number.
    pub schema: u32,
    /// How the set was made.
    #[serde(flatten)]
    pub recipe: Recipe,
    /// The result.
    #[serde(flatten)]
    pub outcome: SetOutcome,
    /// SHA-256 over the manifest's own text, with zeros in its place. Since the manifest has hashes of the files, it covers all of
    /// the set. Schema 1 has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_sha256: Option<String>,
}

/// Why a manifest was not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadManifest {
    /// There is no manifest.
    #[error("no manifest.json: not a folder of features, or its run is not finished: \"{}\"", .path.display())]
    Missing {
        /// The folder.
        path: PathBuf,
    },
    /// The system refused access.
    #[error("can't be read ({reason}): \"{}\"", .path.display())]
    Unreadable {
        /// The system's error.
        reason: std::io::Error,
        /// The file.
        path: PathBuf,
    },
    /// Not a manifest of this program.
    #[error("not a manifest of features ({reason}): \"{}\"", .path.display())]
    Malformed {
        /// What is wrong.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// A schema that this version doesn't read.
    #[error("a manifest of schema {got}; this version reads schemas 1 to {SCHEMA}: \"{}\"", .path.display())]
    Schema {
        /// The schema's number.
        got: u64,
        /// The file.
        path: PathBuf,
    },
    /// The text isn't the one that was written.
    #[error("the manifest is not as it was written: its hash doesn't fit its text; copy it again: \"{}\"", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
}

impl Manifest {
    /// A manifest of this version's schema.
    pub fn new(recipe: Recipe, outcome: SetOutcome) -> Self {
        Self { schema: SCHEMA, recipe, outcome, set_sha256: None }
    }

    /// Writes the manifest into a folder of features, with its hash.
    pub fn write(&self, folder: &Path) -> Result<(), WriteError> {
        write_whole(&folder.join(MANIFEST_NAME), |out| {
            use std::io::Write as _;
            let unsealed = Self { set_sha256: Some(UNSEALED.to_owned()), ..self.clone() };
            let text = serde_json::to_string_pretty(&unsealed)? + "\n";
            out.write_all(seal(text, SEAL).as_bytes())
        })
    }

    /// Whether the manifest has hashes of all else in the set. Those of older versions have only a hash of the numbers.
    pub fn is_sealed(&self) -> bool {
        self.schema >= SEALED_SINCE
    }

    /// Reads the manifest of a folder. The folder may come from anywhere.
    pub fn read(folder: &Path) -> Result<Self, BadManifest> {
        use std::io::Read as _;
        let path = folder.join(MANIFEST_NAME);
        let unreadable = |reason: std::io::Error| match reason.kind() {
            std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => {
                BadManifest::Missing { path: folder.to_owned() }
            }
            _ => BadManifest::Unreadable { reason, path: path.clone() },
        };
        let file = std::fs::File::open(&path).map_err(unreadable)?;
        let mut text = String::new();
        file.take(MAX_BYTES).read_to_string(&mut text).map_err(unreadable)?;
        let malformed =
            |e: serde_json::Error| BadManifest::Malformed { reason: e.to_string(), path: path.clone() };
        let value: Value = serde_json::from_str(&text).map_err(malformed)?;
        match value.get("schema").and_then(Value::as_u64) {
            Some(schema) if (1..=u64::from(SCHEMA)).contains(&schema) => {
                let is_right = is_sealed(&text, SEAL).unwrap_or(schema < u64::from(SEALED_SINCE));
                if !is_right {
                    return Err(BadManifest::Changed { path });
                }
            }
            Some(got) => return Err(BadManifest::Schema { got, path }),
            None => {
                return Err(BadManifest::Malformed { reason: "no schema number".into(), path });
            }
        }
        serde_json::from_value(value).map_err(malformed)
    }
}

impl Recipe {
    /// What the recipe says about the weights.
    fn weights_id(&self) -> WeightsId<'_> {
        WeightsId {
            sha256: &self.weights_sha256,
            source_sha256: self.weights_source_sha256.as_deref(),
            part: self.weights_part.as_deref(),
        }
    }

    /// What differs from another recipe: name, value in this one, value in the other. A copy of the same weights is no difference.
    /// Settings in groups are compared one by one: `order`, not all of how features are stored.
    pub fn differences(&self, other: &Self) -> Vec<(String, String, String)> {
        let fields = |recipe: &Self| {
            let mut fields = match serde_json::to_value(recipe) {
                Ok(Value::Object(fields)) => fields,
                _ => serde_json::Map::new(),
            };
            for (group, prefix) in [("stored", ""), ("shard", "shard_")] {
                if let Some(Value::Object(_)) = fields.get(group)
                    && let Some(Value::Object(inner)) = fields.remove(group)
                {
                    fields.extend(inner.into_iter().map(|(name, value)| (format!("{prefix}{name}"), value)));
                }
            }
            fields
        };
        let (ours, theirs) = (fields(self), fields(other));
        // Whether the same weights were carried, downloaded or in a file is no difference either.
        let are_same_weights = self.weights_id().is_same_as(&other.weights_id());
        let is_of_copies = |name: &str| {
            name == "weights_source_sha256"
                || (are_same_weights && matches!(name, "weights" | "weights_sha256"))
        };
        ours.iter()
            .filter(|(name, _)| !is_of_copies(name))
            .filter_map(|(name, value)| {
                let there = theirs.get(name)?;
                (value != there).then(|| (name.clone(), words(value), words(there)))
            })
            .collect()
    }
}

/// A setting's value for a message: a list by its items, a column by its name and kind.
fn words(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "none".to_owned(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(", "),
        Value::Object(fields) => fields.values().map(words).collect::<Vec<_>>().join(" "),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
    }
}
