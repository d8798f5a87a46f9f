//! `.npz`: a ZIP of uncompressed `.npy` files, as `numpy.savez` writes it: `features`, and each column under its name.

use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::manifest::OutputFile;
use super::npy::write_stacked;
use super::rows::{FeatureRows, FeatureTable};
use super::survey::{Storage, as_number, survey};
use crate::formats::{WriteError, hash_file, npy_header, write_whole};
use crate::tensor::Cell;

const NAME: &str = "features.npz";
/// Names of the entries that aren't columns: the array of all features, and the recipe as text.
pub(super) const OWN: [&str; 2] = ["features", "about"];

pub(super) fn write(
    folder: &Path,
    table: FeatureTable<'_>,
    rows: &mut dyn FeatureRows,
) -> Result<Vec<OutputFile>, WriteError> {
    let num_rows = rows.num_rows();
    let mut hash = None;
    write_whole(&folder.join(NAME), |out| {
        let storages = survey(table.columns, rows)?;
        let mut zip = ZipWriter::new(Spent { out: &mut *out, has_failed: false });
        // The date is fixed, so that the same features give the same bytes.
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::default())
            .large_file(true);
        zip.start_file(format!("{}.npy", OWN[0]), options).map_err(io::Error::other)?;
        write_stacked(&mut zip, table.layout, rows)?;
        for (at, (column, storage)) in table.columns.iter().zip(storages).enumerate() {
            zip.start_file(format!("{}.npy", entry(&column.name)), options).map_err(io::Error::other)?;
            let descr = match storage {
                Storage::Integers => "<i8".to_owned(),
                Storage::Numbers => "<f8".to_owned(),
                Storage::Text { longest } => format!("<U{longest}"),
            };
            zip.write_all(&npy_header(&descr, &[num_rows]))?;
            for row in 0..num_rows {
                let cells = rows.cells(row)?;
                let cell = cells.get(at).unwrap_or(&Cell::Missing);
                zip.write_all(&element(cell, storage))?;
            }
        }
        zip.start_file(format!("{}.npy", OWN[1]), options).map_err(io::Error::other)?;
        let about = Cell::Text(table.about.to_owned());
        let longest = table.about.chars().count().max(1);
        // A single text is an array without sides.
        zip.write_all(&npy_header(&format!("<U{longest}"), &[]))?;
        zip.write_all(&element(&about, Storage::Text { longest }))?;
        zip.finish().map_err(io::Error::other)?;
        // A ZIP's writer seeks back to fill in sizes and checksums, so the file is read again for its hash.
        out.flush()?;
        hash = Some(hash_file(out.get_ref(), &|| true)?);
        Ok(())
    })?;
    Ok(hash.map(|hash| OutputFile::new(NAME.to_owned(), num_rows, hash)).into_iter().collect())
}

/// A writer that, once a write has failed, accepts everything and does nothing. A `ZipWriter` that is dropped tries to finish the
/// archive and prints an error if it can't, although the error was returned already.
struct Spent<W> {
    out: W,
    has_failed: bool,
}

impl<W: Write> Write for Spent<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.has_failed {
            return Ok(bytes.len());
        }
        let written = self.out.write(bytes);
        self.has_failed = written.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::Interrupted);
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.has_failed { Ok(()) } else { self.out.flush() }
    }
}

impl<W: Seek> Seek for Spent<W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if self.has_failed {
            return Ok(0);
        }
        let place = self.out.seek(to);
        self.has_failed = place.is_err();
        place
    }
}

/// numpy's name of an array: it doesn't distinguish `a` from `a.npy`.
pub(super) fn array_name(name: &str) -> String {
    entry(name).trim_end_matches(".npy").to_owned()
}

/// A column's name as the name of a ZIP entry: a separator in it would make a folder.
fn entry(name: &str) -> String {
    name.replace(['/', '\\'], "_")
}

/// An element's bytes. Text is UTF-32, padded with zeros.
fn element(cell: &Cell, storage: Storage) -> Vec<u8> {
    match storage {
        Storage::Integers => cell.integer().unwrap_or(0).to_le_bytes().to_vec(),
        Storage::Numbers => as_number(cell).to_le_bytes().to_vec(),
        Storage::Text { longest } => {
            let text = cell.to_string();
            let characters = text.chars().map(u32::from).chain(std::iter::repeat(0)).take(longest);
            characters.flat_map(u32::to_le_bytes).collect()
        }
    }
}
