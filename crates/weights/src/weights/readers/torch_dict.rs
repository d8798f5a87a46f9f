//! Turns views of storages, which represent tensors in a PyTorch pickle, into entries of the file.
//!
//! Must not know which of a file's dictionaries holds the weights; `torch_sections` decides that.

use super::found::{FileContents, ReadError, strip_wrappers};
use super::torch_sections::Chosen;
use super::torch_view::StridedView;
use crate::weights::tensors::{Entry, Format, gather};

/// The file's tensors from the chosen views of storages; `place` tells where the bytes of a view's storage are.
pub(super) fn found<'a>(
    format: Format,
    chosen: Chosen<'a>,
    mut place: impl FnMut(&str, &StridedView<'a>) -> Result<StorageBytes, ReadError>,
) -> Result<FileContents, ReadError> {
    let mut found = FileContents::new(format, std::collections::BTreeMap::new());
    (found.notes, found.cut, found.averaged) = (chosen.notes, chosen.cut, chosen.averaged);
    for (name, view) in chosen.views {
        let storage = place(&name, &view)?;
        let entry = entry(&name, view, storage)?;
        found.tensors.insert(name, entry);
    }
    strip_wrappers(&mut found);
    Ok(found)
}

/// Where the bytes of a storage are.
#[derive(Clone)]
pub(super) enum StorageBytes {
    /// In the file, at this range.
    InFile(std::ops::Range<usize>),
    /// In memory, unpacked from a compressed file.
    Unpacked(std::rc::Rc<Vec<u8>>),
}

impl StorageBytes {
    fn len(&self) -> usize {
        match self {
            Self::InFile(range) => range.len(),
            Self::Unpacked(bytes) => bytes.len(),
        }
    }
}

fn entry(name: &str, view: StridedView<'_>, storage: StorageBytes) -> Result<Entry, ReadError> {
    let lies = || ReadError::broken(format!("`{name}` claims more values than its storage holds"));
    let StridedView { element, dtype, element_bytes, offset, shape, strides, .. } = view;
    if element_bytes == 0 {
        return Ok(Entry::in_file(None, dtype, shape, 0..0));
    }
    let num_stored = storage.len() / element_bytes;
    let num_values = shape.iter().try_fold(1usize, |n, side| n.checked_mul(*side)).ok_or_else(lies)?;
    if num_values == 0 {
        return Ok(Entry::in_file(element, dtype, shape, 0..0));
    }
    if strides.len() != shape.len() {
        return Err(ReadError::broken(format!(
            "`{name}` has {} sides and {} strides",
            shape.len(),
            strides.len()
        )));
    }
    let last = shape.iter().zip(&strides).try_fold(offset, |at, (side, stride)| {
        (side - 1).checked_mul(*stride).and_then(|reach| at.checked_add(reach))
    });
    if num_values > num_stored || last.is_none_or(|last| last >= num_stored) {
        return Err(lies());
    }
    // The stride of an axis of length 1 is never used, so the file may have any number for it.
    let strides: Vec<usize> =
        shape.iter().zip(strides).map(|(side, s)| if *side == 1 { 0 } else { s }).collect();
    let is_contiguous = {
        let mut expected = 1;
        shape.iter().zip(&strides).rev().all(|(side, stride)| {
            let fits = *side == 1 || *stride == expected;
            expected *= side;
            fits
        })
    };
    let bytes_at = offset * element_bytes..(offset + num_values) * element_bytes;
    match storage {
        StorageBytes::InFile(range) if is_contiguous => Ok(Entry::in_file(
            element,
            dtype,
            shape,
            range.start + bytes_at.start..range.start + bytes_at.end,
        )),
        StorageBytes::InFile(range) => Ok(Entry::strided(element, dtype, shape, range, offset, strides)),
        StorageBytes::Unpacked(bytes) => {
            let Some(element) = element else { return Ok(Entry::in_file(None, dtype, shape, 0..0)) };
            let values = if is_contiguous {
                element.values(&bytes[bytes_at])
            } else {
                gather(&element.values(&bytes), offset, &shape, &strides)
            };
            Ok(Entry::owned(dtype, shape, values))
        }
    }
}
