//! A file of named tensors, held whole in memory, read as f32 on demand.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use half::slice::HalfFloatSliceExt;
use sha2::{Digest, Sha256};

use super::error::{MAX_FILE_BYTES, WeightsFileError};
use super::keras::{KerasConfig, KerasFile, KerasStore};
use super::readers;

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
}

impl TensorFile {
    /// Reads a file whole.
    pub fn read(path: &Path) -> Result<Self, WeightsFileError> {
        let read = Self::from_bytes(Self::read_bytes(path)?, path.display().to_string())?;
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
        }
    }

    /// Bytes that are in memory already; `origin` names them in errors.
    pub fn from_bytes(
        bytes: impl Into<Cow<'static, [u8]>>,
        origin: impl Into<String>,
    ) -> Result<Self, WeightsFileError> {
        let (mut bytes, origin) = (bytes.into(), origin.into());
        let readers::Found { tensors, format, notes, metadata, keras, keeps_bytes } =
            readers::index(&bytes, &origin)?;
        let sha256 = OnceLock::new();
        if !keeps_bytes {
            let _ = sha256.set(hex(&Sha256::digest(&bytes)));
            bytes = Cow::Owned(Vec::new());
        }
        Ok(Self {
            bytes: Arc::new(bytes),
            tensors,
            origin,
            path: None,
            format,
            notes,
            metadata,
            keras,
            sha256,
        })
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

    /// What a Keras file says of its model: its layers in order and how they are put together. Nothing where the file is of another
    /// kind or holds weights alone (`.weights.h5`, `save_weights`).
    pub fn keras_config(&self) -> Option<&KerasConfig> {
        self.keras.as_ref()?.config.as_ref()
    }

    /// The layers of a Keras file as they lie in it.
    pub(super) fn keras_store(&self) -> Option<&KerasStore> {
        self.keras.as_ref().map(|keras| &keras.store)
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
        WeightsOrigin { name: self.origin, carried, sha256: self.sha256 }
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
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
