//! Keras 3's `.keras`: a ZIP archive around a `.weights.h5`.

use super::found::{FileContents, ReadError, copied};
use super::keras_h5;
use super::zip_archive::{Archive, Member};
use crate::weights::tensors::Format;

/// What the weights may unpack to.
const MAX_WEIGHTS_BYTES: usize = 2 << 30;
/// The model's configuration, and what it may unpack to.
const CONFIG: &str = "config.json";
const MAX_CONFIG_BYTES: usize = 64 << 20;
/// deflate packs at most about a thousand to one.
const MAX_PACKING: usize = 1100;

/// Tensors by name; `weights` is the archive's name of `model.weights.h5`.
pub(super) fn index(archive: &mut Archive<'_>, weights: &str) -> Result<FileContents, ReadError> {
    let limit = archive.bytes().len().saturating_mul(MAX_PACKING).min(MAX_WEIGHTS_BYTES);
    let bytes = match archive.member(weights, limit)? {
        Member::Stored(range) => copied(&archive.bytes()[range])?,
        Member::Unpacked(bytes) => bytes,
    };
    if !bytes.starts_with(b"\x89HDF\r\n\x1a\n") {
        return Err(ReadError::broken(format!("`{weights}` in it is no HDF5 file")));
    }
    let config = match archive.find(|name| name == CONFIG) {
        Some(name) => {
            let text = archive.content(&name, MAX_CONFIG_BYTES)?;
            let text = str::from_utf8(&text)
                .map_err(|_| ReadError::broken(format!("`{CONFIG}` in it is no text")))?;
            Some(keras_h5::parse(text)?)
        }
        None => None,
    };
    let mut found = keras_h5::index(bytes, config)?;
    found.format = Format::KerasZip;
    Ok(found)
}
