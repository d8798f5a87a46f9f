//! Stands in for the formats that a build leaves out: everything is refused with a sentence that names the feature that is missing.

/// What a build without a format says when it should read or write it.
macro_rules! refusal {
    ($format:literal, $feature:literal) => {
        concat!("this build of filterscope has no ", $format, "; build it with the feature `", $feature, "`")
    };
}

/// Defines the modules that write and read a format, with the functions of the real ones.
macro_rules! absent {
    ($write:ident, $read:ident, $rows:ident, $words:expr, ($($go_on:ty)?)) => {
        pub(super) mod $write {
            use std::io;
            use std::path::Path;

            use super::super::manifest::OutputFile;
            use super::super::rows::{FeatureRows, FeatureTable};
            use crate::formats::WriteError;

            pub(in crate::features) fn write(
                folder: &Path,
                _table: FeatureTable<'_>,
                _rows: &mut dyn FeatureRows,
            ) -> Result<Vec<OutputFile>, WriteError> {
                Err(WriteError::new(io::Error::other($words), folder))
            }
        }

        pub(super) mod $read {
            use std::error::Error;
            use std::io;
            use std::path::{Path, PathBuf};

            use super::super::error::BadFeatures;
            use crate::tensor::FeatureLayout;

            /// Has no values: it can't be made.
            #[derive(Debug)]
            pub(in crate::features) enum $rows {}

            impl $rows {
                pub(in crate::features) fn open(
                    paths: Vec<(PathBuf, u64)>,
                    _layout: FeatureLayout,
                ) -> Result<Self, BadFeatures> {
                    let path = paths.into_iter().next().map(|(path, _)| path).unwrap_or_default();
                    Err(BadFeatures::NotBuilt { reason: $words, path })
                }

                pub(in crate::features) fn values(&mut self, _row: u64, _bytes: &mut Vec<u8>) -> io::Result<()> {
                    match *self {}
                }
            }

            pub(in crate::features) fn check(_path: &Path $(, _go_on: $go_on)?) -> Result<(), Box<dyn Error>> {
                Err($words.into())
            }
        }
    };
}

#[cfg(not(feature = "hdf5"))]
absent!(h5, h5_read, Hdf5Rows, refusal!("HDF5", "hdf5"), ());
#[cfg(not(feature = "parquet"))]
absent!(parquet, parquet_read, ParquetRows, refusal!("Parquet", "parquet"), (&dyn Fn() -> bool));
