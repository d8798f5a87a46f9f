//! Why a folder of features can't be read.

use std::error::Error;
use std::path::{Path, PathBuf};

use super::manifest::BadManifest;
use crate::tensor::{Remedied, Remedy, is_out_of_files, is_refusal, refusal_in};

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
    /// A file that the system doesn't let be read now, which says nothing of it.
    #[error("the system doesn't let it be read ({reason}): \"{}\"", .path.display())]
    Refused {
        /// The system's words.
        reason: std::io::Error,
        /// The file.
        path: PathBuf,
    },
}

impl BadFeatures {
    /// Something wrong with a file, or with the system as it was to be read.
    pub(super) fn file(path: &Path, error: impl Into<Box<dyn Error>>) -> Self {
        let (error, path) = (error.into(), path.to_owned());
        match refusal_in(&*error) {
            Some(reason) => Self::Refused { reason, path },
            None => Self::File { reason: error.to_string(), path },
        }
    }

    /// Whether the system refused, so that nothing is known of the features.
    pub fn is_refused(&self) -> bool {
        self.refusal().is_some()
    }

    fn refusal(&self) -> Option<&std::io::Error> {
        match self {
            Self::Refused { reason, .. } => Some(reason),
            Self::Manifest(BadManifest::Unreadable { reason, .. }) if is_refusal(reason) => Some(reason),
            Self::Manifest(_) | Self::File { .. } => None,
        }
    }
}

impl Remedied for BadFeatures {
    fn remedy(&self) -> Option<Remedy> {
        self.refusal().filter(|reason| is_out_of_files(reason)).map(|_| Remedy::RaiseFileLimit)
    }
}
