//! Features of many pictures as files: arrays with their index, and the manifest that says how they were made.
//!
//! Owns each format's layout, and that memory stays bounded for any number of rows: a writer reads one row after the other, and never
//! all at once.

#[cfg(not(all(feature = "hdf5", feature = "parquet")))]
mod absent;
mod blocks;
mod containers;
mod error;
mod format;
#[cfg(feature = "hdf5")]
mod h5;
#[cfg(feature = "hdf5")]
mod h5_read;
mod index;
mod lengths;
mod manifest;
mod matrix;
mod names;
mod npy;
mod npz;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(feature = "parquet")]
mod parquet_read;
mod pictures;
mod rows;
mod safetensors;
mod stored;
mod strays;
mod survey;
mod write;

#[cfg(not(feature = "hdf5"))]
use self::absent::{h5, h5_read};
#[cfg(not(feature = "parquet"))]
use self::absent::{parquet, parquet_read};
pub use self::blocks::{NpyHeader, read_npy_header};
pub use self::containers::remove_leftovers;
pub use self::error::BadFeatures;
pub use self::format::{FeatureFormat, UnknownFormat};
pub use self::index::{INDEX_NAME, SKIPPED_NAME, write_index, write_skipped};
pub use self::manifest::{
    BadManifest, MANIFEST_NAME, Manifest, Mixed, OutputFile, Recipe, SetOutcome, ShardRecord, SkippedRow,
    Stored,
};
pub use self::matrix::{FeatureMatrix, IndexTable, MapRows};
pub use self::npy::write_feature_npy;
pub use self::pictures::{KnownPicture, PICTURES_NAME, read_pictures, write_pictures};
pub use self::rows::{FeatureRows, FeatureTable};
pub use self::stored::{StoredFeatures, read_feature_npy};
pub use self::write::{NameClash, write_features};
pub use strays::others_files;
