//! `pictures.csv`: size and hash of each picture that the features were made of, in the features' order.
//!
//! Owns that file. It contains no times, so that a set depends on nothing but its inputs. Must not know where pictures are.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use super::error::BadFeatures;
use crate::formats::{WriteError, write_whole_hashed};

/// The list's name in a folder of features; sets of earlier versions have none.
pub const PICTURES_NAME: &str = "pictures.csv";
const HEADER: [&str; 5] = ["row", "camera", "file", "num_bytes", "xxh64"];

/// A picture, with its size and hash when it was worked on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownPicture {
    /// Its row in the data set.
    pub row: usize,
    /// Its camera; empty where pictures have none.
    pub camera: String,
    /// Its file, as the index has it.
    pub file: String,
    /// Its size in bytes.
    pub num_bytes: u64,
    /// XXH64 of its bytes.
    pub xxh64: u64,
}

/// Writes the list and returns its SHA-256. If a picture isn't known, no list is written. The file's modification time is set to
/// `since`: pictures may have changed from then on.
pub fn write_pictures(
    folder: &Path,
    since: SystemTime,
    pictures: &mut dyn Iterator<Item = Option<KnownPicture>>,
) -> Result<Option<String>, WriteError> {
    let path = folder.join(PICTURES_NAME);
    let mut are_all_known = true;
    let written = write_whole_hashed(&path, |out| {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(HEADER).map_err(io::Error::other)?;
        for picture in pictures {
            let Some(picture) = picture else {
                are_all_known = false;
                break;
            };
            let KnownPicture { row, camera, file, num_bytes, xxh64 } = picture;
            csv.write_record([
                &row.to_string(),
                &camera,
                &file,
                &num_bytes.to_string(),
                &format!("{xxh64:016x}"),
            ])
            .map_err(io::Error::other)?;
        }
        csv.flush()
    })?;
    let fail = |error| WriteError::new(error, &path);
    if are_all_known {
        File::options().write(true).open(&path).and_then(|file| file.set_modified(since)).map_err(fail)?;
        return Ok(Some(written.sha256));
    }
    std::fs::remove_file(&path).map_err(fail)?;
    Ok(None)
}

/// Reads the list of a folder. It doesn't check the list's hash in the manifest; the caller must.
pub fn read_pictures(folder: &Path) -> Result<Vec<KnownPicture>, BadFeatures> {
    let path = folder.join(PICTURES_NAME);
    let bad = |error: csv::Error| BadFeatures::file(&path, error);
    let mut reader = csv::Reader::from_path(&path).map_err(bad)?;
    let mut pictures = Vec::new();
    for record in reader.records() {
        let record = record.map_err(bad)?;
        let cell = |at: usize| record.get(at).unwrap_or("");
        let (row, num_bytes, xxh64) = (cell(0).parse(), cell(3).parse(), u64::from_str_radix(cell(4), 16));
        let (Ok(row), Ok(num_bytes), Ok(xxh64)) = (row, num_bytes, xxh64) else {
            let words = format!("line {}: no numbers where they were expected", pictures.len() + 2);
            return Err(BadFeatures::file(&path, words));
        };
        pictures.push(KnownPicture {
            row,
            camera: cell(1).to_owned(),
            file: cell(2).to_owned(),
            num_bytes,
            xxh64,
        });
    }
    Ok(pictures)
}
