//! Writes features into files of any format.

use std::collections::HashMap;
use std::path::Path;

use super::format::FeatureFormat;
use super::manifest::OutputFile;
use super::names::{HDF5_SET, TABLES_LIST, hdf5_set_name};
use super::rows::{FeatureRows, FeatureTable};
use super::{h5, npy, npz, parquet, safetensors};
use crate::formats::WriteError;
use crate::tensor::Column;

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
    match format {
        FeatureFormat::Folder => Ok(Vec::new()),
        FeatureFormat::Npy => npy::write_array(folder, table, rows),
        FeatureFormat::Npz => npz::write(folder, table, rows),
        FeatureFormat::H5 => h5::write(folder, table, rows),
        FeatureFormat::Safetensors => safetensors::write(folder, table, rows),
        FeatureFormat::Parquet => parquet::write(folder, table, rows),
    }
}
