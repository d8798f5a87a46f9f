//! Why a matrix of dissimilarities can't be read.

use std::path::PathBuf;

use crate::tensor::{Remedied, Remedy};

/// Why a matrix of dissimilarities can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadDissimilarities {
    /// The file can't be opened or read.
    #[error("can't be read ({reason}): \"{}\"", .path.display())]
    Unreadable {
        /// The system's error.
        reason: std::io::Error,
        /// The file.
        path: PathBuf,
    },
    /// Its content isn't that of a format that is read, or is damaged.
    #[error("{reason}: \"{}\"", .path.display())]
    Content {
        /// What is wrong.
        reason: String,
        /// The file.
        path: PathBuf,
    },
    /// Several variables could be meant, or the one that was named isn't there.
    #[error("{reason}: \"{}\"", .path.display())]
    Variable {
        /// What is wrong.
        reason: String,
        /// Variables that it may be.
        names: Vec<String>,
        /// The file.
        path: PathBuf,
    },
}

impl Remedied for BadDissimilarities {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::Variable { names, .. } if !names.is_empty() => {
                Some(Remedy::NameVariable { names: names.clone() })
            }
            Self::Variable { .. } | Self::Unreadable { .. } | Self::Content { .. } => None,
        }
    }
}
