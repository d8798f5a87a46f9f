//! Why a folder of features can't be read.

use std::error::Error;
use std::path::{Path, PathBuf};

use super::manifest::BadManifest;
use crate::tensor::{Remedied, Remedy, is_out_of_files, is_refusal, refusal_in};

/// Why a folder of features can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadFeatures {
    /// A problem with its manifest.
    #[error(transparent)]
    Manifest(#[from] BadManifest),
    /// A file that is missing, cut short or not what the manifest says.
    #[error("{reason}: \"{}\"", .path.display())]
    File {
        /// What is wrong.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// A format that this build leaves out, which says nothing about the file.
    #[error("{reason}: \"{}\"", .path.display())]
    NotBuilt {
        /// Which feature is missing.
        reason: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// A file that the system doesn't let us read now, which says nothing about the file.
    #[error("the system doesn't let it be read ({reason}): \"{}\"", .path.display())]
    Refused {
        /// The system's error.
        reason: std::io::Error,
        /// The file.
        path: PathBuf,
    },
}

impl BadFeatures {
    /// Either something wrong with a file, or the system's refusal to let it be read.
    pub(super) fn file(path: &Path, error: impl Into<Box<dyn Error>>) -> Self {
        let (error, path) = (error.into(), path.to_owned());
        match refusal_in(&*error) {
            Some(reason) => Self::Refused { reason, path },
            None => Self::File { reason: error.to_string(), path },
        }
    }

    /// Whether the system refused access, or this build can't read the format, so that nothing is known about the features.
    pub fn is_refused(&self) -> bool {
        self.refusal().is_some() || matches!(self, Self::NotBuilt { .. })
    }

    fn refusal(&self) -> Option<&std::io::Error> {
        match self {
            Self::Refused { reason, .. } => Some(reason),
            Self::Manifest(BadManifest::Unreadable { reason, .. }) if is_refusal(reason) => Some(reason),
            Self::Manifest(_) | Self::File { .. } | Self::NotBuilt { .. } => None,
        }
    }
}

impl Remedied for BadFeatures {
    fn remedy(&self) -> Option<Remedy> {
        self.refusal().filter(|reason| is_out_of_files(reason)).map(|_| Remedy::RaiseFileLimit)
    }
}
