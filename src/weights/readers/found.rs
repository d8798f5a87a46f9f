//! What a reader gives: tensors with what a person should know of them, or why there are none.

use std::collections::BTreeMap;

use crate::tensor::{NoRoom, check_room};
use crate::weights::averaged::Averaged;
use crate::weights::keras::KerasFile;
use crate::weights::tensors::{Format, Tensors};

/// Why a reader gave up; the file's name is added by who asked.
pub(super) enum ReadError {
    /// Something in it is wrong.
    Broken(String),
    /// It is of a kind that can't be read.
    Other(String, &'static str),
    /// It is an ONNX file: a network, not weights for one.
    Onnx,
    /// It ends before what it promises.
    CutShort,
    /// It has no beginning.
    Empty,
    /// It takes more memory than the program may have.
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

/// What a reader found: tensors by name, and what a person should know of the way they were found.
pub(in crate::weights) struct FileContents {
    pub(in crate::weights) tensors: Tensors,
    pub(in crate::weights) format: Format,
    /// What was unwrapped or cut off, in words.
    pub(in crate::weights) notes: Vec<String>,
    /// What all names began with, and where the tensors lay: `state_dict.module.`.
    pub(in crate::weights) cut: String,
    /// Of the file's EMA weights and its others, which were taken.
    pub(in crate::weights) averaged: Averaged,
    /// Named texts that the file carries about itself.
    pub(in crate::weights) metadata: BTreeMap<String, String>,
    /// What a Keras file says of its model.
    pub(in crate::weights) keras: Option<KerasFile>,
    /// Bytes that entries point into, where the file's own are no longer needed.
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

/// A copy for a reader that keeps its bytes, where there is memory for it.
pub(super) fn copied(bytes: &[u8]) -> Result<Vec<u8>, ReadError> {
    check_room(bytes.len() as u64)?;
    Ok(bytes.to_vec())
}

/// Names without a beginning that all of them share (`module.` of torch's `DataParallel` and its like).
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
