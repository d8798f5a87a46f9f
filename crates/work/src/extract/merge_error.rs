//! Why shards can't be merged. A "share" is the finished features of one shard.

use std::io;
use std::path::{Path, PathBuf};

use super::remedies::settings_alike;
use super::state_error::StateError;
use super::verify::VerifyError;
use crate::features::BadFeatures;
use crate::formats::WriteError;
use crate::tensor::{Remedied, Remedy, is_out_of_files, refusal_in, shown};

/// Why shares were not merged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MergeError {
    /// A share can't be read.
    #[error(transparent)]
    Features(#[from] BadFeatures),
    /// A share that no longer is what was written.
    #[error("shard {index} of {count} is not whole: {reason}: \"{}\"", .path.display())]
    NotWhole {
        /// From 0.
        index: usize,
        /// How many there are.
        count: usize,
        /// What is wrong.
        reason: Box<VerifyError>,
        /// The folder.
        path: PathBuf,
    },
    /// A share that the system doesn't let us read now, which says nothing about the share.
    #[error("this shard can't be read now: {reason}: \"{}\"", .path.display())]
    Refused {
        /// The reason.
        reason: Box<VerifyError>,
        /// The folder.
        path: PathBuf,
    },
    /// A folder that can't be listed.
    #[error("this folder can't be listed ({reason}): \"{}\"", .path.display())]
    Unlisted {
        /// The system's error.
        reason: io::Error,
        /// The folder.
        path: PathBuf,
    },
    /// The same folder was named twice, by two paths or by one.
    #[error("one shard is named twice, {}: name it once", twice_words(.a, .b))]
    Named {
        /// A name.
        a: PathBuf,
        /// Another, or the same again.
        b: PathBuf,
    },
    /// No manifest was found.
    #[error("no features here: expected a folder with manifest.json, or folders of shards with such folders: \"{}\"", .path.display())]
    Nothing {
        /// The folder.
        path: PathBuf,
    },
    /// Features that are not a shard's.
    #[error("these features are no shard, so there is nothing to merge them with: \"{}\"", .path.display())]
    NoShard {
        /// The folder.
        path: PathBuf,
    },
    /// Shares of different runs.
    #[error("shards of different runs: {}: \"{}\" and \"{}\"", difference_words(.differences), .a.display(), .b.display())]
    Differ {
        /// What differs: the name, the value in `a`, the value in `b`.
        differences: Vec<(String, String, String)>,
        /// One.
        a: PathBuf,
        /// The other.
        b: PathBuf,
    },
    /// Shares that were split in different ways, so that they don't add up to the whole.
    #[error("these shards are cut differently, {words}: \"{}\" and \"{}\"", .a.display(), .b.display())]
    CutDifferently {
        /// How each was split.
        words: String,
        /// One.
        a: PathBuf,
        /// The other.
        b: PathBuf,
    },
    /// Two shares of the same shard.
    #[error("shard {index} is there twice: \"{}\" and \"{}\"", .a.display(), .b.display())]
    ShardTwice {
        /// From 0.
        index: usize,
        /// One.
        a: PathBuf,
        /// The other.
        b: PathBuf,
    },
    /// Shares that are missing.
    #[error("{name}: of {count} shards {} not here: {}; a shard without manifest.json is not finished", if .missing.len() == 1 { "one is" } else { "some are" }, .missing.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    Missing {
        /// The set.
        name: String,
        /// Shares in all.
        count: usize,
        /// Numbers of the missing ones, from 0.
        missing: Vec<usize>,
    },
    /// A picture that is in two shares.
    #[error("{name}: picture {key} is in two shards")]
    Twice {
        /// The set.
        name: String,
        /// Row and camera.
        key: String,
    },
    /// Pictures that are in no share.
    #[error("{name}: the shards have {got} pictures, and the data set {expected}")]
    Incomplete {
        /// The set.
        name: String,
        /// Pictures in the shares, with those that failed.
        got: u64,
        /// Pictures in the data set.
        expected: u64,
    },
    /// Something exists where the result should be written.
    #[error("something is here already; choose another folder: \"{}\"", .path.display())]
    AlreadyThere {
        /// The folder.
        path: PathBuf,
    },
    /// Reading a share failed.
    #[error("can't read a shard's features: {0}")]
    Read(io::Error),
    /// A problem with the folder that the result is put together in.
    #[error(transparent)]
    State(#[from] StateError),
    /// Writing the result failed.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The token was cancelled.
    #[error("interrupted")]
    Interrupted,
}

fn difference_words(differences: &[(String, String, String)]) -> String {
    let words = |(name, a, b): &(String, String, String)| format!("{name} is {} and {}", shown(a), shown(b));
    differences.iter().map(words).collect::<Vec<_>>().join("; ")
}

fn twice_words(a: &Path, b: &Path) -> String {
    if a == b {
        format!("as \"{}\"", a.display())
    } else {
        format!("as \"{}\" and \"{}\", which are one folder", a.display(), b.display())
    }
}

fn file_limit(reason: &io::Error) -> Option<Remedy> {
    refusal_in(reason).filter(is_out_of_files).map(|_| Remedy::RaiseFileLimit)
}

impl Remedied for MergeError {
    fn remedy(&self) -> Option<Remedy> {
        match self {
            Self::NotWhole { index, count, .. } => {
                Some(Remedy::MakeShardAgain { index: *index, count: *count })
            }
            Self::Write(error) => error.remedy(),
            Self::State(error) => error.remedy(),
            Self::CutDifferently { .. } => Some(Remedy::CutShardsAlike),
            Self::Differ { differences, .. } => settings_alike(differences),
            Self::Features(error) => error.remedy(),
            Self::Refused { reason, .. } => reason.remedy(),
            Self::Unlisted { reason, .. } | Self::Read(reason) => file_limit(reason),
            Self::Named { .. }
            | Self::Nothing { .. }
            | Self::NoShard { .. }
            | Self::ShardTwice { .. }
            | Self::Missing { .. }
            | Self::Twice { .. }
            | Self::Incomplete { .. }
            | Self::AlreadyThere { .. }
            | Self::Interrupted => None,
        }
    }
}
