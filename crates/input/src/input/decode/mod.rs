//! Decodes a picture file of any common format to 8-bit RGB, or gives an error that says what to do.
//!
//! Owns the rules: the format is recognised by the content, never by the extension; the orientation of EXIF or XMP is applied exactly
//! once; alpha is composed over white; 16 bits are scaled to 8; of several frames the first is taken; a file that is cut off is an
//! error and never a half-grey picture. Size limits are checked from the header, before a pixel is decoded. Must know nothing of
//! networks.

mod convert;
mod error;
mod gif;
mod ico;
mod jpeg;
mod limits;
mod note;
mod png_chunks;
mod sniff;
mod tiff;
mod upright;

use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use image::{ImageFormat, RgbImage};

use super::fingerprint::{FileState, Fingerprint};
use crate::tensor::is_out_of_files;

pub use error::{DecodeError, DecodeProblem};
pub use limits::DecodeLimits;
pub use note::DecodeNote;
pub(super) use sniff::{SNIFF_BYTES, Sniffed, sniff};

/// A decoded picture, upright, opaque, 8 bits a channel.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The file's name without its folders.
    pub name: String,
    /// The pixels, RGB.
    pub rgb: RgbImage,
    /// What was done to the file's own pixels, in that order.
    pub notes: Vec<DecodeNote>,
}

/// Decodes a file within the default limits.
pub fn decode_file(path: &Path) -> Result<Picture, DecodeError> {
    decode_file_within(path, &DecodeLimits::default())
}

/// Decodes a file within limits. Only a regular file is read, so a pipe can't make it wait.
pub fn decode_file_within(path: &Path, limits: &DecodeLimits) -> Result<Picture, DecodeError> {
    decode_read(path, limits, |picture, _, _| picture)
}

/// Decodes a file within the default limits; also returns the fingerprint of its bytes.
pub fn decode_known_file(path: &Path) -> Result<(Picture, Fingerprint), DecodeError> {
    decode_read(path, &DecodeLimits::default(), |picture, bytes, state| {
        (picture, Fingerprint::new(bytes, state))
    })
}

fn decode_read<T>(
    path: &Path,
    limits: &DecodeLimits,
    with: impl FnOnce(Picture, &[u8], FileState) -> T,
) -> Result<T, DecodeError> {
    let name = path.file_name().map_or_else(|| path.to_string_lossy(), |n| n.to_string_lossy());
    read_file(path, limits)
        .and_then(|(bytes, state)| Ok(with(decode(&name, &bytes, limits)?, &bytes, state)))
        .map_err(|problem| DecodeError { place: path.display().to_string(), problem })
}

/// Decodes bytes that are not from a file (such as a dropped picture or a frame of a log), within the default limits.
pub fn decode_bytes(name: &str, bytes: &[u8]) -> Result<Picture, DecodeError> {
    decode_bytes_within(name, bytes, &DecodeLimits::default())
}

/// Decodes bytes within limits.
pub fn decode_bytes_within(name: &str, bytes: &[u8], limits: &DecodeLimits) -> Result<Picture, DecodeError> {
    decode(name, bytes, limits).map_err(|problem| DecodeError { place: name.to_owned(), problem })
}

/// A file's bytes, and its state before they were read, so that a change in between is noticed later.
fn read_file(path: &Path, limits: &DecodeLimits) -> Result<(Vec<u8>, FileState), DecodeProblem> {
    let unreadable = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::NotFound => DecodeProblem::Missing,
        _ if is_out_of_files(&e) => DecodeProblem::NoMoreFiles { reason: e.to_string() },
        _ => DecodeProblem::Unreadable { reason: e.to_string() },
    };
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(DecodeProblem::Directory);
    }
    if !metadata.is_file() {
        return Err(DecodeProblem::NotAFile);
    }
    if metadata.len() > limits.max_bytes {
        return Err(DecodeProblem::FileTooLarge { bytes: metadata.len(), limit: limits.max_bytes });
    }
    let mut bytes = Vec::new();
    let file = std::fs::File::open(path).map_err(unreadable)?;
    // `take`, because the file may have grown since its length was read.
    file.take(limits.max_bytes).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok((bytes, FileState::of(&metadata)))
}

fn decode(name: &str, bytes: &[u8], limits: &DecodeLimits) -> Result<Picture, DecodeProblem> {
    if bytes.is_empty() {
        return Err(DecodeProblem::Empty);
    }
    let format = match sniff(bytes) {
        Sniffed::Picture(format) => format,
        Sniffed::Foreign(kind) => {
            return Err(DecodeProblem::Foreign { what: kind.what, advice: kind.advice });
        }
        Sniffed::Unknown => return Err(DecodeProblem::Unknown),
    };
    // The decoders are other people's code and read bytes from anywhere: a panic in one is an error of that file and must not end the
    // program.
    let (rgb, notes) = catch_unwind(AssertUnwindSafe(|| match format {
        ImageFormat::Jpeg => jpeg::decode(bytes, limits),
        _ => convert::decode(format, bytes, limits),
    }))
    .unwrap_or_else(|_| Err(DecodeProblem::GaveUp { format: error::format_name(format) }))?;
    Ok(Picture { name: name.to_owned(), rgb, notes })
}
