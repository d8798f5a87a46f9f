//! The safetensors format: a JSON header and one run of raw little-endian values.
//!
//! Source: the `safetensors` crate, which checks that the header's offsets tile the buffer exactly.

use safetensors::{Dtype, SafeTensorError, SafeTensors};

use super::{Found, ReadError, strip_wrappers};
use crate::weights::tensor_file::{ElementType, Entry, Format};

/// Tensors by name of a whole file's bytes.
pub(super) fn index(bytes: &[u8]) -> Result<Found, ReadError> {
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| explain(&error, bytes))?;
    let base = bytes.as_ptr() as usize;
    let entries = tensors
        .iter()
        .map(|(name, view)| {
            let start = view.data().as_ptr() as usize - base;
            let entry = Entry::in_file(
                element_type(view.dtype()),
                format!("{:?}", view.dtype()),
                view.shape().to_vec(),
                start..start + view.data().len(),
            );
            (name.to_owned(), entry)
        })
        .collect();
    let mut found = Found::new(Format::Safetensors, entries);
    strip_wrappers(&mut found);
    if let Ok((_, header)) = SafeTensors::read_metadata(bytes)
        && let Some(texts) = header.metadata()
    {
        found.metadata = texts.iter().map(|(key, text)| (key.clone(), text.clone())).collect();
    }
    Ok(found)
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
fn explain(error: &SafeTensorError, bytes: &[u8]) -> ReadError {
    let promised = bytes.get(..8).and_then(|head| head.try_into().ok()).map(u64::from_le_bytes);
    match error {
        SafeTensorError::HeaderTooSmall => ReadError::Empty,
        SafeTensorError::InvalidHeaderLength
            if promised.is_some_and(|n| n < 100_000_000 && n as usize + 8 > bytes.len()) =>
        {
            ReadError::CutShort
        }
        SafeTensorError::MetadataIncompleteBuffer => ReadError::CutShort,
        _ => ReadError::broken(error.to_string()),
    }
}
