//! What a run reports while it goes on, and how a stage of it ends.

use super::rows::PlannedPicture;

/// What a run reports while it goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum ExtractEvent {
    /// What was found of an earlier run, in words.
    Found(String),
    /// Work begins.
    Begun {
        /// Pictures that runs before have done.
        done: u64,
        /// Of those, pictures that gave no feature.
        failed: u64,
    },
    /// A batch is done.
    Progress {
        /// Pictures done, with those of the runs before.
        done: u64,
        /// Of those, pictures that gave no feature.
        failed: u64,
    },
    /// A picture gave no feature.
    Failed {
        /// Which.
        picture: Box<PlannedPicture>,
        /// Why.
        reason: String,
    },
    /// Something happened to a picture that the user should know.
    Note {
        /// Which.
        picture: Box<PlannedPicture>,
        /// What, in words.
        words: String,
    },
    /// The parts are being put together into files.
    Assembling {
        /// The set's folder.
        set: String,
        /// Rows written.
        done: u64,
        /// Rows in all.
        total: u64,
    },
}

/// How a stage of a run (working through the pictures, or making the files) ended, when nothing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WorkEnd {
    /// The stage was completed.
    Done,
    /// The token was cancelled; everything done is kept.
    Interrupted,
}
