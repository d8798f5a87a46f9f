//! A file of named tensors, held whole in memory, read as f32 on demand.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use half::slice::HalfFloatSliceExt;
use sha2::{Digest, Sha256};

use super::error::{MAX_FILE_BYTES, WeightsFileError};
use super::export::{SOURCE_PART_KEY, SOURCE_SHA256_KEY, VALUES_SHA256_KEY};
use super::keras::{KerasConfig, KerasFile, KerasStore};
use super::part::{Part, PartChoice};
use super::readers::{self, Averaged};
use crate::tensor::check_room;

/// Tensors by name.
pub(super) type Tensors = BTreeMap<String, Entry>;

/// What a weight file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// safetensors.
    Safetensors,
    /// PyTorch's `.pth` or `.pt` since version 1.6, a ZIP archive.
    TorchZip,
    /// PyTorch's `.pth` before version 1.6, a run of pickles.
    TorchLegacy,
    /// Keras' `.h5` with `layer_names`.
    KerasH5,
    /// Keras 3's `.weights.h5`.
    Keras3,
    /// Keras 3's `.keras`, a ZIP archive around the former.
    KerasZip,
    /// ONNX, which brings its own graph.
    Onnx,
}

impl Format {
    /// The name people know.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Safetensors => "safetensors",
            Self::TorchZip => "PyTorch .pth",
            Self::TorchLegacy => "PyTorch .pth of the old kind",
            Self::KerasH5 => "Keras .h5",
            Self::Keras3 => "Keras 3 .weights.h5",
            Self::KerasZip => "Keras 3 .keras",
            Self::Onnx => "ONNX",
        }
    }
}

/// Element types that become f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ElementType {
    F16,
    Bf16,
    F32,
    F64,
}

impl ElementType {
    /// Raw little-endian values as f32. Embedded bytes are not aligned, so values are put together byte by byte; the compiler
    /// makes plain loads of it.
    pub(super) fn values(self, raw: &[u8]) -> Vec<f32> {
        match self {
            Self::F32 => raw.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
            Self::F64 => raw.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b) as f32).collect(),
            Self::F16 => {
                let halves: Vec<half::f16> =
                    raw.as_chunks::<2>().0.iter().map(|b| half::f16::from_le_bytes(*b)).collect();
                halves.to_f32_vec()
            }
            Self::Bf16 => {
                let halves: Vec<half::bf16> =
                    raw.as_chunks::<2>().0.iter().map(|b| half::bf16::from_le_bytes(*b)).collect();
                halves.to_f32_vec()
            }
        }
    }
}

/// One tensor of the file.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// `None` for a type that can't hold weights here (integers, booleans, 8-bit floats).
    pub(crate) element: Option<ElementType>,
    /// The file's own name of the type.
    pub(crate) dtype: String,
    pub(crate) shape: Vec<usize>,
    place: Place,
}

/// Where a tensor's values are.
#[derive(Clone, Debug)]
enum Place {
    /// In the file's bytes, in order.
    InFile(Range<usize>),
    /// In the file's bytes, as a view: offset and strides in elements.
    Strided { storage: Range<usize>, offset: usize, strides: Vec<usize> },
    /// Taken out of the file already.
    Owned(Arc<Vec<f32>>),
}

impl Entry {
    pub(super) fn in_file(
        element: Option<ElementType>,
        dtype: String,
        shape: Vec<usize>,
        range: Range<usize>,
    ) -> Self {
        Self { element, dtype, shape, place: Place::InFile(range) }
    }

    /// A view whose every place lies inside the storage.
    pub(super) fn strided(
        element: Option<ElementType>,
        dtype: String,
        shape: Vec<usize>,
        storage: Range<usize>,
        offset: usize,
        strides: Vec<usize>,
    ) -> Self {
        Self { element, dtype, shape, place: Place::Strided { storage, offset, strides } }
    }

    /// Values as f32 in the file's order, from the bytes of the file; `None` if the type holds no weights.
    pub(super) fn values(&self, bytes: &[u8]) -> Option<Vec<f32>> {
        let element = self.element?;
        Some(match &self.place {
            Place::InFile(range) => element.values(&bytes[range.clone()]),
            Place::Strided { storage, offset, strides } => {
                let stored = element.values(&bytes[storage.clone()]);
                readers::gather(&stored, *offset, &self.shape, strides)
            }
            Place::Owned(values) => values.to_vec(),
        })
    }

    /// The bytes it needs of the file.
    pub(super) fn range_mut(&mut self) -> Option<&mut Range<usize>> {
        match &mut self.place {
            Place::InFile(range) | Place::Strided { storage: range, .. } => Some(range),
            Place::Owned(_) => None,
        }
    }

    /// Bytes of values that were taken out of the file.
    pub(super) fn num_owned_bytes(&self) -> usize {
        if let Place::Owned(values) = &self.place { values.len() * size_of::<f32>() } else { 0 }
    }

    /// Whether both are the very same bytes of the file, seen alike.
    pub(super) fn is_same_as(&self, other: &Self) -> bool {
        self.shape == other.shape
            && match (&self.place, &other.place) {
                (Place::InFile(a), Place::InFile(b)) => a == b,
                (
                    Place::Strided { storage: a, offset, strides },
                    Place::Strided { storage: b, offset: o, strides: s },
                ) => (a, offset, strides) == (b, o, s),
                (Place::Owned(a), Place::Owned(b)) => a == b,
                _ => false,
            }
    }

    pub(super) fn owned(dtype: String, shape: Vec<usize>, values: Vec<f32>) -> Self {
        Self::shared(dtype, shape, Arc::new(values))
    }

    /// Of values that others have too.
    pub(super) fn shared(dtype: String, shape: Vec<usize>, values: Arc<Vec<f32>>) -> Self {
        Self { element: Some(ElementType::F32), dtype, shape, place: Place::Owned(values) }
    }
}

/// A file's bytes, the program's own or read, shared with what was bound to them.
pub(super) type Bytes = Arc<Cow<'static, [u8]>>;

/// A weight file in memory.
#[derive(Debug)]
pub struct TensorFile {
    bytes: Bytes,
    tensors: Tensors,
    origin: String,
    /// Where it was read from.
    path: Option<PathBuf>,
    format: Format,
    notes: Vec<String>,
    metadata: BTreeMap<String, String>,
    keras: Option<KerasFile>,
    /// Known early where the bytes were let go.
    sha256: OnceLock<String>,
    /// What was asked for, where a file holds more than one network.
    choice: PartChoice,
    /// What all names of the file began with.
    cut: String,
    averaged: Averaged,
    /// What of it is a network's, once that is settled.
    part: Part,
}

impl TensorFile {
    /// Reads a file whole.
    pub fn read(path: &Path) -> Result<Self, WeightsFileError> {
        Self::read_part(path, &PartChoice::default())
    }

    /// Reads a file whole, of which a part is meant.
    pub fn read_part(path: &Path, choice: &PartChoice) -> Result<Self, WeightsFileError> {
        let read = Self::part_of_bytes(Self::read_bytes(path)?, path.display().to_string(), choice)?;
        Ok(Self { path: Some(path.to_owned()), ..read })
    }

    /// A file's bytes, where it is one and no larger than the limit.
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

    /// Tensors of an ONNX file, named after the nodes of its graph.
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

    /// Bytes that are in memory already; `origin` names them in errors.
    pub fn from_bytes(
        bytes: impl Into<Cow<'static, [u8]>>,
        origin: impl Into<String>,
    ) -> Result<Self, WeightsFileError> {
        Self::part_of_bytes(bytes, origin, &PartChoice::default())
    }

    /// The same, of which a part is meant.
    pub fn part_of_bytes(
        bytes: impl Into<Cow<'static, [u8]>>,
        origin: impl Into<String>,
        choice: &PartChoice,
    ) -> Result<Self, WeightsFileError> {
        let (mut bytes, origin) = (bytes.into(), origin.into());
        let readers::Found { tensors, format, notes, cut, averaged, metadata, keras, keeps_bytes } =
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

    /// The same file seen as a network's tensors alone, under the names that the network has for them.
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

    /// A file as it shows from outside: names and shapes without values, to see what would fit it. Binding it gives nothing.
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

    /// The path or the name it was given, for messages.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// The file that it was read from; nothing where its bytes were in memory.
    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// What kind of file it is.
    pub fn format(&self) -> Format {
        self.format
    }

    /// What was unwrapped or cut off on the way to the tensors, in words.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// A text that the file carries about itself.
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).map(String::as_str)
    }

    /// What was asked for where a file holds more than one network.
    pub fn choice(&self) -> &PartChoice {
        &self.choice
    }

    /// What all names of the file began with, dictionaries around them included.
    pub(super) fn cut(&self) -> &str {
        &self.cut
    }

    /// Of the file's EMA weights and its others, which these are.
    pub(super) fn averaged(&self) -> Averaged {
        self.averaged
    }

    /// What of the file is a network's; nothing is settled before [`TensorFile::part_for`].
    pub fn part(&self) -> &Part {
        &self.part
    }

    /// Where in the file the names of a network's tensors begin: dictionaries and a prefix, without the last dot. Of an imported copy,
    /// where in the file that it was made from.
    pub fn place(&self) -> Option<String> {
        self.metadata(SOURCE_PART_KEY).map(str::to_owned).or_else(|| self.part.place(&self.cut))
    }

    /// All tensors.
    pub(super) fn tensors(&self) -> &Tensors {
        &self.tensors
    }

    /// What a Keras file says of its model: its layers in order and how they are put together. Nothing where the file is of another
    /// kind or holds weights alone (`.weights.h5`, `save_weights`).
    pub fn keras_config(&self) -> Option<&KerasConfig> {
        self.keras.as_ref()?.config.as_ref()
    }

    /// The layers of a Keras file as they lie in it.
    pub(super) fn keras_store(&self) -> Option<&KerasStore> {
        self.keras.as_ref().map(|keras| &keras.store)
    }

    /// Values of the largest tensor.
    pub fn largest_tensor(&self) -> usize {
        let len = |entry: &Entry| entry.shape.iter().fold(1usize, |num, side| num.saturating_mul(*side));
        // Of a type that holds no weights nothing is read.
        self.tensors.values().filter(|entry| entry.element.is_some()).map(len).max().unwrap_or(0)
    }

    /// Names of all tensors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tensors.keys().map(String::as_str)
    }

    /// A tensor's shape and values as f32, in the file's order; nothing if there is none or its type holds no weights.
    pub fn tensor(&self, name: &str) -> Option<(Vec<usize>, Vec<f32>)> {
        let entry = self.entry(name)?;
        Some((entry.shape.clone(), self.values(entry)?))
    }

    /// Sha256 of the whole file, lower-case hexadecimal.
    pub fn sha256(&self) -> &str {
        self.sha256.get_or_init(|| hex(&Sha256::digest(&**self.bytes)))
    }

    /// What stays of the file when its tensors are bound: name and hash. Bytes of a file that was read are hashed now and can
    /// go; carried bytes cost nothing and are hashed when asked for.
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
        let is_averaged = self.averaged.is_taken || readers::is_ema(self.part.prefix());
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

    /// Sha256 of what a copy of this file is made from: the file itself, or what it is a copy of.
    pub fn root_sha256(&self) -> &str {
        match self.metadata(SOURCE_SHA256_KEY) {
            Some(source) if self.has_the_values_it_was_made_with() => source,
            _ => self.sha256(),
        }
    }

    /// Whether an imported copy still has the values that it had when it was made.
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

    /// What entries point into.
    pub(super) fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

/// Where weights came from.
#[derive(Debug)]
pub struct WeightsOrigin {
    name: String,
    carried: Option<&'static [u8]>,
    sha256: OnceLock<String>,
    /// What the file says it was made from, believed or not.
    said_source: Option<String>,
    source_sha256: Option<String>,
    part: Option<String>,
    is_averaged: bool,
}

impl WeightsOrigin {
    /// The path, or the name of carried bytes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the program carries them, so that they are those its ports were compared with.
    pub fn is_carried(&self) -> bool {
        self.carried.is_some()
    }

    /// Sha256 of the whole file, lower-case hexadecimal.
    pub fn sha256(&self) -> &str {
        self.sha256.get_or_init(|| hex(&Sha256::digest(self.carried.unwrap_or_default())))
    }

    /// Sha256 of the file that an imported copy was made from, where the copy is as it was made.
    pub fn source_sha256(&self) -> Option<&str> {
        self.source_sha256.as_deref()
    }

    /// Believes what the file says it was made from: somebody else knows that it is as it was made.
    pub fn believe_source(&mut self) {
        self.source_sha256.clone_from(&self.said_source);
    }

    /// Whether they are averaged weights, by what they are called in the file.
    pub fn is_averaged(&self) -> bool {
        self.is_averaged
    }

    /// Where in the file the tensors' names begin: dictionaries and a prefix, `state_dict.backbone`. Of an imported copy, where in
    /// the file that it was made from.
    pub fn part(&self) -> Option<&str> {
        self.part.as_deref()
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
