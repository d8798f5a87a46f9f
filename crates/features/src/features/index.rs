//! `index.csv`, with a line for each row of the features in their order, and `skipped.csv`, with a line for each picture that is not
//! among them.

use std::io;
use std::path::Path;

use super::manifest::SkippedRow;
use super::rows::FeatureRows;
use crate::formats::{WriteError, write_whole_hashed};
use crate::tensor::{Cell, Column};

/// The index's name in a folder of features.
pub const INDEX_NAME: &str = "index.csv";
/// The name of the list of what was left out. It is only there if something was.
pub const SKIPPED_NAME: &str = "skipped.csv";

/// Writes the index: UTF-8, commas, a header line, `\n`. Returns its SHA-256.
pub fn write_index(
    folder: &Path,
    columns: &[Column],
    rows: &mut dyn FeatureRows,
) -> Result<String, WriteError> {
    let written = write_whole_hashed(&folder.join(INDEX_NAME), |out| {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(columns.iter().map(|column| &column.name)).map_err(io::Error::other)?;
        for row in 0..rows.num_rows() {
            let cells = rows.cells(row)?;
            csv.write_record(cells.iter().map(Cell::to_string)).map_err(io::Error::other)?;
        }
        csv.flush()
    })?;
    Ok(written.sha256)
}

/// Writes the list of what was left out and returns its SHA-256. If nothing was left out, removes an older list.
pub fn write_skipped(
    folder: &Path,
    skipped: &mut dyn Iterator<Item = SkippedRow>,
) -> Result<Option<String>, WriteError> {
    let path = folder.join(SKIPPED_NAME);
    let mut skipped = skipped.peekable();
    if skipped.peek().is_none() {
        return match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(WriteError::new(error, &path)),
            _ => Ok(None),
        };
    }
    let written = write_whole_hashed(&path, |out| {
        let mut csv = csv::Writer::from_writer(out);
        csv.write_record(["row", "camera", "file", "reason"]).map_err(io::Error::other)?;
        for skip in skipped {
            let row = skip.row.map(|row| row.to_string()).unwrap_or_default();
            let camera = skip.camera.unwrap_or_default();
            csv.write_record([&row, &camera, &skip.file, &skip.reason]).map_err(io::Error::other)?;
        }
        csv.flush()
    })?;
    Ok(Some(written.sha256))
}
