//! Writes features into files of any format.

use std::collections::HashMap;
use std::io;
use std::path::Path;

use super::format::FeatureFormat;
use super::manifest::OutputFile;
use super::names::{HDF5_SET, TABLES_LIST, hdf5_set_name};
use super::rows::{FeatureRows, FeatureTable};
use super::{h5, npy, npz, parquet, safetensors};
use crate::formats::WriteError;
use crate::tensor::{Cell, Column};

/// A column whose name readers of a format would take for something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NameClash {
    /// Its name has a zero character, which ends a name in HDF5 and in many readers of other formats.
    Zero(String),
    /// Its name is one that the format uses itself.
    Own(String),
    /// Two columns would have the same name, because the format doesn't allow every name.
    Two(String, String),
}

impl FeatureFormat {
    /// The first column whose name doesn't work in a file of this format.
    pub fn clash(self, columns: &[Column]) -> Option<NameClash> {
        if let Some(column) = columns.iter().find(|column| column.name.contains('\0')) {
            return Some(NameClash::Zero(column.name.clone()));
        }
        let name_in_file = |name: &str| match self {
            Self::H5 => hdf5_set_name(name),
            Self::Npz => npz::array_name(name),
            Self::Folder | Self::Npy | Self::Safetensors | Self::Parquet => name.to_owned(),
        };
        let own: &[&str] = match self {
            Self::H5 => &[HDF5_SET],
            Self::Npz => &npz::OWN,
            Self::Safetensors => &[safetensors::TENSOR, safetensors::METADATA],
            Self::Parquet => &[TABLES_LIST],
            Self::Folder | Self::Npy => &[],
        };
        let mut seen: HashMap<String, &str> = HashMap::new();
        columns.iter().find_map(|column| {
            let name = name_in_file(&column.name);
            if own.contains(&&*name) {
                return Some(NameClash::Own(column.name.clone()));
            }
            let before = seen.insert(name, &column.name)?;
            Some(NameClash::Two(before.to_owned(), column.name.clone()))
        })
    }
}

/// Writes rows into a folder, in a format whose files are put together at the end of a run. Returns the files, in order; none for
/// `Folder`. Each file is either whole or not there. Files of an earlier, interrupted call are written again.
pub fn write_features(
    format: FeatureFormat,
    folder: &Path,
    table: FeatureTable<'_>,
    rows: &mut dyn FeatureRows,
) -> Result<Vec<OutputFile>, WriteError> {
    let rows: &mut dyn FeatureRows = &mut WholeRows { rows, row_bytes: table.layout.num_bytes() };
    match format {
        FeatureFormat::Folder => Ok(Vec::new()),
        FeatureFormat::Npy => npy::write_array(folder, table, rows),
        FeatureFormat::Npz => npz::write(folder, table, rows),
        FeatureFormat::H5 => h5::write(folder, table, rows),
        FeatureFormat::Safetensors => safetensors::write(folder, table, rows),
        FeatureFormat::Parquet => parquet::write(folder, table, rows),
    }
}

/// Rows, each checked to have as many bytes as the layout says: a file with fewer would be broken.
struct WholeRows<'a> {
    rows: &'a mut dyn FeatureRows,
    row_bytes: usize,
}

impl FeatureRows for WholeRows<'_> {
    fn num_rows(&self) -> u64 {
        self.rows.num_rows()
    }

    fn values(&mut self, row: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
        let before = bytes.len();
        self.rows.values(row, bytes)?;
        let (got, expected) = (bytes.len().saturating_sub(before), self.row_bytes);
        if got == expected {
            return Ok(());
        }
        Err(io::Error::other(format!("row {row} has {got} bytes of numbers, and its layout says {expected}")))
    }

    fn cells(&mut self, row: u64) -> io::Result<Vec<Cell>> {
        self.rows.cells(row)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::{Dtype, FeatureLayout};

    /// Rows of two numbers, whatever is asked.
    struct Short;

    impl FeatureRows for Short {
        fn num_rows(&self) -> u64 {
            3
        }

        fn values(&mut self, _row: u64, bytes: &mut Vec<u8>) -> io::Result<()> {
            bytes.extend([0; 8]);
            Ok(())
        }

        fn cells(&mut self, _row: u64) -> io::Result<Vec<Cell>> {
            Ok(Vec::new())
        }
    }

    #[test]
    fn rows_that_are_too_short_give_no_file() {
        let layout = FeatureLayout { shape: vec![5], dtype: Dtype::F32 };
        for format in FeatureFormat::built().filter(|format| *format != FeatureFormat::Folder) {
            let dir = tempfile::tempdir().unwrap();
            let table = FeatureTable { layout: &layout, columns: &[], about: "{}" };
            let error = write_features(format, dir.path(), table, &mut Short).unwrap_err().to_string();
            assert!(
                error.contains("row 0 has 8 bytes of numbers, and its layout says 20"),
                "{format}: {error}"
            );
        }
    }
}
