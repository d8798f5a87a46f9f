//! Features of many pictures as files: arrays with their index, and the manifest that says how they were made.
//!
//! Owns each format's layout, and that memory stays bounded for any number of rows: a writer reads one row after the other, and never
//! all at once.

mod blocks;
mod containers;
mod error;
mod format;
mod h5;
mod index;
mod manifest;
mod npy;
mod npz;
mod parquet;
mod parquet_read;
mod pictures;
mod rows;
mod safetensors;
mod stored;
mod strays;
mod survey;
mod write;

pub use self::blocks::{NpyHeader, read_npy_header};
pub use self::containers::remove_leftovers;
pub use self::error::BadFeatures;
pub use self::format::{FeatureFormat, UnknownFormat};
pub use self::index::{INDEX_NAME, SKIPPED_NAME, write_index, write_skipped};
pub use self::manifest::{
    BadManifest, MANIFEST_NAME, Manifest, Mixed, OutputFile, Recipe, SetOutcome, ShardRecord, SkippedRow,
    Stored,
};
pub use self::npy::write_feature_npy;
pub use self::pictures::{KnownPicture, PICTURES_NAME, read_pictures, write_pictures};
pub use self::rows::{FeatureRows, FeatureTable};
pub use self::stored::{StoredFeatures, read_feature_npy};
pub use self::write::{NameClash, write_features};
pub use strays::others_files;
