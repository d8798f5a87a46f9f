//! Keras 3's `.keras` files: a ZIP archive with a `.weights.h5` file and the model's configuration.

use super::found::{FileContents, ReadError};
use super::keras_h5;
use super::keras_reader::copied;
use super::zip_archive::{Archive, Member};
use crate::weights::tensors::Format;

/// Largest unpacked size of the weights.
const MAX_WEIGHTS_BYTES: usize = 2 << 30;
/// Name of the file with the model's configuration, and its largest unpacked size.
const CONFIG: &str = "config.json";
const MAX_CONFIG_BYTES: usize = 64 << 20;
/// Largest compression ratio that is accepted; deflate reaches at most about 1000.
const MAX_PACKING: usize = 1100;

/// Reads the tensors; `weights` is the name of `model.weights.h5` in the archive.
pub(super) fn keras_archive(archive: &mut Archive<'_>, weights: &str) -> Result<FileContents, ReadError> {
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
