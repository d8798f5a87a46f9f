//! Why shares can't be brought together.

use std::io;
use std::path::{Path, PathBuf};

use super::remedies::settings_alike;
use super::state_error::StateError;
use super::verify::VerifyError;
use crate::formats::WriteError;
use crate::formats::features::BadFeatures;
use crate::tensor::{Remedied, Remedy, is_out_of_files, refusal_in, shown};

/// Why shares were not merged.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// A share can't be read.
    #[error(transparent)]
    Features(#[from] BadFeatures),
    /// A share that isn't what was written.
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
    /// A share that the system doesn't let be read now, which says nothing of it.
    #[error("this shard can't be read now: {reason}: \"{}\"", .path.display())]
    Refused {
        /// What it says.
        reason: Box<VerifyError>,
        /// The folder.
        path: PathBuf,
    },
    /// A folder that can't be listed.
    #[error("this folder can't be listed ({reason}): \"{}\"", .path.display())]
    Unlisted {
        /// The system's words.
        reason: io::Error,
        /// The folder.
        path: PathBuf,
    },
    /// One folder under two names, or twice under one.
    #[error("one shard is named twice, {}: name it once", twice_words(.a, .b))]
    Named {
        /// A name.
        a: PathBuf,
        /// Another, or the same again.
        b: PathBuf,
    },
    /// No manifest anywhere.
    #[error("no features here: expected a folder with manifest.json, or folders of shards with such folders: \"{}\"", .path.display())]
    Nothing {
        /// The folder.
        path: PathBuf,
    },
    /// One that is no share.
    #[error("these features are no shard, so there is nothing to merge them with: \"{}\"", .path.display())]
    NoShard {
        /// The folder.
        path: PathBuf,
    },
    /// Shares of different runs.
    #[error("shards of different runs: {}: \"{}\" and \"{}\"", difference_words(.differences), .a.display(), .b.display())]
    Differ {
        /// What differs: name, in one, in the other.
        differences: Vec<(String, String, String)>,
        /// One.
        a: PathBuf,
        /// The other.
        b: PathBuf,
    },
    /// Shares that don't add up to one whole.
    #[error("these shards are cut differently, {words}: \"{}\" and \"{}\"", .a.display(), .b.display())]
    CutDifferently {
        /// How each is.
        words: String,
        /// One.
        a: PathBuf,
        /// The other.
        b: PathBuf,
    },
    /// A share that is there twice.
    #[error("shard {index} is there twice: \"{}\" and \"{}\"", .a.display(), .b.display())]
    ShardTwice {
        /// From 0.
        index: usize,
        /// One.
        a: PathBuf,
        /// The other.
        b: PathBuf,
    },
    /// Shares that aren't there.
    #[error("{name}: of {count} shards {} not here: {}; a shard without manifest.json is not finished", if .missing.len() == 1 { "one is" } else { "some are" }, .missing.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "))]
    Missing {
        /// The set.
        name: String,
        /// Shares in all.
        count: usize,
        /// Those that aren't there.
        missing: Vec<usize>,
    },
    /// A picture twice.
    #[error("{name}: picture {key} is in two shards")]
    Twice {
        /// The set.
        name: String,
        /// Row and camera.
        key: String,
    },
    /// Pictures that no share has.
    #[error("{name}: the shards have {got} pictures, and the data set {expected}")]
    Incomplete {
        /// The set.
        name: String,
        /// Pictures in the shards, failed ones too.
        got: u64,
        /// Pictures there are.
        expected: u64,
    },
    /// Something lies where the result should.
    #[error("something is here already; choose another folder: \"{}\"", .path.display())]
    AlreadyThere {
        /// The folder.
        path: PathBuf,
    },
    /// Reading a share.
    #[error("can't read a shard's features: {0}")]
    Read(io::Error),
    /// The folder that it is put together in.
    #[error(transparent)]
    State(#[from] StateError),
    /// Writing the result.
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
