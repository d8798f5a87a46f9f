//! The safetensors format: a JSON header and one block of raw little-endian values.
//!
//! Source: the `safetensors` crate, which checks that the header's offsets cover the buffer exactly.

use safetensors::{Dtype, SafeTensorError, SafeTensors};

use super::found::{FileContents, ReadError, strip_wrappers};
use crate::weights::tensors::{ElementType, Entry, Format};

/// Reads the tensors of a whole file.
pub(super) fn index(bytes: &[u8]) -> Result<FileContents, ReadError> {
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
    let mut found = FileContents::new(Format::Safetensors, entries);
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

/// Number of bytes after the last tensor; `None` if there are none or the header can't be read.
fn past_the_end(bytes: &[u8]) -> Option<usize> {
    let length = u64::from_le_bytes(bytes.get(..8)?.try_into().ok()?);
    let start = usize::try_from(length).ok()?.checked_add(8)?;
    let header: serde_json::Value = serde_json::from_slice(bytes.get(8..start)?).ok()?;
    let ends = header.as_object()?.values().filter_map(|tensor| tensor.get("data_offsets")?.get(1)?.as_u64());
    let end = start.checked_add(usize::try_from(ends.max().unwrap_or(0)).ok()?)?;
    bytes.len().checked_sub(end).filter(|num| *num > 0)
}

/// Turns an error of the `safetensors` crate into one that says what is wrong with the file.
fn explain(error: &SafeTensorError, bytes: &[u8]) -> ReadError {
    let promised = bytes.get(..8).and_then(|head| head.try_into().ok()).map(u64::from_le_bytes);
    match error {
        SafeTensorError::HeaderTooSmall => ReadError::Empty,
        SafeTensorError::InvalidHeaderLength
            if promised.is_some_and(|n| n < 100_000_000 && n as usize + 8 > bytes.len()) =>
        {
            ReadError::CutShort
        }
        // The tensors must cover all bytes after the header. There may be too few bytes, or too many.
        SafeTensorError::MetadataIncompleteBuffer => match past_the_end(bytes) {
            Some(num) => ReadError::broken(format!(
                "{} the last tensor, of which its header says nothing; get it again",
                if num == 1 { "1 byte follows".to_owned() } else { format!("{num} bytes follow") }
            )),
            None => ReadError::CutShort,
        },
        _ => ReadError::broken(error.to_string()),
    }
}
