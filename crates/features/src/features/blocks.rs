//! Finds where in a file the features are, in formats that store them one row after the other.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::containers;
use super::error::BadFeatures;
use super::format::FeatureFormat;
use super::lengths::length_words;
use super::npy;
use super::safetensors;
use crate::formats::npy_header;
use crate::tensor::{Dtype, FeatureLayout};

/// Consecutive rows in one file.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) path: PathBuf,
    /// Where in the file they begin.
    pub(super) offset: u64,
    /// Number of the first row.
    pub(super) first: u64,
}

/// The header of a `.npy` file.
#[derive(Debug)]
pub struct NpyHeader {
    /// numpy's name of the type, as in `<f4`.
    pub descr: String,
    /// The array's shape.
    pub shape: Vec<u64>,
    /// Length of the header, in bytes. The numbers follow.
    pub length: u64,
}

/// Finds the features in a file, and checks their type, shape and length.
pub(super) fn find_block(
    format: FeatureFormat,
    path: &Path,
    layout: &FeatureLayout,
    first: u64,
    num_rows: u64,
) -> Result<Block, BadFeatures> {
    let bad = |reason: io::Error| BadFeatures::file(path, reason);
    let mut file = File::open(path).map_err(bad)?;
    let total = file.metadata().map_err(bad)?.len();
    let (offset, dtype, shape) = if format == FeatureFormat::Safetensors {
        in_safetensors(&mut file, total).map_err(bad)?
    } else {
        let start = if format == FeatureFormat::Npz { in_npz(path).map_err(bad)? } else { 0 };
        file.seek(SeekFrom::Start(start)).map_err(bad)?;
        let header = read_own_header(&mut file).map_err(bad)?;
        (start + header.length, header.descr, header.shape)
    };
    let names: [&str; 2] = match layout.dtype {
        Dtype::F32 => ["<f4", "F32"],
        Dtype::F16 => ["<f2", "F16"],
    };
    let expected = npy::stacked_shape(num_rows, layout);
    if !names.contains(&dtype.as_str()) || shape != expected {
        let reason =
            format!("its features are {dtype} {shape:?}, and the manifest says {} {expected:?}", names[0]);
        return Err(BadFeatures::file(path, reason));
    }
    let end = offset.saturating_add(num_rows * layout.num_bytes() as u64);
    // An array ends with its file. In the other formats more may follow.
    if end > total || (format == FeatureFormat::Npy && end != total) {
        return Err(BadFeatures::file(path, length_words(total, end)));
    }
    Ok(Block { path: path.to_owned(), offset, first })
}

/// The position of the features' entry in the ZIP.
fn in_npz(path: &Path) -> io::Result<u64> {
    let mut zip = zip::ZipArchive::new(io::BufReader::new(File::open(path)?)).map_err(io::Error::other)?;
    let entry = zip.by_name("features.npy").map_err(io::Error::other)?;
    if entry.compression() != zip::CompressionMethod::Stored {
        return Err(io::Error::other(
            "its features are compressed; they are read from uncompressed files only",
        ));
    }
    entry.data_start().ok_or_else(|| io::Error::other("the features' place in the ZIP is unknown"))
}

fn in_safetensors(file: &mut File, total: u64) -> io::Result<(u64, String, Vec<u64>)> {
    let (length, header) = containers::safetensors_header(file, total)?;
    let tensor = &header[safetensors::TENSOR];
    let shape =
        tensor["shape"].as_array().map(|sides| sides.iter().filter_map(serde_json::Value::as_u64).collect());
    match (tensor["data_offsets"][0].as_u64(), tensor["dtype"].as_str(), shape) {
        (Some(offset), Some(dtype), Some(shape)) => {
            let offset = offset.checked_add(8 + length).ok_or(io::ErrorKind::InvalidData)?;
            Ok((offset, dtype.to_owned(), shape))
        }
        _ => Err(io::Error::other("no tensor `features`")),
    }
}

/// Reads a header, which must be byte for byte as this program writes it.
pub(super) fn read_own_header(file: &mut (impl Read + Seek)) -> io::Result<NpyHeader> {
    let start = file.stream_position()?;
    let header = read_npy_header(file)?;
    let mut bytes = vec![0; header.length as usize];
    file.seek(SeekFrom::Start(start))?;
    file.read_exact(&mut bytes)?;
    if bytes == npy_header(&header.descr, &header.shape) {
        Ok(header)
    } else {
        Err(io::Error::other("the header is not as it was written: copy the file again"))
    }
}

/// Reads a header as numpy and this program write it (version 1 of the format, C order); anything else is an error.
pub fn read_npy_header(file: &mut impl Read) -> io::Result<NpyHeader> {
    let not_npy = || io::Error::other("not a .npy file of C order");
    let mut start = [0; 10];
    file.read_exact(&mut start)?;
    let [magic @ .., a, b] = start;
    if magic != *b"\x93NUMPY\x01\x00" {
        return Err(not_npy());
    }
    let length = u16::from_le_bytes([a, b]);
    let mut text = vec![0; length.into()];
    file.read_exact(&mut text)?;
    let text = String::from_utf8(text).map_err(|_| not_npy())?;
    let field = |name: &str| text.split_once(&format!("'{name}': ")).map(|(_, rest)| rest);
    let descr = field("descr").and_then(|rest| rest.strip_prefix('\'')?.split_once('\''));
    let shape = field("shape").and_then(|rest| rest.strip_prefix('(')?.split_once(')'));
    let is_c_order = field("fortran_order").is_some_and(|rest| rest.starts_with("False"));
    let (Some((descr, _)), Some((sides, _)), true) = (descr, shape, is_c_order) else {
        return Err(not_npy());
    };
    let shape = sides
        .split(',')
        .map(str::trim)
        .filter(|side| !side.is_empty())
        .map(|side| side.parse().map_err(|_| not_npy()))
        .collect::<io::Result<_>>()?;
    Ok(NpyHeader { descr: descr.to_owned(), shape, length: 10 + u64::from(length) })
}
