//! Imports a weight file: binds it strictly, and writes it as a safetensors file that says what it was made from.
//!
//! Must not know where the file is kept: the caller names the place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::engine::{Backbone, LoadError, PREPROCESS_KEY, Preprocessing};
use crate::formats::{WriteError, write_atomically};
use crate::graph::GraphError;
use crate::models::ModelSpec;
use crate::tensor::{Remedied, Remedy};
use crate::weights::fetch::{FileRecord, write_record};
use crate::weights::{
    BoundWeights, Convention, MODEL_KEY, SOURCE_KEY, SOURCE_PART_KEY, SOURCE_SHA256_KEY, TensorFile,
    to_safetensors,
};

/// Why a weight file can't be imported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The file doesn't fit, or the imported copy can't be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The model's graph is malformed: a mistake in the code that builds it.
    #[error("the graph of {tag} is malformed")]
    Graph {
        /// The model.
        tag: &'static str,
        /// What is wrong with it.
        #[source]
        reason: GraphError,
    },
    /// The bytes of the copy can't be made.
    #[error("can't make a safetensors file of these tensors: {0}")]
    Encode(String),
    /// The folder to keep it in can't be made.
    #[error("can't make the folder \"{}\"", .folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        reason: std::io::Error,
    },
    /// The copy can't be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The record beside the copy can't be written.
    #[error("can't write beside \"{}\"", .path.display())]
    Record {
        /// The copy.
        path: PathBuf,
        /// Why.
        #[source]
        reason: std::io::Error,
    },
}

impl Remedied for ImportError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Load(error) => error.remedy(),
            Self::Write(error) => error.remedy(),
            Self::Graph { .. } | Self::Encode(_) | Self::Folder { .. } | Self::Record { .. } => None,
        }
    }
}

/// What was imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Number of the network's tensors.
    pub num_tensors: usize,
    /// Number of tensors of a classifier that were kept along.
    pub num_head_tensors: usize,
    /// Format and naming of the file, in words.
    pub what: String,
    /// Notes on how the file was read.
    pub notes: Vec<String>,
    /// Whether the file holds both averaged weights (EMA) and others; and whether the averaged ones were taken.
    pub has_other_average: bool,
    /// See [`has_other_average`](Self::has_other_average).
    pub is_averaged: bool,
}

/// Imports a file for a model as the file `target`. With `has_record`, a record of where it came from is written beside it, and its
/// folder is made, as for files that this program keeps.
///
/// # Errors
/// The file doesn't fit the model, or the copy can't be written.
pub fn import_weights(
    whole: TensorFile,
    spec: &'static ModelSpec,
    source: &Path,
    target: &Path,
    has_record: bool,
) -> Result<Imported, ImportError> {
    let graph = spec.graph().map_err(|reason| ImportError::Graph { tag: spec.tag, reason })?;
    let file = whole.part_for(&graph, spec.tag, spec.head_prefixes).map_err(LoadError::from)?;
    drop(whole);
    let source = source.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let what = format!("{}, {}", file.format().name(), Convention::of(&file).words());
    let (has_other_average, is_averaged) = (file.part().has_other_average(), file.choice().ema);
    let notes = file.notes().to_vec();
    let source_sha256 = file.root_sha256().to_owned();
    let bound = BoundWeights::bind(&graph, spec.tag, &file, spec.head_prefixes).map_err(LoadError::from)?;
    let mut metadata = BTreeMap::from([
        ("format".to_owned(), "pt".to_owned()),
        (MODEL_KEY.to_owned(), spec.tag.to_owned()),
        (SOURCE_KEY.to_owned(), source.clone()),
        (SOURCE_SHA256_KEY.to_owned(), source_sha256.clone()),
        ("filterscope.variant".to_owned(), spec.variant.to_owned()),
        ("filterscope.license".to_owned(), spec.license.to_owned()),
    ]);
    let num_head_tensors = if file.part().has_no_classes() { 0 } else { bound.num_head_tensors() };
    if let Some(part) = file.place() {
        metadata.insert(SOURCE_PART_KEY.to_owned(), part);
    }
    if let Some(inside) = Preprocessing::of(spec, &file, &bound).to_keep() {
        metadata.insert(PREPROCESS_KEY.to_owned(), inside);
    }
    let bytes = to_safetensors(&graph, &bound, &file, spec.head_prefixes, metadata)
        .map_err(|error| ImportError::Encode(error.to_string()))?;
    let num_tensors = bound.num_tensors();
    drop((file, bound));
    // Load the bytes again before keeping them, to be sure that the file can be loaded later.
    let origin = target.display().to_string();
    let read = TensorFile::from_bytes(bytes.clone(), origin).map_err(LoadError::from)?;
    let written = Backbone::from_tensors(spec, read)?;
    let record = FileRecord {
        sha256: written.origin().sha256().to_owned(),
        num_bytes: bytes.len() as u64,
        source,
        checked: None,
        source_sha256: Some(source_sha256),
    };
    if let Some(folder) = target.parent().filter(|_| has_record) {
        std::fs::create_dir_all(folder)
            .map_err(|reason| ImportError::Folder { folder: folder.to_owned(), reason })?;
    }
    write_atomically(target, |out| out.write_all(&bytes))?;
    if has_record {
        write_record(target, &record)
            .map_err(|reason| ImportError::Record { path: target.to_owned(), reason })?;
    }
    Ok(Imported { num_tensors, num_head_tensors, what, notes, has_other_average, is_averaged })
}
