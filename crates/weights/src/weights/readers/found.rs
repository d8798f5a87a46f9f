//! The result of a reader: a file's tensors with notes for the user, or an error.

use std::collections::BTreeMap;

use crate::tensor::NoRoom;
use crate::weights::averaged::Averaged;
use crate::weights::keras::KerasFile;
use crate::weights::tensors::{Format, Tensors};

/// Why a file can't be read. The caller adds the file's name.
pub(super) enum ReadError {
    /// Something in the file is wrong, in words.
    Broken(String),
    /// The file is of a kind that isn't supported: what it is, and what to do about it.
    Other(String, &'static str),
    /// The file is an ONNX file, which is a whole network and not only weights.
    Onnx,
    /// The file ends earlier than its header says.
    CutShort,
    /// The file is too short to have a header.
    Empty,
    /// Reading it needs more memory than the program may use.
    NoRoom(NoRoom),
}

impl From<NoRoom> for ReadError {
    fn from(reason: NoRoom) -> Self {
        Self::NoRoom(reason)
    }
}

impl ReadError {
    pub(super) fn broken(reason: impl Into<String>) -> Self {
        Self::Broken(reason.into())
    }
}

/// What a reader found in a file: tensors by name, and notes for the user about how they were found.
pub(in crate::weights) struct FileContents {
    pub(in crate::weights) tensors: Tensors,
    pub(in crate::weights) format: Format,
    /// What was unwrapped or removed from names, in words.
    pub(in crate::weights) notes: Vec<String>,
    /// The dictionary that the tensors were taken from and the prefix that was removed from all names, such as `state_dict.module.`.
    pub(in crate::weights) cut: String,
    /// Whether the averaged weights (EMA) or the ordinary ones were taken.
    pub(in crate::weights) averaged: Averaged,
    /// Texts by key that the file has as metadata.
    pub(in crate::weights) metadata: BTreeMap<String, String>,
    /// What a Keras file says about its model.
    pub(in crate::weights) keras: Option<KerasFile>,
    /// Whether the file's bytes must be kept, because entries point into them.
    pub(in crate::weights) keeps_bytes: bool,
}

impl FileContents {
    pub(super) fn new(format: Format, tensors: Tensors) -> Self {
        Self {
            tensors,
            format,
            notes: Vec::new(),
            cut: String::new(),
            averaged: Averaged::default(),
            metadata: BTreeMap::new(),
            keras: None,
            keeps_bytes: true,
        }
    }
}

/// Removes wrapper prefixes from the names if all of them share one (`module.` of PyTorch's `DataParallel` and similar ones).
pub(super) fn strip_wrappers(found: &mut FileContents) {
    const WRAPPERS: [&str; 3] = ["module.", "_orig_mod.", "model."];
    while let Some(prefix) = WRAPPERS
        .into_iter()
        .find(|p| !found.tensors.is_empty() && found.tensors.keys().all(|name| name.starts_with(p)))
    {
        found.notes.push(format!("`{prefix}` cut off all names"));
        found.cut.push_str(prefix);
        let tensors = std::mem::take(&mut found.tensors);
        found.tensors =
            tensors.into_iter().map(|(name, entry)| (name[prefix.len()..].to_owned(), entry)).collect();
    }
}
