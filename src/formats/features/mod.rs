//! Features of many pictures as files: arrays with their index, and the manifest that says how they were made.
//!
//! Owns each format's layout and that memory stays bounded whatever the number of rows: a writer asks for rows one after the other,
//! and never for all.

mod blocks;
mod containers;
mod error;
mod h5;
mod index;
mod manifest;
mod npy;
mod npz;
mod parquet;
mod parquet_read;
mod pictures;
mod safetensors;
mod stored;
mod survey;

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::str::FromStr;

pub use self::blocks::{NpyHeader, read_npy_header};
pub use self::containers::remove_leftovers;
pub use self::error::BadFeatures;
pub use self::index::{INDEX_NAME, SKIPPED_NAME, write_index, write_skipped};
pub use self::manifest::{
    BadManifest, MANIFEST_NAME, Manifest, Mixed, Outcome, OutputFile, Recipe, ShardRecord, SkippedRow, Stored,
};
pub use self::npy::write_feature_npy;
pub use self::pictures::{KnownPicture, PICTURES_NAME, read_pictures, write_pictures};
pub use self::stored::{StoredFeatures, read_feature_npy};
use super::WriteError;
use crate::tensor::{Cell, Column, FeatureLayout};

/// A way to store features.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FeatureFormat {
    /// A `.npy` a picture, in folders like the pictures'.
    #[default]
    Folder,
    /// One array.
    Npy,
    /// One array, and one more a column.
    Npz,
    /// One chunked set and one more a column; several files where one would be too large to write.
    H5,
    /// One tensor, and one more a column of numbers.
    Safetensors,
    /// Tables of bounded size, for data frames.
    Parquet,
}

/// A word that names no format.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("format `{0}`: expected folder, npy, npz, h5, safetensors or parquet")]
pub struct UnknownFormat(String);

impl FeatureFormat {
    /// All of them, in the order they are told.
    pub const ALL: [Self; 6] =
        [Self::Folder, Self::Npy, Self::Npz, Self::H5, Self::Safetensors, Self::Parquet];

    /// As it is typed.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Folder => "folder",
            Self::Npy => "npy",
            Self::Npz => "npz",
            Self::H5 => "h5",
            Self::Safetensors => "safetensors",
            Self::Parquet => "parquet",
        }
    }

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

impl FromStr for FeatureFormat {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        let plain = text.trim().to_lowercase();
        Self::ALL.into_iter().find(|f| f.name() == plain).ok_or_else(|| UnknownFormat(text.to_owned()))
    }
}

impl std::fmt::Display for FeatureFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

/// Rows that are somewhere, read one after the other by whoever writes them.
pub trait FeatureRows {
    /// How many there are.
    fn num_rows(&self) -> u64;

    /// Appends a row's numbers, little-endian and row-major as the layout says. Rows are best asked for in order.
    fn values(&mut self, row: u64, bytes: &mut Vec<u8>) -> io::Result<()>;

    /// A row's cells, one a column.
    fn cells(&mut self, row: u64) -> io::Result<Vec<Cell>>;
}

/// What a file of features says, beside the rows.
#[derive(Clone, Copy, Debug)]
pub struct FeatureTable<'a> {
    /// Extent and type of a row's feature.
    pub layout: &'a FeatureLayout,
    /// What else a row has.
    pub columns: &'a [Column],
    /// The recipe as JSON, for formats that carry text.
    pub about: &'a str,
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
