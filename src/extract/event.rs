//! What a run tells while it goes on, and how it ends.

use super::rows::PlannedPicture;

/// What a run tells while it goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum ExtractEvent {
    /// What was found of an earlier run, in words.
    Found(String),
    /// Work begins.
    Begun {
        /// Pictures that runs before have done.
        done: u64,
        /// Of those, pictures that gave nothing.
        failed: u64,
    },
    /// A batch is done.
    Progress {
        /// Pictures done, with those of the runs before.
        done: u64,
        /// Of those, pictures that gave nothing.
        failed: u64,
    },
    /// A picture gave nothing.
    Failed {
        /// Which.
        picture: Box<PlannedPicture>,
        /// Why.
        reason: String,
    },
    /// Something happened to a picture on the way that a person should know.
    Note {
        /// Which.
        picture: Box<PlannedPicture>,
        /// What, in words.
        words: String,
    },
    /// Parts become files.
    Assembling {
        /// The set's folder.
        set: String,
        /// Rows written.
        done: u64,
        /// Rows in all.
        total: u64,
    },
}

/// How a run's first half ended, when nothing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WorkEnd {
    /// Every picture was worked on.
    Done,
    /// The token was cancelled; everything done is kept.
    Interrupted,
}
