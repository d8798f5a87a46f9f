//! A file of named tensors that is held in memory as a whole. Its values are converted to f32 on demand.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};

use super::averaged::{Averaged, is_ema};
use super::error::{MAX_FILE_BYTES, WeightsFileError};
use super::keras::{KerasConfig, KerasFile, KerasStore};
use super::metadata::{SOURCE_PART_KEY, SOURCE_SHA256_KEY, VALUES_SHA256_KEY};
use super::origin::WeightsOrigin;
use super::part::{Part, PartChoice};
use super::readers::{self, FileContents};
use super::tensors::{Bytes, ElementType, Entry, Format, Tensors};
use crate::tensor::{check_room, hex};

/// A weight file in memory.
#[derive(Debug)]
pub struct TensorFile {
    bytes: Bytes,
    tensors: Tensors,
    origin: String,
    /// The path it was read from; `None` if its bytes came from memory.
    path: Option<PathBuf>,
    format: Format,
    notes: Vec<String>,
    metadata: BTreeMap<String, String>,
    keras: Option<KerasFile>,
    /// Sha256 of the file; computed early if the bytes aren't kept.
    sha256: OnceLock<String>,
    /// Which part of the file was asked for.
    choice: PartChoice,
    /// The dictionary and prefix that were removed from all names.
    cut: String,
    averaged: Averaged,
    /// The part of the file that was taken for a network, once that is decided.
    part: Part,
}

impl TensorFile {
    /// Reads a whole file.
    pub fn read(path: &Path) -> Result<Self, WeightsFileError> {
        Self::read_part(path, &PartChoice::default())
    }

    /// Reads a whole file and records which part of it is asked for.
    pub fn read_part(path: &Path, choice: &PartChoice) -> Result<Self, WeightsFileError> {
        let read = Self::part_of_bytes(Self::read_bytes(path)?, path.display().to_string(), choice)?;
        Ok(Self { path: Some(path.to_owned()), ..read })
    }

    /// The bytes of a file. An error if it isn't a regular file, is larger than the limit, or doesn't fit into memory.
    pub(super) fn read_bytes(path: &Path) -> Result<Vec<u8>, WeightsFileError> {
        let origin = path.display().to_string();
        let unreadable = |reason| WeightsFileError::Unreadable { reason, origin: origin.clone() };
        let info = std::fs::metadata(path).map_err(unreadable)?;
        if info.is_dir() {
            return Err(unreadable(std::io::Error::other("it is a folder")));
        }
        // A pipe or a device may never end.
        if !info.is_file() {
            return Err(unreadable(std::io::Error::other("it is no regular file")));
        }
        if info.len() > MAX_FILE_BYTES {
            return Err(WeightsFileError::TooLarge { num_bytes: info.len(), origin });
        }
        check_room(info.len())
            .map_err(|reason| WeightsFileError::NoRoom { reason, origin: origin.clone() })?;
        std::fs::read(path).map_err(unreadable)
    }

    /// A file from the tensors of an ONNX file, which are named after the nodes of its graph.
    #[cfg(feature = "onnx")]
    pub(super) fn of_onnx(bytes: Cow<'static, [u8]>, tensors: Tensors, origin: String) -> Self {
        Self {
            bytes: Arc::new(bytes),
            tensors,
            origin,
            path: None,
            format: Format::Onnx,
            notes: Vec::new(),
            metadata: BTreeMap::new(),
            keras: None,
            sha256: OnceLock::new(),
            choice: PartChoice::default(),
            cut: String::new(),
            averaged: Averaged::default(),
            part: Part::default(),
        }
    }

    /// Reads a file whose bytes are in memory; `origin` names it in errors.
    pub fn from_bytes(
        bytes: impl Into<Cow<'static, [u8]>>,
        origin: impl Into<String>,
    ) -> Result<Self, WeightsFileError> {
        Self::part_of_bytes(bytes, origin, &PartChoice::default())
    }

    /// Reads a file whose bytes are in memory and records which part of it is asked for; `origin` names it in errors.
    pub fn part_of_bytes(
        bytes: impl Into<Cow<'static, [u8]>>,
        origin: impl Into<String>,
        choice: &PartChoice,
    ) -> Result<Self, WeightsFileError> {
        let (mut bytes, origin) = (bytes.into(), origin.into());
        let FileContents { tensors, format, notes, cut, averaged, metadata, keras, keeps_bytes } =
            readers::index(&bytes, &origin, choice.ema)?;
        let sha256 = OnceLock::new();
        if !keeps_bytes {
            let _ = sha256.set(hex(&Sha256::digest(&bytes)));
            bytes = Cow::Owned(Vec::new());
        }
        let (bytes, choice, part) = (Arc::new(bytes), choice.clone(), Part::default());
        Ok(Self {
            bytes,
            tensors,
            origin,
            path: None,
            format,
            notes,
            metadata,
            keras,
            sha256,
            choice,
            cut,
            averaged,
            part,
        })
    }

    /// This file reduced to the given tensors, with more notes and the part that they are.
    pub(super) fn seen_as(&self, tensors: Tensors, notes: Vec<String>, part: Part) -> Self {
        Self {
            bytes: Bytes::clone(&self.bytes),
            tensors,
            origin: self.origin.clone(),
            path: self.path.clone(),
            format: self.format,
            notes: self.notes.iter().cloned().chain(notes).collect(),
            metadata: self.metadata.clone(),
            keras: self.keras.clone(),
            sha256: self.sha256.clone(),
            choice: self.choice.clone(),
            cut: self.cut.clone(),
            averaged: self.averaged,
            part,
        }
    }

    /// A file that has only names and shapes and no values, to check which graphs it fits. It can't be used for binding.
    pub fn without_values(shapes: impl IntoIterator<Item = (String, Vec<usize>)>) -> Self {
        let entry = |shape| Entry::in_file(Some(ElementType::F32), "F32".to_owned(), shape, 0..0);
        Self {
            bytes: Bytes::default(),
            tensors: shapes.into_iter().map(|(name, shape)| (name, entry(shape))).collect(),
            origin: "a table".to_owned(),
            path: None,
            format: Format::Safetensors,
            notes: Vec::new(),
            metadata: BTreeMap::new(),
            keras: None,
            sha256: OnceLock::new(),
            choice: PartChoice::default(),
            cut: String::new(),
            averaged: Averaged::default(),
            part: Part::default(),
        }
    }

    /// The path, or the name that the bytes were given, for messages.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The path it was read from; `None` if its bytes came from memory.
    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The file's format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Notes in words about what was unwrapped or removed from names to get the tensors.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// The text under a key of the file's metadata.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }

    /// Which part of the file was asked for.
    pub fn choice(&self) -> &PartChoice {
        &self.choice
    }

    /// The dictionary and prefix that were removed from all names of the file.
    pub(super) fn cut(&self) -> &str {
        &self.cut
    }

    /// Whether these are the file's averaged weights (EMA) or its ordinary ones.
    pub(super) fn averaged(&self) -> Averaged {
        self.averaged
    }

    /// The part of the file that was taken for a network. It is the default before [`TensorFile::part_for`].
    pub fn part(&self) -> &Part {
        &self.part
    }

    /// The path of the network's tensors in the file: dictionaries and a prefix, without the last dot. For an imported copy, the path in
    /// the file that it was made from. `None` if they are at the top level.
    pub fn place(&self) -> Option<String> {
        self.metadata(SOURCE_PART_KEY).map(str::to_owned).or_else(|| self.part.place(&self.cut))
    }

    /// All tensors.
    pub(super) fn tensors(&self) -> &Tensors {
        &self.tensors
    }

    /// The configuration in a Keras file: the model's layers in order and how they are connected. `None` if the file has another format
    /// or holds only weights (`.weights.h5`, `save_weights`).
    pub fn keras_config(&self) -> Option<&KerasConfig> {
        self.keras.as_ref()?.config.as_ref()
    }

    /// The layers of a Keras file as they are stored in it; `None` for other formats.
    pub(super) fn keras_store(&self) -> Option<&KerasStore> {
        self.keras.as_ref().map(|keras| &keras.store)
    }

    /// Number of values of the largest tensor.
    pub fn largest_tensor(&self) -> usize {
        let len = |entry: &Entry| entry.shape.iter().fold(1usize, |num, side| num.saturating_mul(*side));
        // Tensors of types that hold no weights are never read.
        self.tensors.values().filter(|entry| entry.element.is_some()).map(len).max().unwrap_or(0)
    }

    /// Names of all tensors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// A tensor's shape and values as f32, in the file's order. `None` if there is no such tensor or its type holds no weights.
    pub fn tensor(&self, name: &str) -> Option<(Vec<usize>, Vec<f32>)> {
        let entry = self.entry(name)?;
        Some((entry.shape.clone(), self.values(entry)?))
    }

    /// Whether the whole file holds these bytes.
    pub fn is_copy_of(&self, bytes: &[u8]) -> bool {
        **self.bytes == *bytes
    }

    /// Sha256 of the whole file, lower-case hexadecimal.
    pub fn sha256(&self) -> &str {
        self.sha256.get_or_init(|| hex(&Sha256::digest(&**self.bytes)))
    }

    /// What is kept of the file after its tensors are bound: name, hashes and path in the file. The bytes of a file that was read are
    /// hashed now, so that they can be freed. Embedded bytes take no memory and are hashed on demand.
    pub fn into_origin(self) -> WeightsOrigin {
        let is_carried = matches!(*self.bytes, Cow::Borrowed(_));
        if !is_carried {
            self.sha256();
        }
        let carried = if let Cow::Borrowed(bytes) = *self.bytes { Some(bytes) } else { None };
        let part = self.place();
        let said = self.metadata(SOURCE_SHA256_KEY).map(str::to_owned);
        let is_hash =
            |said: &String| said.len() == 64 && said.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let said = said.filter(is_hash);
        let source_sha256 = said.clone().filter(|_| self.has_the_values_it_was_made_with());
        let is_averaged = self.averaged.is_taken || is_ema(self.part.prefix());
        WeightsOrigin {
            name: self.origin,
            carried,
            sha256: self.sha256,
            said_source: said,
            source_sha256,
            part,
            is_averaged,
        }
    }

    /// Sha256 of the original file: that of this file, or of the file that it is an unchanged imported copy of.
    pub fn root_sha256(&self) -> &str {
        match self.metadata(SOURCE_SHA256_KEY) {
            Some(source) if self.has_the_values_it_was_made_with() => source,
            _ => self.sha256(),
        }
    }

    /// Whether this is an imported copy that still has the values with which it was written.
    fn has_the_values_it_was_made_with(&self) -> bool {
        let length = self.bytes.get(..8).and_then(|head| head.try_into().ok()).map(u64::from_le_bytes);
        let values = length.and_then(|n| self.bytes.get(usize::try_from(n).ok()?.checked_add(8)?..));
        match (self.metadata(VALUES_SHA256_KEY), values) {
            (Some(then), Some(values)) => hex(&Sha256::digest(values)) == then,
            _ => false,
        }
    }

    pub(super) fn entry(&self, name: &str) -> Option<&Entry> {
        self.tensors.get(name)
    }

    /// A tensor's values as f32 in the file's order; `None` if its element type isn't a float that is read here.
    pub(super) fn values(&self, entry: &Entry) -> Option<Vec<f32>> {
        entry.values(&self.bytes)
    }

    /// The bytes that entries point into.
    pub(super) fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}
