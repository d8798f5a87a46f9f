//! Checks feature files as other programs read them: whether these could read a file, and which other files in the folder they would
//! take for part of the set.
//!
//! Owns the checks of a file that don't need the manifest.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::error::BadFeatures;
use super::format::FeatureFormat;
use super::lengths::length_words;
use super::manifest::OutputFile;
use super::names::TABLES;
use super::{h5_read, parquet_read};
use crate::formats::WriteError;
use crate::tensor::refusal_in;

/// The most bytes of a safetensors header that are read.
const MAX_HEADER: u64 = 64 << 20;

/// Reads a file through and checks it by the rules of its format. `go_on` is called now and then; if it returns false, the result is
/// an error.
pub(super) fn check(format: FeatureFormat, path: &Path, go_on: &dyn Fn() -> bool) -> Result<(), BadFeatures> {
    match format {
        // All there is to check is in the array's header, which is read when the file is opened.
        FeatureFormat::Folder | FeatureFormat::Npy => Ok(()),
        FeatureFormat::Npz => check_npz(path, go_on),
        FeatureFormat::H5 => h5_read::check(path),
        FeatureFormat::Safetensors => check_safetensors(path),
        FeatureFormat::Parquet => parquet_read::check(path, go_on),
    }
    .map_err(|reason| BadFeatures::file(path, reason))
}

/// Reads every entry to its end, which checks its checksum.
fn check_npz(path: &Path, go_on: &dyn Fn() -> bool) -> Result<(), Box<dyn Error>> {
    let mut zip = zip::ZipArchive::new(BufReader::new(File::open(path)?))?;
    let mut chunk = vec![0; 1 << 18];
    for at in 0..zip.len() {
        let name = match zip.name_for_index(at) {
            Some(Ok(name)) => name.into_owned(),
            _ => format!("number {at}"),
        };
        let damaged = |error: io::Error| match refusal_in(&error) {
            Some(refusal) => Box::<dyn Error>::from(refusal),
            None => format!("its entry `{name}` is damaged ({error})").into(),
        };
        let mut entry = zip.by_index(at).map_err(|e| damaged(e.into()))?;
        while entry.read(&mut chunk).map_err(damaged)? > 0 {
            if !go_on() {
                return Err("interrupted".into());
            }
        }
    }
    Ok(())
}

/// The tensors must follow each other from the end of the header to the end of the file, without gaps and with nothing left over.
fn check_safetensors(path: &Path) -> Result<(), Box<dyn Error>> {
    let mut file = File::open(path)?;
    let got = file.metadata()?.len();
    let header = safetensors_header(&mut file, got)?;
    let mut places = Vec::new();
    for (name, tensor) in header.1.as_object().into_iter().flatten().filter(|(n, _)| *n != "__metadata__") {
        let place = |at: usize| tensor["data_offsets"][at].as_u64();
        let (Some(from), Some(to)) = (place(0), place(1)) else {
            return Err(format!("its tensor `{name}` has no place").into());
        };
        let bytes = match tensor["dtype"].as_str() {
            Some("F16") => 2,
            Some("F32") => 4,
            Some("F64" | "I64") => 8,
            other => {
                return Err(format!("its tensor `{name}` is of type {}", other.unwrap_or("nothing")).into());
            }
        };
        let sides = tensor["shape"].as_array().into_iter().flatten().map(Value::as_u64);
        let num_bytes = sides.into_iter().try_fold(bytes, |product: u64, side| product.checked_mul(side?));
        if num_bytes.and_then(|num| from.checked_add(num)) != Some(to) {
            return Err(format!("its tensor `{name}` isn't as long as its shape says").into());
        }
        places.push((from, to));
    }
    places.sort_unstable();
    let mut end = 0;
    for (from, to) in places {
        if from != end {
            return Err("its tensors don't follow each other".into());
        }
        end = to;
    }
    let said = (8 + header.0).saturating_add(end);
    if got == said { Ok(()) } else { Err(length_words(got, said).into()) }
}

/// The length of the header in bytes, and its JSON.
pub(super) fn safetensors_header(file: &mut File, total: u64) -> io::Result<(u64, Value)> {
    let mut length = [0; 8];
    file.seek(SeekFrom::Start(0))?;
    file.read_exact(&mut length)?;
    let length = u64::from_le_bytes(length);
    if length > MAX_HEADER || length + 8 > total {
        return Err(io::Error::other("not a safetensors file, or cut short"));
    }
    let mut header = vec![0; length as usize];
    file.read_exact(&mut header)?;
    Ok((length, serde_json::from_slice(&header)?))
}

/// Files that aren't in the set's list of files but that readers of its format would take for part of the set.
pub(super) fn strangers(format: FeatureFormat, folder: &Path, files: &[OutputFile]) -> Vec<PathBuf> {
    let (place, is_taken): (PathBuf, fn(&str) -> bool) = match format {
        // Readers ignore tables whose names begin with one of these characters.
        FeatureFormat::Parquet => (folder.join(TABLES), |name| !name.starts_with(['.', '_'])),
        FeatureFormat::H5 => {
            (folder.to_owned(), |name| name.strip_suffix(".h5").is_some_and(|n| n.starts_with("features")))
        }
        _ => return Vec::new(),
    };
    let is_named = |path: &Path| files.iter().any(|file| folder.join(&file.name) == *path);
    let mut found: Vec<PathBuf> = std::fs::read_dir(place)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| is_taken(&entry.file_name().to_string_lossy()))
        .map(|entry| entry.path())
        .filter(|path| !is_named(path))
        .collect();
    found.sort();
    found
}

/// Removes files that an earlier, interrupted attempt to write the set left, when it had more rows.
pub fn remove_leftovers(
    format: FeatureFormat,
    folder: &Path,
    files: &[OutputFile],
) -> Result<(), WriteError> {
    for path in strangers(format, folder, files) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let number = match format {
            FeatureFormat::Parquet => name.strip_prefix("part-").and_then(|n| n.strip_suffix(".parquet")),
            _ => name.strip_prefix("features").and_then(|n| n.strip_suffix(".h5")),
        };
        let is_ours = number
            .is_some_and(|n| n.is_empty() || n.trim_start_matches('-').bytes().all(|b| b.is_ascii_digit()));
        if is_ours {
            std::fs::remove_file(&path).map_err(|e| WriteError::new(e, &path))?;
        }
    }
    Ok(())
}
