//! Why a folder of features can't be read.

use std::path::{Path, PathBuf};

use super::manifest::BadManifest;

/// Why a folder of features can't be read.
#[derive(Debug, thiserror::Error)]
pub enum BadFeatures {
    /// Its manifest.
    #[error(transparent)]
    Manifest(#[from] BadManifest),
    /// A file that is missing, cut or not what the manifest says.
    #[error("{reason}: \"{}\"", .path.display())]
    File {
        /// What is wrong.
        reason: String,
        /// The file.
        path: PathBuf,
    },
}

impl BadFeatures {
    /// Something wrong with a file.
    pub(super) fn file(path: &Path, reason: impl std::fmt::Display) -> Self {
        Self::File { reason: reason.to_string(), path: path.to_owned() }
    }
}
