//! `manifest.json`: how a folder of features was made and what is in it. No time and no host: two runs that did the same say the same.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::format::FeatureFormat;
use crate::formats::atomic::write_whole;
use crate::formats::{FileHash, PartRecord, UNSEALED, WeightsId, WriteError, is_sealed, seal};
use crate::tensor::{AxisOrder, Column, FeatureLayout};

/// The manifest's name in a folder of features. It is written last: where it is, the folder is complete.
pub const MANIFEST_NAME: &str = "manifest.json";
/// The schema that this version writes. It reads all before it.
const SCHEMA: u32 = 2;
/// The first schema whose manifests have a hash over everything.
const SEALED_SINCE: u32 = 2;
/// The field of that hash.
const SEAL: &str = "set_sha256";
/// Bytes of a manifest that are read at most.
const MAX_BYTES: u64 = 64 << 20;

/// Everything that decides a folder of features before the first picture is read. Texts are the program's own spellings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Name and version of the program.
    pub program: String,
    /// The backbone, `arch.tag`.
    pub tag: String,
    /// `carried` by the program, `downloaded` from the row's own source, or from an `unverified` file.
    pub weights: String,
    /// SHA-256 of the weights' file.
    pub weights_sha256: String,
    /// SHA-256 of the file that an imported copy was made from: the same weights.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights_source_sha256: Option<String>,
    /// Where in that file the network's tensors lie, where their names have a beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weights_part: Option<String>,
    /// What that file holds beside the network, where that is a part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_file: Option<PartRecord>,
    /// The layer's name.
    pub layer: String,
    /// The last layer of a network that came with a file of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub final_layer: Option<String>,
    /// Why that is the last, where it isn't simply the file's own end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why_final: Option<String>,
    /// How pictures come to the network's size, as typed.
    pub fit: String,
    /// How samples become values, as typed.
    pub preprocess: String,
    /// The network's input, columns × rows; `varies` where pictures keep their own.
    pub input_size: String,
    /// The resize filter.
    pub filter: String,
    /// How samples became values, in words.
    pub value_scale: String,
    /// Where that comes from, where it is the weights' own file and not what their tag says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub preprocessing_from: Option<String>,
    /// What became of the map: `none`, `avg` …
    pub pool: String,
    /// How the feature is stored.
    pub stored: Stored,
    /// What computed.
    pub engine: String,
    /// The instruction set it was compiled for; a result is the same bit for bit on one of them only.
    pub dispatch_level: Option<String>,
    /// Where it ran.
    pub device: String,
    /// Pictures that went through the network together, where that can change the last digits.
    pub batch: Option<usize>,
    /// The data set, in words.
    pub source: String,
    /// SHA-256 over the log and the list of pictures.
    pub source_sha256: String,
    /// Cameras taken, in order; none where pictures have none.
    pub cameras: Vec<String>,
    /// First row, by number.
    pub start: usize,
    /// Each how manyth row.
    pub every: usize,
    /// Rows at most.
    pub limit: Option<usize>,
    /// Which share of the pictures.
    pub shard: Option<ShardRecord>,
    /// Pictures of all shards together.
    pub num_pictures: u64,
    /// Pictures of this share.
    pub num_planned: u64,
    /// Columns of the index, in order.
    pub columns: Vec<Column>,
    /// How the data set was read, where a person should know: by which rule a log's pictures were found, how names are written.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source_notes: Vec<String>,
}

/// How features are stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// The format.
    pub format: FeatureFormat,
    /// Order of a map's axes; it also is the order of a flattened map.
    pub order: AxisOrder,
    /// Extent and type of one feature; no extent where pictures of different sizes give different ones.
    #[serde(flatten)]
    pub layout: FeatureLayout,
}

/// A share of the pictures.
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
    /// Its row in the data set.
    pub row: Option<usize>,
    /// Its camera.
    pub camera: Option<String>,
    /// Its file, or its line in the log.
    pub file: String,
    /// Why.
    pub reason: String,
}

/// One file of features.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputFile {
    /// Relative to the folder, with `/`.
    pub name: String,
    /// Rows in it. Files follow each other in the index's order.
    pub num_rows: u64,
    /// Its size; manifests of schema 1 don't say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub num_bytes: Option<u64>,
    /// SHA-256 over all of it; manifests of schema 1 don't say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl OutputFile {
    /// A file that was written.
    pub(super) fn new(name: String, num_rows: u64, hash: FileHash) -> Self {
        Self { name, num_rows, num_bytes: Some(hash.num_bytes), sha256: Some(hash.sha256) }
    }
}

/// A change of something that must not change while a run is resumed, allowed by the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mixed {
    /// The first picture that the change holds for, by its place among those planned.
    pub from: u64,
    /// What changed: name, before, after.
    pub changed: Vec<(String, String, String)>,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SetOutcome {
    /// Rows of the features.
    pub num_rows: u64,
    /// Pictures planned that are not among them.
    pub num_failed: u64,
    /// What the data set itself left out: rows without a picture, pictures that aren't there.
    pub num_left_out: u64,
    /// The first of both, in order; `skipped.csv` has all.
    pub skipped: Vec<SkippedRow>,
    /// Values that f16 has no number for.
    pub num_overflows: u64,
    /// SHA-256 over all features in order, as stored: the same in every format.
    pub values_sha256: String,
    /// The files. None for the format `folder`, whose index names them.
    pub files: Vec<OutputFile>,
    /// SHA-256 over `index.csv`; manifests of schema 1 don't say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_sha256: Option<String>,
    /// SHA-256 over `skipped.csv`, where there is one; manifests of schema 1 don't say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub skipped_sha256: Option<String>,
    /// SHA-256 over `pictures.csv`; sets of earlier versions have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pictures_sha256: Option<String>,
    /// Changes during the run.
    pub mixed: Vec<Mixed>,
}

/// A folder's manifest.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The schema's number.
    pub schema: u32,
    /// How it was made.
    #[serde(flatten)]
    pub recipe: Recipe,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: SetOutcome,
    /// SHA-256 over the manifest's own text, with zeros in its place: through the hashes in it, over all of the set. Schema 1 has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_sha256: Option<String>,
}

/// Why a manifest was not read.
#[derive(Debug, thiserror::Error)]
pub enum BadManifest {
    /// None there.
    #[error("no manifest.json: not a folder of features, or its run is not finished: \"{}\"", .path.display())]
    Missing {
        /// The folder.
        path: PathBuf,
    },
    /// The system refused.
    #[error("can't be read ({reason}): \"{}\"", .path.display())]
    Unreadable {
        /// The system's words.
        reason: std::io::Error,
        /// The file.
        path: PathBuf,
    },
    /// Not one of ours.
    #[error("not a manifest of features ({reason}): \"{}\"", .path.display())]
    Malformed {
        /// What is wrong.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// Another version's.
    #[error("a manifest of schema {got}; this version reads schemas 1 to {SCHEMA}: \"{}\"", .path.display())]
    Schema {
        /// The schema's number.
        got: u64,
        /// The file.
        path: PathBuf,
    },
    /// Its text isn't the one that was written.
    #[error("the manifest is not as it was written: its hash doesn't fit its text; copy it again: \"{}\"", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
}

impl Manifest {
    /// A manifest of this version.
    pub fn new(recipe: Recipe, outcome: SetOutcome) -> Self {
        Self { schema: SCHEMA, recipe, outcome, set_sha256: None }
    }

    /// Writes it into a folder of features, with its hash.
    pub fn write(&self, folder: &Path) -> Result<(), WriteError> {
        write_whole(&folder.join(MANIFEST_NAME), |out| {
            use std::io::Write as _;
            let unsealed = Self { set_sha256: Some(UNSEALED.to_owned()), ..self.clone() };
            let text = serde_json::to_string_pretty(&unsealed)? + "\n";
            out.write_all(seal(text, SEAL).as_bytes())
        })
    }

    /// Whether it has hashes of everything beside it: those of older versions have one of the numbers only.
    pub fn is_sealed(&self) -> bool {
        self.schema >= SEALED_SINCE
    }

    /// Reads the manifest of a folder that may come from anywhere.
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
    /// What it says of the weights.
    fn weights_id(&self) -> WeightsId<'_> {
        WeightsId {
            sha256: &self.weights_sha256,
            source_sha256: self.weights_source_sha256.as_deref(),
            part: self.weights_part.as_deref(),
        }
    }

    /// What differs from another recipe: name, its value here, its value there. A copy of weights is no difference. Each setting is told
    /// by itself: `order`, not all of how features are stored.
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
        // How the same weights came here, as this file or that one, is none either.
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

/// A setting's value as it is told: a list by its items, a column by its name and kind.
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
