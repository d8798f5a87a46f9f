//! The safetensors format: a JSON header and one run of raw little-endian values.
//!
//! Source: the `safetensors` crate, which checks that the header's offsets tile the buffer exactly.

use std::collections::BTreeMap;

use safetensors::{Dtype, SafeTensorError, SafeTensors};

use crate::weights::tensor_file::{ElementType, Entry, WeightsFileError};

/// Tensors by name of a whole file's bytes.
pub(crate) fn index(bytes: &[u8], origin: &str) -> Result<BTreeMap<String, Entry>, WeightsFileError> {
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| explain(&error, bytes, origin))?;
    let base = bytes.as_ptr() as usize;
    Ok(tensors
        .iter()
        .map(|(name, view)| {
            let start = view.data().as_ptr() as usize - base;
            let entry = Entry {
                element: element_type(view.dtype()),
                dtype: format!("{:?}", view.dtype()),
                shape: view.shape().to_vec(),
                range: start..start + view.data().len(),
            };
            (name.to_owned(), entry)
        })
        .collect())
}

fn element_type(dtype: Dtype) -> Option<ElementType> {
    match dtype {
        Dtype::F16 => Some(ElementType::F16),
        Dtype::BF16 => Some(ElementType::Bf16),
        Dtype::F32 => Some(ElementType::F32),
        Dtype::F64 => Some(ElementType::F64),
        _ => None,
    }
}

/// What a person can do about bytes that are not a whole safetensors file.
fn explain(error: &SafeTensorError, bytes: &[u8], origin: &str) -> WeightsFileError {
    let origin = origin.to_owned();
    if let Some(kind) = other_kind(bytes) {
        return WeightsFileError::OtherKind { kind, origin };
    }
    let promised = bytes.get(..8).and_then(|head| head.try_into().ok()).map(u64::from_le_bytes);
    match error {
        SafeTensorError::HeaderTooSmall => WeightsFileError::Empty { num_bytes: bytes.len(), origin },
        SafeTensorError::InvalidHeaderLength
            if promised.is_some_and(|n| n < 100_000_000 && n as usize + 8 > bytes.len()) =>
        {
            WeightsFileError::CutShort { num_bytes: bytes.len(), origin }
        }
        SafeTensorError::MetadataIncompleteBuffer => {
            WeightsFileError::CutShort { num_bytes: bytes.len(), origin }
        }
        _ => WeightsFileError::NotSafetensors { reason: error.to_string(), origin },
    }
}

/// Weight formats that are recognised by their first bytes and are not this one.
fn other_kind(bytes: &[u8]) -> Option<&'static str> {
    const KINDS: [(&[u8], &str); 4] = [
        (b"PK\x03\x04", "a ZIP archive, as PyTorch's .pth and Keras' .keras files are"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras' .h5 files are"),
        (b"\x80\x02", "a Python pickle, as PyTorch's old .pth files are"),
        (b"GGUF", "a GGUF file"),
    ];
    KINDS.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, kind)| *kind)
}
