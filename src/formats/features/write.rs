//! Features into files of any format.

use std::collections::HashMap;
use std::path::Path;

use super::format::FeatureFormat;
use super::manifest::OutputFile;
use super::rows::{FeatureRows, FeatureTable};
use super::{h5, npy, npz, parquet, safetensors};
use crate::formats::WriteError;
use crate::tensor::Column;

impl FeatureFormat {
    /// The first two columns that would be one in a file of this format, because not every name can stand in it.
    pub fn same_names(self, columns: &[Column]) -> Option<(String, String)> {
        let name_in_file = |name: &str| match self {
            Self::H5 => h5::set_name(name),
            Self::Npz => npz::array_name(name),
            Self::Folder | Self::Npy | Self::Safetensors | Self::Parquet => name.to_owned(),
        };
        let mut seen: HashMap<String, &str> = HashMap::new();
        columns.iter().find_map(|column| {
            let before = seen.insert(name_in_file(&column.name), &column.name)?;
            Some((before.to_owned(), column.name.clone()))
        })
    }
}

/// Writes rows into a folder in one of the formats that are assembled; gives the files, in order. Each is whole or not there; one
/// that was written by the same call before is written again.
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
