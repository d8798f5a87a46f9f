//! A file of named tensors, held whole in memory, read as f32 on demand.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::OnceLock;

use half::slice::HalfFloatSliceExt;
use sha2::{Digest, Sha256};

use super::readers::safetensors;

/// Files above this are refused before they are read: no backbone here has a tenth of it.
const MAX_FILE_BYTES: u64 = 4 << 30;

/// What can be wrong with a weight file before any tensor is looked at.
#[derive(Debug, thiserror::Error)]
pub enum WeightsFileError {
    /// Not there, or not readable.
    #[error("can't read the weight file: {reason}: \"{origin}\"")]
    Unreadable {
        /// The system's words.
        reason: std::io::Error,
        /// Which file.
        origin: String,
    },
    /// Larger than the limit.
    #[error(
        "the weight file has {num_bytes} bytes, more than the {MAX_FILE_BYTES} that are read: \"{origin}\""
    )]
    TooLarge {
        /// Its size.
        num_bytes: u64,
        /// Which file.
        origin: String,
    },
    /// Too short to be anything.
    #[error("the weight file is empty or has no header ({num_bytes} bytes): \"{origin}\"")]
    Empty {
        /// Its size.
        num_bytes: usize,
        /// Which file.
        origin: String,
    },
    /// The header promises more bytes than there are.
    #[error(
        "the weight file is cut short: its header promises more than the {num_bytes} bytes it has; get it again: \"{origin}\""
    )]
    CutShort {
        /// Its size.
        num_bytes: usize,
        /// Which file.
        origin: String,
    },
    /// Another format.
    #[error("this is {kind}; weights are read from safetensors files, so convert it first: \"{origin}\"")]
    OtherKind {
        /// What it looks like.
        kind: &'static str,
        /// Which file.
        origin: String,
    },
    /// No known format.
    #[error("this is no safetensors file ({reason}): \"{origin}\"")]
    NotSafetensors {
        /// The parser's words.
        reason: String,
        /// Which file.
        origin: String,
    },
}

/// Element types that become f32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ElementType {
    F16,
    Bf16,
    F32,
    F64,
}

/// Where one tensor lies in the file.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// `None` for a type that can't hold weights here (integers, booleans, 8-bit floats).
    pub(crate) element: Option<ElementType>,
    /// The file's own name of the type.
    pub(crate) dtype: String,
    pub(crate) shape: Vec<usize>,
    pub(crate) range: Range<usize>,
}

/// A weight file in memory.
#[derive(Debug)]
pub struct TensorFile {
    bytes: Cow<'static, [u8]>,
    entries: BTreeMap<String, Entry>,
    origin: String,
}

impl TensorFile {
    /// Reads a file whole.
    pub fn read(path: &Path) -> Result<Self, WeightsFileError> {
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
        Self::from_bytes(std::fs::read(path).map_err(unreadable)?, origin)
    }

    /// Bytes that are in memory already; `origin` names them in errors.
    pub fn from_bytes(
        bytes: impl Into<Cow<'static, [u8]>>,
        origin: impl Into<String>,
    ) -> Result<Self, WeightsFileError> {
        let (bytes, origin) = (bytes.into(), origin.into());
        let entries = safetensors::index(&bytes, &origin)?;
        Ok(Self { bytes, entries, origin })
    }

    /// The path or the name it was given, for messages.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Names of all tensors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// What stays of the file when its tensors are bound: name and hash. Bytes of a file that was read are hashed now and can
    /// go; carried bytes cost nothing and are hashed when asked for.
    pub fn into_origin(self) -> WeightsOrigin {
        let sha256 = OnceLock::new();
        let carried = match self.bytes {
            Cow::Borrowed(bytes) => Some(bytes),
            Cow::Owned(bytes) => {
                let _ = sha256.set(hex(&Sha256::digest(&bytes)));
                None
            }
        };
        WeightsOrigin { name: self.origin, carried, sha256 }
    }

    pub(super) fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.get(name)
    }

    /// A tensor's values as f32 in the file's order; `None` if its element type isn't a float that is read here.
    pub(super) fn values(&self, entry: &Entry) -> Option<Vec<f32>> {
        let raw = &self.bytes[entry.range.clone()];
        // Embedded bytes are not aligned, so values are put together byte by byte; the compiler makes plain loads of it.
        Some(match entry.element? {
            ElementType::F32 => raw.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
            ElementType::F64 => {
                raw.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b) as f32).collect()
            }
            ElementType::F16 => {
                let halves: Vec<half::f16> =
                    raw.as_chunks::<2>().0.iter().map(|b| half::f16::from_le_bytes(*b)).collect();
                halves.to_f32_vec()
            }
            ElementType::Bf16 => {
                let halves: Vec<half::bf16> =
                    raw.as_chunks::<2>().0.iter().map(|b| half::bf16::from_le_bytes(*b)).collect();
                halves.to_f32_vec()
            }
        })
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

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
