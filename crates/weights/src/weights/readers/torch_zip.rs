//! PyTorch's `.pth` files since version 1.6: a ZIP archive with the pickle `data.pkl` and one file per storage under `data/`.
//!
//! PyTorch writes a checksum with each file unless this is switched off. The checksums of all files that are read are verified.

use std::collections::HashMap;
use std::rc::Rc;

use super::found::{FileContents, ReadError};
use super::pickle::Pickle;
use super::torch_dict::{StorageBytes, found};
use super::torch_sections::choose;
use super::zip_archive::{Archive, Member};
use crate::weights::tensors::Format;

/// Largest size of the pickle, which holds names and shapes. With ten thousand tensors it has a few megabytes.
const MAX_PICKLE_BYTES: usize = 64 << 20;
/// Largest unpacked size of all compressed storages together. PyTorch itself doesn't compress.
const MAX_UNPACKED_BYTES: usize = 1 << 30;

/// Reads the tensors; `pickle` is the name of `data.pkl` in the archive. `ema` asks for averaged weights if the file holds both kinds.
pub(super) fn index(archive: &mut Archive<'_>, pickle: &str, ema: bool) -> Result<FileContents, ReadError> {
    let folder = pickle.strip_suffix("data.pkl").unwrap_or_default().to_owned();
    let order = format!("{folder}byteorder");
    if archive.find(|name| name == order).is_some() {
        match archive.content(&order, 64)?.as_ref() {
            b"little" => {}
            b"big" => {
                return Err(ReadError::broken("its values are big-endian; save it again on another machine"));
            }
            _ => return Err(ReadError::broken(format!("`{order}` in it is neither `little` nor `big`"))),
        }
    }
    let bytes = archive.content(pickle, MAX_PICKLE_BYTES)?;
    let pickle = Pickle::read(&bytes, 0).map_err(ReadError::Broken)?;
    let chosen = choose(&pickle, ema)?;
    let mut storages: HashMap<String, StorageBytes> = HashMap::new();
    let mut left = MAX_UNPACKED_BYTES;
    let place = |_: &str, view: &super::torch_view::StridedView<'_>| {
        if let Some(storage) = storages.get(view.key) {
            return Ok(storage.clone());
        }
        let whole = archive.bytes().len();
        let storage = match archive.member(&format!("{folder}data/{}", view.key), whole.max(left))? {
            Member::Stored(range) => StorageBytes::InFile(range),
            Member::Unpacked(bytes) => {
                left = left.checked_sub(bytes.len()).ok_or_else(|| {
                    ReadError::broken(format!("its storages unpack to more than {MAX_UNPACKED_BYTES} bytes"))
                })?;
                StorageBytes::Unpacked(Rc::new(bytes))
            }
        };
        storages.insert(view.key.to_owned(), storage.clone());
        Ok(storage)
    };
    let mut found = found(Format::TorchZip, chosen, place)?;
    if !archive.has_checksums() {
        found.notes.push("saved without checksums, so damage can't be found".to_owned());
    }
    Ok(found)
}
