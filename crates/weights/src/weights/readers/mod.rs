//! Readers of weight files, one module per format. Each gives the tensors of a file by name. A file's format is recognised by its bytes.
//!
//! Keras' files need the feature `keras`; without it, `keras_absent` stands in for their readers and refuses them.
//!
//! A reader doesn't trust the sizes that a file states: what it allocates is limited by the number of bytes in the file.

mod found;
#[cfg(not(feature = "keras"))]
mod keras_absent;
#[cfg(feature = "keras")]
mod keras_groups;
#[cfg(feature = "keras")]
mod keras_h5;
#[cfg(feature = "keras")]
mod keras_reader;
#[cfg(feature = "keras")]
mod keras_zip;
mod legacy_pth;
mod pickle;
mod safetensors;
mod torch_dict;
mod torch_sections;
mod torch_view;
mod torch_zip;
mod zip_archive;

use super::error::WeightsFileError;
use super::onnx::sniff::looks_like_onnx;

pub(super) use self::found::FileContents;
use self::found::ReadError;
#[cfg(feature = "keras")]
use self::{keras_h5::hdf5_file, keras_zip::keras_archive};

#[cfg(not(feature = "keras"))]
use self::keras_absent::{hdf5_file, keras_archive};

const CONVERT: &str = "weights are read from safetensors, PyTorch's .pth and Keras' .h5 and .keras files";
const FETCH_AGAIN: &str =
    "if it was downloaded, the server sent a page instead of the file; get the file itself";

/// Kinds of files that are recognised by their first bytes but not supported: the bytes, what it is, and what to do about it.
const OTHERS: [(&[u8], &str, &str); 8] = [
    (b"GGUF", "a GGUF file", CONVERT),
    (b"\x1f\x8b", "a gzip file", "unpack it first"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "unpack it first"),
    (
        b"version https://git-lfs",
        "a Git LFS pointer and not the file it stands for",
        "fetch the file itself (`git lfs pull`)",
    ),
    (b"<!DOCTYPE", "a web page", FETCH_AGAIN),
    (b"<!doctype", "a web page", FETCH_AGAIN),
    (b"<html", "a web page", FETCH_AGAIN),
    (b"<?xml", "an XML document", CONVERT),
];

/// Reads the tensors of a whole file. `origin` names it in errors; `ema` asks for averaged weights if the file holds both kinds.
pub(super) fn index(bytes: &[u8], origin: &str, ema: bool) -> Result<FileContents, WeightsFileError> {
    let (kind, found) = if looks_like_safetensors(bytes) {
        ("safetensors file", safetensors::index(bytes))
    } else if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        ("ZIP archive", zip(bytes, ema))
    } else if bytes.starts_with(b"\x89HDF\r\n\x1a\n") {
        ("HDF5 file", hdf5_file(bytes))
    } else if bytes.len() > 2 && bytes[0] == 0x80 && (2..=5).contains(&bytes[1]) {
        ("PyTorch file of the old kind", legacy_pth::index(bytes, ema))
    } else if looks_like_onnx(bytes) {
        ("", Err(ReadError::Onnx))
    } else if let Some((_, kind, advice)) = OTHERS.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        ("", Err(ReadError::Other((*kind).to_owned(), advice)))
    } else {
        // There is nothing to recognise the format by, so the parser's error decides whether it is a cut header or something else.
        (
            "safetensors file",
            safetensors::index(bytes).map_err(|error| match error {
                ReadError::Broken(_) => ReadError::Other(String::new(), ""),
                // A safetensors header begins with a brace. This is something else, so its length isn't known.
                ReadError::CutShort if bytes.get(8).is_some_and(|first| *first != b'{') => {
                    ReadError::Other(String::new(), "")
                }
                other @ (ReadError::Other(..)
                | ReadError::Onnx
                | ReadError::CutShort
                | ReadError::Empty
                | ReadError::NoRoom(_)) => other,
            }),
        )
    };
    let (num_bytes, origin) = (bytes.len(), origin.to_owned());
    found.map_err(|error| match error {
        ReadError::Broken(reason) => WeightsFileError::Broken { kind, reason, origin },
        ReadError::Other(kind, _) if kind.is_empty() => WeightsFileError::Unknown { origin },
        ReadError::Other(kind, advice) => WeightsFileError::OtherKind { kind, advice, origin },
        ReadError::Onnx => WeightsFileError::Onnx { origin },
        ReadError::CutShort => WeightsFileError::CutShort { num_bytes, origin },
        ReadError::Empty => WeightsFileError::Empty { num_bytes, origin },
        ReadError::NoRoom(reason) => WeightsFileError::NoRoom { reason, origin },
    })
}

/// Whether bytes begin with eight bytes of length and then JSON. Checked first, since the length may begin with the magic bytes of any
/// other kind.
fn looks_like_safetensors(bytes: &[u8]) -> bool {
    bytes.get(8) == Some(&b'{') && bytes.get(5..8) == Some(&[0, 0, 0])
}

/// Reads a ZIP archive; what it holds is recognised by the names of its files.
fn zip(bytes: &[u8], ema: bool) -> Result<FileContents, ReadError> {
    let mut archive = zip_archive::Archive::open(bytes)?;
    if archive.find(|name| name.ends_with("constants.pkl")).is_some() {
        return Err(ReadError::Other(
            "a TorchScript archive, which holds a program".to_owned(),
            "save the model's `state_dict()` with `torch.save`",
        ));
    }
    if let Some(pickle) = archive.find(|name| name.rsplit('/').next() == Some("data.pkl")) {
        return torch_zip::index(&mut archive, &pickle, ema);
    }
    if let Some(weights) = archive.find(|name| name == "model.weights.h5") {
        return keras_archive(&mut archive, &weights);
    }
    if archive.find(|name| std::path::Path::new(name).extension().is_some_and(|e| e == "npy")).is_some() {
        return Err(ReadError::Other("a NumPy archive".to_owned(), CONVERT));
    }
    let top = archive.top();
    if top.is_empty() {
        return Err(ReadError::Other("an empty ZIP archive".to_owned(), "get the file again"));
    }
    Err(ReadError::Other(
        format!(
            "a ZIP archive with neither PyTorch's data.pkl nor Keras' model.weights.h5 in it; it holds {top}"
        ),
        "if the weights are inside, unpack it first",
    ))
}
